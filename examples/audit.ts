/**
 * Prints every authorization that never expires and reaches everything.
 *
 * Run: `HEROKU_API_KEY=… node examples/audit.ts`, or first `pnpm sandbox --port 4567 --count 450` and then
 * `HEROKU_API_URL=http://127.0.0.1:4567 HEROKU_API_KEY=any node examples/audit.ts`.
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
}).pipe(Effect.catchTag("Unauthorized", ({ message }) => Console.error(`Heroku refuses the token: ${message}`)))

program.pipe(Effect.provide(NodeAuthorizationService.layerConfig()), NodeRuntime.runMain)
// #endregion audit
