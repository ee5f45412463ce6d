/**
 * Counts the authorizations over `fetch`: the transport for runtimes that are not Node. On Bun, Node's is of no use.
 *
 * Run it with `npx -y pnpm@12 exec node examples/fetch.ts`, or with `bun`. It takes the token from HEROKU_API_KEY alone:
 * reading `~/.netrc` belongs to `NodeAuthorizationService`.
 */
// #region fetch
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import { Console, Effect, Layer, Stream } from "effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"

const layer = HttpAuthorizationService.layerConfig().pipe(Layer.provide(FetchHttpClient.layer))

const program = Effect.gen(function*() {
  const service = yield* AuthorizationService
  yield* Console.log(`${yield* Stream.runCount(service.stream())} authorizations`)
})

await Effect.runPromise(Effect.provide(program, layer))
// #endregion fetch
