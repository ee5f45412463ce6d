/**
 * Counts an account's authorizations and exports spans, metrics and log lines to an OpenTelemetry collector.
 *
 * Run it with `npx -y pnpm@12 exec node examples/observe.ts`; see `audit.ts` for the account it uses. Set
 * OTEL_EXPORTER_OTLP_ENDPOINT to the collector's URL, by default http://127.0.0.1:4318. Without a collector the program
 * ends a few seconds later, after the last export fails; debug level shows why.
 */
// #region observe
import { AuthorizationService } from "@effect-heroku/core"
import { NodeAuthorizationService } from "@effect-heroku/http-node"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Config, Effect, Layer, Stream } from "effect"
import { Otlp } from "effect/observability"

const layerTelemetry = Layer.unwrap(Effect.gen(function*() {
  const baseUrl = yield* Config.String("OTEL_EXPORTER_OTLP_ENDPOINT").pipe(
    Config.withDefault("http://127.0.0.1:4318")
  )
  return Otlp.layerJson({ baseUrl, resource: { serviceName: "heroku-audit" } })
})).pipe(Layer.provide(NodeHttpClient.layerNodeHttp))

const program = Effect.gen(function*() {
  const service = yield* AuthorizationService.AuthorizationService
  const count = yield* Stream.runCount(service.stream())
  yield* Effect.logInfo(`The account has ${count} authorizations`)
}).pipe(Effect.withSpan("audit"))

// Telemetry is provided last, so that it also covers building the client and is flushed after the program ends.
program.pipe(
  Effect.provide(NodeAuthorizationService.layerConfig().pipe(Layer.provideMerge(layerTelemetry))),
  NodeRuntime.runMain
)
// #endregion observe
