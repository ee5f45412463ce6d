/** An HTTP proxy that opens tunnels to one port of this machine, whatever host a request names. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import { type AddressInfo, connect, type Socket } from "node:net"

export interface Proxy {
  readonly host: string
  /** The first line and the credentials of every request. */
  readonly requests: ReadonlyArray<string>
}

/** How a proxy handles a request for a tunnel: a number is the status with which it rejects it. */
export type TunnelOutcome = "opens" | "resets" | "is silent" | number

/** Starts a proxy to the port of this URL. It forwards the body of plain requests to `/forwarded`. */
export const startProxy = (
  target: string,
  nextOutcome: () => TunnelOutcome = () => "opens"
): Effect.Effect<Proxy, never, Scope.Scope> =>
  Effect.gen(function*() {
    const { port } = new URL(target)
    const requests: Array<string> = []
    const sockets: Array<Socket> = []
    const record = ({ headers, method, url }: Http.IncomingMessage) => {
      requests.push([method, url, headers["proxy-authorization"]].join(" ").trim())
    }
    const acquire = Effect.callback<Http.Server>((resume) => {
      const server = Http.createServer((request, response) => {
        record(request)
        const { pathname } = new URL(request.url ?? "")
        const { headers, method } = request
        request.pipe(Http.request({ host: "127.0.0.1", port, path: pathname, method, headers }, (received) => {
          response.writeHead(received.statusCode ?? 502, received.headers)
          received.pipe(response)
        }))
      })
      server.on("connection", (socket) => sockets.push(socket))
      server.on("connect", (request, client: Socket) => {
        record(request)
        client.on("error", () => {})
        const outcome = nextOutcome()
        if (outcome === "is silent") return
        if (outcome === "resets") return void client.resetAndDestroy()
        if (outcome !== "opens") return void client.end(`HTTP/1.1 ${outcome} Rejected\r\n\r\n`)
        const upstream = connect(Number(port), "127.0.0.1", () => {
          client.write("HTTP/1.1 200 Connection established\r\n\r\n")
          client.pipe(upstream).pipe(client)
        })
        sockets.push(upstream)
        client.on("error", () => upstream.destroy()).on("close", () => upstream.destroy())
        // A reset stays a reset.
        upstream.on("error", () => client.resetAndDestroy()).on("close", () => client.destroy())
      })
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    })
    const server = yield* Effect.acquireRelease(acquire, (server) =>
      Effect.callback<void>((resume) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resume(Effect.void))
      }))
    const { port: own } = server.address() as AddressInfo
    return { host: `127.0.0.1:${own}`, requests }
  })
