/**
 * Counts an account's authorizations and stays under Heroku's rate limit.
 *
 * Run it with `npx -y pnpm@12 exec node examples/budget.ts` and HEROKU_API_KEY set to an access token. Set HEROKU_API_URL
 * to run it against a sandbox.
 */
import { AuthorizationService } from "@effect-heroku/core"
import { NodeAuthorizationService, RequestBudget } from "@effect-heroku/http-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Config, Console, Effect, Layer, Stream } from "effect"

const layerService = Layer.unwrap(Effect.gen(function*() {
  const token = yield* Config.Redacted("HEROKU_API_KEY")
  const baseUrl = yield* Config.String("HEROKU_API_URL").pipe(Config.withDefault("https://api.heroku.com"))
  return NodeAuthorizationService.layerBudgeted({ token, baseUrl })
}))

// The rate limit of one process. `budget-redis.ts` shares it between processes.
const layer = layerService.pipe(Layer.provide(RequestBudget.layerMemory()))

const program = Effect.gen(function*() {
  const service = yield* AuthorizationService.AuthorizationService
  yield* Console.log(`${yield* Stream.runCount(service.stream())} authorizations`)
})

program.pipe(Effect.provide(layer), NodeRuntime.runMain)
