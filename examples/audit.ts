/**
 * Prints every authorization that never expires and reaches everything.
 *
 * Run it with `npx -y pnpm@12 exec node examples/audit.ts`, and HEROKU_API_KEY set to a token of yours. Against a sandbox
 * (`npx -y pnpm@12 sandbox --port 4567`) set HEROKU_API_URL to http://127.0.0.1:4567, and the token to anything.
 */
// #region audit
import { hasGlobalScope, neverExpires } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, DateTime, Effect, Stream } from "effect"

const program = Effect.gen(function*() {
  const service = yield* AuthorizationService
  yield* service.stream().pipe(
    Stream.filter((authorization) => neverExpires(authorization) && hasGlobalScope(authorization)),
    Stream.runForEach(({ createdAt, id }) =>
      Console.log(`${id} can do everything, for ever, since ${DateTime.formatIsoDateUtc(createdAt)}`)
    )
  )
})

program.pipe(Effect.provide(NodeAuthorizationService.layerConfig()), NodeRuntime.runMain)
// #endregion audit
