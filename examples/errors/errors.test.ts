import { Authorization, AuthorizationError } from "@effect-heroku/core"
import { HttpAuthorizationService } from "@effect-heroku/http-node"
import { FakeHeroku, FaultInjection, HerokuAccount, MemoryAuthorizationService } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { createOnce } from "./create-once.ts"
import { deleteWithCode } from "./delete-with-code.ts"
import { describe } from "./describe.ts"
import { revoke } from "./revoke.ts"

const known = Authorization.AuthorizationId.make("01234567-89ab-cdef-0123-456789abcdef")

const layer = MemoryAuthorizationService.layerWithFaults({ seed: [{ id: known, description: "laptop" }] })

const input = { scope: ["read"], description: "build server, 2026-11-25 01:26" }

it.effect("describe returns the description, or (gone) for an unknown id", () =>
  Effect.gen(function*() {
    assert.strictEqual(yield* describe(known), "laptop")
    assert.strictEqual(yield* describe(Authorization.AuthorizationId.make("other")), "(gone)")
  }).pipe(Effect.provide(layer)))

it.effect("createOnce creates an authorization", () =>
  Effect.gen(function*() {
    const created = yield* createOnce(input)
    const account = yield* HerokuAccount.HerokuAccount
    assert.deepStrictEqual(yield* account.get(created.id), Option.some(created))
  }).pipe(Effect.provide(layer)))

it.effect.each<[FaultInjection.Fault, boolean]>([
  [FaultInjection.connectionReset, true],
  [FaultInjection.connectionReset, false],
  [FaultInjection.connectionRefused, false],
  [FaultInjection.cutBody, true],
  [FaultInjection.garbled, true]
])(
  "createOnce leaves no authorization behind after %o (created before the fault: %s)",
  ([fault, afterActing]) =>
    Effect.gen(function*() {
      const faults = yield* FaultInjection.FaultInjection
      yield* faults.inject(fault, { operation: "create", afterActing })
      const error = yield* Effect.flip(createOnce(input))
      assert.include(["RequestFailed", "InvalidResponse"], error._tag)
      const account = yield* HerokuAccount.HerokuAccount
      assert.deepStrictEqual((yield* account.authorizations).map(({ id }) => id), [known])
    }).pipe(Effect.provide(layer))
)

it.effect("createOnce passes on the errors that it does not handle", () =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(createOnce({ ...input, scope: [] }))
    assert.instanceOf(error, AuthorizationError.InvalidParams)
    assert.deepStrictEqual(error.field, Option.some("scope"))
  }).pipe(Effect.provide(layer)))

it.effect("deleteWithCode prompts for the code once, and only when Heroku requires it", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.status(403, { errorId: "two_factor" }), { operation: "delete" })
    let prompts = 0
    const askForCode = Effect.sync(() => Option.some(Redacted.make(String(++prompts))))
    assert.strictEqual((yield* deleteWithCode(known, askForCode)).id, known)
    assert.strictEqual(prompts, 1)
    const [other] = yield* (yield* HerokuAccount.HerokuAccount).put({})
    yield* deleteWithCode(other!.id, askForCode)
    assert.strictEqual(prompts, 1)
  }).pipe(Effect.provide(layer)))

it.effect("revoke deletes an authorization, and reports one that is already gone", () =>
  Effect.gen(function*() {
    assert.strictEqual(yield* revoke(known), "revoked")
    assert.strictEqual(yield* revoke(known), "already gone")
  }).pipe(Effect.provide(layer)))

it.effect("revoke reports as revoked what an earlier attempt of its call deleted", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.connectionReset, { operation: "delete", afterActing: true })
    assert.strictEqual(yield* revoke(known), "revoked")
    assert.deepStrictEqual((yield* faults.calls).map(({ operation }) => operation), ["delete", "delete"])
  }).pipe(Effect.provide(
    HttpAuthorizationService.layer({ token: Redacted.make("any"), retry: { baseDelay: 0 } }).pipe(
      Layer.provideMerge(FakeHeroku.layerHttpClientWithFaults({ seed: [{ id: known }] }))
    )
  )))

it.effect.each([FaultInjection.connectionReset, FaultInjection.status(503)])(
  "revoke looks the authorization up after %o",
  (fault) =>
    Effect.gen(function*() {
      const faults = yield* FaultInjection.FaultInjection
      yield* faults.inject(fault, { operation: "delete" })
      const error = yield* Effect.flip(revoke(known))
      assert.deepInclude(error, { operation: "delete", outcomeUnknown: true })
      yield* faults.inject(fault, { operation: "delete", afterActing: true })
      assert.strictEqual(yield* revoke(known), "revoked")
    }).pipe(Effect.provide(layer))
)

it.effect("revoke fails with the error of the delete when the lookup fails too", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.connectionReset, { operation: "delete", afterActing: true })
    yield* faults.inject(FaultInjection.connectionReset, { operation: "info" })
    const error = yield* Effect.flip(revoke(known))
    assert.deepInclude(error, { operation: "delete", outcomeUnknown: true })
  }).pipe(Effect.provide(layer)))
