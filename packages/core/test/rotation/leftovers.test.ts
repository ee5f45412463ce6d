import * as Authorization from "@effect-heroku/core/Authorization"
import * as Rotation from "@effect-heroku/core/Rotation"
import * as HerokuAccount from "@effect-heroku/testing/HerokuAccount"
import { assert, it } from "@effect/vitest"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { a, b, c, changing, descriptions, layerWith, makeConsumers } from "../fixtures/rotation.ts"

const replacing = `key a [replaces ${a}]`

it.effect("leftovers lists marked successors with how far their runs got", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const list = Effect.map(
      Rotation.leftovers(),
      (all) => all.map(({ authorization, replaces, state }) => [authorization.id, replaces, state])
    )
    assert.deepStrictEqual(yield* list, [[b, a, "delivered"], [c, a, "created"]])
    const account = yield* HerokuAccount.HerokuAccount
    yield* account.remove(a)
    assert.deepStrictEqual(yield* list, [[b, a, "orphaned"], [c, a, "orphaned"]])
  }).pipe(Effect.provide(layerWith(delivery, [
    { id: a, description: `key a [replaced by ${b}]` },
    { id: b, description: replacing },
    { id: c, description: replacing }
  ])))
})

const tokenB = Redacted.make("HRKU-AAbb-bb")

/** The ids that `removeLeftovers` deletes when the consumer of `a` has the token of `b`. */
const remove = (
  seed: ReadonlyArray<HerokuAccount.AuthorizationSeed>,
  options?: Rotation.RemoveOptions,
  current: Rotation.DeliveryService["current"] | "missing" = () => Effect.succeedSome(tokenB)
) => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const before = yield* descriptions
    yield* TestClock.adjust("61 minutes")
    const removed = yield* Rotation.removeLeftovers(options)
    const after = yield* descriptions
    assert.deepStrictEqual([...before.keys()].filter((id) => !after.has(id)), [...removed])
    return removed
  }).pipe(
    Effect.provide(layerWith({ ...delivery, ...current !== "missing" && { current } }, seed, { clearTokens: true }))
  )
}

const leftover = { id: c, description: replacing }
const inUse = { id: b, accessToken: tokenB }

it.effect("removeLeftovers deletes an old leftover of a deleted authorization whose consumer has another token", () =>
  Effect.gen(function*() {
    assert.deepStrictEqual(yield* remove([leftover, inUse]), [c])
    // The other one can be a leftover as well, and its token masked.
    assert.deepStrictEqual(
      yield* remove([leftover, { id: b, description: replacing, accessToken: "HRKU-AAb**********bb" }]),
      [c]
    )
  }))

it.effect.each<[string, Effect.Effect<ReadonlyArray<string>, unknown>]>([
  ["it is younger than minAge", remove([leftover, inUse], { minAge: "61 minutes" })],
  ["its old authorization exists", remove([{ id: a }, leftover, inUse])],
  ["its old authorization names it", remove([{ id: a, description: `key a [replaced by ${c}]` }, leftover, inUse])],
  ["the delivery does not say which token is current", remove([leftover, inUse], {}, "missing")],
  ["no token is delivered", remove([leftover, inUse], {}, () => Effect.succeedNone)],
  ["its token is the delivered one", remove([{ ...leftover, accessToken: tokenB }, inUse])],
  ["its token can be the delivered one", remove([{ ...leftover, accessToken: "HRKU-AAb**********bb" }, inUse])],
  ["its token cannot be compared", remove([{ ...leftover, accessToken: "HRKU-AA**********" }, inUse])],
  ["the delivered token belongs to no authorization", remove([leftover, { id: b, accessToken: "HRKU-AAab-bb" }])],
  ["the delivered token has expired", remove([leftover, { ...inUse, expiresIn: "1 hour" }])],
  ["its mark is not the last suffix", remove([{ id: c, description: `${replacing} (old)` }, inUse])]
])("removeLeftovers deletes nothing when %s", ([, removed]) =>
  Effect.gen(function*() {
    assert.isEmpty(yield* removed)
  }))

it.effect.each<[string, Duration.Input]>([["NaN", NaN], ["negative", "-1 hour"]])(
  "removeLeftovers rejects a minAge that is %s",
  ([, minAge]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(remove([leftover, inUse], { minAge }))
      assert.deepInclude(error, { _tag: "InvalidParams", field: Option.some("minAge") })
    })
)

it.effect("removeLeftovers deletes leftovers that are named whatever their state, and nothing else", () =>
  Effect.gen(function*() {
    assert.deepStrictEqual(yield* remove([{ id: a }, leftover, inUse], { ids: [c, b, a], minAge: "1 day" }), [c])
    assert.isEmpty(yield* remove([leftover, inUse], { ids: [b] }))
    assert.isEmpty(yield* remove([leftover, inUse], { ids: [] }))
  }))

it.effect("removeLeftovers continues when another program deletes a leftover first", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    const removed = yield* Rotation.removeLeftovers({ ids: [b, c] }).pipe(changing("delete", 1, account.remove(b)))
    assert.deepStrictEqual(removed, [b, c])
    assert.isEmpty(yield* descriptions)
  }).pipe(Effect.provide(layerWith(delivery, [{ id: b, description: replacing }, leftover])))
})

it.effect.each([
  "key a [replaces ~]",
  "key a [replaces HRKU-token]",
  "key a [replaces jenkins]",
  "key a [replaces x y]",
  `key a[replaces ${a}]`,
  `key a [replaces ${a}] `,
  "key a [replaces ]",
  `key a [replaced by ${a}]`
])("the description '%s' is not that of a successor", (description) => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    assert.isEmpty(yield* Rotation.leftovers())
  }).pipe(Effect.provide(layerWith(delivery, [{ id: b, description }])))
})

it.effect("the plain description is that without all marks at its end", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    yield* Rotation.replace(a)
    assert.deepStrictEqual([...(yield* descriptions).values()], ["key [regenerating] a"])
    assert.isTrue(
      (yield* HerokuAccount.HerokuAccount.use((account) => account.authorizations)).every(Authorization.isDirect)
    )
  }).pipe(Effect.provide(layerWith(delivery, [
    { id: a, description: `key [regenerating] a [replaces ${c}] [regenerating] [replaced by ${c}]` }
  ])))
})

it.effect("a description that ends with another word in place of an id has no mark", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    assert.deepInclude(yield* Rotation.replace(a), { _tag: "replaced", id: a })
    assert.deepInclude(yield* Rotation.replace(b), { _tag: "replaced", id: b })
    assert.deepStrictEqual(
      [...(yield* descriptions).values()],
      ["Deploy key [replaces jenkins]", "CI [replaced by vault]"]
    )
  }).pipe(Effect.provide(layerWith(delivery, [
    { id: a, description: "Deploy key [replaces jenkins]" },
    { id: b, description: "CI [replaced by vault]" }
  ])))
})

it.effect("a description that consists of a mark has no name", () => {
  const { delivery } = makeConsumers()
  return Effect.gen(function*() {
    yield* Rotation.replace(a)
    const account = yield* HerokuAccount.HerokuAccount
    const [one] = yield* account.authorizations
    assert.deepStrictEqual(one!.description, Option.some("Long-lived user authorization"))
  }).pipe(Effect.provide(layerWith(delivery, [{ id: a, description: ` [replaced by ${c}]` }])))
})
