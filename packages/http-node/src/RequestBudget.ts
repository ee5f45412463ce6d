/**
 * Keeps all clients of an account under its rate limit, in one process or across processes that share a store.
 *
 * The buckets are those of Effect's `RateLimiter`. `RequestBudget` adds what Heroku's rate limit needs: corrections from
 * responses, priorities, and a local budget while the store is unavailable. The layers named `layerBudgeted` take a permit
 * from it before each attempt.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#rate-limits
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redacted from "effect/Redacted"
import { createHash } from "node:crypto"
import * as Account from "./internal/budget/account.ts"
import * as FallbackRateLimiter from "./internal/budget/fallbackRateLimiter.ts"
import { type Options, resolve } from "./internal/budget/options.ts"
import { type AccountBudget, RequestBudget } from "./internal/budget/service.ts"

export type { Options } from "./internal/budget/options.ts"
export { CurrentPriority, type Priority, withPriority } from "./internal/budget/priority.ts"
export { type AccountBudget, type RateLimitResponse, RequestBudget, type Service } from "./internal/budget/service.ts"

/**
 * Provides the budgets over a `RateLimiter`: in memory for one process, in Redis for all processes that share it.
 *
 * **Details**
 *
 * `RateLimit-Remaining` lowers the estimate of what is left, and a 429 makes all requests wait as long as it asks for.
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
  const accounts = new Map<string, AccountBudget>()
  return RequestBudget.of({
    forToken: (token) => {
      const hash = createHash("sha256").update(Redacted.value(token)).digest("hex")
      const account = accounts.get(hash) ?? Account.make(hash, consume, settings)
      accounts.set(hash, account)
      return account
    }
  })
})
