/**
 * Counts the authorizations of an account, and sends traces, metrics and log lines to an OpenTelemetry collector.
 *
 * Run it with `npx -y pnpm@12 exec node examples/observe.ts`, HEROKU_API_KEY set to a token of yours, and
 * OTEL_EXPORTER_OTLP_ENDPOINT to the collector, which is http://127.0.0.1:4318 by default.
 */
// #region observe
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as RequestBudget from "@effect-heroku/http-node/RequestBudget"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Config, Effect, Layer, Stream } from "effect"
import * as Otlp from "effect/observability/Otlp"

const layerTelemetry = Layer.unwrap(Effect.gen(function*() {
  const collector = yield* Config.String("OTEL_EXPORTER_OTLP_ENDPOINT").pipe(
    Config.withDefault("http://127.0.0.1:4318")
  )
  return Otlp.layerJson({ baseUrl: collector, resource: { serviceName: "heroku-audit" } })
})).pipe(Layer.provide(NodeHttpClient.layerUndici))

// #region one
const layerService = NodeAuthorizationService.layerConfig().pipe(Layer.provide(RequestBudget.layerMemory()))
// #endregion one

const program = Effect.gen(function*() {
  const service = yield* AuthorizationService
  const count = yield* Stream.runCount(service.stream())
  yield* Effect.logInfo(`The account has ${count} authorizations`)
}).pipe(Effect.withSpan("audit"))

// The telemetry is outermost: it sees how the client is built, and sends the rest when all else has ended.
program.pipe(Effect.provide(Layer.provideMerge(layerService, layerTelemetry)), NodeRuntime.runMain)
// #endregion observe
