/** The live `AuthorizationService` with Node's HTTP client provided. */
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import type { Verify } from "@effect-heroku/core/Rotation"
import type * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as HttpAuthorizationService from "./HttpAuthorizationService.ts"
import { RequestBudget } from "./internal/budget/service.ts"
import { readOptions } from "./internal/config.ts"
import { makeService } from "./internal/endpoints.ts"
import * as NodeClient from "./internal/nodeClient.ts"
import type { SourcedOptions } from "./internal/options.ts"
import { verifyToken } from "./internal/verify.ts"

/** The options of the live service over `node:http`. */
export interface Options extends HttpAuthorizationService.Options {
  /**
   * Whether to connect through the proxy that the variables `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name, in upper or
   * lower case. Default: `true`. Addresses of this machine never have a proxy.
   */
  readonly proxy?: boolean | undefined
}

/**
 * Provides the live service over `node:http`: HTTP/1.1, at most 64 pooled connections, at most 64 fresh ones for `POST`,
 * and the proxy of the environment.
 */
export const layer = (options: Options): Layer.Layer<AuthorizationService> =>
  Layer.effect(AuthorizationService, make(options))

/** Provides the live service over `node:http` with a `RequestBudget`. */
export const layerBudgeted = (options: Options): Layer.Layer<AuthorizationService, never, RequestBudget> =>
  Layer.effect(AuthorizationService, Effect.flatMap(RequestBudget, (budget) => make(options, budget)))

/**
 * Returns a function that finds out whether a token works, for the option `verify` of `Rotation`: false means that Heroku
 * responded with 401. The request does not count against the rate limit.
 */
export const verify = (options?: Omit<Options, "token">): Verify => (token) =>
  Effect.scoped(
    Effect.flatMap(NodeClient.make({ ...options, token }), ({ client, settings }) => verifyToken(client, settings))
  )

const make = (options: Options & SourcedOptions, budget?: RequestBudget["Service"]) =>
  Effect.map(NodeClient.make(options), ({ client, settings }) => makeService(client, settings, budget))

/**
 * Provides the live service over `node:http` with options from the environment: the token from `HerokuCredentials`, the base
 * URL from `HEROKU_API_URL`. `overrides` sets any option and keeps the rest, as for `HttpAuthorizationService.layerConfig`.
 */
export const layerConfig = (
  overrides: Config.Wrap<Partial<Options>> = {}
): Layer.Layer<AuthorizationService, Config.ConfigError> =>
  Layer.effect(AuthorizationService, Effect.flatMap(readOptions<Options>(overrides), (options) => make(options)))
