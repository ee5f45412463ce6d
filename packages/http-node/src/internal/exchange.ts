/** Sends one request and reads its response to the end: a complete `ApiResponse`, or `RequestFailed`. */
import { changesState } from "@effect-heroku/core/AuthorizationEndpoints"
import type { InvalidResponse, Operation } from "@effect-heroku/core/AuthorizationError"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Headers from "effect/http/Headers"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import { HttpClientError, isHttpClientError, TransportError } from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { ClientError, Settings, TransformedClient } from "./options.ts"
import { redactDefect } from "./redact.ts"
import { circuitOpen, type Context as FailureContext, fromClientError, fromDefect, timedOut } from "./requestFailed.ts"
import * as ApiResponse from "./response.ts"
import { CurrentTransmissions, limitTime, mayBeSent, type Transmissions } from "./transmission.ts"

/** The request of an operation. */
export interface Endpoint<O extends Operation = Operation> {
  readonly operation: O
  readonly method: "DELETE" | "GET" | "PATCH" | "POST"
  readonly path: string
  /** The path with `{id}` or `{team}` in place of a value, for spans. */
  readonly template: string
  /** The id of the authorization that the request names. */
  readonly id?: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** The client secret in the body. */
  readonly secret?: Redacted.Redacted | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/** The values that an attempt receives from its call. */
export interface AttemptContext extends Pick<ApiResponse.ApiResponse, "attempts" | "outcomeUnknown" | "redact"> {
  readonly token: Redacted.Redacted
  readonly transmissions: Transmissions
}

/**
 * Creates the function that sends a request and reads the whole response. A timeout or an interruption closes the
 * connection. A scope closes the responses that `transformClient` leaves unread, for example when it follows redirects.
 */
export const make = (httpClient: HttpClient.HttpClient, settings: Settings) => {
  const { baseUrl, proxy, requestTimeout } = settings
  const { execute } = HttpClient.withScope(widenError(settings.transformClient(recordOutcomes(httpClient))))
  const errorTimeout = Duration.min(Duration.times(requestTimeout, 0.5), Duration.seconds(5))

  return (endpoint: Endpoint, attempt: AttemptContext) => {
    const { operation } = endpoint
    const { transmissions } = attempt
    let { outcomeUnknown } = attempt
    const toContext = (sent = transmissions) => ({
      operation,
      baseUrl,
      proxy,
      outcomeUnknown,
      isSent: mayBeSent(sent)
    })
    const onOutcome: OnOutcome = (exit, sent) => {
      outcomeUnknown ||= changesState(operation) && leavesOutcomeUnknown(exit, toContext(sent))
    }
    const complete = Effect.suspend(() => execute(toRequest(endpoint, settings, attempt.token))).pipe(
      // A client that turns statuses into errors (`HttpClient.filterStatusOk`) still has a response.
      Effect.catchTag(
        "HttpClientError",
        (error) => error.reason._tag === "StatusCodeError" ? Effect.succeed(error.reason.response) : Effect.fail(error)
      ),
      Effect.flatMap((response) => readResponse(response, operation, { ...attempt, outcomeUnknown }, errorTimeout)),
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
        return error === undefined ? Effect.die(redactDefect(defect, attempt.redact)) : Effect.fail(error)
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

/** More than any response of Heroku's: a page of 1,000 authorizations is smaller than 1 MiB. */
const maxBytes = 64 * 1024 * 1024

/** More than any error of Heroku's. */
const maxErrorBytes = 64 * 1024

const readResponse = (
  received: HttpClientResponse,
  operation: Operation,
  attempt: AttemptContext,
  errorTimeout: Duration.Duration
): Effect.Effect<ApiResponse.ApiResponse, HttpClientError | InvalidResponse> => {
  // Some clients create the headers anew each time that they are read.
  const { headers, status } = received
  if (status === 101) {
    // No request asks for another protocol.
    return Effect.fail(new HttpClientError({ reason: new TransportError({ request: received.request }) }))
  }
  const toResponse = (bytes: Uint8Array): ApiResponse.ApiResponse => ({
    attempts: attempt.attempts,
    outcomeUnknown: attempt.outcomeUnknown,
    redact: attempt.redact,
    operation,
    status,
    headers: ApiResponse.selectHeaders(headers, attempt.redact),
    body: Redacted.make(bytes)
  })
  if (!ApiResponse.isExpected({ operation, status })) {
    const body = makeBuffer(maxErrorBytes)
    // The status says what happened, so a body that breaks off or stalls does not fail the attempt.
    return limitTime(body.readFrom(received.stream), errorTimeout, () => attempt.transmissions, () => undefined).pipe(
      Effect.ignore,
      Effect.map(() => toResponse(body.bytes()))
    )
  }
  // Clients hold a body to its declared length; a compressed one has another length.
  const length = headers["content-encoding"] === undefined ? Number(headers["content-length"] ?? Infinity) : Infinity
  if (length <= maxBytes) return Effect.map(received.arrayBuffer, (bytes) => toResponse(new Uint8Array(bytes)))
  const body = makeBuffer(maxBytes)
  return body.readFrom(received.stream).pipe(
    // How some clients report a missing body.
    Effect.catch((error) => error.reason._tag === "EmptyBodyError" ? Effect.void : Effect.fail(error)),
    Effect.andThen(Effect.suspend(() =>
      body.isTruncated()
        ? Effect.fail(ApiResponse.invalid(toResponse(new Uint8Array()), `The body is longer than ${maxBytes} bytes`))
        : Effect.succeed(toResponse(body.bytes()))
    ))
  )
}

/** A buffer of up to `limit` bytes. Chunks are copied: a chunk of one byte can keep a whole buffer of the socket alive. */
const makeBuffer = (limit: number) => {
  let bytes = new Uint8Array(16 * 1024)
  let length = 0
  let isTruncated = false
  const append = (chunk: Uint8Array) => {
    const taken = chunk.subarray(0, limit - length)
    const end = length + taken.length
    if (end > bytes.length) bytes = new Uint8Array(bytes.buffer.transfer(Math.max(end, 2 * bytes.length)))
    bytes.set(taken, length)
    length = end
    isTruncated = taken.length < chunk.length
    return !isTruncated
  }
  return {
    bytes: () => bytes.subarray(0, length),
    isTruncated: () => isTruncated,
    readFrom: <E>(stream: Stream.Stream<Uint8Array, E>) =>
      Stream.runForEachWhile(stream, (chunk) => Effect.sync(() => append(chunk)))
  }
}
