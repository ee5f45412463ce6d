import { type Authorization, AuthorizationService } from "@effect-heroku/core"
import { Effect, Option } from "effect"

/** Returns the description of an authorization, or "(gone)". All other errors stay in the error type. */
export const describe = Effect.fn("describe")(function*(id: Authorization.AuthorizationId) {
  const service = yield* AuthorizationService.AuthorizationService
  return yield* service.info(id).pipe(
    Effect.map(({ description }) => Option.getOrElse(description, () => "(no description)")),
    Effect.catchTag("NotFound", () => Effect.succeed("(gone)"))
  )
})
