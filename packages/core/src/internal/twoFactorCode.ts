/** The code of the second factor in the context of a call. */
import * as Context from "effect/Context"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"

/**
 * The code of the account's second factor for the requests of an effect. `None` by default.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#two-factor-authentication
 */
export const TwoFactorCode = Context.Reference<Option.Option<Redacted.Redacted>>(
  "@effect-heroku/core/AuthorizationService/TwoFactorCode",
  { defaultValue: () => Option.none() }
)
