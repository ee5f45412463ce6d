/**
 * Counts an account's authorizations, and stops sending requests for 30 seconds after five failures in a row.
 *
 * Run it with `npx -y pnpm@12 exec node examples/circuit-breaker.ts` and HEROKU_API_KEY set to an access token.
 */
import { AuthorizationService } from "@effect-heroku/core"
import { NodeAuthorizationService } from "@effect-heroku/http-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Config, Console, Effect, flow, Layer, Stream } from "effect"
import { HttpClient } from "effect/http"
import { CircuitBreaker } from "effect/persistence"

// #region breaker
const layer = Layer.unwrap(Effect.gen(function*() {
  const token = yield* Config.Redacted("HEROKU_API_KEY")
  const baseUrl = yield* Config.String("HEROKU_API_URL").pipe(Config.withDefault(undefined))
  const breaker = yield* CircuitBreaker.make({
    tripPolicy: CircuitBreaker.consecutive(5),
    openDuration: "30 seconds"
  })
  return NodeAuthorizationService.layer({
    token,
    baseUrl,
    transformClient: flow(
      // Inside the breaker, so that a silent server counts as a failure. Shorter than `requestTimeout`.
      HttpClient.transformResponse(Effect.timeout("20 seconds")),
      HttpClient.withCircuitBreaker({ breaker })
    )
  })
})).pipe(Layer.provide(CircuitBreaker.layerStoreMemory()))
// #endregion breaker

const program = Effect.gen(function*() {
  const service = yield* AuthorizationService.AuthorizationService
  yield* Console.log(`${yield* Stream.runCount(service.stream())} authorizations`)
})

program.pipe(Effect.provide(layer), NodeRuntime.runMain)
