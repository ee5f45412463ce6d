import * as Authorization from "@effect-heroku/core/Authorization"
import * as AuthorizationService from "@effect-heroku/core/AuthorizationService"
import * as Rotation from "@effect-heroku/core/Rotation"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as HerokuAccount from "@effect-heroku/testing/HerokuAccount"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import {
  a,
  b,
  changing,
  descriptions,
  findLive,
  layerWith,
  makeConsumers,
  operations,
  verify
} from "../fixtures/rotation.ts"

const regenerating = "key a [regenerating]"

it.effect("regenerate marks, regenerates, delivers, verifies and renames with five requests besides two listings", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    const verifyNow = yield* verify
    const seen: Array<unknown> = []
    const look = Effect.map(descriptions, (all) => seen.push(all.get(a))).pipe(
      Effect.provideService(HerokuAccount.HerokuAccount, account)
    )
    const outcome = yield* Rotation.regenerate(a, { verify: (token) => Effect.tap(verifyNow(token), look) })
    assert.deepStrictEqual(outcome, { _tag: "regenerated", id: a })
    assert.deepStrictEqual(seen, [regenerating])
    const [{ authorization, replaces, token }] = deliveries as [Rotation.DeliveryInput]
    assert.deepStrictEqual([authorization.id, replaces], [a, a])
    assert.strictEqual((yield* findLive(token))!.id, a)
    assert.deepStrictEqual(yield* descriptions, new Map([[a, "key a"]]))
    const called = yield* operations
    assert.deepStrictEqual(called, ["list", "info", "update", "list", "regenerate", "update"])
    assert.strictEqual(called.filter((operation) => operation !== "list").length + seen.length, 5)
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("regenerate works for the authorization of a privileged client, and removes its mark for another client", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const options = { verify: yield* verify }
    assert.strictEqual((yield* Rotation.regenerate(a, options))._tag, "regenerated")
    assert.strictEqual((yield* Effect.flip(Rotation.regenerate(b, options)))._tag, "Forbidden")
    assert.deepStrictEqual([...(yield* descriptions).values()], ["key a", "key b"])
    assert.lengthOf(deliveries, 1)
  }).pipe(Effect.provide(layerWith(delivery, [
    { id: a, description: "key a", client: { privileged: true } },
    { id: b, description: "key b", client: { name: "CI" } }
  ])))
})

it.effect("regenerate regenerates again what an interrupted run marked", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    assert.strictEqual((yield* Rotation.regenerate(a, { verify: yield* verify }))._tag, "regenerated")
    assert.lengthOf(deliveries, 1)
    assert.deepStrictEqual(yield* descriptions, new Map([[a, "key a"]]))
    assert.deepStrictEqual(yield* operations, ["list", "info", "list", "regenerate", "update"])
  }).pipe(Effect.provide(layerWith(delivery, [{ id: a, description: regenerating }])))
})

it.effect("regenerate that continues after an interruption stops when a successor exists, and leaves the mark", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const options = { verify: yield* verify }
    const error = yield* Effect.flip(Rotation.regenerate(a, options))
    assert.deepInclude(error, { _tag: "RotationConflict", id: a, successors: [b] })
    assert.include(error.message, "`removeLeftovers({ ids })`")
    assert.isEmpty(deliveries)
    assert.deepStrictEqual((yield* descriptions).get(a), regenerating)
    assert.deepStrictEqual(yield* operations, ["list", "info", "list"])
    yield* Rotation.removeLeftovers({ ids: [b] })
    assert.strictEqual((yield* Rotation.regenerate(a, options))._tag, "regenerated")
  }).pipe(Effect.provide(layerWith(delivery, [
    { id: a, description: regenerating },
    { id: b, description: `key a [replaces ${a}]` }
  ])))
})

it.effect("regenerate leaves its mark when delivering fails", () => {
  const failed = new Rotation.DeliveryFailed({ message: "The disk is full" })
  return Effect.gen(function*() {
    assert.deepStrictEqual(yield* Effect.flip(Rotation.regenerate(a, { verify: yield* verify })), failed)
    assert.deepStrictEqual(yield* descriptions, new Map([[a, regenerating]]))
  }).pipe(Effect.provide(layerWith({ deliver: () => Effect.fail(failed) })))
})

it.effect("regenerate regenerates and delivers again when the delivered token does not work, three times at most", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    let rejected = 3
    const options: Rotation.RegenerateOptions = { verify: () => Effect.sync(() => rejected-- <= 0) }
    assert.strictEqual((yield* Rotation.regenerate(a, options))._tag, "regenerated")
    assert.lengthOf(deliveries, 4)
    const four = Array.from({ length: 4 }, () => "regenerate")
    assert.deepStrictEqual(yield* operations, ["list", "info", "update", "list", ...four, "update"])
    rejected = 4
    const error = yield* Effect.flip(Rotation.regenerate(a, options))
    assert.deepInclude(error, { _tag: "RotationConflict", id: a, successors: [] })
    assert.include(error.message, "keeps regenerating")
    assert.lengthOf(deliveries, 8)
    assert.strictEqual(new Set(deliveries.map(({ token }) => Redacted.value(token))).size, 8)
    assert.deepStrictEqual(yield* descriptions, new Map([[a, regenerating]]))
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("regenerate starts over when another run regenerated the tokens after they were verified", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const service = yield* AuthorizationService.AuthorizationService
    // The other run is interrupted before it delivers.
    const outcome = yield* Rotation.regenerate(a, { verify: yield* verify }).pipe(
      changing("update", 2, service.regenerate(a))
    )
    assert.strictEqual(outcome._tag, "regenerated")
    assert.lengthOf(deliveries, 2)
    assert.strictEqual((yield* findLive(deliveries[1]!.token))!.id, a)
    assert.deepStrictEqual(yield* descriptions, new Map([[a, "key a"]]))
    const again = ["update", "list", "regenerate", "update"]
    assert.deepStrictEqual(
      (yield* operations).slice(-9),
      ["update", "list", "regenerate", "regenerate", "update", ...again]
    )
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("regenerate leaves its mark when it starts over and a successor has appeared", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    const service = yield* AuthorizationService.AuthorizationService
    const error = yield* Rotation.regenerate(a, { verify: yield* verify }).pipe(
      changing("update", 2, service.regenerate(a)),
      changing("stream", 3, account.put({ id: b, description: `key a [replaces ${a}]` })),
      Effect.flip
    )
    assert.deepInclude(error, { _tag: "RotationConflict", successors: [b] })
    assert.lengthOf(deliveries, 1)
    assert.strictEqual((yield* descriptions).get(a), regenerating)
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect.each<[string, ReadonlyArray<HerokuAccount.AuthorizationSeed>]>([
  ["a successor exists", [{ id: a, description: "key a" }, { id: b, description: `key a [replaces ${a}]` }]],
  ["it has been replaced", [{ id: a, description: `key a [replaced by ${b}]` }]],
  ["it is a successor itself", [{ id: a, description: `key a [replaces ${b}]` }]]
])("regenerate changes nothing when %s", ([, seed]) => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const before = yield* descriptions
    const error = yield* Effect.flip(Rotation.regenerate(a, { verify: yield* verify }))
    assert.strictEqual(error._tag, "RotationConflict")
    assert.include(error.message, "Its replacement has begun")
    if (error._tag === "RotationConflict") assert.deepStrictEqual([...error.successors], seed.length > 1 ? [b] : [])
    assert.deepStrictEqual(yield* descriptions, before)
    assert.deepStrictEqual(yield* operations, ["list", "info"])
  }).pipe(Effect.provide(layerWith(delivery, seed)))
})

it.effect("regenerate leaves its mark when a successor appeared before anything was regenerated", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    const change = account.put({ id: b, description: `key a [replaces ${a}]` })
    const error = yield* Rotation.regenerate(a, { verify: yield* verify }).pipe(
      changing("stream", 2, change),
      Effect.flip
    )
    assert.deepInclude(error, { _tag: "RotationConflict", successors: [b] })
    assert.include(error.message, "left its mark")
    assert.deepStrictEqual((yield* descriptions).get(a), regenerating)
    assert.isEmpty(deliveries)
    assert.notInclude(yield* operations, "regenerate")
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("regenerate rejects the acting token's own authorization and one that is not listed", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    const actingToken = Option.getOrThrow(Option.flatMap(yield* account.get(a), Authorization.accessToken))
    const own = yield* Effect.flip(Rotation.regenerate(a, { actingToken, verify: yield* verify }))
    assert.strictEqual(own._tag, "OwnAuthorization")
    const unlisted = yield* Rotation.regenerate(b, { verify: yield* verify }).pipe(
      changing("info", 1, account.put({ id: b })),
      Effect.flip
    )
    assert.deepInclude(unlisted, { _tag: "NotReplaceable", reason: "unlisted" })
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("regenerate reports an authorization that does not exist as gone", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    assert.deepStrictEqual(yield* Rotation.regenerate(b, { verify: yield* verify }), { _tag: "gone", id: b })
    assert.deepStrictEqual(yield* operations, ["list", "info"])
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("a regenerate whose outcome is unknown is not retried", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.connectionReset, { operation: "regenerate", afterActing: true })
    assert.strictEqual((yield* Effect.flip(Rotation.regenerate(a, { verify: yield* verify })))._tag, "RequestFailed")
    assert.deepStrictEqual(yield* operations, ["list", "info", "update", "list", "regenerate"])
    assert.deepStrictEqual(yield* descriptions, new Map([[a, regenerating]]))
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("the response of a regenerate without a token in clear is invalid", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const service = yield* AuthorizationService.AuthorizationService
    const error = yield* Rotation.regenerate(a, { verify: yield* verify }).pipe(
      Effect.provideService(AuthorizationService.AuthorizationService, {
        ...service,
        regenerate: (id) =>
          Effect.map(
            service.info(id),
            (one) => new Authorization.Authorization({ ...one, accessToken: Option.none() })
          )
      }),
      Effect.flip
    )
    assert.deepInclude(error, { _tag: "InvalidResponse", operation: "regenerate", status: 200 })
  }).pipe(Effect.provide(layerWith(delivery)))
})
