/**
 * A stateful fake of Heroku's API for OAuth authorizations, as an `HttpClient` in process and behind any Effect `HttpServer`.
 *
 * It serves `/oauth/authorizations` and the paths below it, `/teams/{team}/oauth/authorizations`, `/account`,
 * `/account/rate-limits` and `DELETE /oauth/sessions/~`. Every other path responds with 404. Browsers may call it from any
 * page.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpServer from "effect/http/HttpServer"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { FaultInjection } from "./FaultInjection.ts"
import { HerokuAccount } from "./HerokuAccount.ts"
import * as Api from "./internal/api.ts"
import * as Faults from "./internal/faults.ts"

export type { Exchange } from "./internal/api.ts"

/** How the fake API behaves, and what its account starts with. By default it has no authorizations. */
export interface Options extends Api.Options {}

/**
 * Provides an `HttpClient` that sends every request, to any host, to the fake API, and the account behind it. Every build of
 * the layer has a new account.
 */
export const layerHttpClient = (options?: Options): Layer.Layer<HttpClient.HttpClient | HerokuAccount> =>
  makeHttpClient(options, Faults.none)

/** Provides the same as `layerHttpClient`, and the `FaultInjection` that its calls obey. */
export const layerHttpClientWithFaults = (
  options?: Options
): Layer.Layer<HttpClient.HttpClient | HerokuAccount | FaultInjection> =>
  Faults.withFaults((guard) => makeHttpClient(options, guard))

const makeHttpClient = (options: Options = {}, guard: Faults.Guard) =>
  Layer.effectContext(
    Effect.map(Api.make(options, guard), (api) =>
      Context.make(HttpClient.HttpClient, toHttpClient(api)).pipe(Context.add(HerokuAccount, api.account)))
  )

const toHttpClient = (api: Api.Api): HttpClient.HttpClient =>
  HttpClient.make((request) =>
    respond(api, HttpServerRequest.fromClientRequest(request)).pipe(
      Effect.mapBoth({
        onSuccess: (response) => HttpServerResponse.toClientResponse(response, { request }),
        onFailure: (error) => {
          const cause = error._tag === "Broken" ? brokenConnection(error.when) : error
          return new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) })
        }
      })
    )
  )

/** An error like Node's, for clients that decide by its code whether a request was sent. */
const brokenConnection = (when: Api.Broken["when"]): Error => {
  const [call, code] = when === "connecting" ? ["connect", "ECONNREFUSED"] : ["read", "ECONNRESET"]
  return Object.assign(new Error(`${call} ${code}`), { code })
}

const respond = ({ handle }: Api.Api, request: HttpServerRequest.HttpServerRequest) => {
  const { headers, method, url: target } = request
  return request.text.pipe(
    Effect.flatMap((body) => handle({ method, target, headers, body })),
    Effect.map(({ body, headers, status }) =>
      body === "" ? HttpServerResponse.empty({ status, headers }) : HttpServerResponse.text(body, { status, headers })
    ),
    Effect.catchTag(
      "Broken",
      (broken) => typeof broken.when === "object" ? Effect.succeed(cutShort(broken.when.response)) : Effect.fail(broken)
    )
  )
}

const breakNow = Stream.failSync(() => brokenConnection("responding"))

// A server sends what was written in its next tick. Failing at once would lose it.
const cutShort = ({ body, headers, status }: Api.ApiResponse): HttpServerResponse.HttpServerResponse => {
  const bytes = new TextEncoder().encode(body)
  return HttpServerResponse.stream(
    Stream.concat(
      Stream.succeed(bytes.subarray(0, bytes.length / 2)),
      Stream.unwrap(Effect.as(Effect.yieldNow, breakNow))
    ),
    { status, headers }
  )
}

/** Serves the fake API on the `HttpServer` in context, without an access log, and provides the account behind it. */
export const layerServer = (options?: Options): Layer.Layer<HerokuAccount, never, HttpServer.HttpServer> =>
  makeServer(options, Faults.none)

/**
 * Provides the same as `layerServer`, and the `FaultInjection` that its calls obey.
 *
 * **Gotchas**
 *
 * A connection reset is a response whose body fails before its first byte: Node's server then closes the connection
 * without a response. Other servers may send the head of a response first.
 */
export const layerServerWithFaults = (
  options?: Options
): Layer.Layer<HerokuAccount | FaultInjection, never, HttpServer.HttpServer> =>
  Faults.withFaults((guard) => makeServer(options, guard))

const makeServer = (options: Options = {}, guard: Faults.Guard) =>
  Layer.unwrap(Effect.gen(function*() {
    const api = yield* Api.make(options, guard)
    const closing = yield* Deferred.make<never, Api.Broken>()
    const app = HttpServerRequest.HttpServerRequest.pipe(
      Effect.flatMap((request) => Effect.raceFirst(respond(api, request), Deferred.await(closing))),
      Effect.catchTag("Broken", () => Effect.succeed(HttpServerResponse.stream(breakNow)))
    )
    // Servers run their app uninterruptibly. A call that waits or hangs has to end when its client disconnects.
    const layerApp = HttpServer.serve(Effect.interruptible(app))
    // A server that stops waits for its calls. Those that wait or hang have to end first, so this is built last.
    const layerClosing = Layer.effectDiscard(
      Effect.addFinalizer(() => Deferred.fail(closing, { _tag: "Broken", when: "responding" }))
    )
    return Layer.merge(Layer.provideMerge(layerClosing, layerApp), Layer.succeed(HerokuAccount, api.account))
  }))
