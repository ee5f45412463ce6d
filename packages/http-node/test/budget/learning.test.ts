/** Responses lower the estimate of what is left, in every process, and never raise it. */
import type * as RequestBudget from "@effect-heroku/http-node/RequestBudget"
import { captureLogs } from "@effect-heroku/test-kit/logs"
import { whileSecondsPass } from "@effect-heroku/test-kit/testTime"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import {
  contended,
  impatient,
  justCorrected,
  keyOf,
  levelOf,
  makeAccount,
  makeLimiter,
  metricOf,
  perSecond,
  remains,
  seconds,
  take,
  takeAll,
  times,
  tooMany
} from "./support.ts"

const large = { ...perSecond, pool: 100, maxWait: 1 }

describe("RateLimit-Remaining", () => {
  it.effect.each<[number, RequestBudget.Priority, ReadonlyArray<number>, number]>([
    [3, "interactive", [3, 1], 0],
    [1, "interactive", [1, 1], 0],
    [0, "interactive", [0, 1], 0],
    [3, "bulk", [0, 2], 3],
    [4, "bulk", [0, 1], 4],
    [5, "bulk", [1, 1], 4]
  ])("RequestBudget that learns of %d remaining requests grants %s so many and corrects the bucket", (
    [remaining, priority, expected, level]
  ) =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const account = yield* makeAccount(limiter, impatient)
      yield* account.learn(remains(remaining))
      assert.deepStrictEqual([yield* takeAll(account, priority), yield* levelOf(limiter, 9)], [expected, level])
    }))

  it.effect("RequestBudget lowers the estimate of every process", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const [one, other] = [yield* makeAccount(limiter, large), yield* makeAccount(limiter, large)]
      yield* one.learn(remains(0))
      assert.deepStrictEqual(yield* takeAll(one), [0, 1])
      assert.deepStrictEqual(yield* takeAll(other), [0, 1])
    }))

  it.effect("RequestBudget lowers the estimate once though many processes notice at the same time", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      // The worst timing: every process may correct, and each reads the bucket before any other has corrected it.
      const unlucky: RateLimiter.RateLimiter = {
        ...limiter,
        consume: (options) =>
          options.algorithm === "fixed-window"
            ? Effect.succeed({ delay: Duration.zero, limit: 1, remaining: 0, resetAfter: Duration.zero })
            : Effect.andThen(Effect.yieldNow, limiter.consume(options))
      }
      const accounts = yield* Effect.forEach(times(4), () => makeAccount(unlucky, { ...large, pool: 1000 }))
      yield* Effect.forEach(accounts, ({ learn }) => learn(remains(100)))
      yield* Effect.forEach(accounts, (account) => take(account), { concurrency: "unbounded" })
      const level = yield* levelOf(limiter, 999)
      assert.isTrue(level >= 90 && level <= 100, String(level))
    }))

  it.effect("RequestBudget never raises the estimate, because requests in flight are not in the header yet", () =>
    Effect.gen(function*() {
      const account = yield* makeAccount(yield* makeLimiter, impatient)
      yield* account.learn(remains(3))
      yield* account.learn(remains(4000))
      assert.deepStrictEqual(yield* takeAll(account), [3, 1])
    }))

  it.effect("RequestBudget adds what came back while the response was in flight", () =>
    Effect.gen(function*() {
      const account = yield* makeAccount(yield* makeLimiter, impatient)
      yield* TestClock.adjust("5 seconds")
      yield* account.learn(remains(0, 2000))
      assert.deepStrictEqual(yield* takeAll(account), [3, 1])
    }))

  it.effect.each(["interactive", "bulk"] as const)(
    "RequestBudget obeys what it learned though another process corrected the bucket, and takes no %s permit",
    (priority) =>
      Effect.gen(function*() {
        const limiter = yield* makeLimiter
        const account = yield* makeAccount(justCorrected(limiter), impatient)
        yield* account.learn(remains(0))
        yield* takeAll(account, priority)
        yield* takeAll(account, priority)
        assert.strictEqual(yield* levelOf(limiter, 9), 9)
      })
  )

  it.effect("RequestBudget records what remains and what it corrected in metrics", () =>
    Effect.gen(function*() {
      const account = yield* makeAccount(yield* makeLimiter, impatient)
      yield* account.learn(remains(3))
      yield* take(account)
      const name = keyOf().slice(7, 15)
      const [remaining, corrections] = [
        yield* metricOf("heroku.budget.remaining"),
        yield* metricOf("heroku.budget.corrections")
      ]
      assert.deepStrictEqual(remaining, [{ attributes: [name], state: { value: 3 } }])
      assert.deepInclude(corrections[0], { attributes: [name] })
      assert.deepInclude(corrections[0]!.state, { count: 6 })
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))
})

describe("429", () => {
  it.effect("RequestBudget makes all processes wait for the Retry-After of a 429, and then grants one by one", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const options = { ...large, maxWait: "1 minute" } as const
      const [one, other] = [yield* makeAccount(limiter, options), yield* makeAccount(limiter, options)]
      yield* one.learn(tooMany(30))
      const at = yield* whileSecondsPass(
        Effect.forEach([one, other, one, other], (account) => Effect.andThen(take(account), seconds), {
          concurrency: "unbounded"
        })
      )
      at.toSorted((a, b) => a - b).forEach((time, index) => assert.approximately(time, 31 + index, 0.2))
    }))

  it.effect("RequestBudget makes all processes wait for the refill after a 429 without Retry-After", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const [one, other] = [yield* makeAccount(limiter, large), yield* makeAccount(limiter, large)]
      yield* one.learn(tooMany())
      assert.deepStrictEqual([yield* takeAll(one), yield* takeAll(other)], [[0, 1], [0, 1]])
    }))

  it.effect("RequestBudget waits no longer than the whole pool takes to refill, whatever the Retry-After of a 429", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      yield* (yield* makeAccount(limiter, impatient)).learn(tooMany(999_999_999))
      assert.strictEqual(yield* levelOf(limiter, 9), -10)
    }))

  it.effect("RequestBudget empties the bucket after a 429 though it corrected the estimate just before", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const account = yield* makeAccount(limiter, large)
      yield* account.learn(remains(90))
      yield* take(account)
      yield* account.learn(tooMany(30))
      assert.strictEqual(yield* levelOf(limiter, 99), -30)
    }))

  it.effect("RequestBudget empties the bucket after a 429 though another process takes permits", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const busy = contended(limiter, 2)
      yield* (yield* makeAccount(busy.limiter, large)).learn(tooMany(30))
      assert.isAbove(busy.state.reads, 2)
      assert.strictEqual(yield* levelOf(limiter, 99), -30)
    }))

  it.effect("RequestBudget gives up a correction after five contended attempts", () =>
    Effect.gen(function*() {
      const busy = contended(yield* makeLimiter, 100)
      const account = yield* makeAccount(busy.limiter, large)
      yield* account.learn(tooMany(30))
      assert.strictEqual(busy.state.reads, 5)
      assert.strictEqual((yield* takeAll(account))[0], 0)
    }))

  it.effect("RequestBudget corrects the bucket once for a 429 that two processes receive", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const accounts = [yield* makeAccount(limiter, large), yield* makeAccount(limiter, large)]
      yield* Effect.forEach(accounts, ({ learn }) => learn(tooMany(30)), { concurrency: 2 })
      assert.strictEqual(yield* levelOf(limiter, 99), -30)
    }))

  it.effect.each<[number, number]>([[28, -28], [0, -28], [35, -35]])(
    "RequestBudget that receives a second 429 of %d s, 2 s after one of 30 s, has a bucket of %d",
    ([again, level]) =>
      Effect.gen(function*() {
        const limiter = yield* makeLimiter
        const account = yield* makeAccount(limiter, large)
        yield* account.learn(tooMany(30))
        yield* TestClock.adjust("2 seconds")
        yield* account.learn(tooMany(again))
        assert.strictEqual(yield* levelOf(limiter, 99), level)
      })
  )

  it.effect("RequestBudget corrects the buckets of two accounts independently", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const other = Redacted.make("HRKU-other")
      yield* (yield* makeAccount(limiter, large)).learn(tooMany())
      yield* (yield* makeAccount(limiter, large, other)).learn(tooMany())
      assert.deepStrictEqual([yield* levelOf(limiter, 99), yield* levelOf(limiter, 99, other)], [0, 0])
    }))

  it.effect("RequestBudget logs a 429 and its correction at debug level", () => {
    const { layer, lines } = captureLogs("Debug")
    return Effect.gen(function*() {
      yield* (yield* makeAccount(yield* makeLimiter, large)).learn(tooMany(30))
      const name = keyOf().slice(7, 15)
      assert.deepStrictEqual(lines, [
        `Debug: Account ${name} is over its rate limit: its requests wait 30 s or longer`,
        `Debug: Account ${name} has 129 requests less than its budget assumed`
      ])
    }).pipe(Effect.provide(layer))
  })
})
