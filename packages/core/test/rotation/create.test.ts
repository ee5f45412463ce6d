import * as Authorization from "@effect-heroku/core/Authorization"
import * as AuthorizationService from "@effect-heroku/core/AuthorizationService"
import * as Rotation from "@effect-heroku/core/Rotation"
import { recordSpans } from "@effect-heroku/test-kit/spans"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as HerokuAccount from "@effect-heroku/testing/HerokuAccount"
import { assert, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { inspect } from "node:util"
import { a, b, c, descriptions, layerWith, makeConsumers, operations } from "../fixtures/rotation.ts"

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

it.effect.each<[string, "create" | "delete", string, Rotation.ReplaceOptions]>([
  ["expiresIn", "create", "of more than 0", { expiresIn: 0 }],
  ["expiresIn", "create", "of more than 0", { expiresIn: NaN }],
  ["expiresIn", "create", "of more than 0", { expiresIn: "soon" as "1 day" }],
  ["overlap", "delete", "from 0 to 100000000000 seconds", { overlap: NaN }],
  ["overlap", "delete", "from 0 to 100000000000 seconds", { overlap: [NaN, 0] }],
  ["overlap", "delete", "from 0 to 100000000000 seconds", { overlap: "-1 seconds" }],
  ["overlap", "delete", "from 0 to 100000000000 seconds", { overlap: Infinity }],
  ["overlap", "delete", "from 0 to 100000000000 seconds", { overlap: "100000000001 seconds" }]
])("replace rejects an invalid %s before it does anything", ([field, operation, range, options]) => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const error = yield* Effect.flip(Rotation.replace(a, options))
    assert.deepInclude(error, { _tag: "InvalidParams", operation, field: Option.some(field) })
    assert.strictEqual(error.message, `${field}: must be a duration ${range}`)
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
    yield* faults.inject(FaultInjection.connectionReset, { operation: "create", afterActing: true, times: 2 })
    // The first two exist. They appeared during this run, as if another one had created them.
    const error = yield* Effect.flip(Rotation.replace(a))
    assert.strictEqual(error._tag, "RotationConflict")
    const creates = ["create", "create", "create"]
    assert.deepStrictEqual(yield* operations, ["list", "info", ...creates, "info", "update", "list"])
    assert.lengthOf([...(yield* descriptions).values()].filter((one) => one === replacing), 3)
    assert.strictEqual((yield* Rotation.replace(a))._tag, "replaced")
    assert.sameMembers([...(yield* descriptions).values()], ["key a", replacing, replacing])
    assert.lengthOf(yield* Rotation.leftovers(), 2)
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("replace creates no other successor after a response that breaks the protocol", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.garbled, { operation: "create" })
    assert.deepInclude(yield* Effect.flip(Rotation.replace(a)), { _tag: "InvalidResponse", outcomeUnknown: true })
    assert.isEmpty(deliveries)
    assert.deepStrictEqual([...(yield* descriptions).values()], ["key a", replacing])
    assert.deepStrictEqual((yield* Rotation.leftovers()).map(({ state }) => state), ["created"])
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
    const creates = ["create", "create"]
    const updates = ["update", "update"]
    assert.deepStrictEqual(
      yield* operations,
      ["list", "info", ...creates, "info", ...updates, "list", "delete", "update"]
    )
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

it.effect("no outcome, error, description or span of a rotation contains a token", () => {
  const { deliveries, delivery } = makeConsumers()
  const { spans, tracer } = recordSpans()
  return Effect.gen(function*() {
    const actingToken = Redacted.make("HRKU-AAacting")
    const verifyOnce = () => Effect.succeed(deliveries.length !== 2)
    const outcomes = [
      yield* Rotation.replace(a, { actingToken, verify: verifyOnce }),
      yield* Effect.result(Rotation.replace(deliveries[0]!.authorization.id, { verify: verifyOnce })),
      yield* Effect.result(Rotation.replace("HRKU-AAused-as-id" as Authorization.AuthorizationId)),
      yield* Effect.result(Rotation.regenerate(deliveries[1]!.authorization.id, { verify: verifyOnce }))
    ]
    assert.lengthOf(deliveries, 2)
    const shown = [outcomes, yield* descriptions, spans.map(({ attributes, name }) => [name, attributes])]
    assert.notInclude(inspect(shown, { depth: 9 }), "HRKU")
    const roots = spans.filter(({ parent }) => Option.isNone(parent)).map(({ name }) => name)
    assert.deepStrictEqual(roots, ["Rotation.replace", "Rotation.replace", "Rotation.replace", "Rotation.regenerate"])
  }).pipe(Effect.withTracer(tracer), Effect.provide(layerWith(delivery)))
})

it.effect("replace needs the team of an authorization of a team, and creates its successor there", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const service = yield* AuthorizationService.AuthorizationService
    assert.deepInclude(yield* Effect.flip(Rotation.replace(a)), { _tag: "NotReplaceable", reason: "unlisted" })
    assert.strictEqual((yield* Rotation.replace(a, { team: "platform" }))._tag, "replaced")
    const listed = yield* Stream.runCollect(service.stream({ team: "platform" }))
    assert.deepStrictEqual(listed.map(({ id }) => id), deliveries.map(({ authorization }) => authorization.id))
    assert.isEmpty(yield* Stream.runCollect(service.stream()))
    assert.isEmpty(yield* Rotation.leftovers({ team: "platform" }))
  }).pipe(Effect.provide(layerWith(delivery, [{ id: a, team: "platform" }])))
})

it.effect("a record that does not decode stops no rotation, and is no reason to take an authorization for deleted", () => {
  const { current, delivery, tokens } = makeConsumers()
  return Effect.gen(function*() {
    const service = yield* AuthorizationService.AuthorizationService
    const account = yield* HerokuAccount.HerokuAccount
    const withInvalid: AuthorizationService.Service = {
      ...service,
      stream: (options) =>
        Stream.concat(
          Stream.fromEffect(Effect.forEach(
            [Option.some<string>(b), Option.none<string>()],
            (id) => options?.onInvalid?.({ id, message: "is not valid" }) ?? Effect.void
          )).pipe(Stream.drain),
          service.stream(options)
        )
    }
    yield* account.put({ id: c, description: `key b [replaces ${b}]` })
    tokens.set(b, Option.getOrThrow(Authorization.accessToken(Option.getOrThrow(yield* account.get(a)))))
    yield* TestClock.adjust("2 hours")
    yield* Effect.gen(function*() {
      assert.deepStrictEqual((yield* Rotation.leftovers()).map(({ state }) => state), ["created"])
      assert.isEmpty(yield* Rotation.removeLeftovers())
      assert.strictEqual((yield* Rotation.replace(a))._tag, "replaced")
    }).pipe(Effect.provideService(AuthorizationService.AuthorizationService, withInvalid))
  }).pipe(Effect.provide(layerWith({ ...delivery, current }, undefined, { clearTokens: true })))
})
