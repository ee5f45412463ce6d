/**
 * Counts an account's authorizations, adds a header to every request, and logs the request id of every response.
 *
 * Run it with `npx -y pnpm@12 exec node examples/transform-client.ts` and HEROKU_API_KEY set to an access token. Set
 * HEROKU_API_URL to run it against a sandbox.
 */
import { AuthorizationService } from "@effect-heroku/core"
import { NodeAuthorizationService } from "@effect-heroku/http-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Config, Console, Effect, Layer, Logger, Stream } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"

const transformClient = (client: HttpClient.HttpClient) =>
  client.pipe(
    HttpClient.mapRequest(HttpClientRequest.setHeader("x-job", "nightly-audit")),
    HttpClient.tap(({ headers, status }) => Effect.log(`status ${status}, request id ${headers["request-id"]}`))
  )

const layer = Layer.unwrap(Effect.gen(function*() {
  const token = yield* Config.Redacted("HEROKU_API_KEY")
  const baseUrl = yield* Config.String("HEROKU_API_URL").pipe(Config.withDefault("https://api.heroku.com"))
  return NodeAuthorizationService.layer({ token, baseUrl, transformClient })
}))

const program = Effect.gen(function*() {
  const service = yield* AuthorizationService.AuthorizationService
  yield* Console.log(`${yield* Stream.runCount(service.stream())} authorizations`)
})

program.pipe(Effect.provide(layer), Effect.provideService(Logger.LogToStderr, true), NodeRuntime.runMain)
