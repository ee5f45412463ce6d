/**
 * What must and must not compile of the live layers: their requirements and errors, and which options they reject. Nothing
 * here runs: `pnpm check` compiles it.
 */
// @effect-diagnostics floatingEffect:off
import type { AuthorizationService, Service } from "@effect-heroku/core/AuthorizationService"
import * as AccountClients from "@effect-heroku/http-node/AccountClients"
import * as HerokuCredentials from "@effect-heroku/http-node/HerokuCredentials"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as RequestBudget from "@effect-heroku/http-node/RequestBudget"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { expectTypeOf } from "vitest"

declare const token: Redacted.Redacted
declare const transformClient: (client: HttpClient.HttpClient) => HttpClient.HttpClient

// -----------------------------------------------------------------------------
// Requirements and errors
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

// An effect that returns the token can neither fail nor require a service.
expectTypeOf<HttpAuthorizationService.Options["token"]>().toEqualTypeOf<
  Redacted.Redacted | Effect.Effect<Redacted.Redacted>
>()

// Node's layers provide the HTTP client themselves.
expectTypeOf(NodeAuthorizationService.layer({ token })).toEqualTypeOf<Layer.Layer<AuthorizationService>>()
expectTypeOf(NodeAuthorizationService.layerConfig()).toEqualTypeOf<
  Layer.Layer<AuthorizationService, Config.ConfigError>
>()

// Neither needs a service for files or processes.
expectTypeOf(HerokuCredentials.find()).toEqualTypeOf<
  Effect.Effect<HerokuCredentials.Credentials, Config.ConfigError>
>()
expectTypeOf(HerokuCredentials.layer()).toEqualTypeOf<
  Layer.Layer<HerokuCredentials.HerokuCredentials, Config.ConfigError>
>()

// A program can handle the `ConfigError`, which is then gone from the type.
expectTypeOf(
  Layer.catchTag(NodeAuthorizationService.layerConfig(), "ConfigError", () => NodeAuthorizationService.layer({ token }))
).toEqualTypeOf<Layer.Layer<AuthorizationService>>()

// -----------------------------------------------------------------------------
// Budgets
// -----------------------------------------------------------------------------

expectTypeOf(HttpAuthorizationService.layerBudgeted({ token })).toEqualTypeOf<
  Layer.Layer<AuthorizationService, never, HttpClient.HttpClient | RequestBudget.RequestBudget>
>()
expectTypeOf(NodeAuthorizationService.layerBudgeted({ token })).toEqualTypeOf<
  Layer.Layer<AuthorizationService, never, RequestBudget.RequestBudget>
>()
expectTypeOf(AccountClients.layer()).toEqualTypeOf<
  Layer.Layer<AccountClients.AccountClients, never, HttpClient.HttpClient>
>()
expectTypeOf(AccountClients.layerBudgeted()).toEqualTypeOf<
  Layer.Layer<AccountClients.AccountClients, never, HttpClient.HttpClient | RequestBudget.RequestBudget>
>()

declare const program: Effect.Effect<void, never, AuthorizationService>
declare const runnable: (program: Effect.Effect<void>) => void

runnable(
  Effect.provide(
    program,
    Layer.provide(NodeAuthorizationService.layerBudgeted({ token }), RequestBudget.layerMemory())
  )
)

const withoutBudget = Effect.provide(program, NodeAuthorizationService.layerBudgeted({ token }))
expectTypeOf(withoutBudget).toEqualTypeOf<Effect.Effect<void, never, RequestBudget.RequestBudget>>()
expectTypeOf(withoutBudget).not.toExtend<Effect.Effect<void>>()

// A budget beside the layer, instead of below it, is still missing.
const beside = Layer.merge(NodeAuthorizationService.layerBudgeted({ token }), RequestBudget.layerMemory())
const withBudgetBeside = Effect.provide(program, beside)
expectTypeOf(withBudgetBeside).toEqualTypeOf<Effect.Effect<void, never, RequestBudget.RequestBudget>>()
expectTypeOf(withBudgetBeside).not.toExtend<Effect.Effect<void>>()

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
// `undefined` means the default.
HttpAuthorizationService.layer({ token, baseUrl: undefined, retry: undefined, timeout: undefined })

// @ts-expect-error the token has no default
HttpAuthorizationService.layer({})
// @ts-expect-error the token is Redacted, so that nothing prints it
NodeAuthorizationService.layer({ token: "HRKU-01234567-89ab-cdef-0123-456789abcdef" })
// @ts-expect-error
NodeAuthorizationService.layer({ token, requestTimout: "10 seconds" })
// @ts-expect-error
NodeAuthorizationService.layer({ token, requestTimeout: "ten seconds" })
// @ts-expect-error
NodeAuthorizationService.layer({ token, retry: 3 })
// @ts-expect-error
NodeAuthorizationService.layer({ token, transformClient: (client: string) => client })

// Overrides are optional: without a token, it comes from HerokuCredentials.
NodeAuthorizationService.layerConfig({})
HttpAuthorizationService.layerConfig({ requestTimeout: Config.Duration("TIMEOUT") })
NodeAuthorizationService.layerConfig({
  token: Config.Redacted("TOKEN"),
  requestTimeout: Config.Duration("TIMEOUT"),
  retry: { times: Config.Int("RETRIES") },
  transformClient: Config.succeed(transformClient)
})
// @ts-expect-error
NodeAuthorizationService.layerConfig({ token: Config.String("TOKEN") })
// @ts-expect-error a value is not a Config
NodeAuthorizationService.layerConfig({ token })
