import * as Authorization from "@effect-heroku/core/Authorization"
import * as AuthorizationService from "@effect-heroku/core/AuthorizationService"
import * as Rotation from "@effect-heroku/core/Rotation"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import { assert, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { a, b, c, changing, descriptions, findLive, inAccount, operations, replacing } from "../fixtures/rotation.ts"

/** Something that tests wait for. */
const makeEvent = Effect.map(Deferred.make<void>(), (deferred) => ({
  happens: Deferred.succeed(deferred, undefined),
  wait: Deferred.await(deferred)
}))

const three = [a, b, c].map((id) => ({ id, description: `key ${id.at(-1)}` }))
const tilde = Authorization.AuthorizationId.make("~")

/** The ids and tags of the outcomes, or the tags of their errors. */
const summarize = <E, R>(
  outcomes: Stream.Stream<Rotation.ReplaceOutcome | Rotation.RegenerateOutcome | Rotation.Failed, E, R>
) =>
  Effect.map(
    Stream.runCollect(outcomes),
    (all) => all.map((one) => [one.id, one._tag === "failed" ? one.error._tag : one._tag])
  )

it.effect("replaceAll lists the account twice, and replaces 60 authorizations with six requests each", () =>
  inAccount(function*({ account, deliveries }) {
    const ids = (yield* account.put(...Array.from({ length: 60 }, () => ({})))).map(({ id }) => id)
    const outcomes = yield* summarize(Rotation.replaceAll(ids, { concurrency: 8 }))
    assert.sameDeepMembers(outcomes, ids.map((id) => [id, "replaced"]))
    assert.strictEqual(yield* account.size, 60)
    for (const { token } of deliveries) assert.isDefined(yield* findLive(token))
    const called = yield* operations
    assert.lengthOf(called.filter((operation) => operation === "list"), 2)
    assert.lengthOf(called, 2 + 6 * 60)
  }, { seed: [] }))

it.effect("replaceAll counts ~, a successor and the same id twice as one authorization", () =>
  inAccount(function*({ account, deliveries }) {
    yield* account.setDefault(a)
    const outcomes = yield* summarize(Rotation.replaceAll([b, tilde, a, b, c, c]))
    assert.deepStrictEqual(outcomes, [[a, "replaced"], [c, "gone"]])
    assert.deepStrictEqual(deliveries.map(({ replaces }) => replaces), [a])
    assert.strictEqual((yield* descriptions).get(b), replacing)
  }, { seed: [{ id: a }, { id: b, description: replacing }] }))

const [keyA] = three
const successor = { id: b, description: replacing }
const replaceFully = ["create", "info", "update", "list", "delete", "update"]

it.effect.each([
  { name: "the old authorization", seed: [keyA!], reads: ["info"], rest: replaceFully },
  { name: "its successor", seed: [keyA!, successor], reads: ["info", "info"], rest: replaceFully },
  { name: "the successor of a deleted one", seed: [successor], reads: ["info", "info"], rest: ["list", "update"] }
])(
  "replace with ~ replaces the old authorization if ~ names $name",
  ({ reads, rest, seed }) =>
    inAccount(function*({ account }) {
      yield* account.setDefault(seed.at(-1)!.id)
      assert.deepInclude(yield* Rotation.replace(tilde), { _tag: "replaced", id: a })
      assert.deepStrictEqual(yield* operations, ["list", ...reads, ...rest])
    }, { seed })
)

it.effect("replaceAll continues after a failure in the first or in the last step", () =>
  inAccount(function*({ faults }) {
    yield* faults.inject(FaultInjection.connectionReset, { id: a, operation: "info" })
    yield* faults.inject(FaultInjection.status(500), { id: b, operation: "delete" })
    const outcomes = yield* summarize(Rotation.replaceAll([a, b, c]))
    assert.deepStrictEqual(outcomes, [[a, "RequestFailed"], [b, "UnexpectedStatus"], [c, "replaced"]])
  }, { seed: three }))

it.effect.each(["info", "delete"] as const)(
  "replaceAll stops when the token is rejected by %s",
  (operation) =>
    inAccount(function*({ faults }) {
      yield* faults.inject(FaultInjection.status(401), { operation })
      const error = yield* Effect.flip(Stream.runDrain(Rotation.replaceAll([a, b, c])))
      assert.deepInclude(error, { _tag: "Unauthorized", operation })
      assert.lengthOf((yield* operations).filter((called) => called === operation), 1)
    }, { seed: three })
)

it.effect("replaceAll stops when a listing fails", () =>
  inAccount(function*({ faults }) {
    yield* faults.inject(FaultInjection.connectionReset, { operation: "list" })
    const error = yield* Effect.flip(Stream.runDrain(Rotation.replaceAll([a])))
    assert.deepInclude(error, { _tag: "RequestFailed", operation: "list" })
  }))

it.effect("replaceAll does nothing after Delivery.check has failed", () =>
  inAccount(function*() {
    const failed = new Rotation.DeliveryFailed({ message: "The directory does not exist" })
    const error = yield* Stream.runDrain(Rotation.replaceAll([a])).pipe(
      Effect.provideService(Rotation.Delivery, { check: Effect.fail(failed), deliver: () => Effect.void }),
      Effect.flip
    )
    assert.strictEqual(error, failed)
    assert.isEmpty(yield* operations)
  }))

it.effect("replaceAll emits outcomes as they happen, and rotates as many at once as concurrency says", () =>
  inAccount(function*({ account, service }) {
    const [ofClient] = yield* account.put({ client: { name: "CI" } })
    const [threeDeliver, oneEmitted, threeEmitted] = [yield* makeEvent, yield* makeEvent, yield* makeEvent]
    let delivering = 0
    const deliver = () =>
      Effect.gen(function*() {
        if (++delivering === 3) yield* threeDeliver.happens
        yield* threeDeliver.wait
        yield* oneEmitted.wait
      })
    const outcomes: Array<string> = []
    yield* Rotation.replaceAll([a, b, ofClient!.id, c], { concurrency: 4 }).pipe(
      Stream.runForEach(({ id }) => {
        outcomes.push(id)
        return outcomes.length === 1 ? oneEmitted.happens : outcomes.length === 3 ? threeEmitted.happens : Effect.void
      }),
      Effect.provideService(Rotation.Delivery, { deliver }),
      Effect.provideService(AuthorizationService.AuthorizationService, {
        ...service,
        delete: (id) => Effect.andThen(id === a ? threeEmitted.wait : Effect.void, service.delete(id))
      })
    )
    assert.deepStrictEqual(outcomes, [ofClient!.id, b, c, a])
  }, { seed: three }))

it.effect("a successor that appears during replaceAll stops only the rotation of its old authorization", () =>
  inAccount(function*({ account }) {
    const change = account.put({ description: replacing })
    const outcomes = yield* summarize(Rotation.replaceAll([a, b])).pipe(changing("stream", 2, change))
    assert.deepStrictEqual(outcomes, [[a, "RotationConflict"], [b, "replaced"]])
  }, { seed: three }))

it.effect.each([NaN, 0, -1, 1.5, Infinity])(
  "replaceAll and regenerateAll reject a concurrency of %s",
  (concurrency) =>
    inAccount(function*({ verify }) {
      const options = { concurrency, verify }
      for (const run of [Rotation.replaceAll([a], options), Rotation.regenerateAll([a], options)].map(summarize)) {
        const error = yield* Effect.flip(run)
        assert.deepInclude(error, { _tag: "InvalidParams", field: Option.some("concurrency") })
        assert.include(error.message, "must be an integer of 1 or more")
      }
      assert.isEmpty(yield* operations)
    })
)

it.effect("replaceAll without ids only lists the account once", () =>
  inAccount(function*() {
    assert.isEmpty(yield* Stream.runCollect(Rotation.replaceAll([])))
    assert.deepStrictEqual(yield* operations, ["list"])
  }))

it.effect("regenerateAll lists the account twice, regenerates each authorization once, and continues after failures", () =>
  inAccount(function*({ account, deliveries, faults, verify }) {
    yield* account.setDefault(a)
    yield* faults.inject(FaultInjection.connectionReset, { id: b, operation: "update" })
    const outcomes = yield* summarize(Rotation.regenerateAll([tilde, a, b, c], { verify, concurrency: 2 }))
    assert.sameDeepMembers(outcomes, [[b, "RequestFailed"], [a, "regenerated"], [c, "regenerated"]])
    assert.lengthOf(deliveries, 2)
    assert.deepStrictEqual([...(yield* descriptions).values()], ["key a", "key b", "key c"])
    assert.lengthOf((yield* operations).filter((operation) => operation === "list"), 2)
  }, { seed: three }))
