/** The program of `revoke.ts`, unit-tested with the memory layer: no HTTP, no server, no waiting. */

// #region test
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { revoke } from "./revoke.ts"

const leaked = AuthorizationId.make("01234567-89ab-cdef-0123-456789abcdef")

const layer = MemoryAuthorizationService.layer({ seed: [{ id: leaked, description: "leaked in a log" }] }).pipe(
  Layer.provideMerge(FaultInjection.layer)
)

it.effect("revokes, once", () =>
  Effect.gen(function*() {
    assert.strictEqual(yield* revoke(leaked), "revoked")
    assert.strictEqual(yield* revoke(leaked), "was already gone")
  }).pipe(Effect.provide(layer)))

it.effect("asks Heroku when the connection broke: it may have acted, or not", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.connectionReset, { operation: "delete" })
    assert.strictEqual(yield* revoke(leaked), "may still work: check again")
    yield* faults.inject(FaultInjection.connectionReset, { operation: "delete", afterActing: true })
    assert.strictEqual(yield* revoke(leaked), "revoked")
  }).pipe(Effect.provide(layer)))
// #endregion test
