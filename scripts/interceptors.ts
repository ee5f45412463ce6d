/**
 * Replaces the network with msw, nock or undici's MockAgent, and prints which layers see the mock. `consumers.ts` checks that
 * docs/testing.md says the same. `node interceptors.ts msw|nock|undici`
 */
import { Authorization, AuthorizationService } from "@effect-heroku/core"
import { HttpAuthorizationService, NodeAuthorizationService } from "@effect-heroku/http-node"
import { Console, Effect, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { createServer } from "node:http"

const id = Authorization.AuthorizationId.make("01234567-89ab-cdef-0123-456789abcdef")
const time = "2026-01-01T00:00:00Z"
const toJson = (description: string) => ({ id, description, scope: [], created_at: time, updated_at: time })

const server = createServer((_, response) => response.end(JSON.stringify(toJson("the real server"))))
await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve))
const address = server.address()
const baseUrl = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
const mocked = toJson("the mock")

/** These packages are installed where this program runs, not in the repository. */
const load = (name: string) => import(name)

const interceptors: Record<string, () => Promise<void>> = {
  msw: async () => {
    const { HttpResponse, http } = await load("msw")
    const { setupServer } = await load("msw/node")
    setupServer(http.get(`${baseUrl}/oauth/authorizations/:id`, () => HttpResponse.json(mocked)))
      .listen({ onUnhandledRequest: "error" })
  },
  nock: async () => {
    const { default: nock } = await load("nock")
    nock.disableNetConnect()
    nock(baseUrl).persist().get(/authorizations/).reply(200, mocked)
  },
  undici: async () => {
    const { MockAgent, setGlobalDispatcher } = await load("undici")
    const agent = new MockAgent()
    agent.disableNetConnect()
    agent.get(baseUrl).intercept({ path: /authorizations/ }).reply(200, mocked).persist()
    setGlobalDispatcher(agent)
  }
}
await interceptors[process.argv[2] ?? ""]?.()

const options = { token: Redacted.make("any-token"), baseUrl, retry: { times: 0 } }
const layers = {
  NodeAuthorizationService: NodeAuthorizationService.layer(options),
  fetch: Layer.provide(HttpAuthorizationService.layer(options), FetchHttpClient.layer)
}
await Effect.runPromise(Effect.forEach(Object.entries(layers), ([name, layer]) =>
  Effect.gen(function*() {
    const service = yield* AuthorizationService.AuthorizationService
    const outcome = yield* Effect.match(service.info(id), {
      onSuccess: ({ description }) => description._tag === "Some" ? description.value : "nothing",
      onFailure: ({ message }) => message
    })
    yield* Console.log(`${name}: ${outcome}`)
  }).pipe(Effect.provide(layer))))
process.exit(0)
