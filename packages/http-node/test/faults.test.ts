/** Faults as the live layer feels them, over the imitation in process and behind a socket: as the memory layer does. */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import type { AuthorizationError, Operation } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import { HerokuAccount } from "@effect-heroku/testing/HerokuAccount"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { createServer } from "node:http"

const id = AuthorizationId.make("00000000-0000-4000-8000-000000000001")

const operations: Record<Operation, Effect.Effect<unknown, AuthorizationError, AuthorizationService>> = {
  create: AuthorizationService.use((_) => _.create({ scope: ["global"] })),
  info: AuthorizationService.use((_) => _.info(id)),
  update: AuthorizationService.use((_) => _.update(id, { description: "changed" })),
  regenerate: AuthorizationService.use((_) => _.regenerate(id)),
  delete: AuthorizationService.use((_) => _.delete(id)),
  list: AuthorizationService.use((_) => _.list())
}

const faults: Record<string, FaultInjection.Fault> = {
  "status 401": FaultInjection.status(401),
  "status 404": FaultInjection.status(404),
  "status 422": FaultInjection.status(422, { message: "No.", documentationUrl: "https://example.com" }),
  "status 429": FaultInjection.status(429, { headers: { "Retry-After": "90" } }),
  "status 503": FaultInjection.status(503),
  "a connection refused": FaultInjection.connectionRefused,
  "a connection reset": FaultInjection.connectionReset,
  "a body cut short": FaultInjection.cutBody,
  "a body that is no JSON": FaultInjection.garbled
}

const options = { token: Redacted.make("any"), retry: { times: 0 } }
const account = { seed: [{ id, description: "before" }] }

const layers = {
  memory: MemoryAuthorizationService.layer(account),
  "in process": HttpAuthorizationService.layer(options).pipe(Layer.provideMerge(FakeHeroku.layerHttpClient(account))),
  "behind a socket": Layer.unwrap(
    Effect.map(
      HttpServer.HttpServer,
      ({ address }) => NodeAuthorizationService.layer({ ...options, baseUrl: HttpServer.formatAddress(address) })
    )
  ).pipe(
    Layer.merge(FakeHeroku.layerServer(account)),
    Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0, gracefulShutdownTimeout: 0 }))
  )
}

/** What is the same in every implementation; messages and request ids of failures on the way are not. */
const essence = (error: AuthorizationError) => {
  switch (error._tag) {
    case "RequestFailed":
      return { _tag: error._tag, reason: error.reason, outcomeUnknown: error.outcomeUnknown }
    case "InvalidResponse":
      return { _tag: error._tag, status: error.status }
    default:
      return { ...error, requestId: Option.none() }
  }
}

/** Runs every operation into a fault, each on an account of its own, and tells what came of it. */
const outcomes = (layer: (typeof layers)[keyof typeof layers], fault: FaultInjection.Fault) =>
  Effect.forEach(Object.values(operations), (call) =>
    Effect.gen(function*() {
      yield* FaultInjection.FaultInjection.use((_) => _.inject(fault))
      const error = essence(yield* Effect.flip(call))
      const left = yield* HerokuAccount.use((_) => _.authorizations)
      const state = left.map(({ accessToken, description }) => [
        description,
        Option.map(accessToken, ({ token }) => Redacted.value(token))
      ])
      return { error, state }
    }).pipe(Effect.provide(layer.pipe(Layer.provideMerge(FaultInjection.layer)))))

describe("a fault", () => {
  it.effect.each(Object.keys(faults))(
    "%s: the live layer fails as the memory layer does",
    (name) =>
      Effect.gen(function*() {
        const fault = faults[name]!
        const expected = yield* outcomes(layers.memory, fault)
        assert.deepStrictEqual(yield* outcomes(layers["in process"], fault), expected)
        // Who listens cannot refuse.
        if (fault !== FaultInjection.connectionRefused) {
          assert.deepStrictEqual(yield* outcomes(layers["behind a socket"], fault), expected)
        }
      })
  )

  it.effect.each<[string, FaultInjection.Fault]>([
    ["a part of a list without Next-Range", FaultInjection.missingNextRange],
    ["a Next-Range that is repeated", FaultInjection.repeatedNextRange]
  ])(
    "%s: strikes lists alone, and the live layer fails as the memory layer does",
    ([, fault]) =>
      Effect.gen(function*() {
        const found = yield* Effect.forEach(Object.values(layers), (layer) =>
          Effect.gen(function*() {
            yield* FaultInjection.FaultInjection.use((_) => _.inject(fault))
            yield* operations.info
            return essence(yield* Effect.flip(operations.list))
          }).pipe(Effect.provide(layer.pipe(Layer.provideMerge(FaultInjection.layer)))))
        for (const error of found) assert.deepStrictEqual(error, { _tag: "InvalidResponse", status: 206 })
      })
  )
})
