import * as Authorization from "@effect-heroku/core/Authorization"
import * as AuthorizationService from "@effect-heroku/core/AuthorizationService"
import * as Rotation from "@effect-heroku/core/Rotation"
import * as HerokuAccount from "@effect-heroku/testing/HerokuAccount"
import { assert, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
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

const markedAs = (successor: string) => `key a [replaced by ${successor}]`
const replacing = `key a [replaces ${a}]`

/** The new authorizations of the account. */
const created = Effect.gen(function*() {
  const account = yield* HerokuAccount.HerokuAccount
  return (yield* account.authorizations).filter(({ id }) => ![a, b, c].includes(id))
})

const createdDescriptions = Effect.map(created, (all) => all.map(({ description }) => Option.getOrThrow(description)))

const update = (id: Authorization.AuthorizationId, description: string) =>
  AuthorizationService.AuthorizationService.use((service) => service.update(id, { description }))

const conflictOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.instanceOf(error, Rotation.RotationConflict)
    return error as Rotation.RotationConflict
  })

it.effect("replace creates, delivers, verifies, marks, deletes and renames with seven requests besides two listings", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    const verifyNow = yield* verify
    const seen: Array<unknown> = []
    const look = Effect.map(Effect.all([descriptions, created]), ([all, [successor]]) => {
      seen.push([all.get(a), successor?.description])
    }).pipe(Effect.provideService(HerokuAccount.HerokuAccount, account))
    const outcome = yield* Rotation.replace(a, { verify: (token) => Effect.tap(verifyNow(token), look) })
    assert.deepStrictEqual(seen, [["key a", Option.some(replacing)]])
    const [{ authorization, replaces, token }] = deliveries as [Rotation.DeliveryInput]
    const successor = yield* findLive(token)
    assert.deepStrictEqual([replaces, authorization.id], [a, successor!.id])
    assert.deepStrictEqual(outcome, { _tag: "replaced", id: a, successor: successor!.id, expiresIn: Option.none() })
    assert.isTrue(Option.isNone(yield* account.get(a)))
    assert.deepStrictEqual([successor!.description, successor!.scope], [Option.some("key a"), ["read", "write"]])
    const called = yield* operations
    assert.deepStrictEqual(called, ["list", "info", "create", "info", "update", "list", "delete", "update"])
    assert.strictEqual(called.filter((operation) => operation !== "list").length + seen.length, 7)
  }).pipe(Effect.provide(layerWith(delivery, [{ id: a, description: "key a", scope: ["read", "write"] }])))
})

it.effect("replace marks the old authorization with the id of its successor before it deletes it", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    let seen: string | undefined
    yield* Rotation.replace(a).pipe(changing("delete", 1, Effect.map(descriptions, (all) => seen = all.get(a))))
    assert.strictEqual(seen, markedAs((yield* created)[0]!.id))
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("replace does nothing after Delivery.check has failed", () => {
  const { delivery } = makeConsumers()
  const failed = new Rotation.DeliveryFailed({ message: "The directory does not exist" })
  return Effect.gen(function*() {
    assert.deepStrictEqual(yield* Effect.flip(Rotation.replace(a)), failed)
    assert.isEmpty(yield* operations)
  }).pipe(Effect.provide(layerWith({ ...delivery, check: Effect.fail(failed) })))
})

it.effect("replace rejects the authorization of a client, that of the acting token, and one that is not listed", () => {
  const { deliveries, delivery } = makeConsumers()
  const actingToken = Redacted.make("HRKU-acting-acting")
  return Effect.gen(function*() {
    const service = yield* AuthorizationService.AuthorizationService
    const ofClient = yield* Effect.flip(Rotation.replace(a))
    assert.deepInclude(ofClient, { _tag: "NotReplaceable", id: a, reason: "client" })
    assert.include(ofClient.message, "authorize the client again")
    const own = yield* Effect.flip(Rotation.replace(b, { actingToken }))
    assert.deepInclude(own, { _tag: "OwnAuthorization", id: b })
    assert.include(own.message, "Use another token")
    // As for an authorization of a team.
    const unlisted = yield* Rotation.replace(c).pipe(
      Effect.provideService(AuthorizationService.AuthorizationService, { ...service, stream: () => Stream.empty }),
      Effect.flip
    )
    assert.deepInclude(unlisted, { _tag: "NotReplaceable", id: c, reason: "unlisted" })
    assert.include(unlisted.message, "pass the team")
    assert.isEmpty(yield* created)
    assert.isEmpty(deliveries)
  }).pipe(Effect.provide(layerWith(delivery, [
    { id: a, client: { name: "CI" } },
    { id: b, accessToken: actingToken },
    { id: c }
  ])))
})

it.effect.each(["exact", "masked", "unknown"])(
  "replace rejects the acting token's own authorization when the match is %s",
  (match) => {
    const { delivery } = makeConsumers()
    const token = "HRKU-AAacting-token-with-an-end"
    const shown = match === "exact" ? token : match === "masked" ? "HRKU-AAac**********-end" : "HRKU-AA**********"
    return Effect.gen(function*() {
      const error = yield* Effect.flip(Rotation.replace(a, { actingToken: Redacted.make(token) }))
      assert.strictEqual(error._tag, "OwnAuthorization")
      assert.strictEqual(error.message.includes("cannot be compared"), match === "unknown")
      assert.include(error.message, "Use another token")
    }).pipe(Effect.provide(layerWith(delivery, [{ id: a, accessToken: shown }])))
  }
)

it.effect("replace continues after an interruption without creating another successor", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const outcome = yield* Rotation.replace(a)
    assert.deepStrictEqual(outcome, {
      _tag: "replaced",
      id: a,
      successor: b,
      expiresIn: Option.some(Duration.days(30))
    })
    assert.deepStrictEqual(yield* descriptions, new Map([[b, "key a"]]))
    assert.isEmpty(deliveries)
    assert.deepStrictEqual(yield* operations, ["list", "info", "info", "list", "delete", "update"])
  }).pipe(Effect.provide(layerWith(delivery, [
    { id: a, description: markedAs(b) },
    { id: b, description: replacing, expiresIn: "30 days" }
  ])))
})

it.effect.each<[string, HerokuAccount.AuthorizationSeed]>([
  ["is gone", { id: c }],
  ["has expired", { id: b, description: replacing, expiresIn: 0 }],
  ["belongs to a client", { id: b, description: replacing, client: { name: "CI" } }],
  ["has no mark", { id: b, description: "renamed" }],
  ["replaces another one", { id: b, description: `key a [replaces ${c}]` }]
])("replace creates another successor if the one in the mark %s", ([, seed]) => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const before = yield* descriptions
    const outcome = yield* Rotation.replace(a)
    const [{ authorization }] = deliveries as [Rotation.DeliveryInput]
    assert.deepInclude(outcome, { _tag: "replaced", successor: authorization.id })
    const called = ["list", "info", "info", "create", "info", "update", "list", "delete", "update"]
    assert.deepStrictEqual(yield* operations, called)
    before.delete(a)
    assert.deepStrictEqual(yield* descriptions, before.set(authorization.id, "key a"))
  }).pipe(Effect.provide(layerWith(delivery, [{ id: a, description: markedAs(b) }, seed])))
})

it.effect("replace replaces the old authorization when the id is that of its successor", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const outcome = yield* Rotation.replace(b)
    assert.deepInclude(outcome, { _tag: "replaced", id: a })
    assert.deepStrictEqual(deliveries.map(({ replaces }) => replaces), [a])
    assert.strictEqual((yield* descriptions).get(b), replacing)
  }).pipe(Effect.provide(layerWith(delivery, [{ id: a }, { id: b, description: replacing }])))
})

it.effect("replace stops when descriptions name each other as successors", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const { message } = yield* conflictOf(Rotation.replace(a))
    assert.include(message, "successor")
    assert.isEmpty(yield* created)
  }).pipe(Effect.provide(layerWith(delivery, [
    { id: a, description: `key a [replaces ${b}]` },
    { id: b, description: `key b [replaces ${a}]` }
  ])))
})

it.effect("replace deletes its undelivered successor and completes that of a run that marked the old one first", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    const change = account.put({ id: a, description: markedAs(b) }, { id: b, description: replacing })
    const outcome = yield* Rotation.replace(a).pipe(changing("info", 2, change))
    assert.deepInclude(outcome, { _tag: "replaced", id: a, successor: b })
    assert.deepStrictEqual(yield* descriptions, new Map([[b, "key a"]]))
    assert.isEmpty(deliveries)
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("replace deletes its undelivered successor when the old authorization is gone, also if a person does first", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    const removeAll = Effect.flatMap(account.authorizations, (all) => account.remove(...all.map(({ id }) => id)))
    const outcome = yield* Rotation.replace(a).pipe(
      changing("info", 2, account.remove(a)),
      changing("delete", 1, removeAll)
    )
    assert.deepStrictEqual(outcome, { _tag: "gone", id: a })
    assert.isEmpty(yield* descriptions)
    assert.isEmpty(deliveries)
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("replace stops after three successors that it did not deliver because other runs kept changing the old one", () => {
  const { deliveries, delivery } = makeConsumers()
  return Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    const missing = (digit: number) => a.replace(/.$/, String(digit))
    const mark = (digit: number) => account.put({ id: a, description: markedAs(missing(digit)) })
    const { message, successors } = yield* Rotation.replace(a).pipe(
      // Between them the successors in the marks are read.
      changing("info", 2, mark(1)),
      changing("info", 4, mark(2)),
      changing("info", 6, mark(3)),
      conflictOf
    )
    assert.include(message, "keep changing")
    assert.deepStrictEqual(successors, [b])
    // Each start creates a successor and deletes it, and the second and third first read the one in the mark.
    const start = ["create", "info", "delete"]
    assert.deepStrictEqual(yield* operations, ["list", "info", ...start, "info", ...start, "info", ...start])
    assert.deepStrictEqual(yield* descriptions, new Map([[a, markedAs(missing(3))], [b, replacing]]))
    assert.isEmpty(deliveries)
  }).pipe(Effect.provide(layerWith(delivery, [{ id: a, description: "key a" }, { id: b, description: replacing }])))
})

it.effect("replace keeps the old authorization and its successor when delivering fails, and a later run completes", () => {
  const { delivery } = makeConsumers()
  let isBroken = true
  const failed = new Rotation.DeliveryFailed({ message: "The disk is full" })
  const deliver: typeof delivery.deliver = (input) => isBroken ? Effect.fail(failed) : delivery.deliver(input)
  return Effect.gen(function*() {
    assert.deepStrictEqual(yield* Effect.flip(Rotation.replace(a)), failed)
    assert.strictEqual((yield* descriptions).get(a), "key a")
    assert.deepStrictEqual(yield* createdDescriptions, [replacing])
    isBroken = false
    assert.deepInclude(yield* Rotation.replace(a), { _tag: "replaced" })
    assert.sameMembers(yield* createdDescriptions, [replacing, "key a"])
  }).pipe(Effect.provide(layerWith({ deliver })))
})

it.effect("replace stops when the delivered token does not work, and names its successor", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const { message, successors } = yield* conflictOf(Rotation.replace(a, { verify: () => Effect.succeed(false) }))
    assert.include(message, "does not work")
    assert.deepStrictEqual(successors, (yield* created).map(({ id }) => id))
    assert.strictEqual((yield* descriptions).get(a), "key a")
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("replace reports a conflict when the old authorization is gone before it is marked", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    // Another run has completed its successor.
    const change = Effect.andThen(account.remove(a), account.put({ id: b, description: "key a" }))
    const { successors } = yield* conflictOf(
      Rotation.replace(a, { overlap: "1 hour" }).pipe(changing("update", 1, change))
    )
    assert.sameMembers([...successors], [b, ...(yield* created).map(({ id }) => id)])
    assert.strictEqual(new Set(successors).size, successors.length)
    assert.deepStrictEqual(yield* createdDescriptions, [replacing])
  }).pipe(Effect.provide(layerWith(delivery)))
})

const changes: ReadonlyArray<
  [string, Effect.Effect<unknown, unknown, AuthorizationService.AuthorizationService | HerokuAccount.HerokuAccount>]
> = [
  ["another successor appeared", HerokuAccount.HerokuAccount.use(({ put }) => put({ id: b, description: replacing }))],
  ["the old authorization names another successor", update(a, markedAs(b))],
  ["the old authorization is renamed", update(a, "renamed")],
  [
    "the tokens of the old authorization were regenerated",
    AuthorizationService.AuthorizationService.use(({ regenerate }) => regenerate(a))
  ]
]

it.effect.each(changes)("replace deletes nothing when at the second listing %s", ([, change]) => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const { message, successors } = yield* Rotation.replace(a).pipe(changing("stream", 2, change), conflictOf)
    assert.include(message, "Nothing was deleted")
    const marked = [...yield* descriptions].filter(([, description]) => description === replacing).map(([id]) => id)
    assert.sameMembers([...successors], marked)
    assert.notInclude(yield* operations, "delete")
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("replace deletes nothing when its successor is gone at the second listing", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    const change = Effect.flatMap(created, ([successor]) => account.remove(successor!.id))
    const { successors } = yield* Rotation.replace(a).pipe(changing("stream", 2, change), conflictOf)
    assert.isEmpty(successors)
    assert.isTrue((yield* descriptions).has(a))
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("replace continues past a leftover of an earlier run, and past an old authorization that is just gone", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    const outcome = yield* Rotation.replace(a).pipe(changing("delete", 1, account.remove(a)))
    assert.strictEqual(outcome._tag, "replaced")
    assert.strictEqual((yield* descriptions).get(b), replacing)
  }).pipe(Effect.provide(layerWith(delivery, [{ id: a }, { id: b, description: replacing }])))
})

it.effect("replace keeps the name of a successor that was renamed", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const service = yield* AuthorizationService.AuthorizationService
    const change = Effect.flatMap(created, ([successor]) => service.update(successor!.id, { description: "renamed" }))
    const outcome = yield* Rotation.replace(a).pipe(changing("stream", 2, change))
    assert.strictEqual(outcome._tag, "replaced")
    assert.deepStrictEqual([...(yield* descriptions).values()], ["renamed"])
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("replace uses the name that the old authorization has when it is marked", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const service = yield* AuthorizationService.AuthorizationService
    yield* Rotation.replace(a).pipe(changing("info", 2, service.update(a, { description: "renamed" })))
    assert.deepStrictEqual([...(yield* descriptions).values()], ["renamed"])
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect.each<[string, boolean, Array<string>]>([
  ["completes the delivered one", true, [`key a`, replacing]],
  ["completes none", false, [replacing, replacing]]
])("replace %s of several successors of a deleted authorization", ([, hasCurrent, expected]) => {
  const { current, delivery, tokens } = makeConsumers()
  return Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    tokens.set(a, Option.getOrThrow(Authorization.accessToken(Option.getOrThrow(yield* account.get(b)))))
    if (hasCurrent) {
      assert.deepInclude(yield* Rotation.replace(a), { _tag: "replaced", id: a, successor: b })
    } else {
      assert.deepStrictEqual([...(yield* conflictOf(Rotation.replace(a))).successors], [b, c])
    }
    assert.deepStrictEqual([...(yield* descriptions).values()], expected)
  }).pipe(Effect.provide(layerWith({ ...delivery, ...hasCurrent && { current } }, [
    { id: b, description: replacing },
    { id: c, description: replacing }
  ])))
})

const other = Redacted.make("HRKU-AAother-other")

it.effect.each<[string, string | undefined, ReadonlyArray<HerokuAccount.AuthorizationSeed>]>([
  ["no token is delivered", undefined, [{ id: b, description: replacing }]],
  ["the delivered token belongs to no authorization", "HRKU-AAdead-dead", [{ id: b, description: replacing }]],
  ["the delivered token has expired", Redacted.value(other), [
    { id: b, description: replacing },
    { id: c, accessToken: other, expiresIn: 0 }
  ]],
  ["the token of the successor cannot be compared", "HRKU-AAdead-dead", [
    { id: b, description: replacing, accessToken: "HRKU-AA**********" }
  ]],
  ["the tokens of two successors match the delivered one", "HRKU-AAbb-cc-bb", [
    { id: b, description: replacing, accessToken: "HRKU-AAb**********bb" },
    { id: c, description: replacing, accessToken: "HRKU-AAb**********bb" }
  ]]
])("replace completes no successor of a deleted authorization when %s", ([, token, seed]) => {
  const { current, delivery, tokens } = makeConsumers()
  if (token !== undefined) tokens.set(a, Redacted.make(token))
  return Effect.gen(function*() {
    const before = yield* descriptions
    const { message, successors } = yield* conflictOf(Rotation.replace(a))
    assert.include(message, "which of its successors is delivered is unknown")
    assert.deepStrictEqual([...successors], [...before].filter(([, one]) => one === replacing).map(([id]) => id))
    assert.deepStrictEqual(yield* descriptions, before)
  }).pipe(Effect.provide(layerWith({ ...delivery, current }, seed, { clearTokens: true })))
})

it.effect("replace prefers a successor that has the delivered token to one whose token cannot be compared", () => {
  const { current, delivery, tokens } = makeConsumers()
  tokens.set(a, other)
  return Effect.gen(function*() {
    assert.deepInclude(yield* Rotation.replace(a), { _tag: "replaced", successor: b })
  }).pipe(Effect.provide(layerWith({ ...delivery, current }, [
    { id: b, description: replacing, accessToken: other },
    { id: c, description: replacing, accessToken: "HRKU-AA**********" }
  ], { clearTokens: true })))
})

it.effect("replace leaves the successor of a deleted authorization alone when the consumer has another token that works", () => {
  const { current, delivery, tokens } = makeConsumers()
  tokens.set(a, other)
  return Effect.gen(function*() {
    assert.deepStrictEqual(yield* Rotation.replace(a), { _tag: "gone", id: a })
    assert.strictEqual((yield* descriptions).get(b), replacing)
  }).pipe(
    Effect.provide(
      layerWith({ ...delivery, current }, [{ id: b, description: replacing }, { id: c, accessToken: other }])
    )
  )
})

it.effect("two runs with an overlap that meet do not both wait", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const other = Effect.exit(Rotation.replace(a, { overlap: "1 hour" }))
    const { successors } = yield* Rotation.replace(a, { overlap: "1 hour" }).pipe(
      changing("update", 1, other),
      conflictOf
    )
    assert.sameMembers([...successors], (yield* created).map(({ id }) => id))
    assert.lengthOf(successors, 2)
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("replace completes the only successor of a deleted authorization, and reports one without as gone", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    assert.deepStrictEqual(yield* Rotation.replace(a), {
      _tag: "replaced",
      id: a,
      successor: b,
      expiresIn: Option.none()
    })
    assert.deepStrictEqual(yield* descriptions, new Map([[b, "key a"]]))
    assert.deepStrictEqual(yield* Rotation.replace(a), { _tag: "gone", id: a })
  }).pipe(Effect.provide(layerWith(delivery, [{ id: b, description: replacing }])))
})

it.effect("replace stops while tokens are being regenerated", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const { message, successors } = yield* conflictOf(Rotation.replace(a))
    assert.include(message, "Regenerate them first")
    assert.deepStrictEqual(successors, [b])
    assert.isEmpty(yield* created)
  }).pipe(Effect.provide(layerWith(delivery, [
    { id: a, description: "key a [regenerating]" },
    { id: b, description: replacing }
  ])))
})

it.effect("replace waits for the overlap, and a later run deletes the old authorization", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    yield* TestClock.adjust("5 minutes")
    const waiting = yield* Rotation.replace(a, { overlap: "10 minutes" })
    const [successor] = yield* created
    assert.deepStrictEqual(waiting, {
      _tag: "waiting",
      id: a,
      successor: successor!.id,
      until: DateTime.makeUnsafe(15 * 60_000)
    })
    const called = yield* operations
    assert.deepStrictEqual(called, ["list", "info", "create", "info", "update", "list"])
    yield* TestClock.adjust("599 seconds")
    assert.strictEqual((yield* Rotation.replace(a, { overlap: "10 minutes" }))._tag, "waiting")
    assert.deepStrictEqual(yield* operations, [...called, "list", "info", "info"])
    yield* TestClock.adjust("1 second")
    assert.deepInclude(yield* Rotation.replace(a, { overlap: "10 minutes" }), {
      _tag: "replaced",
      successor: successor!.id
    })
    assert.deepStrictEqual([...(yield* descriptions).values()], ["key a"])
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("replace with an overlap waits after it has marked, even if the local clock is ahead", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const service = yield* AuthorizationService.AuthorizationService
    const update: AuthorizationService.Service["update"] = (id, input) =>
      Effect.map(
        service.update(id, input),
        (one) => new Authorization.Authorization({ ...one, updatedAt: DateTime.makeUnsafe(0) })
      )
    yield* TestClock.adjust("1 hour")
    const replace = Rotation.replace(a, { overlap: "10 minutes" }).pipe(
      Effect.provideService(AuthorizationService.AuthorizationService, { ...service, update })
    )
    assert.deepInclude(yield* replace, { _tag: "waiting", until: DateTime.makeUnsafe(70 * 60_000) })
    assert.isTrue((yield* descriptions).has(a))
  }).pipe(Effect.provide(layerWith(delivery)))
})

it.effect("replace without an overlap does not wait for a clock that is slow", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    assert.strictEqual((yield* Rotation.replace(a))._tag, "replaced")
  }).pipe(Effect.provide(layerWith(delivery, [
    { id: a, description: markedAs(b), updatedAt: DateTime.makeUnsafe("2024-05-01T12:00:00Z") },
    { id: b, description: replacing }
  ])))
})
