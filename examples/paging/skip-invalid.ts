import { AuthorizationService } from "@effect-heroku/core"
import { Effect, Option, Stream } from "effect"

/** Counts the authorizations, and logs each record that does not decode instead of failing at it. */
export const countValid = Effect.gen(function*() {
  const service = yield* AuthorizationService.AuthorizationService
  return yield* service.stream({
    onInvalid: ({ id, message }) =>
      Effect.logWarning(`Skipped ${Option.getOrElse(id, () => "an authorization without id")}: ${message}`)
  }).pipe(Stream.runCount)
})
