/**
 * Counts an account's authorizations over `fetch`, for runtimes other than Node.
 *
 * Run it with `npx -y pnpm@12 exec node examples/fetch.ts`, or with `bun`. The token comes from HEROKU_API_KEY,
 * or from `heroku login`.
 */
// #region fetch
import { AuthorizationService } from "@effect-heroku/core"
import { HttpAuthorizationService } from "@effect-heroku/http-node"
import { Console, Effect, Layer, Stream } from "effect"
import { FetchHttpClient } from "effect/http"

const layer = HttpAuthorizationService.layerConfig().pipe(Layer.provide(FetchHttpClient.layer))

const program = Effect.gen(function*() {
  const service = yield* AuthorizationService.AuthorizationService
  yield* Console.log(`${yield* Stream.runCount(service.stream())} authorizations`)
})

await Effect.runPromise(Effect.provide(program, layer))
// #endregion fetch
