/** An `HttpClient` with scripted responses. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as payloads from "./payloads.ts"

export interface Sent {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** When the request was sent, in seconds of the test clock. */
  readonly at: number
}

/** The outcome of a request. An `Error` is the cause of a failed connection. */
export type Reply = Response | Error | HttpClientError.HttpClientError | Effect.Effect<Response>

export type MakeReply = (request: HttpClientRequest.HttpClientRequest) => Reply

/** Makes a client that gives the nth request the nth reply, and the last reply from then on. */
export const scriptedClient = (...replies: ReadonlyArray<MakeReply>) => {
  const sent: Array<Sent> = []
  const client = HttpClient.make((request, url) =>
    Effect.flatMap(Clock.currentTimeMillis, (now): Effect.Effect<
      HttpClientResponse.HttpClientResponse,
      HttpClientError.HttpClientError
    > => {
      sent.push({
        method: request.method,
        url: url.href,
        headers: { ...request.headers },
        body: bodyOf(request),
        at: now / 1000
      })
      const reply = replies[Math.min(sent.length, replies.length) - 1]!(request)
      if (reply instanceof HttpClientError.HttpClientError) return Effect.fail(reply)
      if (reply instanceof Error) return Effect.fail(transportError(request, reply))
      return Effect.map(
        reply instanceof Response ? Effect.succeed(reply) : reply,
        (response) => HttpClientResponse.fromWeb(request, response)
      )
    })
  )
  return { client, sent, layer: Layer.succeed(HttpClient.HttpClient, client) }
}

/** Reads the body of a request as text. */
export const bodyOf = ({ body }: HttpClientRequest.HttpClientRequest): string =>
  body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""

/** Makes the error of a connection that failed for this cause. */
export const transportError = (
  request: HttpClientRequest.HttpClientRequest,
  cause: unknown
): HttpClientError.HttpClientError =>
  new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) })

/** A JSON response with a request id. */
export const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  Response.json(body, { status, headers: { "Request-Id": "request-1", ...headers } })

/** 200 and an authorization. */
export const ok = (): Response => json(200, payloads.full)

/** A response with this status, an empty JSON body and these headers. */
export const status = (status: number, headers: Record<string, string> = {}) => (): Response =>
  status === 204 || status === 304
    ? new Response(null, { status, headers: { "Request-Id": "request-1", ...headers } })
    : json(status, {}, headers)

/** The cause of a connection that failed, as Node reports it. */
export const systemError = (message: string, code: string | undefined, syscall?: string): Error =>
  Object.assign(new Error(message), { code, syscall })

/** The server does not accept the connection. */
export const connectionRefused = (): Error => systemError("connect ECONNREFUSED", "ECONNREFUSED")

/** The connection breaks once the request was sent. */
export const connectionReset = (): Error => systemError("read ECONNRESET", "ECONNRESET")

/** A response whose body consists of these chunks; `close` or an error ends it, nothing leaves it open. */
export const chunkedBody = (
  chunks: Iterable<string | Uint8Array>,
  end: "close" | "stall" | Error = "close",
  init: ResponseInit = {}
) =>
(): Response =>
  new Response(
    new ReadableStream({
      start: (controller) => {
        for (const chunk of chunks) {
          controller.enqueue(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk)
        }
        if (end === "close") controller.close()
        else if (end !== "stall") controller.error(end)
      }
    }),
    init
  )
