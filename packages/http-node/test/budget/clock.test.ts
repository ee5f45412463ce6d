/** Budgets measure time by a clock that only goes forward, whatever happens to the wall clock. */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/testing/TestClock"
import { makeAccount, makeLimiter, take, takeAll, times } from "./support.ts"

const noon = Date.UTC(2026, 0, 2, 12)

describe("clock", () => {
  it.effect.each(["1 day", "1 hour", "30 seconds"] as const)(
    "RequestBudget grants what a full bucket holds after the clock is set back by %s",
    (back) =>
      Effect.gen(function*() {
        yield* TestClock.setTime(noon)
        const account = yield* makeAccount(yield* makeLimiter, {
          pool: 100,
          refillPerMinute: 60,
          reserve: 0,
          maxWait: 1
        })
        yield* take(account)
        yield* TestClock.setTime(noon - Duration.toMillis(back))
        assert.deepStrictEqual(yield* takeAll(account), [98, 1])
      })
  )

  it.effect.each(["1 day", "1 hour", "30 seconds"] as const)(
    "RequestBudget refills an empty bucket after the clock is set back by %s",
    (back) =>
      Effect.gen(function*() {
        yield* TestClock.setTime(noon)
        const account = yield* makeAccount(yield* makeLimiter, { pool: 5, refillPerMinute: 60, reserve: 0, maxWait: 1 })
        assert.deepStrictEqual(yield* takeAll(account), [4, 1])
        yield* TestClock.setTime(noon - Duration.toMillis(back))
        yield* TestClock.adjust("3 seconds")
        assert.deepStrictEqual(yield* takeAll(account), [3, 1])
      })
  )

  it.effect("RequestBudget grants a waiting request in time though the clock is set back", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(noon)
      const account = yield* makeAccount(yield* makeLimiter, { pool: 5, refillPerMinute: 60, reserve: 0 })
      yield* Effect.forEach(times(4), () => take(account))
      const waiting = yield* Effect.forkChild(take(account))
      yield* TestClock.adjust("500 millis")
      yield* TestClock.setTime(noon - Duration.toMillis("1 day"))
      // The sleep itself is the test clock's, and ends at a wall time.
      yield* TestClock.setTime(noon + 1001)
      assert.isDefined(waiting.pollUnsafe())
      yield* Fiber.join(waiting)
    }))

  it.effect("RequestBudget learns from a response though the clock is set back while the request is in flight", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(noon)
      const account = yield* makeAccount(yield* makeLimiter, { pool: 100, refillPerMinute: 60, reserve: 0, maxWait: 1 })
      yield* take(account)
      yield* TestClock.setTime(noon - Duration.toMillis("1 hour"))
      yield* account.learn({ status: 200, remaining: Option.some(3), retryAfter: Option.none(), sentAt: noon })
      assert.strictEqual((yield* takeAll(account))[0], 3)
    }))

  it.effect.each(["1 hour", "-1 hour"] as const)(
    "RequestBudget learns from a response though the wall clock jumps by %s while the request is in flight",
    (jump) =>
      Effect.gen(function*() {
        yield* TestClock.setTime(noon)
        const account = yield* makeAccount(yield* makeLimiter, {
          pool: 100,
          refillPerMinute: 60,
          reserve: 0,
          maxWait: 1
        })
        yield* take(account)
        const learning = account.learn({
          status: 200,
          remaining: Option.some(3),
          retryAfter: Option.none(),
          sentAt: noon
        })
        const clock = yield* Clock.Clock
        const currentTimeMillisUnsafe = () => noon + Duration.toMillis(jump)
        yield* Effect.provideService(
          learning,
          Clock.Clock,
          Object.assign(Object.create(clock), {
            currentTimeMillisUnsafe,
            currentTimeMillis: Effect.sync(currentTimeMillisUnsafe)
          })
        )
        assert.strictEqual((yield* takeAll(account))[0], 3)
      })
  )
})
