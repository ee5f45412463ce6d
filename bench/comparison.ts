/**
 * Prints the comparison of the README: runs each client against servers that behave as Heroku and networks sometimes do. It
 * takes two minutes, most of which other clients spend on retries.
 */
import * as Authorization from "@effect-heroku/core/Authorization"
import { AuthorizationService, type Service } from "@effect-heroku/core/AuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import { HTTP } from "@heroku/http-call"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import HerokuClient from "heroku-client"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { inspect } from "node:util"

// -----------------------------------------------------------------------------
// Clients
// -----------------------------------------------------------------------------

interface Client {
  readonly list: () => Promise<ReadonlyArray<unknown>>
  readonly info: () => Promise<unknown>
  readonly create: () => Promise<unknown>
}

const token = "HRKU-of-the-comparison"
const path = "/oauth/authorizations"
const input = { scope: ["read"] }

const isArray = (value: unknown): ReadonlyArray<unknown> => Array.isArray(value) ? value : []

const clients: Readonly<Record<string, (host: string) => Client>> = {
  "heroku-client 3.1.4": (host) => {
    const client = new HerokuClient({ host, token })
    return {
      list: async () => isArray(await client.get(path)),
      info: () => client.get(`${path}/x`),
      create: () => client.post(path, { body: input })
    }
  },
  "@heroku/http-call 5.6.1": (host) => {
    const headers = { accept: "application/vnd.heroku+json; version=3", authorization: `Bearer ${token}` }
    const http = HTTP.create({ headers })
    return {
      list: async () => isArray((await http.get(`${host}${path}`)).body),
      info: () => http.get(`${host}${path}/x`),
      create: () => http.post(`${host}${path}`, { body: input })
    }
  },
  "effect-heroku": (host) => {
    const layer = NodeAuthorizationService.layer({ token: Redacted.make(token), baseUrl: host })
    const run = <A, E>(use: (service: Service) => Effect.Effect<A, E>) =>
      Effect.runPromise(Effect.provide(AuthorizationService.use(use), layer))
    return {
      list: () => run((service) => Stream.runCollect(service.stream())),
      info: () => run((service) => service.info(Authorization.AuthorizationId.make("x"))),
      create: () => run((service) => service.create(input))
    }
  }
}

// -----------------------------------------------------------------------------
// Cases
// -----------------------------------------------------------------------------

interface Observation {
  /** The number of requests. */
  readonly requests: number
  readonly outcome: { readonly value: unknown } | { readonly error: unknown } | "pending"
}

interface Case {
  readonly name: string
  readonly call: (client: Client) => Promise<unknown>
  readonly respond: (request: IncomingMessage, response: ServerResponse, count: number) => void
  readonly describe: (observation: Observation) => string
}

const authorization = JSON.stringify({
  id: "01234567-89ab-cdef-0123-456789abcdef",
  scope: ["global"],
  created_at: "2024-01-01T00:00:00Z",
  updated_at: "2024-01-01T00:00:00Z"
})

const json = (response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}) =>
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(body)

const describeOutcome = ({ outcome, requests }: Observation): string =>
  outcome === "pending"
    ? `no result within the time limit; ${requests} requests`
    : `${"error" in outcome ? "an error" : "a success"}; ${requests} request${requests === 1 ? "" : "s"}`

const manyRequests = 50

const cases: ReadonlyArray<Case> = [
  {
    name: "create; the connection breaks after the request",
    call: (client) => client.create(),
    respond: (request) => request.on("end", () => request.socket.destroy()).resume(),
    describe: describeOutcome
  },
  {
    name: "create; Heroku responds with 429 and Retry-After",
    call: (client) => client.create(),
    respond: (_, response, count) =>
      count === 1
        ? json(response, 429, `{"id":"rate_limit","message":"slow down"}`, { "retry-after": "1" })
        : json(response, 201, authorization),
    describe: describeOutcome
  },
  {
    name: "list; a 206 response without Next-Range",
    call: (client) => client.list(),
    respond: (_, response) => json(response, 206, `[${authorization}]`),
    describe: describeOutcome
  },
  {
    name: "list; the same Next-Range in every response",
    call: (client) => client.list(),
    respond: (request, response, count) =>
      count > manyRequests
        ? request.socket.destroy()
        : json(response, 206, `[${authorization}]`, {
          "next-range": "id ]01234567-89ab-cdef-0123-456789abcdef..; max=1"
        }),
    describe: (observation) =>
      observation.requests > manyRequests ? "sends requests without end" : describeOutcome(observation)
  },
  {
    name: "info; the response body is cut off",
    call: (client) => client.info(),
    respond: (request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "1000" }).write("{")
      setTimeout(() => request.socket.destroy(), 20)
    },
    describe: describeOutcome
  },
  {
    name: "info; the error is inspected",
    call: (client) => client.info(),
    respond: (_, response) => json(response, 404, `{"id":"not_found","message":"gone"}`),
    describe: ({ outcome }) => {
      const shown = inspect(outcome, { depth: Infinity, showHidden: true })
      const secrets = [token, Buffer.from(`:${token}`).toString("base64")]
      return secrets.some((secret) => shown.includes(secret)) ? "contains the token" : "contains no token"
    }
  }
]

const observe = async (make: (host: string) => Client, { call, name, respond }: Case): Promise<Observation> => {
  let requests = 0
  const server = createServer((request, response) => respond(request, response, ++requests))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  const timeout = name.endsWith("cut off") ? 15_000 : 40_000
  const outcome = await Promise.race([
    call(make(`http://127.0.0.1:${port}`)).then((value) => ({ value }), (error: unknown) => ({ error })),
    new Promise<"pending">((resolve) => setTimeout(resolve, timeout, "pending"))
  ])
  server.closeAllConnections()
  server.close()
  return { requests, outcome }
}

for (const one of cases) {
  console.log(`\n${one.name}`)
  for (const [name, make] of Object.entries(clients)) {
    console.log(`  ${name.padEnd(24)}${one.describe(await observe(make, one))}`)
  }
}
// Calls that never settle are still running.
process.exit()
