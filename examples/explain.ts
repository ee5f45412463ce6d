/** Sentences for people: what failed, why, and what to do. */
import type { AuthorizationError } from "@effect-heroku/core"
import { type Config, Duration, Option, type PlatformError, type Schema } from "effect"
import type { HttpServerError } from "effect/http"

export type Explained =
  | AuthorizationError.AuthorizationError
  | Config.ConfigError
  | HttpServerError.ServeError
  | PlatformError.PlatformError
  | Schema.SchemaError

/** Describes an error in a sentence. */
export const explain = (error: Explained): string => {
  switch (error._tag) {
    case "ConfigError":
      return error.cause.message
    case "Unauthorized":
      return `Heroku rejected the token: ${error.message} Set HEROKU_API_KEY to a valid token, for example the output of \`heroku auth:token\`.`
    case "Forbidden":
      return `The token has no permission to do this: ${error.message}`
    case "TwoFactorRequired":
      return `Heroku requires a second factor: ${error.message} Run \`unset HEROKU_API_KEY; heroku login\`, then set HEROKU_API_KEY to the output of \`heroku auth:token\`.`
    case "NotFound":
      return `No authorization has the id ${error.id}: ${error.message}`
    case "RateLimited":
      return `Rate limit exceeded, retry ${
        Option.match(error.retryAfter, { onNone: () => "later", onSome: (wait) => `in ${Duration.format(wait)}` })
      }: ${error.message}`
    case "RequestFailed":
      return error.outcomeUnknown
        ? `${error.message}. Heroku may have processed the request: check before running this again.`
        : error.message
    case "UnexpectedStatus":
      return `Heroku returned status ${error.status} for ${error.operation}: ${error.message} For outages, see https://status.heroku.com.`
    case "InvalidResponse":
      return `Heroku processed ${error.operation} but returned an invalid response: ${error.message}`
    case "InvalidParams":
    case "PlatformError":
    case "SchemaError":
      return error.message
    case "ServeError":
      return `The sandbox cannot listen: ${String(error.cause)}`
  }
}
