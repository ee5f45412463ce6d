/** One exchange with Heroku: the request's headers, the time it may take, and a complete answer or `RequestFailed`. */
import type { InvalidResponse, Operation, RequestFailed } from "@effect-heroku/core/AuthorizationError"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { flow, identity } from "effect/Function"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { type Answer, read, requestId } from "./answer.ts"
import { fromClientError, timedOut } from "./failure.ts"
import type { Options, Settings } from "./options.ts"
import { ExchangeScope, isOwn } from "./own.ts"
import { type Scrub, withoutSecrets } from "./scrub.ts"

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
) => {
  const client = HttpClient.mapRequest(
    httpClient,
    flow(
      HttpClientRequest.prependUrl(settings.baseUrl),
      HttpClientRequest.bearerToken(settings.token),
      HttpClientRequest.setHeaders({
        accept: "application/vnd.heroku+json; version=3",
        "user-agent": settings.userAgent
      })
    )
  )
  const exchange = transformClient === undefined && isOwn(httpClient)
    ? over(client.execute, settings, false)
    : flow(over(HttpClient.withScope((transformClient ?? identity)(client)).execute, settings, true), inClientContext)

  /** `scrub` knows the secrets of the request. */
  return (
    operation: Operation,
    request: HttpClientRequest.HttpClientRequest,
    scrub: Scrub,
    earlierMayHaveActed: boolean
  ): Effect.Effect<Answer, RequestFailed | InvalidResponse> =>
    inTime(
      exchange(operation, request, scrub, earlierMayHaveActed),
      settings.requestTimeout,
      (failure) =>
        Effect.mapError(failure, (error) =>
          error._tag === "HttpClientError"
            ? fromClientError(operation, settings.baseUrl, earlierMayHaveActed, error)
            : error).pipe(
            // It may hold the request, as the client's errors do.
            Effect.catchDefect((defect) => Effect.die(withoutSecrets(defect, scrub)))
          ),
      () => timedOut(operation, Duration.toSeconds(settings.requestTimeout))
    )
}

/** An exchange over a client, which may have the answer for others too: the request is sent, and the answer read. */
const over = <R>(
  execute: (request: HttpClientRequest.HttpClientRequest) => Effect.Effect<HttpClientResponse, HttpClientError, R>,
  settings: Settings,
  isShared: boolean
) => {
  const errorPatience = Duration.min(Duration.times(settings.requestTimeout, 0.5), Duration.seconds(5))
  return (
    operation: Operation,
    request: HttpClientRequest.HttpClientRequest,
    scrub: Scrub,
    earlierMayHaveActed: boolean
  ): Effect.Effect<Answer, HttpClientError | InvalidResponse, R> =>
    // A client of the user's can also fail before it returns an effect.
    Effect.suspend(() => execute(request)).pipe(
      // A client that turns statuses into errors (`HttpClient.filterStatusOk`) has an answer all the same.
      Effect.catch((error) =>
        error.reason._tag === "StatusCodeError" ? Effect.succeed(error.reason.response) : Effect.fail(error)
      ),
      Effect.flatMap((response) => read(response, operation, scrub, earlierMayHaveActed, errorPatience, isShared))
    )
}

/**
 * Runs an exchange in a fiber of its own, and interrupts that when the time is over: `Effect.timeoutOrElse` at a quarter of
 * what that costs a call, and no call is without.
 */
const inTime = <A, E, E2>(
  exchange: Effect.Effect<A, E>,
  duration: Duration.Duration,
  failed: (failure: Effect.Effect<never, E>) => Effect.Effect<never, E2>,
  tooLate: () => E2
): Effect.Effect<A, E2> =>
  Effect.contextWith((context: Context.Context<never>) =>
    Effect.callback<A, E2>((resume) => {
      const sending = Effect.runForkWith(context)(exchange)
      const stop = after(context, duration, () =>
        resume(Effect.andThen(
          Fiber.interrupt(sending),
          Effect.suspend(() => Effect.fail(tooLate()))
        )))
      sending.addObserver((exit) => {
        stop()
        resume(Exit.isSuccess(exit) ? Effect.succeed(exit.value) : failed(Effect.failCause(exit.cause)))
      })
      return Effect.andThen(Effect.sync(stop), Fiber.interrupt(sending))
    })
  )

const machineClock = Context.get(Context.empty(), Clock.Clock)

/** The longest delay that `setTimeout` can wait. */
const longestDelay = 2 ** 31 - 1

/** Does something when a time is over, and gives what keeps it from that. Other clocks than the machine's take a fiber. */
const after = (context: Context.Context<never>, duration: Duration.Duration, act: () => void): () => void => {
  const millis = Duration.toMillis(duration)
  if (Context.get(context, Clock.Clock) === machineClock && millis <= longestDelay) {
    const timer = setTimeout(act, millis)
    return () => clearTimeout(timer)
  }
  const sleeping = Effect.runForkWith(context)(Effect.sleep(duration))
  sleeping.addObserver((exit) => {
    if (Exit.isSuccess(exit)) act()
  })
  return () => sleeping.interruptUnsafe()
}

// -----------------------------------------------------------------------------
// Other clients than our own
// -----------------------------------------------------------------------------

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
export const withRequestSpan = (
  settings: Settings,
  operation: Operation,
  request: HttpClientRequest.HttpClientRequest,
  resendCount: number
) =>
<A, E>(attempt: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.withSpan(attempt, `${request.method} ${templates[operation]}`, {
    kind: "client",
    captureStackTrace: false,
    attributes: {
      "http.request.method": request.method,
      "url.full": `${settings.baseUrl}${request.url}`,
      "url.template": templates[operation],
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
