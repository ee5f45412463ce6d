/** Faults in the live layer, over the fake Heroku API in process and behind a socket: as in the memory layer. */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import type { AuthorizationError } from "@effect-heroku/core/AuthorizationError"
import { makeOperations } from "@effect-heroku/test-kit/operations"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import { HerokuAccount } from "@effect-heroku/testing/HerokuAccount"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { layerOver, layerOverSocket, noRetry } from "./fixtures/liveService.ts"

const id = AuthorizationId.make("00000000-0000-4000-8000-000000000001")
const operations = makeOperations({ id, update: { description: "changed" } })
const account = { seed: [{ id, description: "before" }] }

const fakeHeroku = FakeHeroku.layerHttpClientWithFaults(account)

const layers = {
  memory: MemoryAuthorizationService.layerWithFaults(account),
  "in process": Layer.provideMerge(layerOver({ layer: fakeHeroku }, noRetry), fakeHeroku),
  "behind a socket": layerOverSocket(FakeHeroku.layerServerWithFaults(account), noRetry)
}

/** Selects what every implementation must agree on: not the messages and request ids of lost responses. */
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

/** Runs every operation into a fault, each on its own account: the error, and what is left in the account. */
const outcomes = (layer: (typeof layers)[keyof typeof layers], fault: FaultInjection.Fault) =>
  Effect.forEach(Object.values(operations), (call) =>
    Effect.gen(function*() {
      yield* FaultInjection.FaultInjection.use((faults) => faults.inject(fault))
      const error = essence(yield* Effect.flip(call))
      const left = yield* HerokuAccount.use(({ authorizations }) => authorizations)
      const state = left.map(({ accessToken, description }) => [
        description,
        Option.map(accessToken, ({ token }) => Redacted.value(token))
      ])
      return { error, state }
    }).pipe(Effect.provide(layer)))

describe("faults", () => {
  it.effect.each<[string, FaultInjection.Fault]>([
    ["status 401", FaultInjection.status(401)],
    ["status 404", FaultInjection.status(404)],
    ["status 422", FaultInjection.status(422, { message: "No.", documentationUrl: "https://example.com" })],
    ["status 429", FaultInjection.status(429, { headers: { "Retry-After": "90" } })],
    ["status 503", FaultInjection.status(503)],
    ["a refused connection", FaultInjection.connectionRefused],
    ["a reset connection", FaultInjection.connectionReset],
    ["a truncated body", FaultInjection.cutBody],
    ["a body that is not JSON", FaultInjection.garbled]
  ])("the live layer fails like the memory layer after %s", ([, fault]) =>
    Effect.gen(function*() {
      const expected = yield* outcomes(layers.memory, fault)
      assert.deepStrictEqual(yield* outcomes(layers["in process"], fault), expected)
      // A listening server accepts every connection.
      if (fault !== FaultInjection.connectionRefused) {
        assert.deepStrictEqual(yield* outcomes(layers["behind a socket"], fault), expected)
      }
    }))

  it.effect.each<[string, FaultInjection.Fault]>([
    ["a missing Next-Range", FaultInjection.missingNextRange],
    ["a repeated Next-Range", FaultInjection.repeatedNextRange]
  ])("%s affects lists only, and the live layer fails like the memory layer", ([, fault]) =>
    Effect.gen(function*() {
      for (const layer of Object.values(layers)) {
        const error = yield* Effect.gen(function*() {
          yield* FaultInjection.FaultInjection.use((faults) => faults.inject(fault))
          yield* operations.info
          return yield* Effect.flip(operations.list)
        }).pipe(Effect.provide(layer))
        assert.deepStrictEqual(essence(error), { _tag: "InvalidResponse", status: 206 })
      }
    }))
})
