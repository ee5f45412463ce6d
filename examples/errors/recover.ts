/** The code of the guide to errors. */
// #region one
import type { AuthorizationId, CreateAuthorization } from "@effect-heroku/core/Authorization"
import { AuthorizationService, withTwoFactorCode } from "@effect-heroku/core/AuthorizationService"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"

/** What an authorization is called, or that there is none. All other errors stay in the type, and are passed on. */
export const describe = Effect.fn("describe")(function*(id: AuthorizationId) {
  const service = yield* AuthorizationService
  return yield* service.info(id).pipe(
    Effect.map(({ description }) => Option.getOrElse(description, () => "(without description)")),
    Effect.catchTag("NotFound", () => Effect.succeed("(gone)"))
  )
})
// #endregion one

// #region create
/**
 * Creates an authorization, and does not leave one behind that nobody knows of. `create` is never repeated once Heroku may
 * have acted. Whether it did, the list tells, because the description is one that no other authorization has.
 */
export const createOnce = Effect.fn("createOnce")(
  function*(input: CreateAuthorization & { readonly description: string }) {
    const service = yield* AuthorizationService
    const remove = service.stream().pipe(
      Stream.filter(({ description }) => Option.contains(description, input.description)),
      Stream.runForEach(({ id }) => service.delete(id))
    )
    return yield* service.create(input).pipe(
      // Its token came in the answer that was lost: it is of no use, and must not stay.
      Effect.tapErrorTag("RequestFailed", ({ outcomeUnknown }) => outcomeUnknown ? remove : Effect.void),
      Effect.tapErrorTag("InvalidResponse", () => remove)
    )
  }
)
// #endregion create

// #region two-factor
/** Deletes one, and asks for the code of the second factor only where Heroku wants it. */
export const deleteWithCode = <E, R>(id: AuthorizationId, askForCode: Effect.Effect<Redacted.Redacted, E, R>) =>
  AuthorizationService.use((service) =>
    service.delete(id).pipe(
      Effect.catchTag("TwoFactorRequired", () =>
        Effect.flatMap(askForCode, (code) => service.delete(id).pipe(withTwoFactorCode(code))))
    )
  )
// #endregion two-factor
