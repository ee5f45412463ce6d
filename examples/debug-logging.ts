/**
 * Counts an account's authorizations and logs every request at debug level to standard error.
 *
 * Run it with `npx -y pnpm@12 exec node examples/debug-logging.ts`; see `audit.ts` for the account it uses.
 */
import { AuthorizationService } from "@effect-heroku/core"
import { NodeAuthorizationService } from "@effect-heroku/http-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Logger, References, Stream } from "effect"

const program = Effect.gen(function*() {
  const service = yield* AuthorizationService.AuthorizationService
  yield* Console.log(`${yield* Stream.runCount(service.stream())} authorizations`)
})

program.pipe(
  Effect.provide(NodeAuthorizationService.layerConfig()),
  Effect.provideService(References.MinimumLogLevel, "Debug"),
  Effect.provideService(Logger.LogToStderr, true),
  NodeRuntime.runMain
)
