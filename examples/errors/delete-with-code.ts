import { type Authorization, AuthorizationService } from "@effect-heroku/core"
import { Effect, type Option, type Redacted } from "effect"

/** Deletes an authorization, and prompts for the code of the second factor only if Heroku requires it. */
export const deleteWithCode = (
  id: Authorization.AuthorizationId,
  askForCode: Effect.Effect<Option.Option<Redacted.Redacted>>
) =>
  Effect.gen(function*() {
    const service = yield* AuthorizationService.AuthorizationService
    return yield* service.delete(id).pipe(AuthorizationService.withTwoFactorCode(askForCode))
  })
