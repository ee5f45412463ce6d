import { type Authorization, AuthorizationService } from "@effect-heroku/core"
import { Effect, Option, Stream } from "effect"

/**
 * Creates an authorization with a unique description. If the response is lost, so is the token of an authorization that
 * Heroku may have created: this finds it by its description and deletes it.
 */
export const createOnce = Effect.fn("createOnce")(
  function*(input: Authorization.CreateAuthorization & { readonly description: string }) {
    const service = yield* AuthorizationService.AuthorizationService
    const remove = service.stream().pipe(
      Stream.filter(({ description }) => Option.contains(description, input.description)),
      Stream.runForEach(({ id }) => service.delete(id))
    )
    return yield* service.create(input).pipe(
      Effect.tapError((error) => error.outcomeUnknown ? remove : Effect.void)
    )
  }
)
