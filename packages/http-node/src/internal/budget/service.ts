/** The service of the request budget, without its layers: the live layer imports it and loads no store. */
import type { Operation, RateLimited, RequestFailed } from "@effect-heroku/core/AuthorizationError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"

/** The budget of one account. */
export interface AccountBudget {
  /**
   * Takes one permit, and waits for it where necessary; every attempt needs one. `outcomeUnknown` goes into the error:
   * whether an earlier attempt of the call may have changed something.
   */
  readonly take: (operation: Operation, outcomeUnknown: boolean) => Effect.Effect<void, RateLimited | RequestFailed>
  /** Learns from a response how many requests the account has left. */
  readonly learn: (response: RateLimitResponse) => Effect.Effect<void>
}

/** The parts of a response that concern the rate limit. */
export interface RateLimitResponse {
  /** The HTTP status. */
  readonly status: number
  /** The `RateLimit-Remaining` header. */
  readonly remaining: Option.Option<number>
  /** The `Retry-After` header, as a wait. */
  readonly retryAfter: Option.Option<Duration.Duration>
  /** When the request was sent, in milliseconds of the monotonic clock. */
  readonly sentAt: number
}

/** The budgets of all accounts. */
export interface Service {
  /** Returns the budget of a token's account. Only a hash of the token is stored. */
  readonly forToken: (token: Redacted.Redacted) => AccountBudget
}

/** The key of the request budget. */
export class RequestBudget extends Context.Service<RequestBudget, Service>()(
  "@effect-heroku/http-node/RequestBudget"
) {}

/** Interactive requests go first; bulk requests leave them a reserve. */
export type Priority = "interactive" | "bulk"

/** The priority of the requests of an effect. By default `list` is bulk and everything else is interactive. */
export const CurrentPriority = Context.Reference<Option.Option<Priority>>(
  "@effect-heroku/http-node/RequestBudget/CurrentPriority",
  { defaultValue: () => Option.none() }
)

/**
 * Gives the requests of an effect a priority. For a stream, use
 * `Stream.provideService(CurrentPriority, Option.some("bulk"))`.
 */
export const withPriority = (priority: Priority) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(effect, CurrentPriority, Option.some(priority))
