/**
 * The live `AuthorizationService` over any `HttpClient`.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization
 */
import { AuthorizationService, type Service } from "@effect-heroku/core/AuthorizationService"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import { RequestBudget } from "./internal/budget/service.ts"
import { makeService } from "./internal/endpoints.ts"
import { type Options, parse } from "./internal/options.ts"

export type { Options, RetryOptions } from "./internal/options.ts"

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
 * Provides the live service with options from `Config`. By default reads the token from `HEROKU_API_KEY` and the base URL
 * from `HEROKU_API_URL`, if it is set.
 */
export const layerConfig = (
  options: Config.Wrap<Options> = {
    token: Config.Redacted("HEROKU_API_KEY"),
    baseUrl: Config.String("HEROKU_API_URL").pipe(Config.withDefault(undefined))
  }
): Layer.Layer<AuthorizationService, Config.ConfigError, HttpClient.HttpClient> =>
  Layer.effect(AuthorizationService, Effect.flatMap(Config.unwrap(options), make))
