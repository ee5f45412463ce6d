/** The response cache over a real Redis that is there, is not yet, and hangs. Nothing here asserts a time. */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as RedisPersistence from "@effect-heroku/http-node/RedisPersistence"
import * as ResponseCache from "@effect-heroku/http-node/ResponseCache"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import { assert, describe, it } from "@effect/vitest"
import type * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import type * as Persistence from "effect/persistence/Persistence"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { makePrefix, makeRedisServer, missingRedis, redisUrl } from "./fixtures/redis.ts"

const id = AuthorizationId.make("01234567-89ab-cdef-0123-456789abcdef")

/** A client with a token of its own, so that nothing is there from another run, and the status of each answer. */
const makeService = (persistence: Layer.Layer<Persistence.Persistence, Config.ConfigError>) => {
  const statuses: Array<number> = []
  const layer = HttpAuthorizationService.layer({ token: Redacted.make(makePrefix()), retry: { times: 0 } }).pipe(
    Layer.provide(FakeHeroku.layerHttpClient({
      seed: [{ id, scope: ["read"] }],
      observe: ({ status }) => Effect.sync(() => statuses.push(Option.getOrElse(status, () => 0)))
    })),
    Layer.provide(ResponseCache.layer({ key: Redacted.make(Buffer.alloc(32, "k").toString("base64")) })),
    Layer.provide(persistence),
    Layer.fresh
  )
  return Effect.map(Layer.build(layer), (context) => ({ ...Context.get(context, AuthorizationService), statuses }))
}

const at = (url: string) => RedisPersistence.layer({ url: Redacted.make(url) })

const collecting = () => {
  const lines: Array<string> = []
  const layer = Logger.layer([Logger.make(({ logLevel, message }) => {
    lines.push(`${logLevel}: ${String(message)}`)
  })])
  return { lines, layer }
}

const note = missingRedis === undefined ? "" : ` (skipped: ${missingRedis})`

describe.skipIf(missingRedis !== undefined)(`a cache in Redis${note}`, () => {
  it.live("is used from the first read on", () =>
    Effect.gen(function*() {
      const { info, statuses } = yield* makeService(at(redisUrl))
      yield* info(id)
      yield* info(id)
      assert.deepStrictEqual(statuses, [200, 304])
    }))

  it.live("has its address from REDIS_URL", () =>
    Effect.gen(function*() {
      const { info, statuses } = yield* makeService(RedisPersistence.layerConfig())
      yield* info(id)
      yield* info(id)
      assert.deepStrictEqual(statuses, [200, 304])
    }).pipe(Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: { REDIS_URL: redisUrl } })))))

  it.live("that is not there yet is done without, and used when it is there", () => {
    const { layer, lines } = collecting()
    return Effect.gen(function*() {
      const redis = yield* makeRedisServer
      const { info, statuses } = yield* makeService(at(redis.url))
      yield* info(id)
      yield* info(id)
      assert.deepStrictEqual(statuses, [200, 200])
      yield* redis.start
      yield* info(id).pipe(
        Effect.repeat({ until: () => statuses.includes(304), schedule: Schedule.spaced("50 millis") })
      )
      assert.deepStrictEqual(lines, ["Warn: The store of the response cache is out of reach: reads go on without it"])
    }).pipe(Effect.provide(layer))
  }, 30_000)

  it.live("that hangs keeps no program from beginning and ending", () => {
    const { layer, lines } = collecting()
    return Effect.gen(function*() {
      const redis = yield* makeRedisServer
      yield* redis.start
      yield* redis.freeze
      yield* Effect.scoped(Effect.gen(function*() {
        const { info, statuses } = yield* makeService(at(redis.url))
        yield* info(id)
        assert.deepStrictEqual(statuses, [200])
      }))
      assert.deepStrictEqual(lines, ["Warn: The store of the response cache is out of reach: reads go on without it"])
    }).pipe(Effect.provide(layer))
  })
})
