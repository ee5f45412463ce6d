/** The budget over a real Redis that is there, is not, hangs, and comes back. Nothing here asserts a time. */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as RedisPersistence from "@effect-heroku/http-node/RedisPersistence"
import * as RedisRateLimiter from "@effect-heroku/http-node/RedisRateLimiter"
import * as RequestBudget from "@effect-heroku/http-node/RequestBudget"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { inspect } from "node:util"
import { makePrefix, makeRedisServer, missingRedis, redisUrl } from "./fixtures/redis.ts"

const id = AuthorizationId.make("01234567-89ab-cdef-0123-456789abcdef")

/** Five requests and the margin, of which none comes back while a test runs. */
const budget: RequestBudget.Options = { pool: 6, refillPerMinute: 0.001, reserve: 0, maxWait: 1, storeTimeout: 200 }

/** A client of its own, as another process has one. */
const makeService = (url: string, prefix: string) =>
  Effect.map(
    Layer.build(
      HttpAuthorizationService.layer({ token: Redacted.make("HRKU-redis") }).pipe(
        Layer.provide(FakeHeroku.layerHttpClient({ seed: [{ id, scope: ["read"] }] })),
        Layer.provide(RequestBudget.layer(budget)),
        Layer.provide(RedisRateLimiter.layer({ url: Redacted.make(url), prefix })),
        Layer.fresh
      )
    ),
    Context.get(AuthorizationService)
  )

const collecting = () => {
  const lines: Array<string> = []
  const layer = Logger.layer([Logger.make(({ logLevel, message }) => {
    lines.push(`${logLevel}: ${String(message)}`)
  })])
  const includes = (text: string) =>
    Effect.sync(() => lines.some((line) => line.includes(text))).pipe(
      Effect.repeat({ until: (found) => found, schedule: Schedule.spaced("20 millis") })
    )
  return { lines, layer, includes }
}

const note = missingRedis === undefined ? "" : ` (skipped: ${missingRedis})`

describe.skipIf(missingRedis !== undefined)(`Redis${note}`, () => {
  it.live("holds one budget for all who use it", () =>
    Effect.gen(function*() {
      const prefix = makePrefix()
      const one = yield* makeService(redisUrl, prefix)
      const other = yield* makeService(redisUrl, prefix)
      yield* Effect.all([one.info(id), other.info(id), one.info(id), other.info(id), one.info(id)])
      const errors = yield* Effect.all([Effect.flip(one.info(id)), Effect.flip(other.info(id))])
      assert.deepStrictEqual(errors.map(({ _tag }) => _tag), ["RateLimited", "RateLimited"])
    }))

  it.live("takes its address from REDIS_URL", () =>
    Effect.gen(function*() {
      const limiter = yield* RateLimiter.RateLimiter
      const { remaining } = yield* limiter.consume({
        algorithm: "token-bucket",
        key: makePrefix(),
        limit: 3,
        window: "1 minute"
      })
      assert.strictEqual(remaining, 2)
    }).pipe(Effect.provide(
      RedisRateLimiter.layerConfig().pipe(
        Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: { REDIS_URL: redisUrl } })))
      )
    )))

  it.live("has its keys under ratelimiter:, or what the program says", () =>
    Effect.gen(function*() {
      const key = makePrefix()
      const take = (prefix?: string) =>
        RateLimiter.RateLimiter.use(({ consume }) =>
          consume({ algorithm: "token-bucket", key, limit: 3, window: "1 hour" })
        ).pipe(
          Effect.map(({ remaining }) => remaining),
          Effect.provide(
            RedisRateLimiter.layer({ url: Redacted.make(redisUrl), ...(prefix === undefined ? {} : { prefix }) })
          )
        )
      assert.deepStrictEqual([yield* take(), yield* take("ratelimiter:"), yield* take(makePrefix())], [2, 1, 2])
    }))

  it.live("holds what an adaptive limiter learns as well", () =>
    Effect.gen(function*() {
      const { adaptiveConsume, adaptiveFeedback } = yield* RateLimiter.RateLimiter
      const key = makePrefix()
      const take = adaptiveConsume({ key, tokens: 1, fallbackLimit: 3, fallbackWindow: Duration.hours(1) })
      const { epoch, phase } = yield* take
      yield* adaptiveFeedback({ key, epoch, tokens: 1, status: 429, retryAfter: Duration.minutes(1) })
      assert.notStrictEqual((yield* take).phase, phase)
    }).pipe(Effect.provide(RedisRateLimiter.layer({ url: Redacted.make(redisUrl) }))))

  it.live("that is not there yet is no reason not to begin, and is used when it is there", () =>
    Effect.gen(function*() {
      const redis = yield* makeRedisServer
      const { includes, layer, lines } = collecting()
      yield* Effect.gen(function*() {
        const { info } = yield* makeService(redis.url, makePrefix())
        yield* info(id)
        assert.lengthOf(lines, 1)
        assert.match(lines[0]!, /^Warn: .*out of reach.*there is no connection to Redis/)
        yield* redis.start
        yield* includes("answers again")
        yield* info(id)
        assert.lengthOf(lines, 2)
      }).pipe(Effect.provide(layer))
    }))

  it.live("that hangs is left alone until it answers again", () =>
    Effect.gen(function*() {
      const redis = yield* makeRedisServer
      yield* redis.start
      const { includes, layer, lines } = collecting()
      yield* Effect.gen(function*() {
        const { info } = yield* makeService(redis.url, makePrefix())
        yield* info(id)
        assert.lengthOf(lines, 0)
        yield* redis.freeze
        yield* Effect.all([info(id), info(id)], { concurrency: 2 })
        assert.lengthOf(lines, 1)
        assert.match(lines[0]!, /^Warn: .*no answer in 200 ms/)
        yield* redis.thaw
        yield* includes("answers again")
        yield* info(id)
        assert.lengthOf(lines, 2)
      }).pipe(Effect.provide(layer))
    }))

  it.live("that is restarted finds its clients again, and warns once", () =>
    Effect.gen(function*() {
      const redis = yield* makeRedisServer
      yield* redis.start
      const { includes, layer, lines } = collecting()
      yield* Effect.gen(function*() {
        const { info } = yield* makeService(redis.url, makePrefix())
        yield* info(id)
        yield* redis.stop
        yield* info(id)
        yield* info(id)
        yield* redis.start
        yield* includes("answers again")
        yield* Effect.all([info(id), info(id)])
        // It began with a full pool, and this process knew better.
        assert.strictEqual((yield* Effect.flip(info(id)))._tag, "RateLimited")
        assert.deepStrictEqual(lines.map((line) => line.slice(0, 4)), ["Warn", "Info"])
      }).pipe(Effect.provide(layer))
    }))

  it.live("that refuses says why, in the warning", () =>
    Effect.gen(function*() {
      const { layer, lines } = collecting()
      yield* Effect.gen(function*() {
        const url = new URL(redisUrl)
        url.username = "nobody"
        url.password = "not-the-password"
        const { info } = yield* makeService(url.href, makePrefix())
        yield* info(id)
        assert.lengthOf(lines, 1)
        assert.match(lines[0]!, /^Warn: .*there is no connection to Redis: WRONGPASS/)
        assert.notInclude(lines[0]!, "not-the-password")
      }).pipe(Effect.provide(layer))
    }))

  it.live("that hangs from the first keeps no program from beginning and ending", () =>
    Effect.gen(function*() {
      const redis = yield* makeRedisServer
      yield* redis.start
      yield* redis.freeze
      const { layer, lines } = collecting()
      yield* Effect.gen(function*() {
        const { info } = yield* makeService(redis.url, makePrefix())
        yield* info(id)
      }).pipe(Effect.scoped, Effect.provide(layer))
      assert.match(lines.join(), /^Warn: .*there is no connection to Redis: no answer yet/)
    }))
})

describe("an address of Redis", () => {
  it.live.each(["", "secret-host:6379", "http://secret@host", "redis://user:secret%@host", "redis://host/secret"])(
    "that is none is refused, and not quoted: %s",
    (url) =>
      Effect.gen(function*() {
        const config = ConfigProvider.layer(ConfigProvider.fromEnv({ env: { REDIS_URL: url } }))
        const builds = [
          Effect.asVoid(Layer.build(RedisRateLimiter.layerConfig())),
          Effect.asVoid(Layer.build(RedisPersistence.layerConfig()))
        ]
        for (const build of builds) {
          const error = yield* Effect.flip(Effect.provide(build, config))
          assert.strictEqual(error._tag, "ConfigError")
          assert.notInclude(inspect(error, { depth: 9 }), "secret")
        }
      })
  )
})
