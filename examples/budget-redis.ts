/**
 * Counts an account's authorizations and stays under Heroku's rate limit together with all processes that use the same
 * Redis.
 *
 * Run it with `npx -y pnpm@12 exec node examples/budget-redis.ts`, HEROKU_API_KEY set to an access token and REDIS_URL to
 * a Redis. Set HEROKU_API_URL to run it against a sandbox.
 */
import { AuthorizationService } from "@effect-heroku/core"
import { NodeAuthorizationService, RequestBudget } from "@effect-heroku/http-node"
import * as RedisRateLimiter from "@effect-heroku/http-node/RedisRateLimiter"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Config, Console, Effect, Layer, Logger, Stream } from "effect"

const layerService = Layer.unwrap(Effect.gen(function*() {
  const token = yield* Config.Redacted("HEROKU_API_KEY")
  const baseUrl = yield* Config.String("HEROKU_API_URL").pipe(Config.withDefault("https://api.heroku.com"))
  return NodeAuthorizationService.layerBudgeted({ token, baseUrl })
}))

// With four processes, each may use a quarter of the rate limit while Redis is unavailable.
const layerBudget = RequestBudget.layer({ localShare: 0.25 }).pipe(Layer.provide(RedisRateLimiter.layerConfig()))

const program = Effect.gen(function*() {
  const service = yield* AuthorizationService.AuthorizationService
  yield* Console.log(`${yield* Stream.runCount(service.stream())} authorizations`)
})

program.pipe(
  Effect.provide(layerService.pipe(Layer.provide(layerBudget))),
  Effect.provideService(Logger.LogToStderr, true),
  NodeRuntime.runMain
)
