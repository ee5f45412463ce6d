/** `revoke.ts` when the worst comes: what it cannot recover from, and many at once. */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, describe, it } from "@effect/vitest"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { revoke, revokeAll } from "./revoke.ts"

const leaked = AuthorizationId.make("01234567-89ab-cdef-0123-456789abcdef")

const layer = MemoryAuthorizationService.layer({ seed: [{ id: leaked }] }).pipe(
  Layer.provideMerge(FaultInjection.layer)
)

describe("revoke", () => {
  const unknown = AuthorizationId.make("ffffffff-89ab-cdef-0123-456789abcdef")

  it.effect("fails when it cannot find out", () =>
    Effect.gen(function*() {
      const faults = yield* FaultInjection.FaultInjection
      yield* faults.inject(FaultInjection.connectionReset, { times: 2 })
      assert.strictEqual((yield* Effect.flip(revoke(leaked)))._tag, "RequestFailed")
    }).pipe(Effect.provide(layer)))

  it.effect("stops everything when the token is refused", () =>
    Effect.gen(function*() {
      const faults = yield* FaultInjection.FaultInjection
      yield* faults.inject(FaultInjection.status(401), { id: unknown })
      assert.strictEqual((yield* Effect.flip(revokeAll([leaked, unknown])))._tag, "Unauthorized")
    }).pipe(Effect.provide(layer)))

  it.effect("has said of each what became of it when a later one ends the run", () =>
    Effect.gen(function*() {
      const faults = yield* FaultInjection.FaultInjection
      const told: Array<unknown> = []
      const tell = Effect.provideService(Console.Console, { ...yield* Console.Console, log: (line) => told.push(line) })
      // The last is asked for when one of the four before it has been told of.
      const last = AuthorizationId.make("last")
      yield* faults.inject(FaultInjection.status(401), { id: last })
      const others = ["a", "b", "c"].map((id) => AuthorizationId.make(id))
      const ended = yield* Effect.flip(revokeAll([leaked, ...others, last])).pipe(tell)
      assert.strictEqual(ended._tag, "Unauthorized")
      assert.include(told, `${leaked} revoked`)
    }).pipe(Effect.provide(layer)))
})
