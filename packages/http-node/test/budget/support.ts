/** Budgets of an account over limiters that work, fail or hang, and what they grant. */
import * as RequestBudget from "@effect-heroku/http-node/RequestBudget"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { createHash } from "node:crypto"

export const token = Redacted.make("HRKU-budget")

/** The key of a token's bucket. */
export const keyOf = (of = token): string => `heroku:${createHash("sha256").update(Redacted.value(of)).digest("hex")}`

/** An account that gets one request back every second. */
export const perSecond = { pool: 5, refillPerMinute: 60, reserve: 0 }

export const times = (count: number) => Array.from({ length: count }, (_, index) => index)

export const makeLimiter = Effect.provide(RateLimiter.make, Layer.fresh(RateLimiter.layerStoreMemory))

/** Builds the budget of an account as a process of its own has it. */
export const makeAccount = (
  limiter: RateLimiter.RateLimiter,
  options: RequestBudget.Options = perSecond,
  of = token
) =>
  Effect.map(
    Layer.build(
      Layer.fresh(RequestBudget.layer(options)).pipe(Layer.provide(Layer.succeed(RateLimiter.RateLimiter, limiter)))
    ),
    (context) => Context.get(context, RequestBudget.RequestBudget).forToken(of)
  )

/** Takes a permit of a priority. */
export const take = (account: RequestBudget.AccountBudget, priority: RequestBudget.Priority = "interactive") =>
  account.take("info", false).pipe(RequestBudget.withPriority(priority))

/** Takes permits until one would have to wait; returns how many there were, and the seconds until the next. */
export const takeAll = (account: RequestBudget.AccountBudget, priority: RequestBudget.Priority = "interactive") =>
  Effect.gen(function*() {
    for (let count = 0; count < 100; count++) {
      const taken = yield* Effect.result(take(account, priority))
      if (Result.isSuccess(taken)) continue
      if (taken.failure._tag !== "RateLimited") return yield* Effect.die(taken.failure)
      return [count, Option.getOrThrow(Option.map(taken.failure.retryAfter, Duration.toSeconds))]
    }
    return [100, 0]
  })

/** The time of the test clock in seconds. */
export const seconds = Effect.map(Clock.currentTimeMillis, (millis) => millis / 1000)
