/** The size of an account's budget, the processes that share it, and its options. */
import * as RequestBudget from "@effect-heroku/http-node/RequestBudget"
import { runs } from "@effect-heroku/test-kit/runs"
import { json, ok, scriptedClient, status } from "@effect-heroku/test-kit/scriptedClient"
import { whileSecondsPass } from "@effect-heroku/test-kit/testTime"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import {
  id,
  impatient,
  keyOf,
  makeAccount,
  makeLimiter,
  makeService,
  perSecond,
  recording,
  remains,
  take,
  takeAll,
  times,
  token,
  tooMany
} from "./support.ts"

/** The fake Heroku API with a pool of five requests, and the time and status of each response. */
const makeHeroku = Effect.gen(function*() {
  const seen: Array<{ readonly status: number; readonly at: number }> = []
  const context = yield* Layer.build(Layer.fresh(FakeHeroku.layerHttpClient({
    seed: [{ id, scope: ["global"] }],
    rateLimit: 5,
    rateLimitRefill: 60,
    observe: ({ status }) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        seen.push({ status: Option.getOrElse(status, () => 0), at: now / 1000 })
      })
  })))
  return { seen, client: Context.get(context, HttpClient.HttpClient) }
})

describe("the budget of an account", () => {
  it.effect("RequestBudget keeps a process under the rate limit", () =>
    Effect.gen(function*() {
      const { client, seen } = yield* makeHeroku
      const { info } = yield* makeService(client, yield* makeLimiter)
      yield* whileSecondsPass(Effect.forEach(times(20), () => info(id), { concurrency: "unbounded" }))
      assert.deepStrictEqual(seen.map(({ status }) => status), times(20).map(() => 200))
      // Four at once, because one of the pool is a margin; then one a second.
      assert.approximately(seen.at(-1)!.at, 16, 0.2)
    }))

  it.effect("RequestBudget keeps two processes with one store under the rate limit", () =>
    Effect.gen(function*() {
      const { client, seen } = yield* makeHeroku
      const limiter = yield* makeLimiter
      const services = [yield* makeService(client, limiter), yield* makeService(client, limiter)]
      const readTen = ({ info }: typeof services[number]) =>
        Effect.forEach(times(10), () => info(id), { concurrency: 3 })
      yield* whileSecondsPass(Effect.forEach(services, readTen, { concurrency: "unbounded" }))
      assert.deepStrictEqual(seen.map(({ status }) => status), times(20).map(() => 200))
      assert.approximately(seen.at(-1)!.at, 16, 0.3)
    }))

  it.effect("RequestBudget takes a permit for every attempt", () =>
    Effect.gen(function*() {
      const { client, sent } = scriptedClient(status(503), ok)
      const { info } = yield* makeService(client, yield* makeLimiter, { ...perSecond, pool: 1 }, {
        retry: { baseDelay: 1, maxDelay: 1 }
      })
      yield* whileSecondsPass(info(id), 3)
      assert.lengthOf(sent, 2)
      assert.approximately(sent[1]!.at, 1, 0.1)
    }))

  it.effect("RequestBudget sends nothing and retries nothing when the wait exceeds maxWait", () =>
    Effect.gen(function*() {
      const { client, sent } = scriptedClient(ok)
      const { info } = yield* makeService(client, yield* makeLimiter, { pool: 1, refillPerMinute: 1, maxWait: 1000 })
      yield* info(id)
      assert.strictEqual((yield* Effect.flip(info(id)))._tag, "RateLimited")
      assert.lengthOf(sent, 1)
    }))

  it.effect("RequestBudget learns from the headers of a response", () =>
    Effect.gen(function*() {
      const { client, sent } = scriptedClient(() => json(200, {}, { "RateLimit-Remaining": "0" }), ok)
      const { info } = yield* makeService(client, yield* makeLimiter, { ...perSecond, pool: 100 })
      yield* Effect.exit(info(id))
      yield* whileSecondsPass(info(id), 3)
      assert.approximately(sent[1]!.at, 1, 0.2)
    }))

  it.effect("RequestBudget grants the pool less a margin, and to bulk that less the reserve", () =>
    Effect.gen(function*() {
      const account = yield* makeAccount(yield* makeLimiter, impatient)
      assert.deepStrictEqual(yield* takeAll(account, "bulk"), [5, 1])
      assert.deepStrictEqual(yield* takeAll(account), [4, 1])
    }))

  const Step = Schema.Struct({
    seconds: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 })),
    priority: Schema.Literals(["interactive", "bulk"]),
    process: Schema.Literals([0, 1])
  })
  it.effect.prop(
    "RequestBudget never grants more than the pool and what came back, whichever process takes when",
    {
      pool: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 20 })),
      steps: Arbitrary.array(Arbitrary.schema(Step), { maxLength: 60 })
    },
    ({ pool, steps }) =>
      Effect.gen(function*() {
        const limiter = yield* makeLimiter
        const options = { pool, refillPerMinute: 60, maxWait: 1 }
        const accounts = [yield* makeAccount(limiter, options), yield* makeAccount(limiter, options)]
        let passed = 0
        let granted = 0
        for (const { priority, process, seconds } of steps) {
          yield* TestClock.adjust(Duration.seconds(seconds))
          passed += seconds
          if (Exit.isSuccess(yield* Effect.exit(take(accounts[process]!, priority)))) granted++
          assert.isAtMost(granted, pool + passed)
        }
      }),
    { arbitrary: { runs: runs(100) } }
  )

  it.effect("RequestBudget names buckets by a hash of the token, and corrections by that and the reason", () =>
    Effect.gen(function*() {
      const { calls, limiter } = recording(yield* makeLimiter)
      const account = yield* makeAccount(limiter, impatient)
      yield* account.learn(remains(3))
      yield* account.take("info", false)
      yield* account.learn(tooMany())
      yield* (yield* makeAccount(limiter, impatient, Redacted.make("HRKU-other"))).take("info", false)
      assert.deepStrictEqual([...new Set(calls.map(({ key }) => key))], [
        keyOf(),
        `${keyOf()}:estimate`,
        `${keyOf()}:rejection`,
        keyOf(Redacted.make("HRKU-other"))
      ])
    }))

  it.effect("RequestBudget has one budget for equal tokens and another for each other token", () =>
    Effect.gen(function*() {
      const { forToken } = yield* RequestBudget.RequestBudget
      assert.strictEqual(forToken(Redacted.make("HRKU-budget")), forToken(token))
      assert.notStrictEqual(forToken(Redacted.make("HRKU-other")), forToken(token))
    }).pipe(Effect.provide(RequestBudget.layerMemory())))
})

describe("options", () => {
  it.effect.each<[RequestBudget.Options, number, number]>([
    [{}, 4499, 800],
    [{ pool: 105 }, 104, 800],
    [{ pool: 7, refillPerMinute: 6, reserve: 3 }, 6, 10_000],
    [{ pool: 100, refillPerMinute: 600, reserve: 10 }, 95, 100],
    [{ pool: 1 }, 1, 800],
    [{ pool: 5, reserve: 4 }, 5, 800]
  ])(
    "RequestBudget with %j has a bucket of %d and gets a request back every %d ms",
    ([options, limit, interval]) =>
      Effect.gen(function*() {
        const { calls, limiter } = recording(yield* makeLimiter)
        yield* (yield* makeAccount(limiter, options)).take("info", false)
        assert.lengthOf(calls, 1)
        assert.deepInclude(calls[0]!, {
          algorithm: "token-bucket",
          key: keyOf(),
          limit,
          tokens: 1,
          window: limit * interval
        })
      })
  )

  it.effect.each<[RequestBudget.Options, number]>([
    [{}, 4499 - 75],
    [{ pool: 105 }, 104 - 10],
    [{ pool: 7, reserve: 3 }, 6 - 3]
  ])("RequestBudget with %j grants bulk %d requests at once", ([options, count]) =>
    Effect.gen(function*() {
      const account = yield* makeAccount(yield* makeLimiter, { ...options, maxWait: 1 })
      const taken = yield* Effect.forEach(times(count + 1), () => Effect.exit(take(account, "bulk")))
      assert.strictEqual(taken.findIndex(Exit.isFailure), count)
    }))

  it.effect.each<[RequestBudget.Options, string]>([
    [{ pool: 0 }, "`pool` must be an integer of at least 1"],
    [{ pool: 1.5 }, "`pool` must be an integer of at least 1"],
    [{ refillPerMinute: 0 }, "`refillPerMinute` must be a finite number above 0"],
    [{ refillPerMinute: Infinity }, "`refillPerMinute` must be a finite number above 0"],
    [{ pool: 10, reserve: 10 }, "`reserve` must be an integer from 0 to pool - 1"],
    [{ reserve: -1 }, "`reserve` must be an integer from 0 to pool - 1"],
    [{ reserve: 1.5 }, "`reserve` must be an integer from 0 to pool - 1"],
    [{ localShare: 0 }, "`localShare` must be a number above 0 and at most 1"],
    [{ localShare: 2 }, "`localShare` must be a number above 0 and at most 1"],
    [{ maxWait: -1 }, "`maxWait` must be a duration of at least 0"],
    [{ maxWait: NaN }, "`maxWait` must be a duration of at least 0"],
    [{ maxWait: "soon" as never }, "`maxWait` must be a duration of at least 0"],
    [{ storeTimeout: -1 }, "`storeTimeout` must be a duration of at least 0"],
    [{ storeTimeout: NaN }, "`storeTimeout` must be a duration of at least 0"]
  ])("RequestBudget rejects %o with a defect: %s", ([options, problem]) =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Effect.scoped(Layer.build(RequestBudget.layerMemory(options))))
      assert(Exit.isFailure(exit))
      const defect = Cause.squash(exit.cause)
      assert(defect instanceof RangeError)
      assert.strictEqual(defect.message, `RequestBudget: ${problem}`)
    }))
})
