/** Which failures are retried, and when: by what the operation does and what went wrong, never by the HTTP method. */
import { type AuthorizationError, isRetryable } from "@effect-heroku/core/AuthorizationError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import type { Settings } from "./options.ts"
import { ProxyRejection } from "./requestFailed.ts"

/** Creates the schedule of the retries. It ends at an error that is not retryable, and after `times` retries. */
export const makeSchedule = ({ baseDelay, maxDelay, maxRetryAfter, times }: Settings["retry"]) =>
  Schedule.min([
    Schedule.exponential(baseDelay).pipe(Schedule.jittered),
    Schedule.spaced(maxDelay)
  ]).pipe(
    Schedule.upTo({ times }),
    Schedule.setInputType<AuthorizationError>(),
    Schedule.while(({ input }) =>
      isRetried(input) && !Option.exists(retryAfter(input), Duration.isGreaterThan(maxRetryAfter))
    ),
    Schedule.modifyDelay(Effect.fnUntraced(function*({ duration, input }) {
      // Jittered upwards only: many clients receive the same header at the same time.
      const jitter = 1 + 0.2 * (yield* Random.next)
      const wait = Option.getOrElse(retryAfter(input), () => Duration.zero)
      const delay = Duration.max(duration, Duration.times(wait, jitter))
      yield* logRetry(input, delay)
      return delay
    }))
  )

/** Whether a retry at once can succeed. A rejection by the proxy, or a request that was not sent, would come again. */
const isRetried = (error: AuthorizationError): boolean =>
  isRetryable(error)
  && !(error instanceof ProxyRejection)
  && !(error._tag === "RequestFailed" && error.reason === "request")

const retryAfter = (error: AuthorizationError): Option.Option<Duration.Duration> =>
  error._tag === "RateLimited" || error._tag === "UnexpectedStatus" ? error.retryAfter : Option.none()

const logRetry = (error: AuthorizationError, delay: Duration.Duration): Effect.Effect<void> => {
  const reason = error._tag === "RequestFailed" ? `(${error.reason})` : error.status
  const seconds = Duration.toSeconds(delay).toFixed(2)
  return Effect.logDebug(`Heroku ${error.operation}: ${error._tag} ${reason}, retrying in ${seconds} s`)
}
