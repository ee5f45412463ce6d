import { type Authorization, AuthorizationService } from "@effect-heroku/core"
import { Effect } from "effect"

/** Deletes an authorization that the program has seen before, for example in a list. */
export const revoke = Effect.fn("revoke")(function*(id: Authorization.AuthorizationId) {
  const service = yield* AuthorizationService.AuthorizationService
  return yield* service.delete(id).pipe(
    Effect.as("revoked"),
    // With an unknown outcome, most likely an earlier attempt of this call deleted it before its connection broke.
    Effect.catchTag("NotFound", ({ outcomeUnknown }) => Effect.succeed(outcomeUnknown ? "revoked" : "already gone")),
    // The last attempt may have deleted it, too: look it up.
    Effect.catchIf((error) => error.outcomeUnknown, (error) =>
      service.info(id).pipe(
        Effect.andThen(Effect.fail(error)),
        Effect.catchTag("NotFound", () => Effect.succeed("revoked")),
        Effect.mapError(() => error)
      ))
  )
})
