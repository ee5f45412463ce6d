import { AuthorizationId } from "@effect-heroku/core/Authorization"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import { HerokuAccount } from "@effect-heroku/testing/HerokuAccount"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { renewAll } from "./endingSoon.ts"

const one = AuthorizationId.make("00000000-0000-4000-8000-000000000001")
const two = AuthorizationId.make("00000000-0000-4000-8000-000000000002")

const layer = MemoryAuthorizationService.layer({
  seed: [{ id: one, expiresIn: "1 hour" }, { id: two, expiresIn: "2 hours" }]
}).pipe(Layer.provideMerge(FaultInjection.layer))

it.effect("stops when Heroku has had enough", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.status(429, { headers: { "Retry-After": "30" } }), { operation: "regenerate" })
    const error = yield* Effect.flip(renewAll)
    assert.strictEqual(error._tag, "RateLimited")
    const calls = yield* faults.calls
    assert.deepStrictEqual(calls.map(({ operation }) => operation), ["list", "regenerate"])
  }).pipe(Effect.provide(layer)))

it.effect("tells when it cannot know whether a token was replaced", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    const account = yield* HerokuAccount
    const before = yield* account.get(one)
    yield* faults.inject(FaultInjection.connectionReset, { id: one, afterActing: true })
    const error = yield* Effect.flip(renewAll)
    assert(error._tag === "RequestFailed" && error.outcomeUnknown)
    assert.notDeepEqual(yield* account.get(one), before)
  }).pipe(Effect.provide(layer)))

it.effect("does not mind that somebody deletes one meanwhile", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    const account = yield* HerokuAccount
    const gate = yield* faults.hold({ operation: "regenerate", id: two })
    const fiber = yield* Effect.forkChild(renewAll)
    yield* gate.arrived
    yield* account.remove(two)
    yield* gate.open
    assert.strictEqual(yield* Fiber.join(fiber), 1)
  }).pipe(Effect.provide(layer)))
