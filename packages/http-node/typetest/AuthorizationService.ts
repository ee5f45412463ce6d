/**
 * What must and must not compile of the live layers: what they need, what building them can fail with, and which options
 * are refused. Nothing here runs: `pnpm check` compiles it.
 */
// @effect-diagnostics floatingEffect:off
import type { AuthorizationService, Service } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as Config from "effect/Config"
import type * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { expectTypeOf } from "vitest"

declare const token: Redacted.Redacted
declare const transformClient: (client: HttpClient.HttpClient) => HttpClient.HttpClient

// -----------------------------------------------------------------------------
// What the layers need and fail with
// -----------------------------------------------------------------------------

expectTypeOf(HttpAuthorizationService.make({ token })).toEqualTypeOf<
  Effect.Effect<Service, never, HttpClient.HttpClient>
>()
expectTypeOf(HttpAuthorizationService.layer({ token })).toEqualTypeOf<
  Layer.Layer<AuthorizationService, never, HttpClient.HttpClient>
>()
expectTypeOf(HttpAuthorizationService.layerConfig()).toEqualTypeOf<
  Layer.Layer<AuthorizationService, Config.ConfigError, HttpClient.HttpClient>
>()

// Node's needs nothing: its transport is inside, and does not show.
expectTypeOf(NodeAuthorizationService.layer({ token })).toEqualTypeOf<Layer.Layer<AuthorizationService>>()
expectTypeOf(NodeAuthorizationService.layerConfig()).toEqualTypeOf<
  Layer.Layer<AuthorizationService, Config.ConfigError>
>()

// A failure to find the token can be handled, and is then gone from the type.
expectTypeOf(
  Layer.catchTag(NodeAuthorizationService.layerConfig(), "ConfigError", () => NodeAuthorizationService.layer({ token }))
).toEqualTypeOf<Layer.Layer<AuthorizationService>>()

// -----------------------------------------------------------------------------
// Options
// -----------------------------------------------------------------------------

HttpAuthorizationService.layer({
  token,
  baseUrl: new URL("https://api.heroku.com"),
  requestTimeout: "10 seconds",
  retry: { times: 0, maxRetryAfter: "5 minutes" },
  transformClient
})
// An option that is undefined is as good as none.
HttpAuthorizationService.layer({ token, baseUrl: undefined, retry: undefined, timeout: undefined })

// @ts-expect-error the token is the one thing without a default
HttpAuthorizationService.layer({})
// @ts-expect-error it is Redacted, so that nothing prints it
NodeAuthorizationService.layer({ token: "HRKU-01234567-89ab-cdef-0123-456789abcdef" })
// @ts-expect-error
NodeAuthorizationService.layer({ token, requestTimout: "10 seconds" })
// @ts-expect-error
NodeAuthorizationService.layer({ token, requestTimeout: "ten seconds" })
// @ts-expect-error
NodeAuthorizationService.layer({ token, retry: 3 })
// @ts-expect-error
NodeAuthorizationService.layer({ token, transformClient: (client: string) => client })

NodeAuthorizationService.layerConfig({
  token: Config.Redacted("TOKEN"),
  requestTimeout: Config.Duration("TIMEOUT"),
  retry: { times: Config.Int("RETRIES") },
  transformClient: Config.succeed(transformClient)
})
// @ts-expect-error
NodeAuthorizationService.layerConfig({ token: Config.String("TOKEN") })
// @ts-expect-error a value is no Config
NodeAuthorizationService.layerConfig({ token })
