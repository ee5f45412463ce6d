import { Authorization } from "@effect-heroku/core"
import { FaultInjection, MemoryAuthorizationService } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { revoke, revokeAll } from "./revoke.ts"
import { captureConsole } from "./support/console.ts"

const leaked = Authorization.AuthorizationId.make("01234567-89ab-cdef-0123-456789abcdef")
const other = Authorization.AuthorizationId.make("ffffffff-89ab-cdef-0123-456789abcdef")

const layer = MemoryAuthorizationService.layerWithFaults({ seed: [{ id: leaked }] })

it.effect("revoke fails with RequestFailed when the lookup after a lost connection fails too", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.connectionReset, { operation: "delete" })
    yield* faults.inject(FaultInjection.connectionReset, { operation: "info", every: 2, times: 1 })
    assert.strictEqual((yield* Effect.flip(revoke(leaked)))._tag, "RequestFailed")
  }).pipe(Effect.provide(layer)))

it.effect("revokeAll stops when the token is rejected, after printing the outcomes so far", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    const console = captureConsole()
    // The fifth id is sent after one of the first four has ended, because four are revoked at a time.
    yield* faults.inject(FaultInjection.status(401), { id: other })
    const unknown = ["a", "b", "c"].map((id) => Authorization.AuthorizationId.make(id))
    const error = yield* Effect.flip(revokeAll([leaked, ...unknown, other])).pipe(
      Effect.provide(console.layer)
    )
    assert.strictEqual(error._tag, "Unauthorized")
    assert.include(console.lines, `${leaked} revoked`)
  }).pipe(Effect.provide(layer)))
