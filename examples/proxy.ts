/**
 * Counts the authorizations through the proxy that HTTPS_PROXY names. `NodeAuthorizationService` connects directly; a
 * proxy is another dispatcher of undici.
 *
 * Run it with `npx -y pnpm@12 exec node examples/proxy.ts`, and HEROKU_API_KEY and HTTPS_PROXY set.
 */
// #region proxy
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { EnvHttpProxyAgent } from "@effect/platform-node/Undici"
import { Console, Effect, Layer, Stream } from "effect"

const layerProxy = Layer.effect(
  NodeHttpClient.Dispatcher,
  Effect.acquireRelease(
    Effect.sync(() => new EnvHttpProxyAgent()),
    (agent) => Effect.promise(() => agent.destroy())
  )
)

const layer = HttpAuthorizationService.layerConfig().pipe(
  Layer.provide(NodeHttpClient.layerUndiciNoDispatcher),
  Layer.provide(layerProxy)
)

const program = Effect.gen(function*() {
  const service = yield* AuthorizationService
  yield* Console.log(`${yield* Stream.runCount(service.stream())} authorizations`)
})

program.pipe(Effect.provide(layer), NodeRuntime.runMain)
// #endregion proxy
