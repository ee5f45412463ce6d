/**
 * The live `AuthorizationService` over any `HttpClient`.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization
 */
import { AuthorizationService, type Service } from "@effect-heroku/core/AuthorizationService"
import type { Verify } from "@effect-heroku/core/Rotation"
import type * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { RequestBudget } from "./internal/budget/service.ts"
import { readOptions } from "./internal/config.ts"
import { makeService } from "./internal/endpoints.ts"
import { type Options, parse } from "./internal/options.ts"
import { verifyToken } from "./internal/verify.ts"

export type { Options } from "./internal/options.ts"

/**
 * Creates the live service.
 *
 * **Details**
 *
 * Invalid options (an empty token, a malformed base URL) do not fail the layer: every operation fails with
 * `InvalidParams` naming the option, and nothing is sent.
 */
export const make = (options: Options): Effect.Effect<Service, never, HttpClient.HttpClient> =>
  Effect.map(HttpClient.HttpClient, (httpClient) => makeService(httpClient, parse(options)))

/**
 * Creates a function that finds out whether a token works, for the option `verify` of `Rotation`: false means that Heroku
 * responded with 401. The request does not count against the rate limit.
 */
export const makeVerify = (
  options: Omit<Options, "token"> = {}
): Effect.Effect<Verify, never, HttpClient.HttpClient> =>
  Effect.map(
    HttpClient.HttpClient,
    (httpClient) => (token: Redacted.Redacted) => verifyToken(httpClient, parse({ ...options, token }))
  )

/** Provides the live service over any `HttpClient`. */
export const layer = (options: Options): Layer.Layer<AuthorizationService, never, HttpClient.HttpClient> =>
  Layer.effect(AuthorizationService, make(options))

/** Provides the live service with a `RequestBudget`, which keeps its requests under the rate limit of the account. */
export const layerBudgeted = (
  options: Options
): Layer.Layer<AuthorizationService, never, HttpClient.HttpClient | RequestBudget> =>
  Layer.effect(
    AuthorizationService,
    Effect.gen(function*() {
      return makeService(yield* HttpClient.HttpClient, parse(options), yield* RequestBudget)
    })
  )

/**
 * Provides the live service with options from the environment. `overrides` sets any option and keeps the rest.
 *
 * **Details**
 *
 * By default the token comes from `HerokuCredentials`, and the base URL from `HEROKU_API_URL`, if it is set. With
 * `HEROKU_ALLOW_HTTP=1` the base URL may begin with `http://` and name another machine. Blank variables count as unset.
 * When an option is missing or invalid, the layer fails with a `ConfigError` that says what to set. The message of an
 * `Unauthorized` error names the place where the token was found.
 */
export const layerConfig = (
  overrides: Config.Wrap<Partial<Options>> = {}
): Layer.Layer<AuthorizationService, Config.ConfigError, HttpClient.HttpClient> =>
  Layer.effect(
    AuthorizationService,
    Effect.gen(function*() {
      return makeService(yield* HttpClient.HttpClient, parse(yield* readOptions<Options>(overrides)))
    })
  )
