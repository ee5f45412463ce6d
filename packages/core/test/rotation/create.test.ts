import * as AuthorizationService from "@effect-heroku/core/AuthorizationService"
import * as Rotation from "@effect-heroku/core/Rotation"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as HerokuAccount from "@effect-heroku/testing/HerokuAccount"
import { assert, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import { a, descriptions, findLive, layerWith, makeConsumers, operations } from "../fixtures/rotation.ts"

const replacing = `key a [replaces ${a}]`

/** The lifetime that the successor has, and the one that the outcome reports. */
const replaceAndCompare = Effect.fnUntraced(function*(options?: Rotation.ReplaceOptions) {
  const account = yield* HerokuAccount.HerokuAccount
  const outcome = yield* Rotation.replace(a, options)
  assert.strictEqual(outcome._tag, "replaced")
  const [successor] = yield* account.authorizations
  const expiresIn = Option.flatMap(successor!.accessToken, (token) => token.expiresIn)
  if (outcome._tag === "replaced") assert.deepStrictEqual(outcome.expiresIn, expiresIn)
  return Option.map(expiresIn, Duration.toDays)
})

it.effect("a successor has the lifetime that the old authorization was created with", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    yield* TestClock.adjust("20 days")
    assert.deepStrictEqual(yield* replaceAndCompare(), Option.some(30))
  }).pipe(Effect.provide(layerWith(delivery, [{ id: a, expiresIn: "30 days" }])))
})

it.effect("a lifetime is rounded to whole seconds, and is at least one second if a clock is slow", () => {
  const { delivery } = makeConsumers()
  const seed = (
    createdAt: string
  ) => [{ id: a, expiresIn: "30 days", createdAt: DateTime.makeUnsafe(createdAt) } as const]
  return Effect.gen(function*() {
    const exactly = yield* replaceAndCompare().pipe(
      Effect.provide(layerWith(delivery, seed("1969-12-31T23:59:59.600Z")))
    )
    assert.deepStrictEqual(exactly, Option.some(30))
    const slow = yield* replaceAndCompare().pipe(Effect.provide(layerWith(delivery, seed("1980-01-01T00:00:00Z"))))
    assert.deepStrictEqual(slow, Option.some(1 / 86_400))
  })
})

it.effect.each<[string, Duration.Input, Option.Option<number>]>([
  ["another lifetime", "7 days", Option.some(7)],
  ["no end", Infinity, Option.none()]
])("the option expiresIn gives a successor %s", ([, expiresIn, expected]) => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    assert.deepStrictEqual(yield* replaceAndCompare({ expiresIn }), expected)
  }).pipe(Effect.provide(layerWith(delivery, [{ id: a, expiresIn: "30 days" }])))
})

it.effect.each<[string, HerokuAccount.AuthorizationSeed]>([
  ["has expired", { id: a, expiresIn: 0 }],
  ["has no token", { id: a, accessToken: null }]
])("replace needs the option expiresIn for an authorization that %s", ([, seed]) => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const error = yield* Effect.flip(Rotation.replace(a))
    assert.deepInclude(error, { _tag: "NotReplaceable", id: a, reason: "lifetime" })
    assert.include(error.message, "Pass `expiresIn`")
    assert.deepStrictEqual(yield* operations, ["list", "info"])
    assert.deepStrictEqual(yield* replaceAndCompare({ expiresIn: "1 day" }), Option.some(1))
  }).pipe(Effect.provide(layerWith(delivery, [seed])))
})

it.effect.each<[string, Rotation.ReplaceOptions]>([
  ["expiresIn", { expiresIn: 0 }],
  ["expiresIn", { expiresIn: NaN }],
  ["expiresIn", { expiresIn: "soon" as "1 day" }],
  ["overlap", { overlap: NaN }],
  ["overlap", { overlap: "-1 seconds" }]
])("replace rejects an invalid %s before it does anything", ([field, options]) => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const error = yield* Effect.flip(Rotation.replace(a, options))
    assert.deepInclude(error, { _tag: "InvalidParams", field: Option.some(field) })
    assert.include(error.message, `${field}: must be a duration`)
    assert.isEmpty(yield* operations)
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("a description without a name becomes Heroku's own", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    yield* Rotation.replace(a)
    assert.deepStrictEqual([...(yield* descriptions).values()], ["Long-lived user authorization"])
  }).pipe(Effect.provide(layerWith(delivery, [{ id: a, description: "" }])))
})

it.effect("replace creates another successor at most twice when it does not know the outcome of a create", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.connectionReset, { operation: "create", afterActing: true })
    yield* faults.inject(FaultInjection.garbled, { operation: "create" })
    // The first two exist. They appeared during this run, as if another one had created them.
    const error = yield* Effect.flip(Rotation.replace(a))
    assert.strictEqual(error._tag, "RotationConflict")
    assert.lengthOf([...(yield* descriptions).values()].filter((one) => one === replacing), 3)
    assert.strictEqual((yield* Rotation.replace(a))._tag, "replaced")
    assert.sameMembers([...(yield* descriptions).values()], ["key a", replacing, replacing])
    assert.lengthOf(yield* Rotation.leftovers(), 2)
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("replace gives up after three creates with unknown outcomes", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.status(503), { operation: "create", times: 4 })
    assert.strictEqual((yield* Effect.flip(Rotation.replace(a)))._tag, "UnexpectedStatus")
    assert.deepStrictEqual(yield* operations, ["list", "info", "create", "create", "create"])
    assert.isEmpty(deliveries)
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("replace never retries a create that certainly did nothing", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.connectionRefused, { operation: "create" })
    assert.strictEqual((yield* Effect.flip(Rotation.replace(a)))._tag, "RequestFailed")
    assert.deepStrictEqual(yield* operations, ["list", "info", "create"])
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("a description that is too long with a mark is shortened in the mark only", () => {
  const { delivery } = makeConsumers()
  const description = `${"ä".repeat(80)} of the build server`
  const limit = description.length
  return Effect.gen(function*() {
    const service = yield* AuthorizationService.AuthorizationService
    const account = yield* HerokuAccount.HerokuAccount
    const faults = yield* FaultInjection.FaultInjection
    const isTooLong = (call: FaultInjection.Call) => (call.input?.description?.length ?? 0) > limit
    yield* faults.inject(FaultInjection.status(422), { when: isTooLong, times: Infinity })
    let marked: ReadonlyArray<string> = []
    yield* Rotation.replace(a).pipe(
      Effect.provideService(AuthorizationService.AuthorizationService, {
        ...service,
        delete: (id) =>
          Effect.andThen(
            Effect.map(account.authorizations, (all) => {
              marked = all.map((one) => Option.getOrThrow(one.description))
            }),
            service.delete(id)
          )
      })
    )
    assert.lengthOf(marked, 2)
    for (const one of marked) {
      assert.match(one, /^ä+ \[replace/)
      assert.lengthOf(one, limit)
    }
    assert.deepStrictEqual([...(yield* descriptions).values()], [description])
  }).pipe(Effect.provide(layerWith(delivery, [{ id: a, description }])))
})

it.effect("a rejected description keeps at least one character, and is written twice at most", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.status(422), { operation: "create", times: Infinity })
    assert.strictEqual((yield* Effect.flip(Rotation.replace(a)))._tag, "InvalidParams")
    const written = (yield* faults.calls).flatMap(({ input }) => input?.description ?? [])
    assert.deepStrictEqual(written, [replacing, `k [replaces ${a}]`])
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("a create whose response does not contain the token in clear delivers nothing", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    const service = yield* AuthorizationService.AuthorizationService
    for (const accessToken of [null, "HRKU-AAab**********end"]) {
      const create = () => Effect.map(account.put({ description: replacing, accessToken }), ([one]) => one!)
      const error = yield* Rotation.replace(a).pipe(
        Effect.provideService(AuthorizationService.AuthorizationService, { ...service, create }),
        Effect.flip
      )
      assert.deepInclude(error, { _tag: "InvalidResponse", operation: "create", status: 201 })
      assert.include(error.message, "access token in clear")
    }
    assert.isEmpty(deliveries)
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("no error, description or span of a rotation contains a token", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const shown: Array<unknown> = []
    shown.push(
      yield* Rotation.replace(a, { actingToken: Redacted.make("HRKU-AAacting"), verify: () => Effect.succeed(true) })
    )
    shown.push(yield* Effect.result(Rotation.replace(a, { overlap: "1 hour" })))
    shown.push([...yield* descriptions])
    const text = JSON.stringify(shown)
    assert.notInclude(text, "HRKU")
    assert.isDefined(yield* findLive(deliveries[0]!.token))
    assert.isTrue(Result.isSuccess(yield* Effect.result(Rotation.replace(a))))
  }).pipe(Effect.provide(layerWith(delivery)))
})
