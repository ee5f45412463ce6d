import { AuthorizationId } from "@effect-heroku/core/Authorization"
import { RateLimited } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as RequestBudget from "@effect-heroku/http-node/RequestBudget"
import * as payloads from "@effect-heroku/test-kit/payloads"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import * as Tracer from "effect/Tracer"
import { createHash } from "node:crypto"

const token = Redacted.make("HRKU-budget")
const id = AuthorizationId.make(payloads.full.id)

/** An account with a pool of which one request comes back every second. */
const perSecond = { pool: 5, refillPerMinute: 60, reserve: 0 }

/** What came to Heroku: the status of the answer, and when, in seconds. */
interface Seen {
  readonly status: number
  readonly at: number
}

/** The imitation, with all that came to it. */
const makeHeroku = (options: FakeHeroku.Options = {}) =>
  Effect.gen(function*() {
    const seen: Array<Seen> = []
    const client = yield* FakeHeroku.makeHttpClient({
      seed: [{ id, scope: ["global"] }],
      rateLimit: 5,
      rateLimitRefill: 60,
      ...options,
      observe: ({ status }) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          seen.push({ status: Option.getOrElse(status, () => 0), at: now / 1000 })
        })
    })
    return { seen, client }
  })

/** A Heroku that says what it is told to. */
const scripted = (...replies: ReadonlyArray<() => Response>) => {
  const at: Array<number> = []
  const client = HttpClient.make((request) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      at.push(now / 1000)
      return HttpClientResponse.fromWeb(request, replies[Math.min(at.length, replies.length) - 1]!())
    })
  )
  return { at, client }
}

const ok = (remaining?: number) => () =>
  Response.json(payloads.full, remaining === undefined ? {} : { headers: { "RateLimit-Remaining": String(remaining) } })
const tooMany = (headers: Record<string, string> = {}) => () =>
  Response.json({ id: "rate_limit", message: "Too many" }, {
    status: 429,
    headers: { "RateLimit-Remaining": "0", ...headers }
  })

/** A client of its own, as another process has one, over a limiter. */
const makeService = (
  client: HttpClient.HttpClient,
  limiter: RateLimiter.RateLimiter,
  budget: RequestBudget.Options = perSecond,
  options: Partial<HttpAuthorizationService.Options> = {}
) =>
  Effect.map(
    Layer.build(
      HttpAuthorizationService.layer({ token, ...options }).pipe(
        Layer.provide(Layer.succeed(HttpClient.HttpClient, client)),
        Layer.provide(RequestBudget.layer(budget)),
        Layer.provide(Layer.succeed(RateLimiter.RateLimiter, limiter)),
        Layer.fresh
      )
    ),
    (context) => context.pipe((_) => Effect.runSync(Effect.provide(AuthorizationService, _)))
  )

const makeLimiter = Effect.provide(RateLimiter.make, Layer.fresh(RateLimiter.layerStoreMemory))

/** A limiter as it is when somebody else has just put the bucket right, so that nobody else may. */
const justCorrected = (limiter: RateLimiter.RateLimiter): RateLimiter.RateLimiter => ({
  ...limiter,
  consume: (options) => limiter.consume(options.algorithm === "fixed-window" ? { ...options, tokens: 2 } : options)
})

/** Runs it while time goes by, second after second. */
const inTime = <A, E, R>(effect: Effect.Effect<A, E, R>, seconds = 60) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    for (let step = 0; step < seconds * 10; step++) yield* TestClock.adjust("100 millis")
    return yield* Fiber.join(fiber)
  })

/** What a bucket holds of a pool of which one request comes back every second. */
const levelOf = (limiter: RateLimiter.RateLimiter, limit: number) =>
  Effect.map(
    limiter.consume({
      algorithm: "token-bucket",
      key: `heroku:${createHash("sha256").update("HRKU-budget").digest("hex")}`,
      limit,
      window: Duration.seconds(limit),
      tokens: 0
    }),
    ({ remaining }) => remaining
  )

const times = (count: number) => Array.from({ length: count }, (_, index) => index)
const statuses = (seen: ReadonlyArray<Seen>) => seen.map(({ status }) => status)

describe("budget", () => {
  it.effect("keeps a process under the pool of its account", () =>
    Effect.gen(function*() {
      const { client, seen } = yield* makeHeroku()
      const { info } = yield* makeService(client, yield* makeLimiter)
      yield* inTime(Effect.forEach(times(20), () => info(id), { concurrency: "unbounded" }))
      assert.deepStrictEqual(statuses(seen), times(20).map(() => 200))
      // Four at once, for one of the pool is a margin; then one a second.
      assert.approximately(seen.at(-1)!.at, 16, 0.2)
    }))

  it.effect("that two processes share keeps both under it", () =>
    Effect.gen(function*() {
      const { client, seen } = yield* makeHeroku()
      const limiter = yield* makeLimiter
      const services = [yield* makeService(client, limiter), yield* makeService(client, limiter)]
      yield* inTime(Effect.forEach(
        services,
        ({ info }) => Effect.forEach(times(10), () => info(id), { concurrency: 3 }),
        { concurrency: "unbounded" }
      ))
      assert.deepStrictEqual(statuses(seen), times(20).map(() => 200))
      assert.approximately(seen.at(-1)!.at, 16, 0.3)
    }))

  it.effect("counts every attempt", () =>
    Effect.gen(function*() {
      const { at, client } = scripted(() => new Response(null, { status: 503 }), ok())
      const { info } = yield* makeService(client, yield* makeLimiter, { ...perSecond, pool: 1 }, {
        retry: { baseDelay: 1, maxDelay: 1 }
      })
      yield* inTime(info(id))
      assert.lengthOf(at, 2)
      assert.approximately(at[1]!, 1, 0.1)
    }))

  it.effect("is not needed: without the layer nothing waits", () =>
    Effect.gen(function*() {
      const { client, seen } = yield* makeHeroku()
      const layer = HttpAuthorizationService.layer({ token, retry: { times: 0 } }).pipe(
        Layer.provide(Layer.succeed(HttpClient.HttpClient, client))
      )
      const call = Effect.exit(AuthorizationService.use(({ info }) => info(id)))
      yield* Effect.forEach(times(7), () => call).pipe(Effect.provide(layer))
      assert.deepStrictEqual(statuses(seen), [200, 200, 200, 200, 200, 429, 429])
    }))

  it.effect("tells accounts apart by a hash, and gives the store nothing of the token", () =>
    Effect.gen(function*() {
      const keys = new Set<string>()
      const limiter = yield* makeLimiter
      const spying: RateLimiter.RateLimiter = {
        ...limiter,
        consume: (options) =>
          Effect.suspend(() => {
            keys.add(options.key)
            return limiter.consume(options)
          })
      }
      const { client } = scripted(ok())
      const one = yield* makeService(client, spying)
      const other = yield* makeService(client, spying, perSecond, { token: Redacted.make("HRKU-other") })
      yield* one.info(id)
      yield* other.info(id)
      const hash = (text: string) => createHash("sha256").update(text).digest("hex")
      assert.deepStrictEqual(Array.from(keys), [`heroku:${hash("HRKU-budget")}`, `heroku:${hash("HRKU-other")}`])
    }))

  it.effect.each<[string, RequestBudget.Options]>([
    ["pool must be a whole number, one or more", { pool: 0 }],
    ["pool must be a whole number, one or more", { pool: 1.5 }],
    ["refillPerMinute must be greater than zero", { refillPerMinute: 0 }],
    ["refillPerMinute must be greater than zero", { refillPerMinute: Infinity }],
    ["reserve must be a whole number from zero to less than the pool", { pool: 10, reserve: 10 }],
    ["reserve must be a whole number from zero to less than the pool", { reserve: -1 }],
    ["reserve must be a whole number from zero to less than the pool", { reserve: 1.5 }],
    ["localShare must be greater than 0, and 1 at most", { localShare: 0 }],
    ["localShare must be greater than 0, and 1 at most", { localShare: 2 }]
  ])("%s: with %j it is a defect", ([problem, options]) =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Effect.scoped(Layer.build(RequestBudget.layerMemory(options))))
      assert(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      const defect = Cause.squash(exit.cause)
      assert(defect instanceof RangeError)
      assert.strictEqual(defect.message, `RequestBudget: ${problem}`)
    }))

  it.effect("is one for equal tokens, and another for each other token", () =>
    Effect.gen(function*() {
      const { forToken } = yield* RequestBudget.RequestBudget
      assert.strictEqual(forToken(Redacted.make("HRKU-budget")), forToken(token))
      assert.notStrictEqual(forToken(Redacted.make("HRKU-other")), forToken(token))
    }).pipe(Effect.provide(RequestBudget.layerMemory())))

  it.effect.each<[string, RequestBudget.Options, number, number]>([
    ["Heroku's numbers, less what is under way", {}, 4424, 800],
    ["a tenth for who waits, of a small pool", { pool: 105 }, 94, 800],
    ["what the program says", { pool: 7, refillPerMinute: 6, reserve: 3 }, 3, 10_000],
    ["more that is under way where more comes back", { pool: 100, refillPerMinute: 600, reserve: 10 }, 85, 100]
  ])("has by default %s: %j", ([, options, limit, interval]) =>
    Effect.gen(function*() {
      const asked: Array<Parameters<RateLimiter.RateLimiter["consume"]>[0]> = []
      const limiter = yield* makeLimiter
      const spying: RateLimiter.RateLimiter = {
        ...limiter,
        consume: (options) =>
          Effect.suspend(() => {
            asked.push(options)
            return limiter.consume(options)
          })
      }
      const { info } = yield* makeService(scripted(ok()).client, spying, options)
      yield* info(id)
      assert.deepStrictEqual(asked, [{
        algorithm: "token-bucket",
        key: `heroku:${createHash("sha256").update("HRKU-budget").digest("hex")}`,
        limit,
        window: Duration.millis(limit * interval),
        tokens: 1,
        onExceeded: "delay"
      }])
    }))
})

describe("what Heroku says", () => {
  it.effect.each<[string, Option.Option<number>]>([
    ["7", Option.some(7)],
    ["0", Option.some(0)],
    ["-1", Option.none()],
    ["1.5", Option.none()],
    ["many", Option.none()]
  ])(
    "with a RateLimit-Remaining of %s is learnt where it is a number of requests",
    ([header, remaining]) =>
      Effect.gen(function*() {
        const learnt: Array<Option.Option<number>> = []
        const layer = HttpAuthorizationService.layer({ token }).pipe(
          Layer.provide(Layer.succeed(
            HttpClient.HttpClient,
            scripted(() => Response.json(payloads.full, { headers: { "RateLimit-Remaining": header } })).client
          )),
          Layer.provide(Layer.succeed(RequestBudget.RequestBudget, {
            forToken: () => ({
              take: () => Effect.void,
              learn: (answer) => Effect.sync(() => void learnt.push(answer.remaining))
            })
          }))
        )
        yield* Effect.provide(AuthorizationService.use(({ info }) => info(id)), layer)
        assert.deepStrictEqual(learnt, [remaining])
      })
  )

  it.effect("lowers the estimate: others use the account too", () =>
    Effect.gen(function*() {
      const { client, seen } = yield* makeHeroku({ rateLimit: 3 })
      const { info } = yield* makeService(client, yield* makeLimiter, { ...perSecond, pool: 1000 })
      yield* inTime(Effect.forEach(times(10), () => info(id)))
      assert.deepStrictEqual(statuses(seen), times(10).map(() => 200))
    }))

  it.effect("lowers the estimate of every process", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const budget = { ...perSecond, pool: 1000 }
      const learnt = scripted(ok(0))
      const { info } = yield* makeService(learnt.client, limiter, budget)
      yield* info(id)
      // It knows now that nothing is left, and the next request puts the bucket right.
      const waiting = yield* Effect.forkChild(info(id))
      yield* Effect.yieldNow
      const other = scripted(ok())
      const service = yield* makeService(other.client, limiter, budget)
      yield* inTime(service.info(id), 5)
      yield* Fiber.join(waiting)
      assert.isAtLeast(other.at[0]!, 0.9)
    }))

  it.effect("lowers the estimate once, however many notice at the same time", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      // The worst of timing: who corrects first takes so long that it holds nobody off, and all act between each other.
      const unlucky: RateLimiter.RateLimiter = {
        ...limiter,
        consume: (options) =>
          options.algorithm === "fixed-window"
            ? Effect.succeed({ delay: Duration.zero, limit: 1, remaining: 0, resetAfter: Duration.zero })
            : Effect.andThen(Effect.yieldNow, limiter.consume(options))
      }
      const { client } = scripted(ok(100))
      const budget = { ...perSecond, pool: 1000 }
      const services = yield* Effect.forEach(times(4), () => makeService(client, unlucky, budget))
      yield* Effect.forEach(times(2), () =>
        Effect.forEach(services, ({ info }) => info(id), { concurrency: "unbounded" }))
      const remaining = yield* levelOf(limiter, 1000)
      assert.isTrue(remaining >= 90 && remaining <= 100, String(remaining))
    }))

  it.effect("never raises the estimate: requests under way are not in it yet", () =>
    Effect.gen(function*() {
      const { at, client } = scripted(ok(4000))
      const { info } = yield* makeService(client, yield* makeLimiter, { ...perSecond, pool: 3 })
      yield* inTime(Effect.forEach(times(4), () => info(id)))
      assert.deepStrictEqual(at.map(Math.round), [0, 0, 1, 2])
    }))

  it.effect("with a 429 makes everybody wait, other processes too", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const budget = { ...perSecond, pool: 100 }
      const refused = scripted(tooMany({ "Retry-After": "30" }), ok())
      const calm = scripted(ok())
      const one = yield* makeService(refused.client, limiter, budget)
      const other = yield* makeService(calm.client, limiter, budget)
      const first = yield* Effect.forkChild(one.info(id))
      yield* Effect.yieldNow
      yield* TestClock.adjust("100 millis")
      yield* inTime(Effect.forEach(times(3), () => other.info(id), { concurrency: "unbounded" }))
      yield* Fiber.join(first)
      assert.isAtLeast(Math.min(...calm.at), 30)
    }))

  it.effect("with a 429 lets those who waited come one by one", () =>
    Effect.gen(function*() {
      const { at, client } = scripted(tooMany({ "Retry-After": "10" }), ok())
      const { info } = yield* makeService(client, yield* makeLimiter, { ...perSecond, pool: 100 })
      const first = yield* Effect.forkChild(info(id))
      yield* TestClock.adjust("100 millis")
      yield* inTime(Effect.forEach(times(5), () => info(id), { concurrency: "unbounded" }))
      yield* Fiber.join(first)
      const [, ...after] = at.toSorted((a, b) => a - b)
      after.forEach((time, index) => assert.isAtLeast(time + 0.2, 10 + index))
    }))

  it.effect.each<[string, string]>([
    ["30", "all wait 30 s"],
    ["", "all wait for the pool to refill"]
  ])("with a 429 and a Retry-After of %j is told of, and counted", ([retryAfter, told]) => {
    const { layer, lines } = collecting()
    return Effect.gen(function*() {
      const { client } = scripted(tooMany({ "Retry-After": retryAfter }), ok())
      const { info } = yield* makeService(client, yield* makeLimiter, { ...perSecond, pool: 100 }, {
        retry: { times: 0 }
      })
      yield* Effect.flip(info(id))
      const account = createHash("sha256").update("HRKU-budget").digest("hex").slice(0, 8)
      const excess = 98 + (retryAfter === "" ? 0 : 30)
      assert.deepStrictEqual(lines, [
        "Debug: Heroku client with a request budget, without a response cache",
        `Debug: Heroku has ${excess} requests less for account ${account} than its budget believed`,
        `Info: Heroku refuses further requests of account ${account} (429): ${told}`,
        "Debug: Heroku info: RateLimited in 0 ms"
      ])
      const corrections = (yield* Metric.snapshot).find((metric) => metric.id === "heroku.budget.corrections")
      assert(corrections?.type === "Counter")
      assert.strictEqual(Number(corrections.state.count), excess)
    }).pipe(
      Effect.provide(layer),
      Effect.provideService(References.MinimumLogLevel, "Debug"),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
  })

  it.effect("with a 429 that asks for years stops nobody longer than the pool needs to refill", () =>
    Effect.gen(function*() {
      const { at, client } = scripted(tooMany({ "Retry-After": "999999999" }), ok())
      const { info } = yield* makeService(client, yield* makeLimiter, perSecond)
      yield* Effect.flip(info(id))
      yield* inTime(info(id))
      assert.isAtMost(at[1]!, 7)
    }))

  it.effect("with a 429 makes everybody wait, though the estimate was lowered just before", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const budget = { ...perSecond, pool: 1000 }
      const { info } = yield* makeService(scripted(ok(900)).client, limiter, budget)
      yield* Effect.all([info(id), info(id)])
      assert.isAtMost(yield* levelOf(limiter, 1000), 900)
      const refused = yield* makeService(scripted(tooMany({ "Retry-After": "30" }), ok()).client, limiter, budget)
      const first = yield* Effect.forkChild(refused.info(id))
      yield* TestClock.adjust("100 millis")
      const calm = scripted(ok())
      const other = yield* makeService(calm.client, limiter, budget)
      yield* inTime(other.info(id))
      yield* Fiber.join(first)
      assert.isAtLeast(calm.at[0]!, 30)
    }))

  it.effect("with a 429 makes everybody wait, though others take requests while the bucket is emptied", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      let peeked = 0
      // Twice somebody takes a request between the look at the bucket and what is taken off it.
      const busy: RateLimiter.RateLimiter = {
        ...limiter,
        consume: (options) =>
          Effect.tap(limiter.consume(options), () =>
            options.tokens === 0 && peeked++ < 2
              ? limiter.consume({ ...options, tokens: 1, onExceeded: "delay" })
              : Effect.void)
      }
      const budget = { ...perSecond, pool: 100 }
      const refused = yield* makeService(scripted(tooMany({ "Retry-After": "30" }), ok()).client, busy, budget)
      const first = yield* Effect.forkChild(refused.info(id))
      yield* TestClock.adjust("100 millis")
      const calm = scripted(ok())
      const other = yield* makeService(calm.client, limiter, budget)
      yield* inTime(other.info(id))
      yield* Fiber.join(first)
      assert.isAbove(peeked, 2)
      assert.isAtLeast(calm.at[0]!, 30)
    }))
})

describe("priority", () => {
  it.effect("bulk work leaves the reserve alone", () =>
    Effect.gen(function*() {
      const { client, seen } = yield* makeHeroku()
      const { info } = yield* makeService(client, yield* makeLimiter, { ...perSecond, reserve: 2 })
      const bulk = yield* Effect.forkChild(
        Effect.forEach(times(6), () => info(id)).pipe(RequestBudget.withPriority("bulk"))
      )
      yield* TestClock.adjust("500 millis")
      assert.lengthOf(seen, 2)
      // What is left is there at once for somebody who waits.
      yield* Effect.all([info(id), info(id)])
      assert.lengthOf(seen, 4)
      yield* inTime(Fiber.join(bulk))
      assert.deepStrictEqual(statuses(seen), times(8).map(() => 200))
    }))

  it.effect("interactive requests pass bulk ones that came before", () =>
    Effect.gen(function*() {
      const { client } = yield* makeHeroku()
      const { info } = yield* makeService(client, yield* makeLimiter)
      const order: Array<string> = []
      const call = (name: RequestBudget.Priority) =>
        Effect.forkChild(
          Effect.andThen(info(id), Effect.sync(() => order.push(name))).pipe(RequestBudget.withPriority(name))
        )
      yield* Effect.forEach(times(4), () => info(id))
      const fibers = [yield* call("bulk"), yield* call("bulk"), yield* call("interactive"), yield* call("interactive")]
      yield* inTime(Fiber.joinAll(fibers), 10)
      assert.deepStrictEqual(order, ["interactive", "interactive", "bulk", "bulk"])
    }))

  it.effect("lists are bulk where nothing else is said", () =>
    Effect.gen(function*() {
      const { client, seen } = yield* makeHeroku()
      const { info, list } = yield* makeService(client, yield* makeLimiter, { ...perSecond, reserve: 4 })
      yield* list()
      const second = yield* Effect.forkChild(list())
      yield* TestClock.adjust("100 millis")
      assert.lengthOf(seen, 1)
      yield* info(id)
      yield* list().pipe(RequestBudget.withPriority("interactive"))
      assert.lengthOf(seen, 3)
      yield* inTime(Fiber.join(second))
    }))
})

describe("waiting", () => {
  it.effect("for longer than allowed fails at once with the wait, sends nothing, and is not repeated", () =>
    Effect.gen(function*() {
      const { at, client } = scripted(ok())
      const { info } = yield* makeService(client, yield* makeLimiter, {
        pool: 1,
        refillPerMinute: 1,
        maxWait: "30 seconds"
      })
      yield* info(id)
      const error = yield* Effect.flip(info(id))
      assert.strictEqual(error._tag, "RateLimited")
      if (error._tag !== "RateLimited") return
      assert.deepStrictEqual(Option.map(error.retryAfter, Duration.toSeconds), Option.some(60))
      assert.match(error.message, /could be sent in 60 s\. Nothing was sent/)
      assert.lengthOf(at, 1)
    }))

  it.effect("that is refused says so in the error, and is counted", () =>
    Effect.gen(function*() {
      const { client } = scripted(ok())
      const { create, info } = yield* makeService(client, yield* makeLimiter, {
        pool: 1,
        refillPerMinute: 0.4
      })
      yield* info(id)
      const error = yield* Effect.flip(create({ scope: ["read"] }))
      assert.deepStrictEqual(
        { ...error },
        {
          ...new RateLimited({
            operation: "create",
            status: 429,
            message: "The request budget of the account is spent: the next request could be sent in 150 s. "
              + "Nothing was sent",
            errorId: Option.none(),
            requestId: Option.none(),
            documentationUrl: Option.none(),
            afterUnknownOutcome: false,
            retryAfter: Option.some(Duration.seconds(150))
          })
        }
      )
      yield* Effect.flip(info(id).pipe(RequestBudget.withPriority("bulk")))
      const counted = (yield* Metric.snapshot).flatMap((metric) =>
        metric.id === "heroku.budget.refusals" && metric.type === "Counter"
          ? [[metric.attributes?.["priority"], Number(metric.state.count)]]
          : []
      )
      assert.sameDeepMembers(counted, [["interactive", 1], ["bulk", 1]])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))

  it.effect("is told of once a minute, with how long the next request waits", () => {
    const { layer, lines } = collecting()
    return Effect.gen(function*() {
      const { client } = scripted(ok())
      const { info } = yield* makeService(client, yield* makeLimiter, { pool: 1, refillPerMinute: 2 })
      yield* inTime(Effect.forEach(times(4), () => info(id)), 100)
      const account = createHash("sha256").update("HRKU-budget").digest("hex").slice(0, 8)
      const line = `Info: The request budget of account ${account} is spent: requests wait, the next 30.0 s`
      // Those after 30 and 60 seconds; the third wait begins a minute after the first.
      assert.deepStrictEqual(lines, [line, line])
    }).pipe(Effect.provide(layer))
  })

  it.effect("ends when a request has come back, also after a fraction of a millisecond; so short it is not told of", () => {
    const { layer, lines } = collecting()
    return Effect.gen(function*() {
      const { at, client } = scripted(ok())
      const { info } = yield* makeService(client, yield* makeLimiter, { pool: 1, refillPerMinute: 61 })
      yield* inTime(Effect.forEach(times(4), () => info(id)), 10)
      at.forEach((time, index) => assert.approximately(time, index * 60 / 61, 0.01))
      assert.deepStrictEqual(lines, [])
    }).pipe(Effect.provide(layer))
  })

  it.effect("counts those ahead in the queue", () =>
    Effect.gen(function*() {
      const { client } = scripted(ok())
      const { info } = yield* makeService(client, yield* makeLimiter, { ...perSecond, pool: 1, maxWait: "3500 millis" })
      const calls = yield* Effect.forEach(times(7), () => Effect.forkChild(Effect.exit(info(id))))
      yield* TestClock.adjust(0)
      const refused = calls.filter((fiber) => fiber.pollUnsafe() !== undefined)
      // One was sent, three wait, and the others would have to wait longer.
      assert.lengthOf(refused, 4)
      const exits = yield* inTime(Fiber.joinAll(calls), 10)
      assert.lengthOf(exits.filter(Exit.isSuccess), 4)
    }))

  it.effect("goes on for as long as it takes where the program says so", () =>
    Effect.gen(function*() {
      const { at, client } = scripted(ok())
      const budget = { pool: 1, refillPerMinute: 1, maxWait: Duration.infinity }
      const { info } = yield* makeService(client, yield* makeLimiter, budget)
      yield* inTime(Effect.forEach(times(4), () => info(id), { concurrency: "unbounded" }), 200)
      assert.deepStrictEqual(at.map(Math.round), [0, 60, 120, 180])
    }))

  it.effect("leaves nothing behind when it is interrupted", () =>
    Effect.gen(function*() {
      const { at, client } = scripted(ok())
      const { info } = yield* makeService(client, yield* makeLimiter, { ...perSecond, pool: 1 })
      yield* info(id)
      const given = yield* Effect.forEach(times(10), () => Effect.forkChild(info(id)))
      yield* TestClock.adjust("500 millis")
      yield* Fiber.interruptAll(given)
      yield* inTime(info(id), 3)
      assert.lengthOf(at, 2)
      assert.approximately(at[1]!, 1, 0.2)
    }))

  it.effect("is a span, and in the metrics; a request that waits for nothing has none", () =>
    Effect.gen(function*() {
      const spans: Array<Tracer.NativeSpan> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      const { client } = scripted(ok(7))
      const { info } = yield* makeService(client, yield* makeLimiter, { ...perSecond, pool: 1 })
      yield* inTime(Effect.forEach(times(2), () => info(id)), 3).pipe(Effect.provideService(Tracer.Tracer, tracer))
      const waits = spans.filter(({ name }) => name === "RequestBudget.wait")
      assert.lengthOf(waits, 1)
      assert.deepStrictEqual(Object.fromEntries(waits[0]!.attributes), {
        "heroku.budget.priority": "interactive",
        "heroku.budget.ahead": 0
      })
      const metrics = yield* Metric.snapshot
      const found = (id: string) => metrics.find((metric) => metric.id === id)
      const wait = found("heroku.budget.wait")
      assert.isTrue(wait?.type === "Histogram" && wait.state.count === 1 && wait.state.max >= 0.9)
      const remaining = found("heroku.budget.remaining")
      assert.isTrue(remaining?.type === "Gauge" && remaining.state.value === 7)
      assert.match(String(remaining?.attributes?.["account"]), /^[0-9a-f]{8}$/)
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))

  it.effect.each<RequestBudget.Priority>(["bulk", "interactive"])(
    "for what Heroku says takes nothing of the bucket, however often it asks: %s",
    (priority) =>
      Effect.gen(function*() {
        const limiter = yield* makeLimiter
        const { client } = scripted(ok(0), ok())
        const { info } = yield* makeService(client, justCorrected(limiter), { ...perSecond, pool: 1000 })
        yield* info(id)
        const before = yield* levelOf(limiter, 1000)
        const waiting = yield* Effect.forkChild(info(id).pipe(RequestBudget.withPriority(priority)))
        yield* Effect.yieldNow
        assert.strictEqual(yield* levelOf(limiter, 1000), before)
        yield* inTime(Fiber.join(waiting), 3)
      })
  )
})

// -----------------------------------------------------------------------------
// Stores that fail
// -----------------------------------------------------------------------------

/** A limiter whose store can be made to fail, or to be silent. */
const makeFragile = Effect.map(makeLimiter, (limiter) => {
  const state: { condition: "well" | "failing" | "silent" } = { condition: "well" }
  const fragile: RateLimiter.RateLimiter = {
    ...limiter,
    consume: (options) =>
      Effect.suspend(() => {
        switch (state.condition) {
          case "well":
            return limiter.consume(options)
          case "failing":
            return Effect.fail(
              new RateLimiter.RateLimiterError({
                reason: new RateLimiter.RateLimitStoreError({
                  message: "Failed to execute",
                  cause: new Error("The client is offline")
                })
              })
            )
          case "silent":
            return Effect.never
        }
      })
  }
  return { state, limiter: fragile }
})

const collecting = () => {
  const lines: Array<string> = []
  const layer = Logger.layer([Logger.make(({ logLevel, message }) => {
    lines.push(`${logLevel}: ${String(message)}`)
  })])
  return { lines, layer }
}

describe("a store out of reach", () => {
  it.effect("is replaced by a budget of this process, with one warning and a metric, until it answers again", () =>
    Effect.gen(function*() {
      const { client, seen } = yield* makeHeroku({ rateLimit: 20 })
      const { limiter, state } = yield* makeFragile
      const { layer, lines } = collecting()
      yield* Effect.gen(function*() {
        const { info } = yield* makeService(client, limiter, { ...perSecond, pool: 20 })
        yield* info(id)
        state.condition = "failing"
        yield* Effect.forEach(times(3), () => info(id))
        assert.lengthOf(seen, 4)
        assert.lengthOf(lines, 1)
        assert.match(lines[0]!, /^Warn: .*out of reach.*100 % of the pool.*The client is offline/)
        state.condition = "well"
        yield* TestClock.adjust("1 second")
        assert.match(lines[1]!, /^Info: .*answers again/)
        yield* Effect.forEach(times(3), () => info(id))
        assert.lengthOf(lines, 2)
      }).pipe(Effect.provide(layer))
      assert.deepStrictEqual(statuses(seen), times(7).map(() => 200))
      const fallbacks = (yield* Metric.snapshot).find((metric) => metric.id === "heroku.budget.fallbacks")
      assert.isTrue(fallbacks?.type === "Counter" && Number(fallbacks.state.count) === 1)
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))

  it.effect.each<[string, unknown, string]>([
    ["without cause", undefined, "Failed to execute"],
    ["with the cause of an error", new Error("offline"), "Failed to execute (offline)"],
    ["with the cause of its cause", new Error("outer", { cause: new Error("inner") }), "Failed to execute (inner)"],
    ["with a cause that is no error", "offline", "Failed to execute"],
    ["with a cause that says nothing", new Error(""), "Failed to execute"]
  ])("is told of with what it said: %s", ([, cause, said]) => {
    const { layer, lines } = collecting()
    return Effect.gen(function*() {
      const limiter: RateLimiter.RateLimiter = {
        ...(yield* makeLimiter),
        consume: () =>
          Effect.fail(
            new RateLimiter.RateLimiterError({
              reason: new RateLimiter.RateLimitStoreError({ message: "Failed to execute", cause })
            })
          )
      }
      const { info } = yield* makeService(scripted(ok()).client, limiter)
      yield* info(id)
      assert.deepStrictEqual(lines, [
        "Warn: The store of the request budget is out of reach; "
        + `until it answers, this process keeps a budget of its own (100 % of the pool): ${said}`
      ])
    }).pipe(Effect.provide(layer))
  })

  it.effect("that is silent is waited for less than half a second, and by nobody afterwards", () =>
    Effect.gen(function*() {
      const { at, client } = scripted(ok())
      const { limiter, state } = yield* makeFragile
      state.condition = "silent"
      const { info } = yield* makeService(client, limiter)
      const fibers = yield* Effect.forEach(times(3), () => Effect.forkChild(info(id)))
      for (let step = 0; step < 49; step++) yield* TestClock.adjust("10 millis")
      yield* Fiber.joinAll(fibers)
      yield* info(id)
      assert.deepStrictEqual(at, [0.4, 0.4, 0.4, 0.49])
    }).pipe(Effect.provide(collecting().layer)))

  it.effect("leaves this process the part of the pool that it may use", () =>
    Effect.gen(function*() {
      const { at, client } = scripted(ok())
      const { limiter, state } = yield* makeFragile
      state.condition = "failing"
      const { info } = yield* makeService(client, limiter, {
        pool: 8,
        refillPerMinute: 60,
        reserve: 0,
        localShare: 0.25
      })
      yield* inTime(Effect.forEach(times(4), () => info(id)), 20)
      assert.deepStrictEqual(at.map(Math.round), [0, 0, 4, 8])
    }).pipe(Effect.provide(collecting().layer)))

  it.effect("does not make this process forget what it knew", () =>
    Effect.gen(function*() {
      const { at, client } = scripted(ok())
      const { limiter, state } = yield* makeFragile
      const { info } = yield* makeService(client, limiter)
      yield* Effect.forEach(times(4), () => info(id))
      state.condition = "failing"
      yield* inTime(info(id), 3)
      assert.isAtLeast(at[4]!, 0.9)
    }).pipe(Effect.provide(collecting().layer)))

  it.effect("that comes back without its memory is told what this process knows", () =>
    Effect.gen(function*() {
      const { client, seen } = yield* makeHeroku()
      const stores = [yield* makeLimiter, yield* makeLimiter]
      let current = stores[0]!
      const forgetful: RateLimiter.RateLimiter = { ...current, consume: (options) => current.consume(options) }
      const services = [yield* makeService(client, forgetful), yield* makeService(client, forgetful)]
      yield* inTime(
        Effect.forEach(services, ({ info }) => Effect.forEach(times(6), () => info(id)), {
          concurrency: "unbounded"
        }),
        12
      )
      // Half spent, so that each has an idea of what is left.
      yield* Effect.forEach(services, ({ info }) => Effect.all([info(id), info(id)], { concurrency: 2 }))
      current = stores[1]!
      yield* inTime(
        Effect.forEach(services, ({ info }) => Effect.forEach(times(5), () => info(id)), {
          concurrency: "unbounded"
        }),
        30
      )
      assert.lengthOf(statuses(seen).filter((status) => status === 200), 26)
      // Without what they know there would be five. None knows what the others did since its last request.
      assert.isAtMost(statuses(seen).filter((status) => status === 429).length, 1)
    }))

  it.effect("fails requests where the program wants that, and nothing is sent", () => {
    const { layer, lines } = collecting()
    return Effect.gen(function*() {
      const { at, client } = scripted(ok())
      const { limiter, state } = yield* makeFragile
      const { create } = yield* makeService(client, limiter, { ...perSecond, withoutStore: "fail" })
      state.condition = "failing"
      const error = yield* Effect.flip(create({ scope: ["read"] }))
      assert.strictEqual(error._tag, "RequestFailed")
      if (error._tag !== "RequestFailed") return
      assert.deepStrictEqual([error.operation, error.reason, error.outcomeUnknown, at], [
        "create",
        "request",
        false,
        []
      ])
      assert.strictEqual(error.message, "The store of the request budget is out of reach, so nothing was sent")
      assert.deepStrictEqual(lines, [
        "Warn: The store of the request budget is out of reach; requests fail until it answers: "
        + "Failed to execute (The client is offline)"
      ])
    }).pipe(Effect.provide(layer))
  })
})

// -----------------------------------------------------------------------------
// One account, to the request
// -----------------------------------------------------------------------------

const small = { pool: 10, refillPerMinute: 60, reserve: 4, maxWait: 1 }

/** The budget of an account, as a process of its own has it. */
const makeAccount = (limiter: RateLimiter.RateLimiter, options: RequestBudget.Options = small, of = token) =>
  Effect.map(
    Layer.build(
      Layer.fresh(RequestBudget.layer(options)).pipe(
        Layer.provide(Layer.succeed(RateLimiter.RateLimiter, limiter))
      )
    ),
    (context) => Context.get(context, RequestBudget.RequestBudget).forToken(of)
  )

/** Takes requests until one would have to wait: how many there were, and for how many seconds that one. */
const spend = (account: RequestBudget.AccountBudget, priority: RequestBudget.Priority = "interactive") =>
  Effect.gen(function*() {
    for (let count = 0; count < 100; count++) {
      const taken = yield* Effect.result(account.take("info", false).pipe(RequestBudget.withPriority(priority)))
      if (Result.isSuccess(taken)) continue
      assert(taken.failure._tag === "RateLimited")
      return [count, Option.getOrThrow(Option.map(taken.failure.retryAfter, Duration.toSeconds))]
    }
    return [100, 0]
  })

const said = (remaining: number, sentAt = 0): RequestBudget.PoolAnswer => ({
  status: 200,
  remaining: Option.some(remaining),
  retryAfter: Option.none(),
  sentAt
})

const refused = (seconds = 0): RequestBudget.PoolAnswer => ({
  status: 429,
  remaining: Option.none(),
  retryAfter: seconds === 0 ? Option.none() : Option.some(Duration.seconds(seconds)),
  sentAt: 0
})

/** What the bucket of an account holds. */
const remainingOf = (limiter: RateLimiter.RateLimiter, of = token, limit = 6) =>
  Effect.map(
    limiter.consume({
      algorithm: "token-bucket",
      key: `heroku:${createHash("sha256").update(Redacted.value(of)).digest("hex")}`,
      limit,
      window: Duration.seconds(limit),
      tokens: 0,
      onExceeded: "delay"
    }),
    ({ remaining }) => remaining
  )

/** A limiter of which somebody else takes a request whenever anybody looks at a bucket, and how often that was. */
const makeBusy = (limiter: RateLimiter.RateLimiter) => {
  const state = { looks: 0 }
  const busy: RateLimiter.RateLimiter = {
    ...limiter,
    consume: (options) =>
      Effect.tap(limiter.consume(options), () =>
        // It ends some time, and so does who looks until it does.
        options.tokens === 0 && state.looks++ < 20
          ? limiter.consume({ ...options, tokens: 1, onExceeded: "delay" })
          : Effect.void)
  }
  return { state, limiter: busy }
}

describe("an account", () => {
  it.effect("has its pool but one for who waits, and for bulk work that without the reserve", () =>
    Effect.gen(function*() {
      const account = yield* makeAccount(yield* makeLimiter)
      assert.deepStrictEqual(yield* spend(account, "bulk"), [5, 1])
      assert.deepStrictEqual(yield* spend(account), [4, 1])
    }))

  it.effect.each<[number, RequestBudget.Priority, ReadonlyArray<number>, number]>([
    [3, "interactive", [3, 1], -4],
    [1, "interactive", [1, 1], -4],
    [0, "interactive", [0, 1], -4],
    [3, "bulk", [0, 2], -1],
    [4, "bulk", [0, 1], 0],
    [5, "bulk", [1, 1], 0]
  ])("that has %d left, as Heroku said, gives so many to %s work, and its bucket is put right", (
    [remaining, priority, expected, level]
  ) =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const account = yield* makeAccount(limiter)
      yield* account.learn(said(remaining))
      assert.deepStrictEqual([yield* spend(account, priority), yield* remainingOf(limiter)], [expected, level])
    }))

  it.effect("whose bucket others have just put right counts by itself what it has left, and takes it off", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const account = yield* makeAccount(justCorrected(limiter))
      yield* account.learn(said(3))
      assert.deepStrictEqual([yield* spend(account), yield* remainingOf(limiter)], [[3, 1], 2])
    }))

  it.effect("that has nothing left takes nothing of its bucket, also when that is overdrawn", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const other = yield* makeAccount(limiter)
      yield* Effect.forEach(times(7), () => other.take("info", false))
      const account = yield* makeAccount(justCorrected(limiter))
      yield* account.learn(said(0))
      assert.deepStrictEqual([yield* spend(account), yield* remainingOf(limiter)], [[0, 1], -2])
    }))

  it.effect("that is refused looks five times at a bucket that others take from, and then takes off the pause alone", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const busy = makeBusy(limiter)
      const account = yield* makeAccount(busy.limiter, { ...perSecond, pool: 100 })
      yield* account.learn(refused(30))
      assert.strictEqual(busy.state.looks, 5)
      assert.strictEqual(yield* remainingOf(limiter, token, 99), 99 - 5 - 30)
    }))

  it.effect("of whose bucket nothing could be taken off does not tell of it", () => {
    const { layer, lines } = collecting()
    return Effect.gen(function*() {
      const account = yield* makeAccount(makeBusy(yield* makeLimiter).limiter, { ...perSecond, pool: 100 })
      yield* account.learn(refused())
      assert.deepStrictEqual(lines, [])
    }).pipe(Effect.provide(layer), Effect.provideService(References.MinimumLogLevel, "Debug"))
  })

  it.effect("has keys that stay the same: processes of all versions share them", () =>
    Effect.gen(function*() {
      const keys = new Set<string>()
      const limiter = yield* makeLimiter
      const account = yield* makeAccount({
        ...limiter,
        consume: (options) =>
          Effect.suspend(() => {
            keys.add(options.key)
            return limiter.consume(options)
          })
      })
      yield* account.learn(said(3))
      yield* account.take("info", false)
      yield* account.learn(refused())
      const hash = createHash("sha256").update("HRKU-budget").digest("hex")
      assert.deepStrictEqual([...keys], [`heroku:${hash}`, `heroku:${hash}:estimate`, `heroku:${hash}:refusal`])
    }))

  it.effect("gets back what came back while an answer was under way", () =>
    Effect.gen(function*() {
      const account = yield* makeAccount(yield* makeLimiter)
      yield* TestClock.adjust("5 seconds")
      yield* account.learn(said(0, 2000))
      assert.deepStrictEqual(yield* spend(account), [3, 1])
    }))

  it.effect("is told apart from others by corrections as well", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const other = Redacted.make("HRKU-other")
      yield* (yield* makeAccount(limiter)).learn(refused())
      yield* (yield* makeAccount(limiter, small, other)).learn(refused())
      assert.deepStrictEqual([yield* remainingOf(limiter), yield* remainingOf(limiter, other)], [-4, -4])
    }))

  it.effect("that is refused in two processes at once is put right once, and its store is not lost", () => {
    const { layer, lines } = collecting()
    return Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const accounts = [yield* makeAccount(limiter), yield* makeAccount(limiter)]
      yield* Effect.forEach(accounts, ({ learn }) => learn(refused(30)))
      // A pause is no longer than the whole pool needs to come back.
      assert.strictEqual(yield* remainingOf(limiter), -14)
      assert.lengthOf(lines, 1)
      assert.match(lines[0]!, /^Info: Heroku refuses further requests/)
    }).pipe(Effect.provide(layer))
  })

  it.effect("that is refused again while it waits is not put right again, and not told of", () => {
    const { layer, lines } = collecting()
    return Effect.gen(function*() {
      const account = yield* makeAccount(yield* makeLimiter)
      yield* account.learn(refused(30))
      yield* TestClock.adjust("2 seconds")
      yield* account.learn(refused())
      yield* account.learn(refused(28))
      assert.lengthOf(lines.filter((line) => line.includes("requests less")), 1)
      assert.lengthOf(lines.filter((line) => line.includes("refuses further requests")), 1)
    }).pipe(Effect.provide(layer), Effect.provideService(References.MinimumLogLevel, "Debug"))
  })

  it.effect("that is refused for longer than before waits for longer", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const account = yield* makeAccount(limiter)
      yield* account.learn(refused(5))
      yield* TestClock.adjust("2 seconds")
      yield* account.learn(refused(8))
      assert.strictEqual(yield* remainingOf(limiter), -12)
    }))

  it.effect("that is refused while the store is out of reach waits all the same", () => {
    const { layer, lines } = collecting()
    return Effect.gen(function*() {
      const { limiter, state } = yield* makeFragile
      const account = yield* makeAccount(limiter)
      state.condition = "failing"
      yield* account.learn(refused(5))
      assert.lengthOf(lines, 1)
      assert.deepStrictEqual(yield* spend(account), [0, 7])
    }).pipe(Effect.provide(layer))
  })

  it.effect("knows from its bucket what others have spent, also when the bucket is lost", () =>
    Effect.gen(function*() {
      const stores = [yield* makeLimiter, yield* makeLimiter]
      let current = stores[0]!
      const forgetful: RateLimiter.RateLimiter = { ...current, consume: (options) => current.consume(options) }
      const [one, other] = [yield* makeAccount(forgetful), yield* makeAccount(forgetful)]
      for (let count = 0; count < 7; count++) yield* one.take("info", false)
      yield* other.take("info", false)
      current = stores[1]!
      // Two are left of the pool, of which one is never used.
      assert.deepStrictEqual(yield* spend(other), [1, 1])
    }))

  it.effect("without the store has its share, of what is left", () =>
    Effect.gen(function*() {
      const { limiter, state } = yield* makeFragile
      state.condition = "failing"
      const account = yield* makeAccount(limiter, { ...small, pool: 20, localShare: 0.5 })
      assert.deepStrictEqual(yield* spend(account, "bulk"), [8, 2])
      assert.deepStrictEqual(yield* spend(account), [2, 2])
      const learnt = yield* makeAccount(limiter, { ...small, pool: 20, localShare: 0.5 })
      yield* learnt.learn(said(7))
      assert.deepStrictEqual(yield* spend(learnt), [3, 2])
    }).pipe(Effect.provide(collecting().layer)))

  it.effect("is with its store again once that answers", () =>
    Effect.gen(function*() {
      const { limiter, state } = yield* makeFragile
      const account = yield* makeAccount(limiter)
      state.condition = "failing"
      yield* account.take("info", false)
      state.condition = "well"
      yield* TestClock.adjust("1 second")
      yield* account.take("info", false)
      assert.strictEqual(yield* remainingOf(limiter), 4)
    }).pipe(Effect.provide(collecting().layer)))

  it.effect("that is refused meanwhile lets nobody in the queue wait who would wait too long", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      const account = yield* makeAccount(yield* makeLimiter, { pool: 100, refillPerMinute: 60, maxWait: "30 seconds" })
      yield* Effect.forEach(times(99), () => account.take("info", false))
      const waiting = yield* Effect.forkChild(Effect.flip(account.take("info", false)))
      yield* TestClock.adjust("500 millis")
      yield* account.learn({ ...refused(60), sentAt: yield* Clock.currentTimeMillis })
      yield* TestClock.adjust("600 millis")
      assert.isDefined(waiting.pollUnsafe())
      assert.strictEqual((yield* Fiber.join(waiting))._tag, "RateLimited")
    }))

  it.effect("lets nobody wait for longer than allowed for a store that is slow", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      const { limiter, state } = yield* makeFragile
      const account = yield* makeAccount(limiter, {
        pool: 1,
        refillPerMinute: 60,
        maxWait: "2 seconds",
        storeTimeout: "1 minute"
      })
      yield* account.take("info", false)
      const waiting = yield* Effect.forkChild(Effect.flip(account.take("info", false)))
      yield* TestClock.adjust("500 millis")
      state.condition = "silent"
      yield* TestClock.adjust("1500 millis")
      const error = yield* Fiber.join(waiting)
      assert(error._tag === "RateLimited")
      assert.deepStrictEqual(error.retryAfter, Option.some(Duration.seconds(1)))
    }))

  it.effect("lets wait for exactly as long as allowed, no matter when, and tells of a whole second", () => {
    const { layer, lines } = collecting()
    return Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      const account = yield* makeAccount(yield* makeLimiter, { ...small, reserve: 0, pool: 1, maxWait: "3 seconds" })
      yield* account.take("info", false)
      const calls = yield* Effect.forEach(times(4), () => Effect.forkChild(Effect.exit(account.take("info", false))))
      yield* TestClock.adjust(0)
      assert.lengthOf(calls.filter((fiber) => fiber.pollUnsafe() === undefined), 3)
      assert.lengthOf(lines, 1)
      yield* TestClock.adjust("1500 millis")
      const waits = (yield* Metric.snapshot).find((metric) => metric.id === "heroku.budget.wait")
      assert.isTrue(waits?.type === "Histogram" && waits.state.count === 1 && waits.state.max < 1.1)
      yield* TestClock.adjust("1 minute")
    }).pipe(Effect.provide(layer), Effect.provideService(Metric.MetricRegistry, new Map()))
  })

  it.effect("tells in a span how many are ahead: for bulk work those who wait as well", () =>
    Effect.gen(function*() {
      const ahead: Array<unknown> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          const attribute = span.attribute.bind(span)
          span.attribute = (key, value) => {
            if (key === "heroku.budget.ahead") ahead.push(value)
            attribute(key, value)
          }
          return span
        }
      })
      const account = yield* makeAccount(yield* makeLimiter, { ...perSecond, pool: 1 })
      yield* account.take("info", false)
      const call = (priority: RequestBudget.Priority) =>
        Effect.andThen(
          Effect.forkChild(account.take("info", false).pipe(RequestBudget.withPriority(priority))),
          TestClock.adjust(0)
        )
      yield* Effect.forEach(["bulk", "interactive", "interactive", "bulk", "interactive"] as const, call).pipe(
        Effect.provideService(Tracer.Tracer, tracer)
      )
      assert.deepStrictEqual(ahead, [0, 0, 1, 3, 2])
    }))
})
