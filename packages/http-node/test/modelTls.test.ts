/** The model test of `model.test.ts` over Node's transport: the bad network is behind a TLS server and a bad proxy. */
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import type { BadNetwork } from "@effect-heroku/test-kit/badNetwork"
import { isOpensslMissing, makeTrustedCertificate, skipNote } from "@effect-heroku/test-kit/certificate"
import { startProxy, type TunnelOutcome } from "@effect-heroku/test-kit/proxy"
import { it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import type { IncomingMessage, ServerResponse } from "node:http"
import { createServer, type Server } from "node:https"
import type { AddressInfo } from "node:net"
import type { Duplex } from "node:stream"
import { buffer } from "node:stream/consumers"
import { token } from "./fixtures/liveService.ts"
import { type Connect, property, sequences } from "./fixtures/model.ts"

/** Carries a request to the network, and its response back. A failure breaks the connection, in the body or before. */
const carry = Effect.fnUntraced(
  function*({ client, currentCall }: BadNetwork, request: IncomingMessage, response: ServerResponse) {
    const bytes = yield* Effect.promise(() => buffer(request))
    const { accept, authorization, range } = request.headers
    // A request of an earlier call would overtake those of this one.
    if (request.headers["x-call"] !== String(currentCall())) return
    const received = yield* client.execute(
      HttpClientRequest.make(methodOf(request))(`https://api.heroku.com${request.url}`, {
        headers: { accept, authorization, range },
        body: bytes.length === 0 ? HttpBody.empty : HttpBody.uint8Array(bytes, "application/json")
      })
    )
    const { "content-length": _, ...headers } = received.headers
    response.writeHead(received.status, headers)
    response.flushHeaders()
    response.end(new Uint8Array(yield* received.arrayBuffer))
  },
  (effect, _, request) => Effect.tapError(effect, () => Effect.sync(() => request.socket.destroy()))
)

const methodOf = ({ method }: IncomingMessage) =>
  method === "POST" || method === "PATCH" || method === "DELETE" ? method : "GET"

const certificate = isOpensslMissing ? undefined : makeTrustedCertificate()

/** The outcomes of the tunnels, in turn. */
const outcomes: ReadonlyArray<TunnelOutcome> = [
  "opens",
  "opens",
  502,
  "opens",
  "resets",
  "opens",
  "is silent",
  "opens",
  403
]

const connect: Connect = Effect.fnUntraced(function*(network) {
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  const sockets: Array<Duplex> = []
  const server = yield* Effect.acquireRelease(
    Effect.callback<Server>((resume) => {
      const server = createServer({ ...certificate }, (request, response) => {
        fork(carry(network, request, response))
      })
      server.on("connection", (socket) => sockets.push(socket))
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.callback<void>((resume) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resume(Effect.void))
      })
  )
  const { port } = server.address() as AddressInfo
  let tunnels = 0
  const proxy = yield* startProxy(`https://127.0.0.1:${port}`, () => outcomes[tunnels++ % outcomes.length]!)
  const env = { HTTPS_PROXY: `http://${proxy.host}` }
  const layer = NodeAuthorizationService.layer({
    token,
    baseUrl: "https://api.heroku.test",
    requestTimeout: "20 seconds",
    transformClient: HttpClient.mapRequest((request) =>
      HttpClientRequest.setHeader(request, "x-call", String(network.currentCall()))
    )
  }).pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))))
  return Context.get(yield* Layer.build(Layer.fresh(layer)), AuthorizationService)
})

/** Real time for a request and its response, before the test clock reaches their time limit. */
const pause = Effect.promise(() => new Promise<void>((resolve) => setTimeout(resolve, 20)))

it.effect.prop(
  `the outcomes reported over TLS and a proxy are what happened, and no operation happened twice${skipNote}`,
  sequences,
  property(connect, pause),
  { arbitrary: { runs: Number(process.env["MODEL_TLS_RUNS"] ?? 100) }, timeout: 3_600_000 }
)
