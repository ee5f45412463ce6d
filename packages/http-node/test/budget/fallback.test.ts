/** While the store is unavailable, a budget of the process takes its place. */
import { captureLogs } from "@effect-heroku/test-kit/logs"
import { whileSecondsPass } from "@effect-heroku/test-kit/testTime"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import type * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import {
  impatient,
  keyOf,
  levelOf,
  makeAccount,
  makeFragile,
  makeLimiter,
  metricOf,
  perSecond,
  remains,
  seconds,
  storeError,
  take,
  takeAll,
  times,
  tooMany
} from "./support.ts"

const silent = captureLogs().layer
const warning = (problem: string, instead = "this process uses 100 % of the pool") =>
  `Warn: The store of the request budget is unavailable; ${instead} until it responds: ${problem}`
const offline = "Failed to execute (The client is offline)"

describe("an unavailable store", () => {
  it.effect("RequestBudget continues locally with one warning, and returns to the store once that responds", () => {
    const { layer, lines } = captureLogs("Debug")
    return Effect.gen(function*() {
      const { limiter, state } = yield* makeFragile
      const account = yield* makeAccount(limiter, impatient)
      yield* take(account)
      state.condition = "failing"
      yield* Effect.forEach(times(3), () => take(account), { concurrency: 3 })
      yield* TestClock.adjust("5 seconds")
      yield* take(account)
      assert.deepStrictEqual(lines, [warning(offline)])
      state.condition = "well"
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(lines.slice(1), ["Debug: The store of the request budget is available again"])
      yield* take(account)
      assert.strictEqual(yield* levelOf(limiter, 9), 8)
      const fallbacks = yield* metricOf("heroku.budget.fallbacks")
      assert.deepInclude(fallbacks[0]!.state, { count: 1 })
    }).pipe(Effect.provide(layer), Effect.provideService(Metric.MetricRegistry, new Map()))
  })

  it.effect("RequestBudget returns to the store though the bucket has a debt", () => {
    const { layer, lines } = captureLogs("Debug")
    return Effect.gen(function*() {
      const { limiter, state } = yield* makeFragile
      const account = yield* makeAccount(limiter, impatient)
      yield* account.learn(tooMany(5))
      state.condition = "failing"
      yield* takeAll(account)
      state.condition = "well"
      yield* TestClock.adjust("1 second")
      assert.include(lines.at(-1), "available again")
    }).pipe(Effect.provide(layer))
  })

  it.effect("RequestBudget warns again in the next outage", () => {
    const { layer, lines } = captureLogs()
    return Effect.gen(function*() {
      const { limiter, state } = yield* makeFragile
      const account = yield* makeAccount(limiter, impatient)
      for (const _ of times(2)) {
        state.condition = "failing"
        yield* take(account)
        state.condition = "well"
        yield* TestClock.adjust("1 second")
      }
      assert.deepStrictEqual(lines, [warning(offline), warning(offline)])
    }).pipe(Effect.provide(layer))
  })

  it.effect("RequestBudget warns once for a key that the store always fails for, and uses the store for other accounts", () => {
    const { layer, lines } = captureLogs("Debug")
    return Effect.gen(function*() {
      const { limiter, state } = yield* makeFragile
      const fine = Redacted.make("HRKU-other")
      const [broken, other] = [yield* makeAccount(limiter, impatient), yield* makeAccount(limiter, impatient, fine)]
      Object.assign(state, { condition: "failing", affects: (key: string) => key === keyOf() })
      for (const _ of times(50)) {
        yield* take(broken)
        yield* take(other)
        yield* TestClock.adjust("2 seconds")
      }
      assert.deepStrictEqual(lines, [warning(offline)])
      yield* take(other)
      assert.strictEqual(yield* levelOf(limiter, 9, fine), 8)
    }).pipe(Effect.provide(layer))
  })

  it.effect.each<[string, unknown, string]>([
    ["no cause", null, "Failed to execute"],
    ["an error as cause", new Error("offline"), "Failed to execute (offline)"],
    ["a cause of its cause", new Error("outer", { cause: new Error("inner") }), "Failed to execute (inner)"],
    ["another value as cause", "offline", "Failed to execute"],
    ["a cause without message", new Error(""), "Failed to execute"]
  ])("RequestBudget describes a store error with %s", ([, cause, problem]) => {
    const { layer, lines } = captureLogs()
    return Effect.gen(function*() {
      const failing: RateLimiter.RateLimiter = {
        ...(yield* makeLimiter),
        consume: () => Effect.fail(storeError(cause))
      }
      yield* take(yield* makeAccount(failing))
      assert.deepStrictEqual(lines, [warning(problem)])
    }).pipe(Effect.provide(layer))
  })

  it.effect("RequestBudget waits for a hanging store for storeTimeout once, and not for the next request", () =>
    Effect.gen(function*() {
      const { limiter, state } = yield* makeFragile
      state.condition = "hanging"
      const account = yield* makeAccount(limiter)
      const timed = Effect.andThen(take(account), seconds)
      const first = yield* Effect.forkChild(Effect.all([timed, timed, timed], { concurrency: 3 }))
      yield* Effect.forEach(times(50), () => TestClock.adjust("10 millis"))
      assert.deepStrictEqual(yield* Fiber.join(first), [0.4, 0.4, 0.4])
      assert.strictEqual(yield* timed, 0.5)
    }).pipe(Effect.provide(silent)))

  it.effect("RequestBudget fails with RequestFailed and sends nothing with withoutStore: fail", () => {
    const { layer, lines } = captureLogs()
    return Effect.gen(function*() {
      const { limiter, state } = yield* makeFragile
      const account = yield* makeAccount(limiter, { ...perSecond, withoutStore: "fail" })
      state.condition = "failing"
      for (const outcomeUnknown of [true, false]) {
        const error = yield* Effect.flip(account.take("create", outcomeUnknown))
        assert(error._tag === "RequestFailed")
        assert.deepInclude({ ...error }, { operation: "create", reason: "request", outcomeUnknown })
        assert.strictEqual(error.message, "The store of the request budget is unavailable. Nothing was sent")
      }
      yield* account.learn(tooMany(5))
      assert.deepStrictEqual(lines, [warning(offline, "requests fail")])
      state.condition = "well"
      yield* TestClock.adjust("1 second")
      yield* whileSecondsPass(take(account), 10)
    }).pipe(Effect.provide(layer))
  })
})

describe("the local budget", () => {
  it.effect("RequestBudget counts a local request as often as there are processes", () =>
    Effect.gen(function*() {
      const { limiter, state } = yield* makeFragile
      state.condition = "failing"
      const account = yield* makeAccount(limiter, { pool: 9, refillPerMinute: 60, reserve: 0, localShare: 0.25 })
      const timed = Effect.andThen(take(account), Effect.map(seconds, Math.round))
      assert.deepStrictEqual(yield* whileSecondsPass(Effect.forEach(times(4), () => timed), 20), [0, 0, 4, 8])
    }).pipe(Effect.provide(silent)))

  it.effect("RequestBudget grants local bulk its share less the reserve, and interactive the rest", () =>
    Effect.gen(function*() {
      const { limiter, state } = yield* makeFragile
      state.condition = "failing"
      const account = yield* makeAccount(limiter, { ...impatient, pool: 21, localShare: 0.5 })
      assert.deepStrictEqual(yield* takeAll(account, "bulk"), [8, 2])
      assert.deepStrictEqual(yield* takeAll(account), [2, 2])
    }).pipe(Effect.provide(silent)))

  it.effect("RequestBudget obeys locally what it learned from responses", () =>
    Effect.gen(function*() {
      const { limiter, state } = yield* makeFragile
      state.condition = "failing"
      const account = yield* makeAccount(limiter, { ...impatient, pool: 21, localShare: 0.5 })
      yield* account.learn(remains(8))
      assert.strictEqual((yield* takeAll(account))[0], 4)
    }).pipe(Effect.provide(silent)))

  it.effect("RequestBudget remembers locally what it took from the store", () =>
    Effect.gen(function*() {
      const { limiter, state } = yield* makeFragile
      const account = yield* makeAccount(limiter, { ...perSecond, pool: 5, maxWait: 1 })
      yield* Effect.forEach(times(4), () => take(account))
      state.condition = "failing"
      assert.strictEqual((yield* takeAll(account))[0], 0)
    }).pipe(Effect.provide(silent)))

  it.effect("RequestBudget waits locally for the pause of a 429", () =>
    Effect.gen(function*() {
      const { limiter, state } = yield* makeFragile
      const account = yield* makeAccount(limiter, impatient)
      state.condition = "failing"
      yield* account.learn(tooMany(5))
      assert.deepStrictEqual(yield* takeAll(account), [0, 6])
    }).pipe(Effect.provide(silent)))

  it.effect("RequestBudget corrects a store that comes back without its data", () =>
    Effect.gen(function*() {
      const stores = [yield* makeLimiter, yield* makeLimiter]
      let current = stores[0]!
      const forgetful: RateLimiter.RateLimiter = { ...current, consume: (options) => current.consume(options) }
      const [one, other] = [yield* makeAccount(forgetful, impatient), yield* makeAccount(forgetful, impatient)]
      yield* Effect.forEach(times(7), () => take(one))
      yield* other.learn(remains(2))
      current = stores[1]!
      assert.strictEqual((yield* takeAll(other))[0], 2)
      assert.strictEqual((yield* takeAll(one))[0], 0)
    }))
})
