/** Interactive requests go first, and bulk requests get a share all the same. */
import type * as RequestBudget from "@effect-heroku/http-node/RequestBudget"
import { recordSpans } from "@effect-heroku/test-kit/spans"
import { whileSecondsPass } from "@effect-heroku/test-kit/testTime"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as TestClock from "effect/testing/TestClock"
import * as Tracer from "effect/Tracer"
import { impatient, makeAccount, makeLimiter, perSecond, recording, seconds, take, takeAll, times } from "./support.ts"

/** Takes permits in a loop, and notes when. */
const keepTaking = (account: RequestBudget.AccountBudget, priority: RequestBudget.Priority) => {
  const at: Array<number> = []
  const loop = Effect.forever(Effect.andThen(take(account, priority), Effect.map(seconds, (now) => at.push(now))))
  const countFrom = (second: number) => at.filter((time) => time > second).length
  return { at, countFrom, start: Effect.forkChild(loop) }
}

const pass = (count: number) => Effect.forEach(times(count), () => TestClock.adjust("1 second"), { discard: true })

describe("priorities", () => {
  it.effect("RequestBudget leaves the reserve to interactive requests", () =>
    Effect.gen(function*() {
      const account = yield* makeAccount(yield* makeLimiter, { ...perSecond, reserve: 2 })
      const bulk = keepTaking(account, "bulk")
      const fiber = yield* bulk.start
      yield* TestClock.adjust("500 millis")
      assert.lengthOf(bulk.at, 2)
      const interactive = yield* Effect.forkChild(Effect.all([take(account), take(account)]))
      yield* TestClock.adjust(0)
      assert.isDefined(interactive.pollUnsafe())
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("RequestBudget grants waiting interactive requests before bulk requests that came earlier", () =>
    Effect.gen(function*() {
      const account = yield* makeAccount(yield* makeLimiter)
      const order: Array<string> = []
      const call = (priority: RequestBudget.Priority) =>
        Effect.forkChild(Effect.andThen(take(account, priority), Effect.sync(() => order.push(priority))))
      yield* Effect.forEach(times(4), () => take(account))
      const fibers = yield* Effect.forEach(["bulk", "bulk", "interactive", "interactive"] as const, call)
      yield* whileSecondsPass(Fiber.joinAll(fibers), 10)
      assert.deepStrictEqual(order, ["interactive", "interactive", "bulk", "bulk"])
    }))

  it.effect("RequestBudget treats list as bulk and other operations as interactive by default", () =>
    Effect.gen(function*() {
      const account = yield* makeAccount(yield* makeLimiter, { ...impatient, pool: 6 })
      yield* account.take("list", false)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(account.take("list", false))))
      assert.deepStrictEqual(yield* takeAll(account), [4, 1])
    }))

  it.effect("RequestBudget records the priority and how many wait ahead in a span", () =>
    Effect.gen(function*() {
      const { spans, tracer } = recordSpans()
      const account = yield* makeAccount(yield* makeLimiter, { ...perSecond, pool: 1 })
      yield* account.take("info", false)
      yield* Effect.forEach(["bulk", "interactive", "interactive", "bulk", "interactive"] as const, (priority) =>
        Effect.andThen(Effect.forkChild(take(account, priority)), TestClock.adjust(0))).pipe(
          Effect.provideService(Tracer.Tracer, tracer)
        )
      assert.deepStrictEqual(
        spans.map(({ attributes, name }) =>
          `${name} ${[...attributes.values()].join(" ")}`
        ),
        [
          "RequestBudget.wait bulk 0",
          "RequestBudget.wait interactive 0",
          "RequestBudget.wait interactive 1",
          "RequestBudget.wait bulk 3",
          "RequestBudget.wait interactive 2"
        ]
      )
    }))
})

describe("the share of bulk requests", () => {
  it.effect.each([0, 4])(
    "RequestBudget grants bulk one permit in ten while interactive requests always wait (reserve %d)",
    (reserve) =>
      Effect.gen(function*() {
        const account = yield* makeAccount(yield* makeLimiter, { pool: 20, refillPerMinute: 60, reserve })
        const interactive = yield* Effect.forEach(times(5), () => Effect.sync(() => keepTaking(account, "interactive")))
        const bulk = yield* Effect.forEach(times(2), () => Effect.sync(() => keepTaking(account, "bulk")))
        yield* Effect.forEach([...interactive, ...bulk], ({ start }) => start)
        yield* pass(130)
        const count = (loops: typeof bulk) => loops.reduce((sum, { countFrom }) => sum + countFrom(30.5), 0)
        assert.strictEqual(count(bulk), 10)
        assert.isAtLeast(count(interactive), 89)
      })
  )

  it.effect("RequestBudget grants bulk a share while another process takes whatever comes back", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const options = { pool: 20, refillPerMinute: 60, reserve: 5 }
      const [one, other] = [yield* makeAccount(limiter, options), yield* makeAccount(limiter, options)]
      yield* Effect.forEach(times(19), () => take(one))
      yield* keepTaking(one, "interactive").start
      const bulk = keepTaking(other, "bulk")
      yield* bulk.start
      yield* pass(100)
      assert.isAtLeast(bulk.at.length, 5)
    }))

  it.effect("RequestBudget grants the share once for all processes that want it", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const options = { pool: 20, refillPerMinute: 60, reserve: 5 }
      const accounts = yield* Effect.forEach(times(4), () => makeAccount(limiter, options))
      yield* Effect.forEach(times(19), () => take(accounts[0]!))
      const interactive = keepTaking(accounts[0]!, "interactive")
      yield* interactive.start
      const bulk = yield* Effect.forEach(accounts, (account) => Effect.sync(() => keepTaking(account, "bulk")))
      yield* Effect.forEach(bulk, ({ start }) => start)
      yield* pass(100)
      assert.isAtMost(bulk.reduce((sum, { at }) => sum + at.length, 0), 10)
      assert.isAtLeast(interactive.at.length, 88)
    }))

  it.effect("RequestBudget leaves the reserve alone while bulk requests come one after the other", () =>
    Effect.gen(function*() {
      const { calls, limiter } = recording(yield* makeLimiter)
      const account = yield* makeAccount(limiter, { pool: 20, refillPerMinute: 60, reserve: 5 })
      const bulk = keepTaking(account, "bulk")
      yield* bulk.start
      yield* pass(60)
      assert.isAtLeast(bulk.at.length, 14 + 59)
      assert.notInclude(calls.map(({ key }) => key.split(":")[2]), "bulk")
    }))

  it.effect.each<[interactive: number, claims: number]>([[0, 0], [5, 10]])(
    "RequestBudget claims the share once in ten intervals, and only beside interactive requests (%d loops: %d claims)",
    ([interactive, claims]) =>
      Effect.gen(function*() {
        const { calls, limiter } = recording(yield* makeLimiter)
        const account = yield* makeAccount(limiter, { pool: 20, refillPerMinute: 60, reserve: 5 })
        yield* Effect.forEach(times(interactive), () => keepTaking(account, "interactive").start)
        yield* Effect.forEach(times(20), () => keepTaking(account, "bulk").start)
        yield* pass(105)
        assert.strictEqual(calls.filter(({ key }) => key.endsWith(":bulk")).length, claims)
      })
  )

  it.effect("RequestBudget counts on the share when it compares the wait of bulk with maxWait", () =>
    Effect.gen(function*() {
      const account = yield* makeAccount(yield* makeLimiter, {
        pool: 40,
        refillPerMinute: 60,
        reserve: 30,
        maxWait: "15 seconds"
      })
      yield* Effect.forEach(times(37), () => take(account))
      const bulk = yield* Effect.forkChild(take(account, "bulk"))
      yield* pass(12)
      assert.isDefined(bulk.pollUnsafe())
      yield* Fiber.join(bulk)
    }))

  it.effect("RequestBudget takes no share whose window ends at the moment of the claim", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const state = { isEnding: true }
      const claim = (options: Parameters<typeof limiter.consume>[0]) =>
        state.isEnding && options.key.endsWith(":bulk")
          ? Effect.fail(
            new RateLimiter.RateLimiterError({
              reason: new RateLimiter.RateLimitExceeded({
                key: options.key,
                limit: 1,
                remaining: 0,
                retryAfter: Duration.zero
              })
            })
          )
          : limiter.consume(options)
      const options = { pool: 40, refillPerMinute: 60, reserve: 30 }
      const account = yield* makeAccount({ ...limiter, consume: claim }, options)
      yield* Effect.forEach(times(37), () => take(account))
      const bulk = yield* Effect.forkChild(take(account, "bulk"))
      yield* pass(12)
      assert.isUndefined(bulk.pollUnsafe())
      state.isEnding = false
      yield* pass(1)
      yield* Fiber.join(bulk)
    }))
})
