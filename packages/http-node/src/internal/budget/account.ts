/** The budget of one account: a bucket, the queue before it, and the errors of both. */
import { type Operation, RateLimited, RequestFailed } from "@effect-heroku/core/AuthorizationError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Telemetry from "../telemetry.ts"
import * as Bucket from "./bucket.ts"
import type { Consume } from "./fallbackRateLimiter.ts"
import type { Settings } from "./options.ts"
import { CurrentPriority, type Priority } from "./priority.ts"
import * as Queue from "./queue.ts"
import type { AccountBudget } from "./service.ts"

/** Makes the budget of an account, which is the hash of its token. */
export const make = (account: string, consume: Consume, settings: Settings): AccountBudget => {
  const bucket = Bucket.make(account, consume, settings)
  const takePermit = Queue.make(bucket, settings)
  return {
    take: Effect.fnUntraced(function*(operation, outcomeUnknown) {
      const byDefault: Priority = operation === "list" ? "bulk" : "interactive"
      const priority = Option.getOrElse(yield* CurrentPriority, () => byDefault)
      const wait = yield* Effect.mapError(takePermit(priority), () => storeUnavailable(operation, outcomeUnknown))
      if (wait <= 0) return
      yield* Telemetry.budgetRejection(priority)
      yield* Effect.fail(waitTooLong(operation, outcomeUnknown, wait))
    }),
    learn: (response) => Effect.ignore(bucket.learn(response))
  }
}

const storeUnavailable = (operation: Operation, outcomeUnknown: boolean): RequestFailed =>
  new RequestFailed({
    operation,
    reason: "request",
    message: "The store of the request budget is unavailable. Nothing was sent",
    outcomeUnknown
  })

const waitTooLong = (operation: Operation, outcomeUnknown: boolean, wait: number): RateLimited =>
  new RateLimited({
    operation,
    status: 429,
    message: `The request budget of the account is spent: the next request can be sent in ${
      Math.ceil(wait / 1000)
    } s. Nothing was sent`,
    errorId: Option.none(),
    requestId: Option.none(),
    documentationUrl: Option.none(),
    outcomeUnknown,
    retryAfter: Option.some(Duration.millis(Math.ceil(wait)))
  })
