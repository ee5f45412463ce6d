/**
 * Counts an account's authorizations through the proxy in HTTPS_PROXY. `NodeAuthorizationService` connects directly.
 *
 * Run it with `npx -y pnpm@12 exec node examples/proxy.ts`, HEROKU_API_KEY set to an access token and HTTPS_PROXY to the
 * URL of a proxy. It needs Node 22.21 or newer.
 */
// #region proxy
import { AuthorizationService } from "@effect-heroku/core"
import { HttpAuthorizationService } from "@effect-heroku/http-node"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Layer, Stream } from "effect"

const layer = HttpAuthorizationService.layerConfig().pipe(
  // Also reads HTTP_PROXY and NO_PROXY.
  Layer.provide(NodeHttpClient.layerNodeHttpOptions({ proxyEnv: process.env }))
)

const program = Effect.gen(function*() {
  const service = yield* AuthorizationService.AuthorizationService
  yield* Console.log(`${yield* Stream.runCount(service.stream())} authorizations`)
})

program.pipe(Effect.provide(layer), NodeRuntime.runMain)
// #endregion proxy
