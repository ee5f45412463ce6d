/** What the programs here tell people when something fails: what is wrong, and what they can do. */
import type { AuthorizationError } from "@effect-heroku/core/AuthorizationError"
import * as CliError from "effect/cli/CliError"
import type * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpServerError from "effect/http/HttpServerError"
import * as Option from "effect/Option"
import type * as PlatformError from "effect/PlatformError"
import type * as Schema from "effect/Schema"

type Explained =
  | AuthorizationError
  | Config.ConfigError
  | HttpServerError.ServeError
  | PlatformError.PlatformError
  | Schema.SchemaError

/** Makes the errors of a command ones that `effect/cli` shows as a sentence, without a stack. */
export const explained = <A, R>(effect: Effect.Effect<A, Explained, R>): Effect.Effect<A, CliError.UserError, R> =>
  Effect.mapError(effect, (error) => new CliError.UserError({ cause: error._tag, userMessage: explain(error) }))

const explain = (error: Explained): string => {
  switch (error._tag) {
    case "ConfigError":
      return error.cause.message
    case "Unauthorized":
      return `Heroku refuses the token: ${error.message} Set HEROKU_API_KEY to a valid one, or run \`heroku login\`.`
    case "Forbidden":
      return `Heroku does not allow it: ${error.message}`
    case "TwoFactorRequired":
      return `Heroku wants a second factor: ${error.message} Run \`heroku login\`, which asks for it.`
    case "NotFound":
      return `There is no authorization ${error.id}: ${error.message}`
    case "RateLimited":
      return `Heroku wants to be left alone for ${
        Option.match(error.retryAfter, { onNone: () => "a while", onSome: Duration.format })
      }: ${error.message}`
    case "RequestFailed":
      return error.outcomeUnknown
        ? `${error.message}. Heroku may have acted all the same: look before you repeat it`
        : error.message
    case "UnexpectedStatus":
      return `Heroku answered ${error.operation} with ${error.status}: ${error.message} Outages are told at https://status.heroku.com.`
    case "InvalidResponse":
      return `Heroku answered ${error.operation} with what cannot be understood, and has acted on it: ${error.message}`
    case "InvalidParams":
    case "PlatformError":
    case "SchemaError":
      return error.message
    case "ServeError":
      return `The sandbox cannot listen: ${String(error.cause)}`
  }
}
