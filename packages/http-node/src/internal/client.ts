/** One exchange with Heroku: the request's headers, the time it may take, and a complete answer or `RequestFailed`. */
import type { InvalidResponse, Operation, RequestFailed } from "@effect-heroku/core/AuthorizationError"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { flow, identity } from "effect/Function"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import { type Answer, read, requestId } from "./answer.ts"
import { fromClientError, timedOut } from "./failure.ts"
import type { Options, Settings } from "./options.ts"
import { type Scrub, withoutSecrets } from "./scrub.ts"

/**
 * Makes the function that sends a request and reads the whole answer.
 *
 * **Details**
 *
 * The scope of the exchange ends with it: a timeout or an interruption closes the connection, also while the body is read,
 * and while a client of the user's does something between the two. Trace headers are not sent: they are of no use to
 * Heroku, and each attempt must be the same bytes.
 */
export const make = (
  httpClient: HttpClient.HttpClient,
  settings: Settings,
  transformClient: Options["transformClient"] = identity
) => {
  const client = httpClient.pipe(
    HttpClient.mapRequest(flow(
      HttpClientRequest.prependUrl(settings.baseUrl),
      HttpClientRequest.bearerToken(settings.token),
      HttpClientRequest.accept("application/vnd.heroku+json; version=3"),
      HttpClientRequest.setHeader("user-agent", settings.userAgent)
    )),
    transformClient,
    HttpClient.withScope
  )

  const errorPatience = Duration.min(Duration.times(settings.requestTimeout, 0.5), Duration.seconds(5))

  /** `scrub` knows the secrets of the request. */
  return (
    operation: Operation,
    request: HttpClientRequest.HttpClientRequest,
    scrub: Scrub,
    earlierMayHaveActed: boolean
  ): Effect.Effect<Answer, RequestFailed | InvalidResponse> =>
    // A client of the user's can also fail before it returns an effect.
    Effect.suspend(() => client.execute(request)).pipe(
      // A client that turns statuses into errors (`HttpClient.filterStatusOk`) has an answer all the same.
      Effect.catch((error) =>
        error.reason._tag === "StatusCodeError" ? Effect.succeed(error.reason.response) : Effect.fail(error)
      ),
      Effect.flatMap((response) => read(response, operation, scrub, earlierMayHaveActed, errorPatience)),
      Effect.scoped,
      Effect.mapError((error) =>
        error._tag === "InvalidResponse"
          ? error
          : fromClientError(operation, settings.baseUrl, earlierMayHaveActed, error)
      ),
      // It may hold the request, as the client's errors do.
      Effect.catchDefect((defect) => Effect.die(withoutSecrets(defect, scrub))),
      Effect.timeoutOrElse({
        duration: settings.requestTimeout,
        orElse: () => Effect.fail(timedOut(operation, Duration.toSeconds(settings.requestTimeout)))
      }),
      Effect.updateContext(toClientContext)
    )
}

/** How the client works for an exchange, whatever the program has set. */
const toClientContext = <R>(context: Context.Context<R>): Context.Context<R> =>
  Context.merge(
    context,
    // The client's own span keeps the request with all its headers in its exit: `withRequestSpan` takes its place.
    Context.make(HttpClient.TracerDisabledWhen, () => true).pipe(
      // For the user's own client, should it log requests; the token's header is among these names by default.
      Context.add(Headers.CurrentRedactedNames, [
        ...Context.get(context, Headers.CurrentRedactedNames),
        "heroku-two-factor-code"
      ]),
      // Other transports follow no redirects. Fetch would take the body, with a client's secret, to another origin.
      Context.add(FetchHttpClient.RequestInit, {
        ...Option.getOrUndefined(Context.getOption(context, FetchHttpClient.RequestInit)),
        redirect: "manual"
      })
    )
  )

// -----------------------------------------------------------------------------
// Tracing
// -----------------------------------------------------------------------------

const templates: Record<Operation, string> = {
  create: "POST /oauth/authorizations",
  info: "GET /oauth/authorizations/{id}",
  update: "PATCH /oauth/authorizations/{id}",
  regenerate: "POST /oauth/authorizations/{id}/actions/regenerate-tokens",
  delete: "DELETE /oauth/authorizations/{id}",
  list: "GET /oauth/authorizations"
}

/**
 * Gives an attempt its span, by OpenTelemetry's conventions for HTTP clients. It covers the answer's body and what the
 * answer means, so that it fails with the error that the caller may get.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span
 */
export const withRequestSpan = (
  settings: Settings,
  operation: Operation,
  request: HttpClientRequest.HttpClientRequest,
  resendCount: number
) =>
<A, E>(attempt: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.withSpan(attempt, templates[operation], {
    kind: "client",
    captureStackTrace: false,
    attributes: {
      "http.request.method": request.method,
      "url.full": `${settings.baseUrl}${request.url}`,
      "url.template": templates[operation].split(" ")[1],
      "server.address": settings.server.address,
      "server.port": settings.server.port,
      ...(resendCount > 0 ? { "http.request.resend_count": resendCount } : {})
    }
  })

/** Notes on the attempt's span that nothing usable came back, and why. */
export const annotateFailure = (error: RequestFailed | InvalidResponse): Effect.Effect<void> =>
  Effect.annotateCurrentSpan("error.type", error._tag === "RequestFailed" ? error.reason : error._tag)

/** Notes on the attempt's span what came back. */
export const annotateAnswer = (answer: Answer): Effect.Effect<void> =>
  Effect.annotateCurrentSpan({
    "http.response.status_code": answer.notModified === true ? 304 : answer.status,
    ...(answer.status >= 400 ? { "error.type": String(answer.status) } : {}),
    ...Option.match(requestId(answer), { onNone: () => ({}), onSome: (id) => ({ "heroku.request_id": id }) })
  })
