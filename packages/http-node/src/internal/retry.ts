/** Repeats what may be repeated: by what the operation does and what became of the attempt, never by its HTTP method. */
import { type AuthorizationError, changes, type Operation } from "@effect-heroku/core/AuthorizationError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type { Settings } from "./options.ts"

/** Statuses that tell of a passing trouble. 429 is an error of its own, `RateLimited`. */
const transientStatuses = new Set([408, 500, 502, 503, 504])

/** Repeating these gives the same state as doing them once. */
const isIdempotent = (operation: Operation): boolean => operation !== "create" && operation !== "regenerate"

/** Whether a failure is passing, and repeating it does nothing twice. */
const isRepeatable = (error: AuthorizationError): boolean => {
  switch (error._tag) {
    case "RateLimited":
      return true
    case "RequestFailed":
      switch (error.reason) {
        case "connect":
          return true
        // These do not pass.
        case "request":
        case "certificate":
          return false
        default:
          return isIdempotent(error.operation)
      }
    case "UnexpectedStatus":
      return isIdempotent(error.operation) && transientStatuses.has(error.status)
    default:
      return false
  }
}

/** Whether Heroku may have acted on an attempt that failed so. */
const mayHaveActed = (error: AuthorizationError): boolean =>
  changes(error.operation)
  && (error._tag === "RequestFailed" ? error.outcomeUnknown : error._tag === "UnexpectedStatus")

/** The wait that the answer asked for. */
const retryAfter = (error: AuthorizationError): Option.Option<Duration.Duration> =>
  error._tag === "RateLimited" || error._tag === "UnexpectedStatus" ? error.retryAfter : Option.none()

/** Says that an attempt is repeated: at info when somebody would notice the delay. */
const tell = (error: AuthorizationError, delay: Duration.Duration): Effect.Effect<void> => {
  const status = "status" in error && error.status !== undefined ? ` ${error.status}` : ""
  const reason = error._tag === "RequestFailed" ? ` (${error.reason})` : status
  const line = `Heroku ${error.operation}: ${error._tag}${reason}, again in ${Duration.toSeconds(delay).toFixed(2)} s`
  return Duration.toMillis(delay) < 1000 ? Effect.logDebug(line) : Effect.logInfo(line)
}

/** How far a call has come. */
export interface Progress {
  /** How many attempts have failed. */
  attempts: number
  /** Whether one of those may have acted. */
  mayHaveActed: boolean
  /** Whether a request is on its way, of which nothing is known yet. */
  underWay: boolean
}

/** Where a call begins. */
export const beginning = (): Progress => ({ attempts: 0, mayHaveActed: false, underWay: false })

/** An attempt: it learns how far the call had come before it. */
export type Attempt<A, E> = (earlier: Readonly<Progress>) => Effect.Effect<A, E>

/** Repeats an attempt until it succeeds, fails for good, or was repeated often enough. */
export type Repeat = ReturnType<typeof repeatedly>

/**
 * Repeats an attempt as `settings.retry` says, and notes in `progress` what became of each: whether an earlier one may
 * have acted, for a `delete` that then finds nothing is another thing than one of an authorization that never was.
 */
export const repeatedly = (settings: Settings["retry"]) => {
  const { baseDelay, maxDelay, maxRetryAfter, times } = settings
  const schedule = Schedule.min([
    Schedule.exponential(baseDelay).pipe(Schedule.jittered),
    Schedule.spaced(maxDelay)
  ]).pipe(
    Schedule.upTo({ times }),
    Schedule.setInputType<AuthorizationError>(),
    Schedule.while(({ input }) =>
      isRepeatable(input) && !Option.exists(retryAfter(input), Duration.isGreaterThan(maxRetryAfter))
    ),
    Schedule.modifyDelay(({ duration, input }) => {
      const delay = Duration.max(duration, Option.getOrElse(retryAfter(input), () => Duration.zero))
      return Effect.as(tell(input, delay), delay)
    })
  )
  return <A, E extends AuthorizationError>(progress: Progress, attempt: Attempt<A, E>): Effect.Effect<A, E> => {
    const once = Effect.suspend(() => attempt(progress)).pipe(
      Effect.tapError((error) =>
        Effect.sync(() => {
          progress.attempts++
          progress.mayHaveActed ||= mayHaveActed(error)
          progress.underWay = false
        })
      )
    )
    // Nearly every call needs one attempt, and no schedule. It begins with the failure of the first.
    return once.pipe(Effect.catch((error) => {
      let next: Effect.Effect<A, E> = Effect.fail(error)
      return Effect.retry(
        Effect.suspend(() => {
          const current = next
          next = once
          return current
        }),
        schedule
      )
    }))
  }
}
