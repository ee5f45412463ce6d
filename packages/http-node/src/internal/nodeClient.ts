/** Effect's `node:http` client over two agents, with bounded connections and the proxy of the environment. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as MutableList from "effect/MutableList"
import * as Result from "effect/Result"
import type * as Http from "node:http"
import type { Socket } from "node:net"
import { parse, type SourcedOptions } from "./options.ts"
import { findProxy } from "./proxy.ts"
import { CurrentTransmissions, type Transmission } from "./transmission.ts"

/** The number of connections of each agent. */
const maxConnections = 64

/**
 * Creates the client for the options of a caller, with the proxy of the environment. Returns it with the settings, or with
 * the first problem of the options in place of these. Its connections are closed with the scope.
 */
export const make = Effect.fnUntraced(function*(options: SourcedOptions & { readonly proxy?: boolean | undefined }) {
  const settings = yield* Effect.result(Effect.gen(function*() {
    const settings = yield* Effect.fromResult(parse(options))
    const proxy = options.proxy === false ? undefined : yield* findProxy(settings)
    return { ...settings, proxy: proxy?.name, proxyUrl: proxy?.url }
  }))
  const client = yield* Result.match(settings, {
    // No call gets as far as the client.
    onFailure: () => makeClient(undefined, Duration.zero),
    onSuccess: ({ proxyUrl, requestTimeout }) => makeClient(proxyUrl, requestTimeout)
  })
  return { client, settings }
})

/**
 * Creates a client over two agents.
 *
 * A `POST` always gets a fresh connection, because an idle one may be dead: after a process was frozen while the server
 * closed its idle connections, 2 of 4 creates over a pooled connection failed with `ECONNRESET`, outcome unknown; over a
 * fresh one none did. All other methods are idempotent, and such a failure is retried.
 */
const makeClient = Effect.fnUntraced(function*(proxyUrl: string | undefined, requestTimeout: Duration.Duration) {
  const options = {
    ALPNProtocols: ["http/1.1"],
    ...(proxyUrl === undefined ? {} : { proxyEnv: { http_proxy: proxyUrl, https_proxy: proxyUrl } }),
    // Ends the wait for a silent proxy, whose connection does not close with the request. Longer than the request's.
    timeout: Math.min(Duration.toMillis(requestTimeout) + 1000, 2 ** 31 - 1)
  }
  const pooled = yield* makeAgentClient({ ...options, keepAlive: true, maxSockets: maxConnections })
  // Not `maxSockets`: with it, Node assigns a used connection to a request that waits for one.
  const fresh = yield* makeAgentClient({ ...options, keepAlive: false, maxTotalSockets: maxConnections })
  return HttpClient.makeWith<never, never, HttpClientError, never>(
    Effect.flatMap((request) => (request.method === "POST" ? fresh : pooled).execute(request)),
    Effect.succeed
  )
})

const makeAgentClient = Effect.fnUntraced(function*(options: NodeHttpClient.HttpAgentOptions) {
  const { http, https } = yield* NodeHttpClient.makeAgent(options)
  const whenFree = makeQueue()
  return HttpClient.makeWith<never, never, HttpClientError, never>(
    Effect.flatMap((request) =>
      Effect.gen(function*() {
        const transmissions = yield* CurrentTransmissions
        const onRequest = (request: Http.ClientRequest, assignSocket: () => void) => {
          transmissions.push(observe(request))
          whenFree(request, assignSocket)
        }
        const client = yield* Effect.provideService(NodeHttpClient.makeNodeHttp, NodeHttpClient.HttpAgent, {
          http: interceptRequests(http, onRequest),
          https: interceptRequests(https, onRequest)
        })
        return yield* client.execute(request)
      })
    ),
    Effect.succeed
  )
})

/**
 * Returns an agent that passes each request to `onRequest` instead of assigning a socket to it. `addRequest` is what Node
 * calls on an agent for each request, and what packages with agents of their own (`agent-base`) implement.
 */
const interceptRequests = <Agent extends Http.Agent>(
  agent: Agent,
  onRequest: (request: Http.ClientRequest, assignSocket: () => void) => void
): Agent =>
  new Proxy(agent, {
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property, target)
      return property === "addRequest" && typeof value === "function"
        ? (request: Http.ClientRequest, ...rest: ReadonlyArray<unknown>) =>
          onRequest(request, () => Reflect.apply(value, target, [request, ...rest]))
        : value
    }
  })

/** Creates a queue for connections. Node's own does not count connections that a proxy has yet to establish. */
const makeQueue = () => {
  const waiting = MutableList.make<{ readonly request: Http.ClientRequest; readonly assignSocket: () => void }>()
  let inFlight = 0
  const startWaiting = () => {
    while (inFlight < maxConnections) {
      const next = MutableList.take(waiting)
      if (next === MutableList.Empty) return
      // Interrupted while it waited. Without a socket, it never emits `close`.
      if (next.request.destroyed) continue
      inFlight++
      next.request.once("close", () => {
        inFlight--
        startWaiting()
      })
      next.assignSocket()
    }
  }
  return (request: Http.ClientRequest, assignSocket: () => void): void => {
    MutableList.append(waiting, { request, assignSocket })
    startWaiting()
  }
}

const observe = (request: Http.ClientRequest): Transmission => {
  let isSent = false
  let socket: Socket | undefined
  let response: Http.IncomingMessage | undefined
  request.once("response", (received: Http.IncomingMessage) => {
    response = received
  })
  request.once("socket", (assigned: Socket) => {
    socket = assigned
    const markSent = () => {
      isSent = true
    }
    const isHandshaking = "secureConnecting" in socket && socket.secureConnecting === true
    if (socket.connecting || isHandshaking) socket.once("encrypted" in socket ? "secureConnect" : "connect", markSent)
    else markSent()
  })
  return {
    isSent: () => isSent,
    bytesRead: () => socket?.bytesRead ?? 0,
    isComplete: () => response?.complete === true
  }
}
