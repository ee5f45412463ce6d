/** What the live layer can be told, its defaults, and what it refuses. */
import * as Duration from "effect/Duration"
import type * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { version } from "./version.ts"

/** How the live layer reaches Heroku. */
export interface Options {
  /** The access token, sent as a bearer token to `baseUrl` and nowhere else. */
  readonly token: Redacted.Redacted
  /** Where the API is. By default `https://api.heroku.com`. */
  readonly baseUrl?: string | URL | undefined
  /**
   * Whether `baseUrl` may begin with `http://` for another host than this machine. By default not: everybody on the way
   * could read the token.
   */
  readonly allowHttp?: boolean | undefined
  /** The `User-Agent` header. By default the name and version of this package. */
  readonly userAgent?: string | undefined
  /** How long one attempt may take, connection, headers and body together. By default 30 seconds. */
  readonly requestTimeout?: Duration.Input | undefined
  /** How long a call may take with all its attempts and the delays between them. By default as long as they take. */
  readonly timeout?: Duration.Input | undefined
  /** When and how often requests that may be repeated are repeated. */
  readonly retry?: RetryOptions | undefined
  /**
   * A last change to the client, around everything but the retries: it sees each attempt.
   *
   * **Gotchas**
   *
   * It sees secrets: the token, codes, and the client's secret in bodies. A client that follows redirects
   * (`HttpClient.followRedirects`) takes all but the token to wherever the redirect leads.
   */
  readonly transformClient?: ((client: HttpClient.HttpClient) => HttpClient.HttpClient) | undefined
}

/**
 * Repeating of requests.
 *
 * **Details**
 *
 * `info`, `list`, `update` and `delete` are repeated after network failures, timeouts and the statuses 408, 429, 500,
 * 502, 503 and 504. `create` and `regenerate` only when Heroku cannot have acted: no connection came about, or 429.
 * Delays double from `baseDelay` to `maxDelay`, each varied by a fifth either way, and are never shorter than the
 * `Retry-After` of the answer.
 */
export interface RetryOptions {
  /** How often a request is repeated, beyond the first attempt. 0 switches it off. By default 3. */
  readonly times?: number | undefined
  /** The delay before the first repetition. By default 250 ms. */
  readonly baseDelay?: Duration.Input | undefined
  /** The longest delay of our own choosing. By default 10 seconds. */
  readonly maxDelay?: Duration.Input | undefined
  /** The longest `Retry-After` to wait for. A longer one fails at once, and the error carries it. By default 60 seconds. */
  readonly maxRetryAfter?: Duration.Input | undefined
}

/** The options with every default filled in. */
export interface Settings {
  readonly token: Redacted.Redacted
  readonly baseUrl: string
  /** The host and port of `baseUrl`, for spans. */
  readonly server: { readonly address: string; readonly port: number }
  readonly userAgent: string
  readonly requestTimeout: Duration.Duration
  readonly timeout: Duration.Duration
  readonly retry: {
    readonly times: number
    readonly baseDelay: Duration.Duration
    readonly maxDelay: Duration.Duration
    readonly maxRetryAfter: Duration.Duration
  }
}

/** An option that cannot work, and why. The value stays out of it: it may be the token. */
export interface Problem {
  readonly field: string
  readonly problem: string
}

/** Fills in the defaults. */
export const settings = (options: Options): Settings => {
  const baseUrl = String(options.baseUrl ?? "https://api.heroku.com")
  return {
    token: options.token,
    ...readBaseUrl(baseUrl),
    userAgent: options.userAgent ?? `effect-heroku/${version} (@effect-heroku/http-node)`,
    requestTimeout: duration(options.requestTimeout, Duration.seconds(30)),
    timeout: duration(options.timeout, Duration.infinity),
    retry: {
      times: options.retry?.times ?? 3,
      baseDelay: duration(options.retry?.baseDelay, Duration.millis(250)),
      maxDelay: duration(options.retry?.maxDelay, Duration.seconds(10)),
      maxRetryAfter: duration(options.retry?.maxRetryAfter, Duration.seconds(60))
    }
  }
}

/** The base URL as URLs are written, so that a path can follow it; as it came when it is none, for `findProblem`. */
const readBaseUrl = (text: string): Pick<Settings, "baseUrl" | "server"> => {
  if (findUrlProblem(text) !== undefined) return { baseUrl: text, server: { address: "", port: 0 } }
  const { hostname, origin, pathname, port, protocol } = new URL(text)
  return {
    baseUrl: origin + pathname.replace(/\/+$/, ""),
    server: { address: hostname, port: port === "" ? (protocol === "http:" ? 80 : 443) : Number(port) }
  }
}

const invalidDuration = Duration.millis(-1)

const duration = (input: Duration.Input | undefined, byDefault: Duration.Duration): Duration.Duration =>
  input === undefined ? byDefault : Option.getOrElse(Duration.fromInput(input), () => invalidDuration)

/** The first setting that cannot work. */
export const findProblem = (options: Options, settings: Settings): Option.Option<Problem> => {
  const { retry } = settings
  const problem = (field: string, problem: string) => Option.some({ field, problem })

  const token = reveal(settings.token)
  if (token === undefined) return problem("token", "must be a Redacted string")
  if (token === "") return problem("token", "must not be empty")
  if (!isHeaderValue(token)) return problem("token", "must consist of visible ASCII characters, without spaces")
  if (!isHeaderValue(String(settings.userAgent).replaceAll(" ", ""))) {
    return problem("userAgent", "must consist of visible ASCII characters and spaces")
  }
  const urlProblem = findUrlProblem(settings.baseUrl)
  if (urlProblem !== undefined) return problem("baseUrl", urlProblem)
  if (options.allowHttp !== true && settings.baseUrl.startsWith("http:") && !isLoopback(settings.server.address)) {
    return problem(
      "baseUrl",
      "must begin with https://, or allowHttp be true: everybody on the way could read the token"
    )
  }
  for (const field of ["requestTimeout", "timeout"] as const) {
    if (Duration.isNegative(settings[field]) || Duration.isZero(settings[field])) {
      return problem(field, "must be a duration longer than zero")
    }
  }
  if (options.retry !== undefined && (typeof options.retry !== "object" || options.retry === null)) {
    return problem("retry", "must be an object")
  }
  if (options.transformClient !== undefined && typeof options.transformClient !== "function") {
    return problem("transformClient", "must be a function")
  }
  if (!Number.isInteger(retry.times) || retry.times < 0) {
    return problem("retry.times", "must be a whole number, zero or more")
  }
  for (const field of ["baseDelay", "maxDelay", "maxRetryAfter"] as const) {
    if (Duration.isNegative(retry[field])) return problem(`retry.${field}`, "must be a duration, zero or longer")
  }
  return Option.none()
}

/** The text of a secret; none of what is no text, was wiped, or (against its type) is no secret. */
export const reveal = (secret: Redacted.Redacted<unknown>): string | undefined => {
  try {
    const value = Redacted.value(secret)
    return typeof value === "string" ? value : undefined
  } catch {
    return undefined
  }
}

/** Addresses of this machine, as URLs write them. Names below `localhost` are not: some resolvers ask others for them. */
const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host)

/** Whether a header can carry it: visible ASCII, without spaces. */
export const isHeaderValue = (text: string): boolean => /^[\x21-\x7e]+$/.test(text)

const findUrlProblem = (text: string): string | undefined => {
  // URL parsers leave out line breaks and tabs, which would name another host than it seems.
  if (/\p{Cc}/u.test(text) || !URL.canParse(text)) return "must be an absolute URL, like https://api.heroku.com"
  const url = new URL(text)
  if (url.protocol !== "https:" && url.protocol !== "http:") return "must begin with https:// or http://"
  if (url.username !== "" || url.password !== "") return "must not contain a user or password"
  // Also an empty one, which `url.search` does not tell.
  if (/[?#]/.test(text)) return "must not have a query or fragment"
  return undefined
}
