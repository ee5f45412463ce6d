import { Authorization } from "@effect-heroku/core"
import { FaultInjection, HerokuAccount, MemoryAuthorizationService } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { renewAll } from "./expiring-soon.ts"

const one = Authorization.AuthorizationId.make("00000000-0000-4000-8000-000000000001")
const two = Authorization.AuthorizationId.make("00000000-0000-4000-8000-000000000002")

const layer = MemoryAuthorizationService.layerWithFaults({
  seed: [{ id: one, expiresIn: "1 hour" }, { id: two, expiresIn: "2 hours" }]
})

it.effect("renewAll stops at the first RateLimited", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.status(429, { headers: { "Retry-After": "30" } }), { operation: "regenerate" })
    const error = yield* Effect.flip(renewAll)
    assert.strictEqual(error._tag, "RateLimited")
    const calls = yield* faults.calls
    assert.deepStrictEqual(calls.map(({ operation }) => operation), ["list", "regenerate"])
  }).pipe(Effect.provide(layer)))

it.effect("renewAll fails with an unknown outcome when the connection breaks after a token was replaced", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    const account = yield* HerokuAccount.HerokuAccount
    const before = yield* account.get(one)
    yield* faults.inject(FaultInjection.connectionReset, { id: one, afterActing: true })
    const error = yield* Effect.flip(renewAll)
    assert(error._tag === "RequestFailed" && error.outcomeUnknown)
    assert.notDeepEqual(yield* account.get(one), before)
  }).pipe(Effect.provide(layer)))

it.effect("renewAll skips an authorization that is deleted while the request is in flight", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    const account = yield* HerokuAccount.HerokuAccount
    const gate = yield* faults.hold({ operation: "regenerate", id: two })
    const fiber = yield* Effect.forkChild(renewAll)
    yield* gate.arrived
    yield* account.remove(two)
    yield* gate.open
    assert.strictEqual(yield* Fiber.join(fiber), 1)
  }).pipe(Effect.provide(layer)))
