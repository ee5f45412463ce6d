/**
 * Counts how often a runtime sends a `create` and a `regenerate` whose connection breaks after the request, once a
 * connection was used before. `consumers.ts` runs it on every supported runtime.
 */
import { Authorization, AuthorizationService } from "@effect-heroku/core"
import { HttpAuthorizationService, NodeAuthorizationService } from "@effect-heroku/http-node"
import { Console, Effect, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { createServer } from "node:http"
import process from "node:process"

const id = Authorization.AuthorizationId.make("01234567-89ab-cdef-0123-456789abcdef")
const time = "2026-01-01T00:00:00Z"
let posts = 0
const server = createServer((request, response) => {
  request.resume().on("end", () => {
    if (request.method === "POST") {
      posts++
      request.socket.destroy()
    } else {
      response.end(JSON.stringify({ id, description: null, scope: [], created_at: time, updated_at: time }))
    }
  })
})

const program = Effect.gen(function*() {
  const service = yield* AuthorizationService.AuthorizationService
  const outcomes: Array<string> = []
  for (const call of [service.create({ scope: ["read"] }), service.regenerate(id)]) {
    yield* service.info(id)
    posts = 0
    const error = yield* Effect.flip(call)
    const certainty = error.outcomeUnknown ? "unknown" : "known"
    outcomes.push(`${error.operation} sent ${posts} time(s), outcome ${certainty}`)
  }
  return outcomes.join("; ")
})

await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve))
const address = server.address()
const port = typeof address === "object" && address !== null ? address.port : 0
const options = { token: Redacted.make("any-token"), baseUrl: `http://127.0.0.1:${port}` }
const layers = {
  NodeAuthorizationService: NodeAuthorizationService.layer(options),
  fetch: Layer.provide(HttpAuthorizationService.layer(options), FetchHttpClient.layer)
}
await Effect.runPromise(
  Effect.forEach(
    Object.entries(layers),
    ([name, layer]) => Effect.flatMap(Effect.provide(program, layer), (outcomes) => Console.log(`${name}: ${outcomes}`))
  )
)
process.exit(0)
