import * as Rotation from "@effect-heroku/core/Rotation"
import type * as HerokuAccount from "@effect-heroku/testing/HerokuAccount"
import { assert, it } from "@effect/vitest"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { a, b, c, changing, descriptions, inAccount, operations, replacedBy, replacing } from "../fixtures/rotation.ts"

const leftover = { id: c, description: replacing }
const tokenB = Redacted.make("HRKU-AAbb-bb")
const masked = "HRKU-AAb**********bb"
const inUse = { id: b, accessToken: tokenB }

it.effect("leftovers lists marked successors with how far their runs got", () =>
  inAccount(function*({ account }) {
    const list = Effect.map(
      Rotation.leftovers(),
      (all) => all.map(({ authorization, replaces, state }) => [authorization.id, replaces, state])
    )
    assert.deepStrictEqual(yield* list, [[b, a, "delivered"], [c, a, "created"]])
    yield* account.remove(a)
    assert.deepStrictEqual(yield* list, [[b, a, "orphaned"], [c, a, "orphaned"]])
  }, { seed: [{ id: a, description: replacedBy(b) }, { id: b, description: replacing }, leftover] }))

it.effect.each([
  "key a [replaces ~]",
  "key a [replaces HRKU-token]",
  "key a [replaces jenkins]",
  "key a [replaces x y]",
  `key a[replaces ${a}]`,
  `key a [replaces ${a}] `,
  "key a [replaces ]",
  `key a [replaced by ${a}]`
])("the description '%s' is not that of a successor", (description) =>
  inAccount(function*() {
    assert.isEmpty(yield* Rotation.leftovers())
  }, { seed: [{ id: b, description }] }))

type Seed = ReadonlyArray<HerokuAccount.AuthorizationSeed>

type Delivery = { readonly current?: Redacted.Redacted | null }

/** The ids that `removeLeftovers` deletes when the consumer of `a` has a token, by default that of `b`. */
const remove = (seed: Seed, options?: Rotation.RemoveOptions, delivery: Delivery = { current: tokenB }) =>
  inAccount(function*() {
    const before = yield* descriptions
    yield* TestClock.adjust("61 minutes")
    const removed = yield* Rotation.removeLeftovers(options)
    const after = yield* descriptions
    assert.deepStrictEqual([...before.keys()].filter((id) => !after.has(id)), [...removed])
    return removed
  }, { seed, clearTokens: true, ...delivery })

it.effect("removeLeftovers never deletes the authorization of the acting token", () =>
  Effect.gen(function*() {
    const actingToken = Redacted.make("HRKU-AAcc-cc")
    const seed = [{ ...leftover, accessToken: actingToken }, inUse]
    assert.deepStrictEqual(yield* remove(seed), [c])
    assert.isEmpty(yield* remove(seed, { actingToken }))
    assert.isEmpty(yield* remove(seed, { actingToken, ids: [c] }))
  }))

it.effect.each<[string, Seed]>([
  ["has another token", [leftover, inUse]],
  ["can have the token of another leftover", [leftover, { id: b, description: replacing, accessToken: masked }]]
])(
  "removeLeftovers deletes an old leftover of a deleted authorization whose consumer %s",
  ([, seed]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* remove(seed), [c])
    })
)

it.effect.each<[string, Effect.Effect<ReadonlyArray<string>, unknown>]>([
  ["it is younger than minAge", remove([leftover, inUse], { minAge: "61 minutes" })],
  ["its old authorization exists", remove([{ id: a }, leftover, inUse])],
  ["its old authorization names it", remove([{ id: a, description: replacedBy(c) }, leftover, inUse])],
  ["the delivery does not say which token is current", remove([leftover, inUse], {}, {})],
  ["no token is delivered", remove([leftover, inUse], {}, { current: null })],
  ["its token is the delivered one", remove([{ ...leftover, accessToken: tokenB }, inUse])],
  ["its token can be the delivered one", remove([{ ...leftover, accessToken: masked }, inUse])],
  ["its token cannot be compared", remove([{ ...leftover, accessToken: "HRKU-AA**********" }, inUse])],
  ["the delivered token belongs to no authorization", remove([leftover, { id: b, accessToken: "HRKU-AAab-bb" }])],
  ["the delivered token has expired", remove([leftover, { ...inUse, expiresIn: "1 hour" }])],
  ["its mark is not the last suffix", remove([{ id: c, description: `${replacing} (old)` }, inUse])],
  ["no leftover is named", remove([leftover, inUse], { ids: [] })],
  ["the named authorization is no leftover", remove([leftover, inUse], { ids: [b] })]
])("removeLeftovers deletes nothing when %s", ([, removed]) =>
  Effect.gen(function*() {
    assert.isEmpty(yield* removed)
  }))

it.effect("removeLeftovers deletes leftovers that are named whatever their state, and nothing else", () =>
  Effect.gen(function*() {
    assert.deepStrictEqual(yield* remove([{ id: a }, leftover, inUse], { ids: [c, b, a], minAge: "1 day" }), [c])
  }))

it.effect.each<[string, Duration.Input]>([["NaN", NaN], ["negative", "-1 hour"]])(
  "removeLeftovers rejects a minAge that is %s before it does anything",
  ([, minAge]) =>
    inAccount(function*() {
      const error = yield* Effect.flip(Rotation.removeLeftovers({ minAge }))
      assert.deepInclude(error, { _tag: "InvalidParams", operation: "delete", field: Option.some("minAge") })
      assert.strictEqual(error.message, "minAge: must be a duration of 0 or more")
      assert.isEmpty(yield* operations)
    })
)

it.effect("removeLeftovers continues when another program deletes a leftover first", () =>
  inAccount(function*({ account }) {
    const removed = yield* Rotation.removeLeftovers({ ids: [b, c] }).pipe(changing("delete", 1, account.remove(b)))
    assert.deepStrictEqual(removed, [b, c])
    assert.isEmpty(yield* descriptions)
  }, { seed: [{ id: b, description: replacing }, leftover] }))
