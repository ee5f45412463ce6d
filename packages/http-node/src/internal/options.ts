/** The options of the live layers: their defaults, and what makes one invalid. */
import type { CallOptions } from "@effect-heroku/core/AuthorizationEndpoints"
import type { RetryOptions } from "@effect-heroku/core/AuthorizationService"
import type { TimeoutError } from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import type { CircuitBreakerError } from "effect/persistence/CircuitBreaker"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { describeUnreadable, reveal } from "./redact.ts"
import { version } from "./version.ts"

/** How the live layer connects to Heroku. */
export interface Options {
  /**
   * The access token, or an effect that returns it. Sent as a bearer token to `baseUrl` and nowhere else.
   *
   * **Details**
   *
   * The effect runs for every call, so that a program which runs for long uses a token that was rotated. All attempts of a
   * call send the same token. `Effect.cachedWithTTL` reads it less often.
   */
  readonly token: Redacted.Redacted | Effect.Effect<Redacted.Redacted>
  /** The URL of the API. Default: `https://api.heroku.com`. */
  readonly baseUrl?: string | URL | undefined
  /**
   * Allows a `baseUrl` that begins with `http://` and names another host than this machine. Default: `false`, because
   * anyone on the network could read the token.
   */
  readonly allowHttp?: boolean | undefined
  /** The `User-Agent` header. Default: the name and version of this package. */
  readonly userAgent?: string | undefined
  /** The timeout of one attempt, including the wait for a free connection and the response body. Default: 30 seconds. */
  readonly requestTimeout?: Duration.Input | undefined
  /** The timeout of a call with all its attempts and the delays between them. Default: no timeout. */
  readonly timeout?: Duration.Input | undefined
  /** When and how often requests are retried. */
  readonly retry?: RetryOptions | undefined
  /**
   * Changes the HTTP client, for example to add a header. The changed client sends each attempt: retries are outside it.
   *
   * **Gotchas**
   *
   * The client sees secrets: the token and the two-factor code in headers, client secrets in request bodies, tokens in
   * response bodies. A client that follows redirects (`HttpClient.followRedirects`) sends everything but the token to
   * the address in the redirect.
   *
   * `requestTimeout` is outside the client: a circuit breaker counts a silent server only with a timeout inside it.
   */
  readonly transformClient?: ((client: HttpClient.HttpClient) => TransformedClient) | undefined
}

/** A client of `transformClient`. It may have a circuit breaker (`HttpClient.withCircuitBreaker`) and a timeout. */
export interface TransformedClient {
  readonly preprocess: HttpClient.HttpClient.Preprocess<ClientError, never>
  // Not that of `HttpClient`, for which a client with fewer errors is no subtype of one with more.
  readonly postprocess: (request: Effect.Effect<HttpClientRequest>) => Effect.Effect<HttpClientResponse, ClientError>
}

/** The errors of a client with a circuit breaker and a timeout. */
export type ClientError = HttpClientError | CircuitBreakerError | TimeoutError

/** Options, and where their token comes from, which the error of a rejected token names. */
export interface SourcedOptions extends Options {
  readonly tokenSource?: string | undefined
}

/** The URL of Heroku's API. */
export const defaultBaseUrl = "https://api.heroku.com"

/** Valid options with every default filled in. */
export type Settings = Result.Result.Success<ReturnType<typeof parse>> & {
  /** The proxy of the connections, without its credentials. */
  readonly proxy?: string | undefined
}

/** An invalid option or variable. */
export interface Problem {
  readonly field: string
  readonly problem: string
}

/** Fills in the defaults, or returns the first problem. */
export const parse = (options: SourcedOptions) =>
  Result.gen(function*() {
    const { token, transformClient = (client: HttpClient.HttpClient): TransformedClient => client } = options
    if (!Effect.isEffect(token)) yield* parseToken(token)

    const { userAgent = `effect-heroku/${version} (@effect-heroku/http-node)` } = options
    const visible = String(userAgent).replaceAll(" ", "")
    yield* check("userAgent", isHeaderValue(visible), "must consist of visible ASCII characters and spaces")

    const url = yield* parseBaseUrl(String(options.baseUrl ?? defaultBaseUrl), options.allowHttp === true)

    const requestTimeout = yield* parseTimeout("requestTimeout", options.requestTimeout, Duration.seconds(30))
    const timeout = yield* parseTimeout("timeout", options.timeout, Duration.infinity)
    const retry = yield* parseRetry(options.retry, defaultRetry)

    yield* check("transformClient", typeof transformClient === "function", "must be a function")
    return {
      token,
      tokenSource: options.tokenSource,
      userAgent,
      ...url,
      requestTimeout,
      timeout,
      retry,
      transformClient
    }
  })

/** Returns a token that a header can carry. */
export const parseToken = (token: Redacted.Redacted) =>
  Result.gen(function*() {
    const text = reveal(token)
    yield* check("token", text !== undefined, describeUnreadable(token))
    yield* check("token", text !== "", "must not be empty")
    yield* check("token", isHeaderValue(String(text)), "must consist of visible ASCII characters, without spaces")
    return token
  })

/** Returns the options of a call: those in its context, and those of the layer for the rest. */
export const parseCallOptions = ({ retry, timeout }: CallOptions, settings: Settings) =>
  Result.all({
    timeout: parseTimeout("timeout", timeout, settings.timeout),
    retry: parseRetry(retry, settings.retry)
  })

const parseTimeout = (field: string, input: Duration.Input | undefined, byDefault: Duration.Duration) => {
  const timeout = toDuration(input, byDefault)
  return Result.map(
    check(field, Duration.isGreaterThan(timeout, Duration.zero), "must be a duration longer than zero"),
    () => timeout
  )
}

const defaultRetry = {
  times: 3,
  baseDelay: Duration.millis(250),
  maxDelay: Duration.seconds(10),
  maxRetryAfter: Duration.seconds(60)
}

const parseRetry = (retry: RetryOptions = {}, byDefault: typeof defaultRetry) =>
  Result.gen(function*() {
    yield* check("retry", typeof retry === "object" && retry !== null, "must be an object")
    const { times = byDefault.times } = retry
    yield* check("retry.times", Number.isInteger(times) && times >= 0, "must be an integer, zero or more")
    const delays = {
      baseDelay: toDuration(retry.baseDelay, byDefault.baseDelay),
      maxDelay: toDuration(retry.maxDelay, byDefault.maxDelay),
      maxRetryAfter: toDuration(retry.maxRetryAfter, byDefault.maxRetryAfter)
    }
    for (const [field, delay] of Object.entries(delays)) {
      yield* check(`retry.${field}`, !Duration.isNegative(delay), "must be a duration, zero or longer")
    }
    return { times, ...delays }
  })

/** Whether a header can carry the text: visible ASCII without spaces. */
export const isHeaderValue = (text: string): boolean => /^[\x21-\x7e]+$/.test(text)

/** The problem never quotes the value, which may be the token. */
const check = (field: string, isValid: boolean, problem: string): Result.Result<void, Problem> =>
  isValid ? Result.void : Result.fail({ field, problem })

/** Anything but a duration becomes a negative one. */
export const toDuration = (input: Duration.Input | undefined, byDefault: Duration.Duration): Duration.Duration => {
  if (input === undefined) return byDefault
  // `Duration.fromInput` takes NaN for zero, also in an object or a pair.
  const hasNaN = [input, ...Object.values(Object(input))].some(Number.isNaN)
  return hasNaN ? invalidDuration : Option.getOrElse(Duration.fromInput(input), () => invalidDuration)
}

const invalidDuration = Duration.millis(-1)

/** Parses a base URL, or returns its first problem. */
export const parseBaseUrl = (text: string, allowHttp: boolean) =>
  Result.gen(function*() {
    // URL parsers drop line breaks and tabs, and the URL would name another host than it seems to.
    const isUrl = !/\p{Cc}/u.test(text) && URL.canParse(text)
    yield* check("baseUrl", isUrl, "must be an absolute URL, like https://api.heroku.com")
    const { hostname, origin, password, pathname, port, protocol, username } = new URL(text)
    const isHttp = protocol === "http:"
    yield* check("baseUrl", isHttp || protocol === "https:", "must begin with https:// or http://")
    yield* check("baseUrl", username === "" && password === "", "must not contain a user or password")
    // The text and not `search` and `hash`, which are empty for a lone `?` or `#`.
    yield* check("baseUrl", !/[?#]/.test(text), "must not have a query or fragment")
    yield* check(
      "baseUrl",
      !isHttp || allowHttp || isLoopback(hostname),
      "must begin with https:// unless allowHttp is true: anyone on the network could read the token"
    )
    return {
      /** Without a trailing slash. */
      baseUrl: origin + pathname.replace(/\/+$/, ""),
      server: { address: hostname, port: port === "" ? (isHttp ? 80 : 443) : Number(port) }
    }
  })

/** The addresses of this machine, as URLs write them. Not `*.localhost`: some resolvers ask other machines for them. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host)
