/** One exchange with Heroku: the request's headers, the time it may take, and a complete answer or `RequestFailed`. */
import type { InvalidResponse, Operation, RequestFailed } from "@effect-heroku/core/AuthorizationError"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { type Answer, read, requestId } from "./answer.ts"
import { fromClientError, timedOut } from "./failure.ts"
import type { Options, Settings } from "./options.ts"
import { exchangeOf, ExchangeScope, isTimeOver, TimeIsOver, type WholeExchange } from "./own.ts"
import { type Scrub, withoutSecrets } from "./scrub.ts"

/** Sends a request of an operation, and reads the whole answer. `scrub` knows the secrets of the request. */
type Exchange<E> = (
  operation: Operation,
  request: HttpClientRequest.HttpClientRequest,
  scrub: Scrub,
  earlierMayHaveActed: boolean
) => Effect.Effect<Answer, E>

/**
 * Makes the function that sends a request and reads the whole answer.
 *
 * **Details**
 *
 * A timeout or an interruption closes the connection, also while the body is read, and while a client of the user's does
 * something between the two. Trace headers are not sent: they are of no use to Heroku, and each attempt must be the same
 * bytes.
 */
export const make = (
  httpClient: HttpClient.HttpClient,
  settings: Settings,
  transformClient: Options["transformClient"]
): Exchange<RequestFailed | InvalidResponse> => {
  const own = transformClient === undefined ? exchangeOf(httpClient) : undefined
  const answered = own !== undefined
    ? overOwn(own, settings)
    : over((transformClient ?? identity)(HttpClient.mapRequest(httpClient, complete(settings))), settings)

  return (operation, request, scrub, earlierMayHaveActed) =>
    Effect.catchCause(answered(operation, request, scrub, earlierMayHaveActed), (cause) =>
      Effect.failCause(cause).pipe(
        Effect.mapError((error) => {
          if (error._tag === "InvalidResponse") return error
          return error._tag === "TimeIsOver" || isTimeOver(error)
            ? timedOut(operation, Duration.toSeconds(settings.requestTimeout))
            : fromClientError(operation, settings.baseUrl, earlierMayHaveActed, error)
        }),
        // It may hold the request, as the client's errors do.
        Effect.catchDefect((defect) => Effect.die(withoutSecrets(defect, scrub)))
      ))
}

/** Completes a request, at once: each header by itself would copy all of them. */
const complete =
  ({ baseUrl, token, userAgent }: Settings) =>
  ({ body, hash, headers, method, url, urlParams }: HttpClientRequest.HttpClientRequest) =>
    HttpClientRequest.makeWith(
      method,
      baseUrl + url,
      urlParams,
      hash,
      Headers.setAll(headers, {
        authorization: `Bearer ${Redacted.value(token)}`,
        accept: "application/vnd.heroku+json; version=3",
        "user-agent": userAgent
      }),
      body
    )

/** How long the rest of an error's body is waited for. */
const errorPatience = ({ requestTimeout }: Settings): Duration.Duration =>
  Duration.min(Duration.times(requestTimeout, 0.5), Duration.seconds(5))

/** An exchange over our own transport. */
const overOwn = (exchange: WholeExchange, settings: Settings): Exchange<HttpClientError | InvalidResponse> => {
  const patience = errorPatience(settings)
  const completed = complete(settings)
  return (operation, request, scrub, earlierMayHaveActed) =>
    exchange(
      completed(request),
      settings.requestTimeout,
      (response) => read(response, operation, scrub, earlierMayHaveActed, patience, false)
    )
}

// -----------------------------------------------------------------------------
// Other clients than our own
// -----------------------------------------------------------------------------

/** An exchange over a client of the user's, which may have the answer for others too. */
const over = (
  client: HttpClient.HttpClient,
  settings: Settings
): Exchange<HttpClientError | InvalidResponse | TimeIsOver> => {
  const { execute } = HttpClient.withScope(client)
  const patience = errorPatience(settings)
  return (operation, request, scrub, earlierMayHaveActed) =>
    // It can also fail before it returns an effect.
    Effect.suspend(() => execute(request)).pipe(
      // A client that turns statuses into errors (`HttpClient.filterStatusOk`) has an answer all the same.
      Effect.catch((error) =>
        error.reason._tag === "StatusCodeError" ? Effect.succeed(error.reason.response) : Effect.fail(error)
      ),
      Effect.flatMap((response) => read(response, operation, scrub, earlierMayHaveActed, patience, true)),
      inClientContext,
      Effect.timeoutOrElse({ duration: settings.requestTimeout, orElse: () => Effect.fail(new TimeIsOver()) })
    )
}

/**
 * Gives an exchange over a client of the user's its context, and a scope. With that every answer is closed which the client
 * left unread, because it repeats requests, or follows redirects.
 */
const inClientContext = <E>(exchange: Effect.Effect<Answer, E, Scope.Scope>): Effect.Effect<Answer, E> =>
  Effect.contextWith((context: Context.Context<never>) => {
    const scope = Scope.makeUnsafe()
    return Effect.onExit(
      Effect.provideContext(exchange, toClientContext(context, scope)),
      (exit) => Scope.close(scope, exit)
    )
  })

/** How a client works for an exchange, whatever the program has set. */
const toClientContext = (context: Context.Context<never>, scope: Scope.Scope): Context.Context<Scope.Scope> =>
  Context.merge(
    context,
    Context.make(Scope.Scope, scope).pipe(
      Context.add(ExchangeScope, scope),
      // The client's own span keeps the request with all its headers in its exit: `withRequestSpan` takes its place.
      Context.add(HttpClient.TracerDisabledWhen, () => true),
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
  create: "/oauth/authorizations",
  info: "/oauth/authorizations/{id}",
  update: "/oauth/authorizations/{id}",
  regenerate: "/oauth/authorizations/{id}/actions/regenerate-tokens",
  delete: "/oauth/authorizations/{id}",
  list: "/oauth/authorizations"
}

/**
 * Gives an attempt its span, by OpenTelemetry's conventions for HTTP clients. It covers the answer's body and what the
 * answer means, so that it fails with the error that the caller may get.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span
 */
export const withRequestSpan = <A, E>(
  settings: Settings,
  operation: Operation,
  request: HttpClientRequest.HttpClientRequest,
  resendCount: number,
  attempt: (span: Tracer.Span) => Effect.Effect<A, E>
): Effect.Effect<A, E> =>
  Effect.useSpan(`${request.method} ${templates[operation]}`, {
    kind: "client",
    attributes: {
      "http.request.method": request.method,
      "url.full": `${settings.baseUrl}${request.url}`,
      "url.template": templates[operation],
      "server.address": settings.server.address,
      "server.port": settings.server.port,
      ...(resendCount > 0 ? { "http.request.resend_count": resendCount } : {})
    }
    // Not `withSpan`, which adds a frame to the stack of errors: they say their operation.
  }, (span) => Effect.provideService(attempt(span), Tracer.ParentSpan, span))

/** Notes on an attempt's span that nothing usable came back, and why. */
export const noteFailure = (span: Tracer.Span, error: RequestFailed | InvalidResponse): void =>
  span.attribute("error.type", error._tag === "RequestFailed" ? error.reason : error._tag)

/** Notes on an attempt's span what came back. */
export const noteAnswer = (span: Tracer.Span, answer: Answer): void => {
  span.attribute("http.response.status_code", answer.notModified === true ? 304 : answer.status)
  if (answer.status >= 400) span.attribute("error.type", String(answer.status))
  const id = requestId(answer)
  if (Option.isSome(id)) span.attribute("heroku.request_id", id.value)
}
