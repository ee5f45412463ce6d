/** The retries and the timeout of a call, in its context. */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"

/**
 * How requests are retried.
 *
 * **Details**
 *
 * `info`, `list`, `update` and `delete` are retried after network failures, timeouts and the statuses 408, 429, 500, 502,
 * 503 and 504. `create` and `regenerate` are retried only when Heroku cannot have acted: no connection was established,
 * or the status is 429. Delays double from `baseDelay` to `maxDelay`, each varied by up to 20 % either way. A `Retry-After`
 * header of the response makes them longer: to its value and up to 20 % more.
 */
export interface RetryOptions {
  /** The number of retries after the first attempt. 0 disables retries. Default: 3. */
  readonly times?: number | undefined
  /** The delay before the first retry. Default: 250 ms. */
  readonly baseDelay?: Duration.Input | undefined
  /** The longest delay, unless `Retry-After` asks for a longer one. Default: 10 seconds. */
  readonly maxDelay?: Duration.Input | undefined
  /** The longest `Retry-After` to wait for. A longer one fails at once, and the error carries it. Default: 60 seconds. */
  readonly maxRetryAfter?: Duration.Input | undefined
}

/** The options of calls that differ from those of the layer. */
export interface CallOptions {
  /** Replaces the given options of the layer's `retry`. */
  readonly retry?: RetryOptions | undefined
  /** Replaces the layer's `timeout`. */
  readonly timeout?: Duration.Input | undefined
}

/** The options of the calls of an effect. Empty by default. */
export const CallOptions = Context.Reference<CallOptions>(
  "@effect-heroku/core/AuthorizationService/CallOptions",
  { defaultValue: () => ({}) }
)
