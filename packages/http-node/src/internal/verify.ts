/** Finds out whether a token works. */
import type { InfoError } from "@effect-heroku/core/AuthorizationError"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Result from "effect/Result"
import * as Call from "./call.ts"
import type { Problem, Settings } from "./options.ts"

// Heroku does not count these requests.
const path = "/account/rate-limits"

/** Makes a request with the token of the settings. Only a 401 means that it does not work. */
export const verifyToken = (
  httpClient: HttpClient.HttpClient,
  settings: Result.Result<Settings, Problem>
): Effect.Effect<boolean, InfoError> =>
  Call.make(httpClient, settings)({ operation: "info", method: "GET", path, template: path }).pipe(
    Effect.as(true),
    Effect.catchTag("Unauthorized", () => Effect.succeed(false)),
    // Heroku knows the token, and it may not make this request.
    Effect.catchTag(["Forbidden", "TwoFactorRequired"], () => Effect.succeed(true))
  )
