import * as Authorization from "@effect-heroku/core/Authorization"
import * as AuthorizationService from "@effect-heroku/core/AuthorizationService"
import * as Rotation from "@effect-heroku/core/Rotation"
import { recordSpans } from "@effect-heroku/test-kit/spans"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import type * as HerokuAccount from "@effect-heroku/testing/HerokuAccount"
import { assert, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { inspect } from "node:util"
import { a, b, c, changing, created, descriptions, inAccount, operations, replacing } from "../fixtures/rotation.ts"

/** The lifetime of the successor, which is also the one that the outcome reports. */
const replaceAndCompare = Effect.fnUntraced(function*(options?: Rotation.ReplaceOptions) {
  const outcome = yield* Rotation.replace(a, options)
  const [successor] = yield* created
  const expiresIn = Option.flatMap(successor!.accessToken, (token) => token.expiresIn)
  assert.deepStrictEqual(outcome, { _tag: "replaced", id: a, successor: successor!.id, expiresIn })
  return Option.map(expiresIn, Duration.toSeconds)
})

const days = 86_400
const byHeroku = "Long-lived user authorization"
const severalMarks = `key [regenerating] a [replaces ${c}] [regenerating] [replaced by ${c}]`

it.effect.each<[string, Partial<HerokuAccount.AuthorizationSeed>, Rotation.ReplaceOptions, Option.Option<number>]>([
  ["that the old authorization was created with", {}, {}, Option.some(30 * days)],
  ["rounded to seconds", { createdAt: DateTime.makeUnsafe("1969-12-31T23:59:59.600Z") }, {}, Option.some(30 * days)],
  [
    "that remains if a clock is slow",
    { createdAt: DateTime.makeUnsafe("1980-01-01T00:00:00Z") },
    {},
    Option.some(10 * days)
  ],
  ["of the option", {}, { expiresIn: "7 days" }, Option.some(7 * days)],
  ["without an end", {}, { expiresIn: Infinity }, Option.none()]
])("a successor has the lifetime %s", ([, seed, options, expected]) =>
  inAccount(function*() {
    yield* TestClock.adjust("20 days")
    assert.deepStrictEqual(yield* replaceAndCompare(options), expected)
  }, { seed: [{ id: a, expiresIn: "30 days", ...seed }] }))

it.effect.each<[string, HerokuAccount.AuthorizationSeed]>([
  ["has expired", { id: a, expiresIn: 0 }],
  ["has no token", { id: a, accessToken: null }]
])("replace needs the option expiresIn for an authorization that %s", ([, seed]) =>
  inAccount(function*() {
    const error = yield* Effect.flip(Rotation.replace(a))
    assert.deepInclude(error, { _tag: "NotReplaceable", id: a, reason: "lifetime" })
    assert.include(error.message, "Pass `expiresIn`")
    assert.deepStrictEqual(yield* operations, ["list", "info"])
    assert.deepStrictEqual(yield* replaceAndCompare({ expiresIn: "1 day" }), Option.some(1 * days))
  }, { seed: [seed] }))

it.effect.each<[string, "create" | "delete", string, Rotation.ReplaceOptions]>([
  ["expiresIn", "create", "of more than 0", { expiresIn: 0 }],
  ["expiresIn", "create", "of more than 0", { expiresIn: NaN }],
  ["expiresIn", "create", "of more than 0", { expiresIn: "soon" as "1 day" }],
  ["overlap", "delete", "from 0 to 100000000000 seconds", { overlap: NaN }],
  ["overlap", "delete", "from 0 to 100000000000 seconds", { overlap: [NaN, 0] }],
  ["overlap", "delete", "from 0 to 100000000000 seconds", { overlap: "-1 seconds" }],
  ["overlap", "delete", "from 0 to 100000000000 seconds", { overlap: Infinity }],
  ["overlap", "delete", "from 0 to 100000000000 seconds", { overlap: "100000000001 seconds" }]
])(
  "replace rejects an invalid %s before it does anything",
  ([field, operation, range, options]) =>
    inAccount(function*() {
      const error = yield* Effect.flip(Rotation.replace(a, options))
      assert.deepInclude(error, { _tag: "InvalidParams", operation, field: Option.some(field) })
      assert.strictEqual(error.message, `${field}: must be a duration ${range}`)
      assert.isEmpty(yield* operations)
    })
)

it.effect.each<[string, string | undefined, string]>([
  ["is missing", undefined, byHeroku],
  ["is empty", "", byHeroku],
  ["consists of a mark", ` [replaced by ${c}]`, byHeroku],
  ["ends with several marks", severalMarks, "key [regenerating] a"],
  ["ends with a word in place of a successor", "CI [replaced by vault]", "CI [replaced by vault]"],
  ["ends with a word in place of an id", "Deploy key [replaces jenkins]", "Deploy key [replaces jenkins]"]
])(
  "the successor gets the plain description when that of the old one %s",
  ([, description, plain]) =>
    inAccount(function*({ account }) {
      const old = Option.getOrThrow(yield* account.get(a))
      yield* account.put(new Authorization.Authorization({ ...old, description: Option.fromUndefinedOr(description) }))
      yield* Rotation.replace(a)
      assert.deepStrictEqual([...(yield* descriptions).values()], [plain])
    })
)

it.effect("replace creates another successor at most twice when it does not know the outcome of a create", () =>
  inAccount(function*({ faults }) {
    yield* faults.inject(FaultInjection.connectionReset, { operation: "create", afterActing: true, times: 2 })
    // The first two exist. They appeared during this run, as if another one had created them.
    assert.strictEqual((yield* Effect.flip(Rotation.replace(a)))._tag, "RotationConflict")
    const creates = ["create", "create", "create"]
    assert.deepStrictEqual(yield* operations, ["list", "info", ...creates, "info", "update", "list"])
    assert.lengthOf([...(yield* descriptions).values()].filter((one) => one === replacing), 3)
    assert.strictEqual((yield* Rotation.replace(a))._tag, "replaced")
    assert.sameMembers([...(yield* descriptions).values()], ["key a", replacing, replacing])
    assert.lengthOf(yield* Rotation.leftovers(), 2)
  }))

it.effect.each<[string, FaultInjection.Fault, string, ReadonlyArray<string>, ReadonlyArray<string>]>([
  ["its response breaks the protocol", FaultInjection.garbled, "InvalidResponse", ["create"], ["created"]],
  ["it certainly did nothing", FaultInjection.connectionRefused, "RequestFailed", ["create"], []],
  ["three outcomes are unknown", FaultInjection.status(503), "UnexpectedStatus", ["create", "create", "create"], []]
])(
  "replace does not retry a create when %s",
  ([, fault, tag, creates, leftovers]) =>
    inAccount(function*({ deliveries, faults }) {
      yield* faults.inject(fault, { operation: "create", times: 4 })
      assert.strictEqual((yield* Effect.flip(Rotation.replace(a)))._tag, tag)
      assert.deepStrictEqual(yield* operations, ["list", "info", ...creates])
      assert.isEmpty(deliveries)
      assert.deepStrictEqual((yield* Rotation.leftovers()).map(({ state }) => state), leftovers)
    })
)

const long = `${"ä".repeat(80)} of the build server`

it.effect("a description that is too long with a mark is shortened in the mark only", () =>
  inAccount(function*({ faults }) {
    const isTooLong = (call: FaultInjection.Call) => (call.input?.description?.length ?? 0) > long.length
    yield* faults.inject(FaultInjection.status(422), { when: isTooLong, times: Infinity })
    const marked: Array<string> = []
    const look = Effect.map(descriptions, (all) => marked.push(...all.values()))
    yield* Rotation.replace(a).pipe(changing("delete", 1, look))
    assert.lengthOf(marked, 2)
    for (const one of marked) {
      assert.match(one, /^ä+ \[replace/)
      assert.lengthOf(one, long.length)
    }
    assert.deepStrictEqual([...(yield* descriptions).values()], [long])
    const twice = ["create", "create", "info", "update", "update"]
    assert.deepStrictEqual(yield* operations, ["list", "info", ...twice, "list", "delete", "update"])
  }, { seed: [{ id: a, description: long }] }))

it.effect("a rejected description keeps at least one character, and is written twice at most", () =>
  inAccount(function*({ faults }) {
    yield* faults.inject(FaultInjection.status(422), { operation: "create", times: Infinity })
    assert.strictEqual((yield* Effect.flip(Rotation.replace(a)))._tag, "InvalidParams")
    const written = (yield* faults.calls).flatMap(({ input }) => input?.description ?? [])
    assert.deepStrictEqual(written, [replacing, `k [replaces ${a}]`])
  }))

it.effect.each([null, "HRKU-AAab**********end"])(
  "a create whose response has the token %s delivers nothing",
  (token) =>
    inAccount(function*({ account, deliveries, service }) {
      const create = () => Effect.map(account.put({ description: replacing, accessToken: token }), ([one]) => one!)
      const error = yield* Rotation.replace(a).pipe(
        Effect.provideService(AuthorizationService.AuthorizationService, { ...service, create }),
        Effect.flip
      )
      assert.deepInclude(error, { _tag: "InvalidResponse", operation: "create", status: 201 })
      assert.include(error.message, "access token in clear")
      assert.isEmpty(deliveries)
    })
)

it.effect("no outcome, error, description or span of a rotation contains a token", () => {
  const { spans, tracer } = recordSpans()
  return inAccount(function*({ deliveries }) {
    const actingToken = Redacted.make("HRKU-AAacting")
    const verify = () => Effect.succeed(deliveries.length !== 2)
    const outcomes = [
      yield* Rotation.replace(a, { actingToken, verify }),
      yield* Effect.result(Rotation.replace(deliveries[0]!.authorization.id, { verify })),
      yield* Effect.result(Rotation.replace("HRKU-AAused-as-id" as Authorization.AuthorizationId)),
      yield* Effect.result(Rotation.regenerate(deliveries[1]!.authorization.id, { verify }))
    ]
    assert.lengthOf(deliveries, 2)
    const shown = [outcomes, yield* descriptions, spans.map(({ attributes, name }) => [name, attributes])]
    assert.notInclude(inspect(shown, { depth: 9 }), "HRKU")
    const roots = spans.filter(({ parent }) => Option.isNone(parent)).map(({ name }) => name)
    assert.deepStrictEqual(roots, ["Rotation.replace", "Rotation.replace", "Rotation.replace", "Rotation.regenerate"])
  }).pipe(Effect.withTracer(tracer))
})

it.effect("replace needs the team of an authorization of a team, and creates its successor there", () =>
  inAccount(function*({ deliveries, service }) {
    assert.deepInclude(yield* Effect.flip(Rotation.replace(a)), { _tag: "NotReplaceable", reason: "unlisted" })
    assert.strictEqual((yield* Rotation.replace(a, { team: "platform" }))._tag, "replaced")
    const listed = yield* Stream.runCollect(service.stream({ team: "platform" }))
    assert.deepStrictEqual(listed.map(({ id }) => id), deliveries.map(({ authorization }) => authorization.id))
    assert.isEmpty(yield* Stream.runCollect(service.stream()))
    assert.isEmpty(yield* Rotation.leftovers({ team: "platform" }))
  }, { seed: [{ id: a, team: "platform" }] }))

const held = Redacted.make("HRKU-AAheld-token")

it.effect("a record that does not decode stops no rotation, and is no reason to take an authorization for deleted", () =>
  inAccount(function*({ service }) {
    const invalid = Stream.make(Option.some<string>(a), Option.none<string>())
    const stream: typeof service.stream = (options) =>
      invalid.pipe(
        Stream.tap((id) => options?.onInvalid?.({ id, message: "is not valid" }) ?? Effect.void),
        Stream.drain,
        Stream.concat(service.stream(options))
      )
    yield* TestClock.adjust("2 hours")
    yield* Effect.gen(function*() {
      assert.deepStrictEqual((yield* Rotation.leftovers()).map(({ state }) => state), ["created"])
      assert.isEmpty(yield* Rotation.removeLeftovers())
      assert.strictEqual((yield* Rotation.replace(b))._tag, "replaced")
    }).pipe(Effect.provideService(AuthorizationService.AuthorizationService, { ...service, stream }))
  }, { seed: [{ id: b, accessToken: held }, { id: c, description: replacing }], current: held }))
