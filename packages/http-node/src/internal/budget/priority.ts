/** The priority of a request. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

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
