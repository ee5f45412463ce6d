/**
 * Creates an authorization that expires after 30 days and prints its access token, which Heroku shows only once.
 *
 * Run it with `TOKEN=$(npx -y pnpm@12 exec node examples/create-token.ts)`; see `audit.ts` for the account it uses.
 */
// #region create
import { Authorization, AuthorizationService } from "@effect-heroku/core"
import { NodeAuthorizationService } from "@effect-heroku/http-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Logger, Redacted } from "effect"

const program = Effect.gen(function*() {
  const service = yield* AuthorizationService.AuthorizationService
  const authorization = yield* service.create({
    description: "build server",
    scope: ["read"],
    expiresIn: "30 days"
  })
  const token = yield* Effect.fromOption(Authorization.accessToken(authorization))
  yield* Console.log(Redacted.value(token))
})

program.pipe(
  Effect.provide(NodeAuthorizationService.layerConfig()),
  // Standard output carries the token only: errors and log lines go to standard error.
  Effect.tapCause(Effect.logError),
  Effect.provideService(Logger.LogToStderr, true),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
// #endregion create
