/**
 * A stateful imitation of Heroku's API for OAuth authorizations: as an `HttpClient` in process, and behind any Effect
 * `HttpServer`. Both are thin; what it answers is in `internal/api.ts`.
 *
 * It answers `/oauth/authorizations` and what is below it, and `/account/rate-limits`; every other path is not found.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpServer from "effect/http/HttpServer"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { HerokuAccount } from "./HerokuAccount.ts"
import * as Api from "./internal/api.ts"

export type { AuthorizationSeed, ClientSeed, Seed, UserSeed, WireSeed } from "./internal/records.ts"

export type { Exchange } from "./internal/api.ts"

/** How the imitation behaves, and what its account starts with. By default it has no authorizations. */
export interface Options extends Api.Options {}

// -----------------------------------------------------------------------------
// In process
// -----------------------------------------------------------------------------

/** Makes an `HttpClient` whose every request, to whatever host, is answered by the imitation. */
export const makeHttpClient = (options?: Options): Effect.Effect<HttpClient.HttpClient> =>
  Effect.map(Api.make(options ?? {}), toHttpClient)

/** `makeHttpClient` as a layer, and the account behind it: a new imitation each time it is built. */
export const layerHttpClient = (options?: Options): Layer.Layer<HttpClient.HttpClient | HerokuAccount> =>
  Layer.effectContext(
    Effect.map(
      Api.make(options ?? {}),
      (api) => Context.make(HttpClient.HttpClient, toHttpClient(api)).pipe(Context.add(HerokuAccount, api.account))
    )
  )

const toHttpClient = ({ handle }: Api.Api): HttpClient.HttpClient =>
  HttpClient.make((request, url) =>
    readBody(request).pipe(
      Effect.flatMap((body) =>
        handle({ method: request.method, target: url.pathname + url.search, headers: request.headers, body }).pipe(
          Effect.map(({ body, headers, status }) =>
            new Response(request.method === "HEAD" || body === "" ? null : body, { status, headers })
          ),
          Effect.catch(({ when }) => {
            switch (when) {
              case "connecting":
                return Effect.fail(transportError(request, new SystemError("connect ECONNREFUSED", "ECONNREFUSED")))
              case "answering":
                return Effect.fail(transportError(request, connectionReset()))
              default:
                return Effect.succeed(cutShort(when.response))
            }
          })
        )
      ),
      Effect.map((response) => HttpClientResponse.fromWeb(request, response))
    )
  )

/** Looks like what Node raises, for clients that tell by the code whether a request was sent. */
class SystemError extends Error {
  readonly code: string
  constructor(message: string, code: string) {
    super(message)
    this.code = code
  }
}

const connectionReset = (): SystemError => new SystemError("read ECONNRESET", "ECONNRESET")

const cutShort = ({ body, headers, status }: Api.ApiResponse): Response =>
  new Response(
    new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode(body.slice(0, body.length / 2)))
        controller.error(connectionReset())
      }
    }),
    { status, headers }
  )

const transportError = (
  request: HttpClientRequest.HttpClientRequest,
  cause: unknown
): HttpClientError.HttpClientError =>
  new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) })

const decoder = new TextDecoder()

const readBody = (
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<string, HttpClientError.HttpClientError> => {
  const { body } = request
  switch (body._tag) {
    case "Empty":
      return Effect.succeed("")
    case "Uint8Array":
      return Effect.sync(() => decoder.decode(body.body))
    case "Stream":
      return Stream.mkString(Stream.decodeText(body.stream)).pipe(
        Effect.mapError((cause) => transportError(request, cause))
      )
    case "Raw":
      return Effect.sync(() => body.body instanceof Uint8Array ? decoder.decode(body.body) : String(body.body))
    case "FormData":
      return Effect.promise(() => new Response(body.formData).text())
  }
}

// -----------------------------------------------------------------------------
// Behind a server
// -----------------------------------------------------------------------------

/**
 * Serves the imitation on the `HttpServer` in context, and provides the account behind it. It writes no access log.
 *
 * **Gotchas**
 *
 * A connection reset of `FaultInjection` is a response whose body fails before its first byte: Node's server then
 * closes the connection without an answer, and others may send the head of one first.
 */
export const layerServer = (options?: Options): Layer.Layer<HerokuAccount, never, HttpServer.HttpServer> =>
  Layer.unwrap(Effect.gen(function*() {
    const { account, handle } = yield* Api.make(options ?? {})
    const closing = yield* Deferred.make<never, Api.Broken>()
    const app = Effect.gen(function*() {
      const request = yield* HttpServerRequest.HttpServerRequest
      const { headers, method, url } = request
      const answer = handle({ method, target: url, headers, body: yield* request.text })
      return yield* Effect.raceFirst(answer, Deferred.await(closing)).pipe(
        Effect.match({
          onFailure: ({ when }) =>
            typeof when === "object" ? cutShortOnServer(when.response) : HttpServerResponse.stream(breakNow),
          onSuccess: ({ body, headers, status }) =>
            body === ""
              ? HttpServerResponse.empty({ status, headers })
              : HttpServerResponse.text(body, { status, headers })
        })
      )
    })
    // Servers run their app uninterruptibly; a call that waits or hangs has to end when its client has gone.
    const layerApp = HttpServer.serve(Effect.interruptible(app))
    // A server that stops waits for its calls. Those that wait or hang have to end first, so this is built last.
    const layerClosing = Layer.effectDiscard(
      Effect.addFinalizer(() => Deferred.fail(closing, { _tag: "Broken", when: "answering" }))
    )
    return Layer.merge(Layer.provideMerge(layerClosing, layerApp), Layer.succeed(HerokuAccount, account))
  }))

const breakNow = Stream.fail("The connection is to break")

// What was written is sent when the server comes to it; to break off at once would lose that as well.
const cutShortOnServer = ({ body, headers, status }: Api.ApiResponse): HttpServerResponse.HttpServerResponse => {
  const bytes = new TextEncoder().encode(body)
  return HttpServerResponse.stream(
    Stream.concat(
      Stream.succeed(bytes.subarray(0, bytes.length / 2)),
      Stream.unwrap(Effect.as(Effect.yieldNow, breakNow))
    ),
    { status, headers }
  )
}
