/**
 * Keeps all clients of an account under its rate limit, in one process or across processes that share a store.
 *
 * The buckets are those of Effect's `RateLimiter`. `RequestBudget` adds what Heroku's rate limit needs: corrections from
 * responses, priorities, and a local budget while the store is unavailable. The layers named `layerBudgeted` take a permit
 * from it before each attempt.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#rate-limits
 */
import { RateLimited, RequestFailed } from "@effect-heroku/core/AuthorizationError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redacted from "effect/Redacted"
import { createHash } from "node:crypto"
import * as Bucket from "./internal/budget/bucket.ts"
import * as FallbackRateLimiter from "./internal/budget/fallbackRateLimiter.ts"
import * as Metrics from "./internal/budget/metrics.ts"
import { type Options, resolve, type Settings } from "./internal/budget/options.ts"
import * as Queue from "./internal/budget/queue.ts"
import { type AccountBudget, CurrentPriority, type Priority, RequestBudget } from "./internal/budget/service.ts"

export type { Options } from "./internal/budget/options.ts"
export {
  type AccountBudget,
  CurrentPriority,
  type Priority,
  type RateLimitResponse,
  RequestBudget,
  type Service,
  withPriority
} from "./internal/budget/service.ts"

/**
 * Provides the budgets over a `RateLimiter`: in memory for one process, in Redis for all processes that share it.
 *
 * **Details**
 *
 * `RateLimit-Remaining` lowers the estimate of what is left, and a 429 makes all requests wait for its `Retry-After`.
 * Nothing raises the estimate, because requests in flight are not in Heroku's number yet. Bulk requests leave the reserve to
 * interactive ones and wait behind them, but are guaranteed one permit in ten. Invalid options are a defect.
 *
 * **Gotchas**
 *
 * Accounts are identified by their tokens: two tokens of one account have two buckets, which learn from the same responses.
 * The state of a token is kept as long as the layer. Processes that share a store need the same `pool`, `refillPerMinute`
 * and `reserve`.
 */
export const layer = (options: Options = {}): Layer.Layer<RequestBudget, never, RateLimiter.RateLimiter> =>
  Layer.effect(RequestBudget, make(options))

/** Provides the budgets of this process alone, in memory. */
export const layerMemory = (options: Options = {}): Layer.Layer<RequestBudget> =>
  Layer.provide(layer(options), Layer.effect(RateLimiter.RateLimiter, FallbackRateLimiter.makeMemory))

const make = Effect.fnUntraced(function*(options: Options) {
  const settings = yield* resolve(options)
  const consume = yield* FallbackRateLimiter.make(yield* RateLimiter.RateLimiter, settings)
  const budgets = new Map<string, AccountBudget>()
  return RequestBudget.of({
    forToken: (token) => {
      const account = createHash("sha256").update(Redacted.value(token)).digest("hex")
      const budget = budgets.get(account) ?? makeAccountBudget(Bucket.make(account, consume, settings), settings)
      budgets.set(account, budget)
      return budget
    }
  })
})

const makeAccountBudget = (bucket: Bucket.Bucket, settings: Settings): AccountBudget => {
  const takePermit = Queue.make(bucket, settings)
  return {
    learn: bucket.learn,
    take: Effect.fnUntraced(function*(operation, outcomeUnknown) {
      const byDefault: Priority = operation === "list" ? "bulk" : "interactive"
      const priority = Option.getOrElse(yield* CurrentPriority, () => byDefault)
      const wait = yield* Effect.mapError(takePermit(priority), () => {
        const message = "The store of the request budget is unavailable. Nothing was sent"
        return new RequestFailed({ operation, reason: "request", message, outcomeUnknown })
      })
      if (wait === 0) return
      yield* Metric.update(Metric.withAttributes(Metrics.rejections, { priority }), 1)
      const seconds = Math.ceil(wait / 1000)
      return yield* new RateLimited({
        operation,
        status: 429,
        message:
          `The request budget of the account is spent: the next request can be sent in ${seconds} s. Nothing was sent`,
        errorId: Option.none(),
        requestId: Option.none(),
        documentationUrl: Option.none(),
        outcomeUnknown,
        retryAfter: Option.some(Duration.millis(Math.ceil(wait)))
      })
    })
  }
}
