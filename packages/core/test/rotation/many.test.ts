import * as Authorization from "@effect-heroku/core/Authorization"
import * as Rotation from "@effect-heroku/core/Rotation"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as HerokuAccount from "@effect-heroku/testing/HerokuAccount"
import { assert, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import {
  a,
  b,
  c,
  changing,
  descriptions,
  findLive,
  layerWith,
  makeConsumers,
  operations,
  verify
} from "../fixtures/rotation.ts"

const three = [a, b, c].map((id) => ({ id, description: `key ${id.at(-1)}` }))
const tilde = Authorization.AuthorizationId.make("~")

const summary = (outcomes: ReadonlyArray<Rotation.ReplaceOutcome | Rotation.RegenerateOutcome | Rotation.Failed>) =>
  outcomes.map((outcome) => [outcome.id, outcome._tag === "failed" ? outcome.error._tag : outcome._tag])

it.effect("replaceAll lists the account twice, and replaces 60 authorizations with six requests each", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    const ids = (yield* account.put(...Array.from({ length: 60 }, () => ({})))).map(({ id }) => id)
    const outcomes = yield* Stream.runCollect(Rotation.replaceAll(ids, { concurrency: 8 }))
    assert.sameMembers(outcomes.map(({ id }) => id), ids)
    assert.isTrue(outcomes.every(({ _tag }) => _tag === "replaced"))
    assert.strictEqual(yield* account.size, 60)
    for (const { token } of deliveries) assert.isDefined(yield* findLive(token))
    const called = yield* operations
    assert.lengthOf(called.filter((operation) => operation === "list"), 2)
    assert.lengthOf(called, 2 + 6 * 60)
  }).pipe(Effect.provide(layerWith(delivery, [])))
})

it.effect("replaceAll counts ~, a successor and the same id twice as one authorization", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    yield* account.setDefault(a)
    const outcomes = yield* Stream.runCollect(Rotation.replaceAll([tilde, a, b, a, c, c]))
    assert.deepStrictEqual(summary(outcomes), [[a, "replaced"], [c, "gone"]])
    assert.lengthOf(deliveries, 1)
  }).pipe(Effect.provide(layerWith(delivery, [{ id: a }, { id: b, description: `key a [replaces ${a}]` }])))
})

it.effect.each<[string, boolean]>([["exists", true], ["is gone", false]])(
  "replace with ~ that names a successor rotates the old authorization if that %s",
  ([, exists]) => {
    const { deliveries, delivery } = makeConsumers()
    return Effect.gen(function*() {
      const account = yield* HerokuAccount.HerokuAccount
      yield* account.setDefault(b)
      assert.deepInclude(yield* Rotation.replace(tilde), { _tag: "replaced", id: a })
      assert.deepStrictEqual(deliveries.map(({ replaces }) => replaces), exists ? [a] : [])
      const called = yield* operations
      const first = ["list", "info", "info"]
      const rest = exists ? ["create", "info", "update", "list", "delete", "update"] : ["list", "update"]
      assert.deepStrictEqual(called, [...first, ...rest])
    }).pipe(Effect.provide(layerWith(delivery, [
      ...exists ? [{ id: a, description: "key a" }] : [],
      { id: b, description: `key a [replaces ${a}]` }
    ])))
  }
)

it.effect("replaceAll continues after a failure in the first or in the last step", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.connectionReset, { id: a, operation: "info" })
    yield* faults.inject(FaultInjection.status(500), { id: b, operation: "delete" })
    const outcomes = yield* Stream.runCollect(Rotation.replaceAll([a, b, c]))
    assert.deepStrictEqual(summary(outcomes), [[a, "RequestFailed"], [b, "UnexpectedStatus"], [c, "replaced"]])
  }).pipe(Effect.provide(layerWith(delivery, three)))
})

it.effect.each(["info", "delete"] as const)("replaceAll stops when the token is rejected by %s", (operation) => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.status(401), { operation })
    const error = yield* Effect.flip(Stream.runDrain(Rotation.replaceAll([a, b, c])))
    assert.deepInclude(error, { _tag: "Unauthorized", operation })
    assert.lengthOf((yield* operations).filter((called) => called === operation), 1)
  }).pipe(Effect.provide(layerWith(delivery, three)))
})

it.effect("replaceAll stops when a listing fails or Delivery.check does", () => {
  const { delivery } = makeConsumers()
  const failed = new Rotation.DeliveryFailed({ message: "The directory does not exist" })
  return Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.connectionReset, { operation: "list" })
    const error = yield* Effect.flip(Stream.runDrain(Rotation.replaceAll([a])))
    assert.deepInclude(error, { _tag: "RequestFailed", operation: "list" })
    yield* faults.clear
    const unchecked = yield* Stream.runDrain(Rotation.replaceAll([a])).pipe(
      Effect.provideService(Rotation.Delivery, { ...delivery, check: Effect.fail(failed) }),
      Effect.flip
    )
    assert.strictEqual(unchecked, failed)
    assert.isEmpty(yield* operations)
  }).pipe(Effect.provide(layerWith(delivery, three)))
})

it.effect("replaceAll emits outcomes as they happen, and rotates as many at once as concurrency says", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    const [ofClient] = yield* account.put({ client: { name: "CI" } })
    const arrived = yield* Deferred.make<void>()
    const emitted = yield* Deferred.make<void>()
    let waiting = 0
    const deliver: typeof delivery.deliver = (input) =>
      Effect.gen(function*() {
        if (++waiting === 2) yield* Deferred.succeed(arrived, undefined)
        yield* Deferred.await(arrived)
        yield* Deferred.await(emitted)
        yield* delivery.deliver(input)
      })
    const outcomes: Array<string> = []
    yield* Rotation.replaceAll([a, b, ofClient!.id, c], { concurrency: 3 }).pipe(
      Stream.runForEach(({ _tag }) => {
        outcomes.push(_tag)
        return _tag === "failed" ? Deferred.succeed(emitted, undefined) : Effect.void
      }),
      Effect.provideService(Rotation.Delivery, { deliver })
    )
    assert.deepStrictEqual(outcomes, ["failed", "replaced", "replaced", "replaced"])
  }).pipe(Effect.provide(layerWith(delivery, three)))
})

it.effect("a successor that appears during replaceAll stops only the rotation of its old authorization", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    const change = account.put({ description: `key a [replaces ${a}]` })
    const outcomes = yield* Stream.runCollect(Rotation.replaceAll([a, b])).pipe(changing("stream", 2, change))
    assert.deepStrictEqual(summary(outcomes), [[a, "RotationConflict"], [b, "replaced"]])
  }).pipe(Effect.provide(layerWith(delivery, three)))
})

it.effect.each([NaN, 0, -1, 1.5, Infinity])(
  "replaceAll and regenerateAll reject a concurrency of %s",
  (concurrency) => {
    const { delivery } = makeConsumers()
    return Effect.gen(function*() {
      for (
        const run of [
          Stream.runDrain(Rotation.replaceAll([a], { concurrency })),
          Stream.runDrain(Rotation.regenerateAll([a], { concurrency, verify: yield* verify }))
        ]
      ) {
        const error = yield* Effect.flip(run)
        assert.deepInclude(error, { _tag: "InvalidParams", field: Option.some("concurrency") })
        assert.include(error.message, "must be an integer of 1 or more")
      }
      assert.isEmpty(yield* operations)
    }).pipe(Effect.timeout("1 second"), Effect.provide(layerWith(delivery, three)))
  }
)

it.effect("replaceAll without ids only lists the account once", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    assert.isEmpty(yield* Stream.runCollect(Rotation.replaceAll([])))
    assert.deepStrictEqual(yield* operations, ["list"])
  }).pipe(Effect.provide(layerWith(delivery, three)))
})

it.effect("regenerateAll lists the account twice, regenerates each authorization once, and continues after failures", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    const faults = yield* FaultInjection.FaultInjection
    yield* account.setDefault(a)
    yield* faults.inject(FaultInjection.connectionReset, { id: b, operation: "update" })
    const outcomes = yield* Stream.runCollect(
      Rotation.regenerateAll([tilde, a, b, c], { verify: yield* verify, concurrency: 2 })
    )
    assert.sameDeepMembers(summary(outcomes), [[b, "RequestFailed"], [a, "regenerated"], [c, "regenerated"]])
    assert.lengthOf(deliveries, 2)
    assert.deepStrictEqual([...(yield* descriptions).values()], ["key a", "key b", "key c"])
    assert.lengthOf((yield* operations).filter((operation) => operation === "list"), 2)
  }).pipe(Effect.provide(layerWith(delivery, three)))
})
