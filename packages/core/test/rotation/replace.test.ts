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
import * as TestClock from "effect/testing/TestClock"
import {
  a,
  b,
  c,
  changing,
  conflictOf,
  created,
  descriptions,
  type Environment,
  findLive,
  inAccount,
  operations,
  regenerating,
  replacedBy,
  replacing
} from "../fixtures/rotation.ts"

type Seed = ReadonlyArray<HerokuAccount.AuthorizationSeed>
type Change = Effect.Effect<unknown, unknown, Environment>

const { HerokuAccount: Account } = HerokuAccount
const { AuthorizationService: Service } = AuthorizationService
const markedByOther = Account.use(({ put }) =>
  put({ id: a, description: replacedBy(b) }, { id: b, description: replacing })
)
const removeOld = Account.use(({ remove }) => remove(a))
const appear = Account.use(({ put }) => put({ id: b, description: replacing }))
const rename = (id: Authorization.AuthorizationId, description = "renamed") =>
  Service.use(({ update }) => update(id, { description }))
const renameSuccessor = Effect.flatMap(created, ([successor]) => rename(successor!.id))
const removeSuccessor = Effect.flatMap(created, ([successor]) => Account.use(({ remove }) => remove(successor!.id)))
const regenerate = Service.use((service) => service.regenerate(a))

it.effect("replace creates, delivers, verifies, marks, deletes and renames with seven requests besides two listings", () =>
  inAccount(function*({ account, deliveries, verify }) {
    const seen: Array<ReadonlyArray<string>> = []
    const look = Effect.map(
      account.authorizations,
      (all) => seen.push(all.map((one) => Option.getOrThrow(one.description)))
    )
    const outcome = yield* Rotation.replace(a, { verify: (token) => Effect.tap(verify(token), look) }).pipe(
      changing("delete", 1, look)
    )
    const [{ authorization, replaces, token }] = deliveries as [Rotation.DeliveryInput]
    const successor = yield* findLive(token)
    const { id } = successor!
    assert.deepStrictEqual([replaces, authorization.id], [a, id])
    assert.sameMembers([...seen[0]!], ["key a", replacing])
    assert.sameMembers([...seen[1]!], [replacedBy(id), replacing])
    assert.deepStrictEqual(outcome, { _tag: "replaced", id: a, successor: id, expiresIn: Option.none() })
    assert.deepStrictEqual(yield* descriptions, new Map([[id, "key a"]]))
    assert.deepStrictEqual(successor!.scope, ["read", "write"])
    // The verification is the seventh request.
    assert.deepStrictEqual(
      yield* operations,
      ["list", "info", "create", "info", "update", "list", "delete", "update"]
    )
  }, { seed: [{ id: a, description: "key a", scope: ["read", "write"] }] }))

const isOwn = "It is the authorization of the acting token. Use another token to rotate it."
const canBeOwn = "It can be the authorization of the acting token: its token is masked and cannot be compared. "
  + "Use another token to rotate it."

it.effect.each<[string, HerokuAccount.AuthorizationSeed, object, string]>([
  ["of a client", { client: { name: "CI" } }, { reason: "client" }, "authorize the client again"],
  ["that is not in the list", { team: "platform" }, { reason: "unlisted" }, "pass the team"],
  ["with the acting token", { accessToken: "HRKU-AAacting-token" }, { _tag: "OwnAuthorization" }, isOwn],
  ["that matches the acting token", { accessToken: "HRKU-AAac**********en" }, { _tag: "OwnAuthorization" }, isOwn],
  ["whose token shows nothing", { accessToken: "HRKU-AA**********" }, { _tag: "OwnAuthorization" }, canBeOwn]
])("replace rejects an authorization %s", ([, seed, expected, message]) =>
  inAccount(function*() {
    const actingToken = Redacted.make("HRKU-AAacting-token")
    const error = yield* Effect.flip(Rotation.replace(a, { actingToken }))
    assert.deepInclude(error, { _tag: "NotReplaceable", id: a, ...expected })
    assert.include(error.message, message)
    assert.deepStrictEqual(yield* operations, ["list", "info"])
  }, { seed: [{ id: a, ...seed }] }))

it.effect("replace continues after an interruption without creating another successor", () =>
  inAccount(function*({ deliveries }) {
    const expiresIn = Option.some(Duration.days(30))
    assert.deepStrictEqual(yield* Rotation.replace(a), { _tag: "replaced", id: a, successor: b, expiresIn })
    assert.deepStrictEqual(yield* descriptions, new Map([[b, "key a"]]))
    assert.isEmpty(deliveries)
    assert.deepStrictEqual(yield* operations, ["list", "info", "info", "list", "delete", "update"])
  }, { seed: [{ id: a, description: replacedBy(b) }, { id: b, description: replacing, expiresIn: "30 days" }] }))

it.effect.each<[string, HerokuAccount.AuthorizationSeed]>([
  ["is gone", { id: c }],
  ["has expired", { id: b, description: replacing, expiresIn: 0 }],
  ["belongs to a client", { id: b, description: replacing, client: { name: "CI" } }],
  ["has no mark", { id: b, description: "renamed" }],
  ["replaces another one", { id: b, description: `key a [replaces ${c}]` }]
])("replace creates another successor if the one in the mark %s", ([, seed]) =>
  inAccount(function*({ deliveries }) {
    const before = yield* descriptions
    const outcome = yield* Rotation.replace(a)
    const [{ authorization }] = deliveries as [Rotation.DeliveryInput]
    assert.deepInclude(outcome, { _tag: "replaced", successor: authorization.id })
    const called = ["list", "info", "info", "create", "info", "update", "list", "delete", "update"]
    assert.deepStrictEqual(yield* operations, called)
    before.delete(a)
    assert.deepStrictEqual(yield* descriptions, before.set(authorization.id, "key a"))
  }, { seed: [{ id: a, description: replacedBy(b) }, seed] }))

it.effect.each<[string, string, string, ReadonlyArray<string>]>([
  ["descriptions name each other as successors", `key a [replaces ${b}]`, "as the successor", []],
  ["tokens are being regenerated", regenerating, "Regenerate them first", [b]]
])("replace creates no successor when %s", ([, description, reason, successors]) =>
  inAccount(function*() {
    const conflict = yield* conflictOf(Rotation.replace(b))
    assert.include(conflict.message, reason)
    assert.deepStrictEqual([...conflict.successors], successors)
    assert.isEmpty(yield* created)
  }, { seed: [{ id: a, description }, { id: b, description: replacing }] }))

it.effect.each<[string, object, Change, Change]>([
  ["was marked by another run", { _tag: "replaced", successor: b }, markedByOther, Effect.void],
  ["is gone", { _tag: "gone" }, removeOld, Effect.void],
  ["is gone, also if a user deletes its successor first", { _tag: "gone" }, removeOld, removeSuccessor]
])(
  "replace deletes its undelivered successor when the old authorization %s",
  ([, outcome, change, beforeDelete]) =>
    inAccount(function*({ deliveries }) {
      const replaced = yield* Rotation.replace(a).pipe(changing("info", 2, change), changing("delete", 1, beforeDelete))
      assert.deepInclude(replaced, { id: a, ...outcome })
      assert.deepStrictEqual(yield* descriptions, new Map(replaced._tag === "gone" ? [] : [[b, "key a"]]))
      assert.isEmpty(deliveries)
    })
)

it.effect("replace stops after three successors that it did not deliver because other runs kept changing the old one", () =>
  inAccount(function*({ account, deliveries }) {
    const missing = (digit: number) => a.replace(/.$/, String(digit))
    const mark = (digit: number) => account.put({ id: a, description: replacedBy(missing(digit)) })
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
    assert.deepStrictEqual(yield* descriptions, new Map([[a, replacedBy(missing(3))], [b, replacing]]))
    assert.isEmpty(deliveries)
  }, { seed: [{ id: a, description: "key a" }, { id: b, description: replacing }] }))

it.effect("replace keeps the old authorization and its successor when delivering fails, and a later run completes", () =>
  inAccount(function*() {
    const failed = new Rotation.DeliveryFailed({ message: "The disk is full" })
    const error = yield* Rotation.replace(a).pipe(
      Effect.provideService(Rotation.Delivery, { deliver: () => Effect.fail(failed) }),
      Effect.flip
    )
    assert.deepStrictEqual(error, failed)
    assert.sameMembers([...(yield* descriptions).values()], ["key a", replacing])
    assert.deepInclude(yield* Rotation.replace(a), { _tag: "replaced" })
    assert.sameMembers([...(yield* descriptions).values()], [replacing, "key a"])
  }))

it.effect("replace stops when the delivered token does not work, and names all successors", () =>
  inAccount(function*({ account }) {
    yield* account.put({ description: replacing })
    const { message, successors } = yield* conflictOf(Rotation.replace(a, { verify: () => Effect.succeed(false) }))
    assert.include(message, "does not work")
    assert.lengthOf(successors, 2)
    assert.sameMembers([...successors], (yield* created).map(({ id }) => id))
    assert.strictEqual((yield* descriptions).get(a), "key a")
  }))

it.effect("replace names a successor that another run has completed when the old authorization is gone", () =>
  inAccount(function*({ account }) {
    const completed = account.put({ id: b, description: "key a" }, { id: c, description: "key c" })
    const { successors } = yield* Rotation.replace(a, { overlap: "1 hour" }).pipe(
      changing("update", 1, Effect.andThen(account.remove(a), completed)),
      conflictOf
    )
    const [successor] = yield* created
    assert.deepStrictEqual(successors, [successor!.id, b])
    assert.deepStrictEqual(successor!.description, Option.some(replacing))
  }))

it.effect.each<[string, Change]>([
  ["another successor appeared", appear],
  ["another successor appeared and its own was renamed", Effect.andThen(renameSuccessor, appear)],
  ["the old authorization names another successor", rename(a, replacedBy(b))],
  ["the old authorization was renamed", rename(a)],
  ["the tokens of the old authorization were regenerated", regenerate],
  ["its successor is gone", removeSuccessor]
])(
  "replace deletes nothing, and names all successors, when at the second listing %s",
  ([, change]) =>
    inAccount(function*() {
      const { message, successors } = yield* Rotation.replace(a).pipe(changing("stream", 2, change), conflictOf)
      assert.include(message, "Nothing was deleted")
      assert.sameMembers([a, ...successors], [...(yield* descriptions).keys()])
      assert.notInclude(yield* operations, "delete")
    })
)

it.effect("replace continues past a leftover of an earlier run, and past an old authorization that is just gone", () =>
  inAccount(function*({ account }) {
    const outcome = yield* Rotation.replace(a).pipe(changing("delete", 1, account.remove(a)))
    assert.strictEqual(outcome._tag, "replaced")
    assert.strictEqual((yield* descriptions).get(b), replacing)
  }, { seed: [{ id: a }, { id: b, description: replacing }] }))

it.effect.each(
  [
    ["of a successor that was renamed", "stream", renameSuccessor],
    ["that the old authorization has when it is marked", "info", rename(a)]
  ] as const
)("replace uses the name %s", ([, operation, change]) =>
  inAccount(function*() {
    assert.strictEqual((yield* Rotation.replace(a).pipe(changing(operation, 2, change)))._tag, "replaced")
    assert.deepStrictEqual([...(yield* descriptions).values()], ["renamed"])
  }))

const held = Redacted.make("HRKU-AAb-held-token-bb")
const masked = "HRKU-AAb**********bb"
const unknown = "HRKU-AA**********"
const leftover = (id: string, accessToken?: string | Redacted.Redacted) => ({ id, description: replacing, accessToken })

it.effect.each<[string, Redacted.Redacted | undefined, Seed]>([
  ["that is the only one", undefined, [leftover(b)]],
  ["whose token is delivered", held, [leftover(b, held), leftover(c)]],
  ["whose token can be the delivered one", held, [leftover(b, masked), leftover(c)]],
  ["whose token is delivered, and not one that cannot be compared", held, [leftover(b, held), leftover(c, unknown)]]
])("replace completes the successor of a deleted authorization %s", ([, current, seed]) =>
  inAccount(function*() {
    const outcome = yield* Rotation.replace(a)
    assert.deepStrictEqual(outcome, { _tag: "replaced", id: a, successor: b, expiresIn: Option.none() })
    assert.deepStrictEqual([...(yield* descriptions).values()], ["key a", replacing].slice(0, seed.length))
  }, { seed, current, clearTokens: true }))

it.effect.each<[string, Redacted.Redacted | null | undefined, Seed]>([
  ["there is no `current` and there are several", undefined, [leftover(b, held), leftover(c)]],
  ["no token is delivered", null, [leftover(b)]],
  ["the delivered token belongs to no authorization", held, [leftover(b)]],
  ["the delivered token has expired", held, [leftover(b), { id: c, accessToken: held, expiresIn: 0 }]],
  ["the token of the successor cannot be compared", held, [leftover(b, unknown)]],
  ["its token cannot be compared, and another one has it", held, [leftover(b, unknown), { id: c, accessToken: held }]],
  ["the tokens of two successors match the delivered one", held, [leftover(b, masked), leftover(c, masked)]]
])("replace completes no successor of a deleted authorization when %s", ([, current, seed]) =>
  inAccount(function*() {
    const before = yield* descriptions
    const { message, successors } = yield* conflictOf(Rotation.replace(a))
    assert.include(message, "Deliver a token that works, and delete successors that no consumer uses with")
    assert.deepStrictEqual([...successors], [...before].filter(([, one]) => one === replacing).map(([id]) => id))
    assert.deepStrictEqual(yield* descriptions, before)
  }, { seed, current, clearTokens: true }))

it.effect("replace leaves the successor of a deleted authorization alone when the consumer has another token that works", () =>
  inAccount(function*() {
    assert.deepStrictEqual(yield* Rotation.replace(a), { _tag: "gone", id: a })
    assert.strictEqual((yield* descriptions).get(b), replacing)
  }, { seed: [leftover(b), { id: c, accessToken: held }], current: held }))

it.effect("two runs with an overlap that meet do not both wait", () =>
  inAccount(function*() {
    const other = Effect.exit(Rotation.replace(a, { overlap: "1 hour" }))
    const { successors } = yield* Rotation.replace(a, { overlap: "1 hour" }).pipe(
      changing("update", 1, other),
      conflictOf
    )
    assert.sameMembers([...successors], (yield* created).map(({ id }) => id))
    assert.lengthOf(successors, 2)
  }))

it.effect("replace keeps the old authorization if the token of its successor has expired before it could be deleted", () =>
  inAccount(function*({ deliveries }) {
    const { message, successors } = yield* Rotation.replace(a, { expiresIn: "1 hour" }).pipe(
      changing("stream", 2, TestClock.adjust("61 minutes")),
      conflictOf
    )
    assert.include(message, "expired")
    assert.deepStrictEqual(successors, [deliveries[0]!.authorization.id])
    assert.strictEqual((yield* descriptions).get(a), replacedBy(successors[0]!))
    assert.strictEqual((yield* Rotation.replace(a))._tag, "replaced")
    assert.isDefined(yield* findLive(deliveries[1]!.token))
  }))

it.effect.each([undefined, null, "HRKU-AAcc-cc"])(
  "replace completes no successor that has expired when the old authorization is gone, with the delivered token %s",
  (token) =>
    inAccount(function*() {
      yield* TestClock.adjust("61 minutes")
      const { successors } = yield* conflictOf(Rotation.replace(a))
      assert.deepStrictEqual(successors, [c])
      assert.deepStrictEqual([...(yield* descriptions).values()], [replacing])
    }, {
      seed: [{ id: c, description: replacing, accessToken: Redacted.make("HRKU-AAcc-cc"), expiresIn: "1 hour" }],
      current: typeof token === "string" ? Redacted.make(token) : token
    })
)

it.effect("a client whose name ends like a mark is no successor, and no mark stops its regeneration", () =>
  inAccount(function*({ account, verify }) {
    assert.isEmpty(yield* Rotation.leftovers())
    assert.strictEqual((yield* Rotation.regenerate(c, { verify }))._tag, "regenerated")
    yield* account.remove(a)
    assert.deepStrictEqual(yield* Rotation.replace(a), { _tag: "gone", id: a })
    yield* TestClock.adjust("2 hours")
    assert.isEmpty(yield* Rotation.removeLeftovers())
  }, {
    seed: [{ id: a, description: "key a" }, { id: b }, { id: c, description: replacing, client: { privileged: true } }],
    current: Redacted.make("HRKU-AAbb-bb")
  }))

it.effect("replace waits for the overlap, and a later run deletes the old authorization", () =>
  inAccount(function*() {
    const replace = Rotation.replace(a, { overlap: "10 minutes" })
    yield* TestClock.adjust("5 minutes")
    const waiting = yield* replace
    const [successor] = yield* created
    const until = DateTime.makeUnsafe(15 * 60_000)
    assert.deepStrictEqual(waiting, {
      _tag: "waiting",
      id: a,
      successor: successor!.id,
      until,
      expiresIn: Option.none()
    })
    const called = yield* operations
    assert.deepStrictEqual(called, ["list", "info", "create", "info", "update", "list"])
    yield* TestClock.adjust("599 seconds")
    assert.deepStrictEqual(yield* replace, waiting)
    assert.deepStrictEqual(yield* operations, [...called, "list", "info", "info"])
    yield* TestClock.adjust("1 second")
    assert.deepInclude(yield* replace, { _tag: "replaced", successor: successor!.id })
    assert.deepStrictEqual([...(yield* descriptions).values()], ["key a"])
  }))

it.effect("replace with an overlap waits after it has marked, even if the local clock is ahead", () =>
  inAccount(function*({ service }) {
    const markAtZero: typeof service.update = (id, input) =>
      Effect.map(
        service.update(id, input),
        (one) => new Authorization.Authorization({ ...one, updatedAt: DateTime.makeUnsafe(0) })
      )
    yield* TestClock.adjust("1 hour")
    const replace = Rotation.replace(a, { overlap: "10 minutes" }).pipe(
      Effect.provideService(AuthorizationService.AuthorizationService, { ...service, update: markAtZero })
    )
    assert.deepInclude(yield* replace, { _tag: "waiting", until: DateTime.makeUnsafe(70 * 60_000) })
  }))

it.effect("replace with an overlap waits after it has marked, even if the second listing takes longer", () =>
  inAccount(function*() {
    const replace = Rotation.replace(a, { overlap: "10 minutes" })
    const slowly = changing("stream", 2, TestClock.adjust("1 hour"))
    assert.deepInclude(yield* slowly(replace), { _tag: "waiting", until: DateTime.makeUnsafe(10 * 60_000) })
  }))

it.effect("replace without an overlap does not wait for a clock that is slow", () =>
  inAccount(function*() {
    assert.strictEqual((yield* Rotation.replace(a))._tag, "replaced")
  }, {
    seed: [
      { id: a, description: replacedBy(b), updatedAt: DateTime.makeUnsafe("2024-05-01T12:00:00Z") },
      { id: b, description: replacing }
    ]
  }))
