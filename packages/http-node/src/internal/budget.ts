/** What the client asks of a request budget. It is apart from `RequestBudget.ts` so that the client loads no store. */
import type { Operation, RateLimited, RequestFailed } from "@effect-heroku/core/AuthorizationError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"

/** The budget of one account. */
export interface AccountBudget {
  /**
   * Waits until the account may make a request, and takes that request off the budget. Each attempt is one.
   * `earlierMayHaveActed` is for the error: whether an earlier attempt of the same call may have changed something.
   */
  readonly take: (
    operation: Operation,
    earlierMayHaveActed: boolean
  ) => Effect.Effect<void, RateLimited | RequestFailed>
  /** Learns from an answer what is left. */
  readonly learn: (answer: PoolAnswer) => Effect.Effect<void>
}

/** What an answer told of the account's pool. */
export interface PoolAnswer {
  /** The HTTP status. */
  readonly status: number
  /** The `RateLimit-Remaining` header. */
  readonly remaining: Option.Option<number>
  /** The `Retry-After` header, as a wait. */
  readonly retryAfter: Option.Option<Duration.Duration>
  /** When the request was sent, in milliseconds: the answer tells of a moment since then. */
  readonly sentAt: number
}

/** The budgets of all accounts. */
export interface Service {
  /** The budget of the account that a token belongs to. Nothing keeps the token: accounts are told apart by its hash. */
  readonly forToken: (token: Redacted.Redacted) => AccountBudget
}

/** The key of the budgets. The layers are in `RequestBudget.ts`. */
export class RequestBudget extends Context.Service<RequestBudget, Service>()(
  "@effect-heroku/http-node/RequestBudget"
) {}
