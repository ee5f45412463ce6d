/**
 * Prints every authorization that has global scope and never expires.
 *
 * Run it with `npx -y pnpm@12 exec node examples/audit.ts` and HEROKU_API_KEY set to an access token. To run it against a
 * sandbox (`npx -y pnpm@12 sandbox --port 4567`), set HEROKU_API_URL to http://127.0.0.1:4567 and HEROKU_API_KEY to any
 * value.
 */
// #region audit
import { Authorization, AuthorizationService } from "@effect-heroku/core"
import { NodeAuthorizationService } from "@effect-heroku/http-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, DateTime, Effect, Stream } from "effect"

const program = Effect.gen(function*() {
  const service = yield* AuthorizationService.AuthorizationService
  yield* service.stream().pipe(
    Stream.filter((item) => Authorization.hasGlobalScope(item) && Authorization.neverExpires(item)),
    Stream.runForEach(({ createdAt, id }) =>
      Console.log(`${id} has global scope and never expires, created ${DateTime.formatIsoDateUtc(createdAt)}`)
    )
  )
})

program.pipe(Effect.provide(NodeAuthorizationService.layerConfig()), NodeRuntime.runMain)
// #endregion audit
