import { AuthorizationId } from "@effect-heroku/core/Authorization"
import { InvalidParams } from "@effect-heroku/core/AuthorizationError"
import { TwoFactorCode } from "@effect-heroku/core/AuthorizationService"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import { HerokuAccount } from "@effect-heroku/testing/HerokuAccount"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Recover from "./recover.ts"

const known = AuthorizationId.make("01234567-89ab-cdef-0123-456789abcdef")

const layer = MemoryAuthorizationService.layer({ seed: [{ id: known, description: "laptop" }] }).pipe(
  Layer.provideMerge(FaultInjection.layer)
)

const input = { scope: ["read"], description: "build server, 2026-11-25 01:26" }

describe("the guide to errors", () => {
  it.effect("describes what is there, and what is gone", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* Recover.describe(known), "laptop")
      assert.strictEqual(yield* Recover.describe(AuthorizationId.make("other")), "(gone)")
    }).pipe(Effect.provide(layer)))

  it.effect("creates one", () =>
    Effect.gen(function*() {
      const made = yield* Recover.createOnce(input)
      assert.deepStrictEqual(yield* (yield* HerokuAccount).get(made.id), Option.some(made))
    }).pipe(Effect.provide(layer)))

  it.effect.each<[FaultInjection.Fault, boolean]>([
    [FaultInjection.connectionReset, true],
    [FaultInjection.connectionReset, false],
    [FaultInjection.connectionRefused, false],
    [FaultInjection.cutBody, true],
    [FaultInjection.garbled, true]
  ])(
    "leaves none behind whose token nobody got: %o, after acting %s",
    ([fault, afterActing]) =>
      Effect.gen(function*() {
        const faults = yield* FaultInjection.FaultInjection
        yield* faults.inject(fault, { operation: "create", afterActing })
        const error = yield* Effect.flip(Recover.createOnce(input))
        assert.include(["RequestFailed", "InvalidResponse"], error._tag)
        const left = yield* (yield* HerokuAccount).authorizations
        assert.deepStrictEqual(left.map(({ id }) => id), [known])
      }).pipe(Effect.provide(layer))
  )

  it.effect("asks for the second factor only when Heroku wants it", () =>
    Effect.gen(function*() {
      const faults = yield* FaultInjection.FaultInjection
      yield* faults.inject(FaultInjection.status(403, { errorId: "two_factor" }), { operation: "delete" })
      let asked = 0
      const askForCode = Effect.sync(() => Redacted.make(String(++asked)))
      assert.strictEqual((yield* Recover.deleteWithCode(known, askForCode)).id, known)
      assert.strictEqual(asked, 1)
      assert.isTrue(Option.isNone(yield* TwoFactorCode))
    }).pipe(Effect.provide(layer)))

  it.effect("passes on what it does not recover from", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Recover.createOnce({ ...input, scope: [] }))
      assert.instanceOf(error, InvalidParams)
      assert.deepStrictEqual(error.field, Option.some("scope"))
    }).pipe(Effect.provide(layer)))
})
