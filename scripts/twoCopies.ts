/** Passes the token of one copy of `effect` to packages with another. `consumers.ts` runs it where there are two. */
import { AuthorizationService } from "@effect-heroku/core"
import { NodeAuthorizationService } from "@effect-heroku/http-node"
import { Console, Effect, Redacted } from "effect"

const program = Effect.gen(function*() {
  const service = yield* AuthorizationService.AuthorizationService
  const error = yield* Effect.flip(service.list())
  yield* Console.log(error.message)
})

const layer = NodeAuthorizationService.layer({ token: Redacted.make("any-token"), baseUrl: "http://127.0.0.1:9" })
await Effect.runPromise(Effect.provide(program, layer))
