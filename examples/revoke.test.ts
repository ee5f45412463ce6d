import { Authorization } from "@effect-heroku/core"
import { FaultInjection, MemoryAuthorizationService } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { revoke, revokeKnown } from "./revoke.ts"

const leaked = Authorization.AuthorizationId.make("01234567-89ab-cdef-0123-456789abcdef")

const layer = MemoryAuthorizationService.layerWithFaults({ seed: [{ id: leaked, description: "leaked in a log" }] })

it.effect("revoke deletes an authorization once", () =>
  Effect.gen(function*() {
    assert.strictEqual(yield* revoke(leaked), "revoked")
    assert.strictEqual(yield* revoke(leaked), "not found: no authorization has this id")
  }).pipe(Effect.provide(layer)))

it.effect("an authorization that disappears between the lookup and the revocation is already gone", () =>
  Effect.gen(function*() {
    assert.strictEqual(yield* revokeKnown(leaked), "revoked")
    assert.strictEqual(yield* revokeKnown(leaked), "already gone")
  }).pipe(Effect.provide(layer)))

it.effect("revoke looks the authorization up after a lost connection", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.connectionReset, { operation: "delete" })
    assert.strictEqual(yield* revoke(leaked), "may still work: check again")
    yield* faults.inject(FaultInjection.connectionReset, { operation: "delete", afterActing: true })
    assert.strictEqual(yield* revoke(leaked), "revoked")
  }).pipe(Effect.provide(layer)))
