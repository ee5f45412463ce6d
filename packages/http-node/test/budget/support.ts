/** Budgets of an account over limiters that work, fail or hang. */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as RequestBudget from "@effect-heroku/http-node/RequestBudget"
import * as payloads from "@effect-heroku/test-kit/payloads"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { createHash } from "node:crypto"

export const token = Redacted.make("HRKU-budget")
export const id = AuthorizationId.make(payloads.full.id)

/** The key of a token's bucket. */
export const keyOf = (of = token): string => `heroku:${createHash("sha256").update(Redacted.value(of)).digest("hex")}`

/** A pool of five, one of which is the margin, and one request back every second. */
export const perSecond = { pool: 5, refillPerMinute: 60, reserve: 0 }

/** The same with a pool of ten, four of them in reserve, and a `maxWait` of 1 ms. */
export const impatient = { pool: 10, refillPerMinute: 60, reserve: 4, maxWait: 1 }

export const times = (count: number) => Array.from({ length: count }, (_, index) => index)

export const makeLimiter = Effect.provide(RateLimiter.make, Layer.fresh(RateLimiter.layerStoreMemory))

const layerOver = (limiter: RateLimiter.RateLimiter, options: RequestBudget.Options) =>
  Layer.fresh(RequestBudget.layer(options)).pipe(Layer.provide(Layer.succeed(RateLimiter.RateLimiter, limiter)))

/** Builds the budget of an account as a process of its own has it. */
export const makeAccount = (
  limiter: RateLimiter.RateLimiter,
  options: RequestBudget.Options = perSecond,
  of = token
) =>
  Effect.map(
    Layer.build(layerOver(limiter, options)),
    (context) => Context.get(context, RequestBudget.RequestBudget).forToken(of)
  )

/** Builds a service as a process of its own has it. */
export const makeService = (
  client: HttpClient.HttpClient,
  limiter: RateLimiter.RateLimiter,
  budget: RequestBudget.Options = perSecond,
  options: Partial<HttpAuthorizationService.Options> = {}
) =>
  Effect.map(
    Layer.build(
      Layer.fresh(HttpAuthorizationService.layerBudgeted({ token, ...options })).pipe(
        Layer.provide([Layer.succeed(HttpClient.HttpClient, client), layerOver(limiter, budget)])
      )
    ),
    Context.get(AuthorizationService)
  )

/** Takes a permit of a priority. */
export const take = (account: RequestBudget.AccountBudget, priority: RequestBudget.Priority = "interactive") =>
  account.take("info", false).pipe(RequestBudget.withPriority(priority))

/** Takes permits until a request is rejected; returns how many there were, and the seconds until the next. */
export const takeAll = (account: RequestBudget.AccountBudget, priority: RequestBudget.Priority = "interactive") =>
  Effect.gen(function*() {
    for (let count = 0; count < 200; count++) {
      const taken = yield* Effect.result(take(account, priority))
      if (Result.isSuccess(taken)) continue
      if (taken.failure._tag !== "RateLimited") return yield* Effect.die(taken.failure)
      return [count, Option.getOrThrow(Option.map(taken.failure.retryAfter, Duration.toSeconds))]
    }
    return [200, 0]
  })

/** A response of 200 that reports how many requests remain. */
export const remains = (remaining: number, sentAt = 0): RequestBudget.RateLimitResponse => ({
  status: 200,
  remaining: Option.some(remaining),
  retryAfter: Option.none(),
  sentAt
})

/** A response of 429, with a `Retry-After` unless it is zero. */
export const tooMany = (seconds = 0, sentAt = 0): RequestBudget.RateLimitResponse => ({
  status: 429,
  remaining: Option.none(),
  retryAfter: seconds === 0 ? Option.none() : Option.some(Duration.seconds(seconds)),
  sentAt
})

/** Reads how many tokens the bucket of an account holds, with one back every second. */
export const levelOf = (limiter: RateLimiter.RateLimiter, capacity: number, of = token) =>
  Effect.map(
    limiter.consume({
      algorithm: "token-bucket",
      key: keyOf(of),
      limit: capacity,
      window: Duration.seconds(capacity),
      tokens: 0,
      onExceeded: "delay"
    }),
    ({ remaining }) => remaining
  )

/** The time of the test clock in seconds. */
export const seconds = Effect.map(Clock.currentTimeMillis, (millis) => millis / 1000)

/** Reads the state of a metric, by the values of its attributes. */
export const metricOf = (id: string) =>
  Effect.map(Metric.snapshot, (metrics) =>
    metrics.filter((metric) => metric.id === id).map((metric) => ({
      attributes: Object.values(metric.attributes ?? {}),
      state: metric.state
    })))

/** A limiter that records the options of each call. */
export const recording = (limiter: RateLimiter.RateLimiter) => {
  const calls: Array<Parameters<RateLimiter.RateLimiter["consume"]>[0]> = []
  const recorder: RateLimiter.RateLimiter = {
    ...limiter,
    consume: (options) => Effect.andThen(Effect.sync(() => calls.push(options)), limiter.consume(options))
  }
  return { calls, limiter: recorder }
}

/** A limiter as it is when another process has just corrected the bucket, so that no other may. */
export const justCorrected = (limiter: RateLimiter.RateLimiter): RateLimiter.RateLimiter => ({
  ...limiter,
  consume: (options) => limiter.consume(options.algorithm === "fixed-window" ? { ...options, tokens: 2 } : options)
})

/** A limiter from which another process takes a permit after each of the first reads of a bucket. */
export const contended = (limiter: RateLimiter.RateLimiter, rounds: number) => {
  const state = { reads: 0 }
  const busy: RateLimiter.RateLimiter = {
    ...limiter,
    consume: (options) =>
      Effect.tap(limiter.consume(options), () =>
        options.tokens === 0 && state.reads++ < rounds
          ? limiter.consume({ ...options, tokens: 1, onExceeded: "delay" })
          : Effect.void)
  }
  return { state, limiter: busy }
}

/** A limiter whose store can respond with a delay, in milliseconds. */
export const makeSlow = Effect.map(makeLimiter, (limiter) => {
  const state = { delay: 0 }
  const slow: RateLimiter.RateLimiter = {
    ...limiter,
    consume: (options) =>
      Effect.tap(limiter.consume(options), () => state.delay === 0 ? Effect.void : Effect.sleep(state.delay))
  }
  return { state, limiter: slow }
})

/** The error of a store that is offline. */
export const storeError = (cause: unknown = new Error("The client is offline")) =>
  new RateLimiter.RateLimiterError({
    reason: new RateLimiter.RateLimitStoreError({ message: "Failed to execute", cause })
  })

/** A limiter whose store can fail, or hang, for all keys or for some. */
export const makeFragile = Effect.map(makeLimiter, (limiter) => {
  const state: { condition: "well" | "failing" | "hanging"; affects: (key: string) => boolean } = {
    condition: "well",
    affects: () => true
  }
  const fragile: RateLimiter.RateLimiter = {
    ...limiter,
    consume: (options) =>
      Effect.suspend(() => {
        if (state.condition === "well" || !state.affects(options.key)) return limiter.consume(options)
        return state.condition === "failing" ? Effect.fail(storeError()) : Effect.never
      })
  }
  return { state, limiter: fragile }
})
