import { type Authorization, AuthorizationService } from "@effect-heroku/core"
import { Effect, type Redacted } from "effect"

/** Deletes an authorization, and prompts for the code of the second factor only if Heroku requires it. */
export const deleteWithCode = <E, R>(
  id: Authorization.AuthorizationId,
  askForCode: Effect.Effect<Redacted.Redacted, E, R>
) =>
  Effect.gen(function*() {
    const service = yield* AuthorizationService.AuthorizationService
    return yield* service.delete(id).pipe(
      Effect.catchTag("TwoFactorRequired", () =>
        Effect.flatMap(askForCode, (code) => service.delete(id).pipe(AuthorizationService.withTwoFactorCode(code))))
    )
  })
