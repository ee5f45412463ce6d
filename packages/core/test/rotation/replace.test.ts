import * as Rotation from "@effect-heroku/core/Rotation"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { a, descriptions, findLive, layerWith, makeConsumers, verify } from "../fixtures/rotation.ts"

it.effect("replace creates a successor, delivers its token and deletes the old authorization", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    const outcome = yield* Rotation.replace(a, { verify: yield* verify })
    assert.strictEqual(outcome._tag, "replaced")
    const [delivered] = deliveries
    const successor = yield* findLive(delivered!.token)
    assert.deepStrictEqual(outcome, {
      _tag: "replaced",
      id: a,
      successor: successor!.id,
      expiresIn: Option.none()
    })
    assert.isFalse((yield* descriptions).has(a))
    assert.deepStrictEqual(successor!.description, Option.some("key a"))
    const operations = (yield* faults.calls).map(({ operation }) => operation)
    assert.deepStrictEqual(operations, ["list", "info", "create", "info", "update", "list", "delete", "update"])
  }).pipe(Effect.provide(layerWith(delivery)))
})
