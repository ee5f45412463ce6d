/** Sends one request and returns its complete response, or fails with `RequestFailed`. */
import { changesState } from "@effect-heroku/core/AuthorizationEndpoints"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Headers from "effect/http/Headers"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import { type HttpClientError, isHttpClientError } from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { Endpoint } from "./endpoint.ts"
import type { ClientError, Settings, TransformedClient } from "./options.ts"
import { readResponse } from "./readResponse.ts"
import { redactDefect } from "./redact.ts"
import { circuitOpen, type Context as FailureContext, fromClientError, fromDefect, timedOut } from "./requestFailed.ts"
import type { ApiResponse } from "./response.ts"
import { CurrentTransmissions, limitTime, mayBeSent, type Transmissions } from "./transmission.ts"

/** How far a call has come: one record for each call, updated by its attempts. */
export interface Progress {
  /** How many attempts have started. */
  attempts: number
  /** Whether Heroku may have acted on a request that has ended. */
  outcomeUnknown: boolean
  /** The requests of the attempt in flight. `undefined`: no attempt is in flight. */
  transmissions: Transmissions | undefined
}

/** The values that an attempt receives from its call. */
export interface AttemptContext extends Pick<ApiResponse, "redact"> {
  readonly token: Redacted.Redacted
  readonly progress: Progress
}

/**
 * Creates the function that sends a request and reads the whole response. A timeout or an interruption closes the
 * connection. A scope closes the responses that `transformClient` leaves unread, for example when it follows redirects.
 */
export const make = (httpClient: HttpClient.HttpClient, settings: Settings) => {
  const { baseUrl, proxy, requestTimeout } = settings
  const { execute } = HttpClient.withScope(widenError(settings.transformClient(recordOutcomes(httpClient))))
  const errorTimeout = Duration.min(Duration.times(requestTimeout, 0.5), Duration.seconds(5))

  return (endpoint: Endpoint, { progress, redact, token }: AttemptContext) => {
    const { operation } = endpoint
    const transmissions: Transmissions = []
    progress.transmissions = transmissions
    const toContext = (sent = transmissions) => ({
      operation,
      baseUrl,
      proxy,
      outcomeUnknown: progress.outcomeUnknown,
      isSent: mayBeSent(sent)
    })
    const onOutcome: OnOutcome = (exit, sent) => {
      progress.outcomeUnknown ||= changesState(operation) && leavesOutcomeUnknown(exit, toContext(sent))
    }
    const complete = Effect.suspend(() => execute(toRequest(endpoint, settings, token))).pipe(
      // A client that turns statuses into errors (`HttpClient.filterStatusOk`) still has a response.
      Effect.catchTag(
        "HttpClientError",
        (error) => error.reason._tag === "StatusCodeError" ? Effect.succeed(error.reason.response) : Effect.fail(error)
      ),
      Effect.flatMap((response) => {
        const { attempts, outcomeUnknown } = progress
        return readResponse(response, { operation, redact, attempts, outcomeUnknown }, transmissions, errorTimeout)
      }),
      Effect.updateContext((context: Context.Context<Scope.Scope>) =>
        Context.add(toClientContext(context, transmissions), CurrentOnOutcome, onOutcome)
      ),
      Effect.scoped
    )
    return limitTime(complete, requestTimeout, () => transmissions, () => timedOut(toContext(), requestTimeout)).pipe(
      Effect.catchTags({
        HttpClientError: (error) => Effect.fail(fromClientError(toContext(), error)),
        CircuitBreakerError: () => Effect.fail(circuitOpen(toContext())),
        TimeoutError: () => Effect.fail(timedOut(toContext()))
      }),
      Effect.catchDefect((defect) => {
        const error = fromDefect(toContext(), defect)
        // The defect of a client may hold the request.
        return error === undefined ? Effect.die(redactDefect(defect, redact)) : Effect.fail(error)
      })
    )
  }
}

/** Receives the outcome of each request that a client sends, and what it transmitted. */
type OnOutcome = (exit: Exit.Exit<HttpClientResponse, HttpClientError>, sent: Transmissions) => void

const CurrentOnOutcome = Context.Reference<OnOutcome>("@effect-heroku/http-node/CurrentOnOutcome", {
  defaultValue: () => () => {}
})

/** Reports each request, because `transformClient` can send several, and its last one need not be the one that acted. */
const recordOutcomes = HttpClient.transformResponse<HttpClientError, never, HttpClientError, never>((sending) =>
  Effect.gen(function*() {
    const onOutcome = yield* CurrentOnOutcome
    const transmissions = yield* CurrentTransmissions
    const start = transmissions.length
    return yield* Effect.onExit(sending, (exit) => Effect.sync(() => onOutcome(exit, transmissions.slice(start))))
  })
)

const leavesOutcomeUnknown = (exit: Parameters<OnOutcome>[0], context: FailureContext): boolean => {
  if (Exit.isSuccess(exit)) return exit.value.status === 408 || exit.value.status >= 500
  const error = Cause.squash(exit.cause)
  return isHttpClientError(error)
    ? fromClientError(context, error).outcomeUnknown
    : context.isSent && fromDefect(context, error) === undefined
}

/** The client with all errors that a changed client can have. */
const widenError = ({ postprocess, preprocess }: TransformedClient) =>
  HttpClient.makeWith<ClientError, never, ClientError, never>(
    Effect.flatMap((request) => postprocess(Effect.succeed(request))),
    preprocess
  )

const toRequest = (
  { body, headers, method, path }: Endpoint,
  { baseUrl, userAgent }: Settings,
  token: Redacted.Redacted
) =>
  HttpClientRequest.make(method)(baseUrl + path, {
    headers: {
      accept: "application/vnd.heroku+json; version=3",
      ...headers,
      authorization: `Bearer ${Redacted.value(token)}`,
      "user-agent": userAgent
    },
    body: body === undefined ? HttpBody.empty : new SecretJson(body)
  })

/** A JSON body that is not printed with its request: it may hold a client secret. */
class SecretJson extends HttpBody.Uint8Array {
  constructor(value: unknown) {
    const bytes = new TextEncoder().encode(JSON.stringify(value))
    super(bytes, "application/json", bytes.length)
  }
  override toJSON(): unknown {
    const { _tag, contentLength, contentType } = this
    return { _id: "effect/HttpBody", _tag, contentType, contentLength }
  }
}

/** The references that a client reads, whatever the program has set. */
const toClientContext = (context: Context.Context<Scope.Scope>, transmissions: Transmissions) =>
  context.pipe(
    Context.add(CurrentTransmissions, transmissions),
    // The client's own span would keep the request with all its headers. Heroku ignores trace headers.
    Context.add(HttpClient.TracerDisabledWhen, () => true),
    // For clients that log requests.
    Context.add(Headers.CurrentRedactedNames, [
      ...Context.get(context, Headers.CurrentRedactedNames),
      "authorization",
      "heroku-two-factor-code"
    ]),
    // Fetch would follow a redirect and take the body, with a client secret, to another origin.
    Context.add(FetchHttpClient.RequestInit, {
      ...Option.getOrUndefined(Context.getOption(context, FetchHttpClient.RequestInit)),
      redirect: "manual"
    })
  )
