/** Requests wait for a permit without holding one, and fail at once if the wait is too long. */
import { RateLimited } from "@effect-heroku/core/AuthorizationError"
import type * as RequestBudget from "@effect-heroku/http-node/RequestBudget"
import { captureLogs } from "@effect-heroku/test-kit/logs"
import { recordSpans } from "@effect-heroku/test-kit/spans"
import { whileSecondsPass } from "@effect-heroku/test-kit/testTime"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as TestClock from "effect/testing/TestClock"
import * as Tracer from "effect/Tracer"
import {
  keyOf,
  makeAccount,
  makeFragile,
  makeLimiter,
  metricOf,
  perSecond,
  seconds,
  take,
  times,
  tooMany
} from "./support.ts"

/** Takes permits one after the other, and returns when each was granted. */
const takeInTurn = (account: RequestBudget.AccountBudget, count: number, concurrency: number | "unbounded" = 1) =>
  Effect.forEach(times(count), () => Effect.andThen(take(account), seconds), { concurrency })

describe("maxWait", () => {
  it.effect.each([true, false])(
    "RequestBudget fails with RateLimited and the wait when that exceeds maxWait (outcomeUnknown %s)",
    (outcomeUnknown) =>
      Effect.gen(function*() {
        const account = yield* makeAccount(yield* makeLimiter, { pool: 1, refillPerMinute: 0.4 })
        yield* take(account)
        const error = yield* Effect.flip(account.take("create", outcomeUnknown))
        assert.deepStrictEqual({ ...error }, {
          ...new RateLimited({
            operation: "create",
            status: 429,
            message:
              "The request budget of the account is spent: the next request can be sent in 150 s. Nothing was sent",
            errorId: Option.none(),
            requestId: Option.none(),
            documentationUrl: Option.none(),
            outcomeUnknown,
            retryAfter: Option.some(Duration.seconds(150))
          })
        })
      })
  )

  it.effect("RequestBudget counts rejected requests by priority", () =>
    Effect.gen(function*() {
      const account = yield* makeAccount(yield* makeLimiter, { ...perSecond, pool: 1, maxWait: 1 })
      yield* take(account)
      yield* Effect.forEach(["interactive", "bulk"] as const, (priority) => Effect.flip(take(account, priority)))
      const rejections = yield* metricOf("heroku.budget.rejections")
      assert.sameDeepMembers(rejections.map(({ attributes }) => attributes), [["interactive"], ["bulk"]])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))

  it.effect("RequestBudget adds the requests ahead to the wait, and lets requests wait for exactly maxWait", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      const account = yield* makeAccount(yield* makeLimiter, { ...perSecond, pool: 1, maxWait: "3 seconds" })
      const calls = yield* Effect.forEach(times(7), () => Effect.forkChild(Effect.exit(take(account))))
      yield* TestClock.adjust(0)
      // One was granted, three wait, and the others would have to wait longer.
      assert.lengthOf(calls.filter((fiber) => fiber.pollUnsafe() === undefined), 3)
      const exits = yield* whileSecondsPass(Fiber.joinAll(calls), 10)
      assert.isAtLeast(exits.filter(Exit.isSuccess).length, 3)
    }))

  it.effect("RequestBudget rejects waiting requests at once when a 429 makes them wait longer than maxWait", () =>
    Effect.gen(function*() {
      const account = yield* makeAccount(yield* makeLimiter, { ...perSecond, pool: 100, maxWait: "30 seconds" })
      yield* Effect.forEach(times(99), () => take(account))
      const waiting = yield* Effect.forkChild(Effect.flip(take(account)))
      yield* TestClock.adjust("500 millis")
      yield* account.learn(tooMany(60, yield* Clock.currentTimeMillis))
      yield* TestClock.adjust("600 millis")
      assert.isDefined(waiting.pollUnsafe())
      assert.strictEqual((yield* Fiber.join(waiting))._tag, "RateLimited")
    }))

  it.effect("RequestBudget rejects a waiting request after maxWait while the store responds slowly", () =>
    Effect.gen(function*() {
      const { limiter, state } = yield* makeFragile
      const account = yield* makeAccount(limiter, {
        ...perSecond,
        pool: 1,
        maxWait: "2 seconds",
        storeTimeout: "1 minute"
      })
      yield* take(account)
      const waiting = yield* Effect.forkChild(Effect.flip(take(account)))
      yield* TestClock.adjust("500 millis")
      state.condition = "hanging"
      yield* TestClock.adjust("1500 millis")
      const error = yield* Fiber.join(waiting)
      assert(error._tag === "RateLimited")
      assert.deepStrictEqual(error.retryAfter, Option.some(Duration.seconds(1)))
    }))

  it.effect("RequestBudget lets requests wait forever with an infinite maxWait", () =>
    Effect.gen(function*() {
      const account = yield* makeAccount(yield* makeLimiter, {
        pool: 1,
        refillPerMinute: 1,
        maxWait: Duration.infinity
      })
      const at = yield* whileSecondsPass(takeInTurn(account, 4, "unbounded"), 200)
      assert.deepStrictEqual(at.map(Math.round), [0, 60, 120, 180])
    }))
})

describe("waiting", () => {
  it.effect("RequestBudget grants a permit as soon as one has come back, also after a fraction of a millisecond", () =>
    Effect.gen(function*() {
      const account = yield* makeAccount(yield* makeLimiter, { pool: 1, refillPerMinute: 61 })
      const at = yield* whileSecondsPass(takeInTurn(account, 4), 10)
      at.forEach((time, index) => assert.approximately(time, index * 60 / 61, 0.01))
    }))

  it.effect("RequestBudget loses no permit when waiting requests are interrupted", () =>
    Effect.gen(function*() {
      const account = yield* makeAccount(yield* makeLimiter, { ...perSecond, pool: 1 })
      yield* take(account)
      const waiting = yield* Effect.forEach(times(10), () => Effect.forkChild(take(account)))
      yield* TestClock.adjust("500 millis")
      yield* Fiber.interruptAll(waiting)
      const [at] = yield* whileSecondsPass(takeInTurn(account, 1), 3)
      assert.approximately(at!, 1, 0.2)
    }))

  it.effect("RequestBudget records each wait as a span and in a metric, and nothing for requests that do not wait", () =>
    Effect.gen(function*() {
      const { spans, tracer } = recordSpans()
      const account = yield* makeAccount(yield* makeLimiter, { ...perSecond, pool: 1 })
      yield* whileSecondsPass(takeInTurn(account, 2), 3).pipe(Effect.provideService(Tracer.Tracer, tracer))
      assert.deepStrictEqual(spans.map(({ attributes, name }) => [name, Object.fromEntries(attributes)]), [
        ["RequestBudget.wait", { "heroku.budget.priority": "interactive", "heroku.budget.ahead": 0 }]
      ])
      const [wait] = yield* metricOf("heroku.budget.wait")
      assert.deepInclude(wait!.state, { count: 1 })
      assert("max" in wait!.state && wait!.state.max >= 0.9 && wait!.state.max < 1.1)
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))

  it.effect("RequestBudget logs a wait at debug level", () => {
    const { layer, lines } = captureLogs("Debug")
    return Effect.gen(function*() {
      const account = yield* makeAccount(yield* makeLimiter, { pool: 1, refillPerMinute: 2 })
      yield* whileSecondsPass(takeInTurn(account, 2), 40)
      assert.deepStrictEqual(lines, [
        `Debug: A request of account ${keyOf().slice(7, 15)} waits 30.0 s for its rate limit`
      ])
    }).pipe(Effect.provide(layer))
  })
})
