/** Turns responses with an unexpected status into errors. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Headers from "effect/http/Headers"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import {
  type AuthorizationError,
  Forbidden,
  type InfoError,
  InvalidParams,
  InvalidResponse,
  type ListError,
  NotFound,
  type Operation,
  RateLimited,
  TwoFactorRequired,
  Unauthorized,
  UnexpectedStatus
} from "../AuthorizationError.ts"

/** A complete response. */
export interface RawResponse {
  /** The HTTP status. */
  readonly status: number
  /** The headers, with names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The whole body. */
  readonly body: string
}

/** The contents of a response with an unexpected status. Its body may lack any of them. */
export interface ErrorResponse {
  /** The HTTP status. */
  readonly status: number
  /** The body's `id`. */
  readonly errorId: Option.Option<string>
  /** The body's `message`. */
  readonly message: Option.Option<string>
  /** The body's `url`. */
  readonly documentationUrl: Option.Option<string>
  /** The `Request-Id` header. */
  readonly requestId: Option.Option<string>
  /** The `Retry-After` header as a delay from now. */
  readonly retryAfter: Option.Option<Duration.Duration>
  /** Whether the header `Heroku-Two-Factor-Required` is `true`. */
  readonly twoFactorRequired: boolean
}

/** The errors of an operation. */
export type ErrorOf<O extends Operation> = O extends "create" | "list" ? ListError : InfoError

/**
 * Parses a response with an unexpected status that arrived at `now`, in milliseconds since the epoch, by the clock of this
 * machine. Its body may lack any field, be empty, `null` or a router's HTML; nothing of a body in another format gets into the
 * error.
 *
 * **Details**
 *
 * `Retry-After` is not documented. Seconds, an HTTP date, and seconds since 1970, which an older version of the API sent,
 * are understood; dates are compared with the `Date` of the response, because the clock of this machine can be wrong. Any
 * other value stands for one minute.
 */
export const parseErrorResponse = ({ body, headers, status }: RawResponse, now: number): ErrorResponse => {
  const fields = parseObject(body)
  const text = (value: unknown): Option.Option<string> => {
    const line = typeof value === "string" ? toLine(value) : ""
    return line === "" ? Option.none() : Option.some(line)
  }
  return {
    status,
    errorId: text(fields["id"]),
    message: text(fields["message"]),
    documentationUrl: text(fields["url"]),
    requestId: text(headers["request-id"]),
    retryAfter: Option.map(
      text(headers["retry-after"]),
      (value) => parseRetryAfter(value, Option.getOrElse(parseDate(headers["date"]), () => now))
    ),
    twoFactorRequired: headers["heroku-two-factor-required"]?.toLowerCase() === "true"
  }
}

/**
 * Replaces the characters of a text that change how a terminal or a log shows the rest: control characters such as ESC, CR
 * and BEL, line separators, and those that change the direction of the text.
 */
export const toLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+ */gu, " ").trim()

const parseDate = (text: string | undefined): Option.Option<number> =>
  Option.map(Option.flatMap(Option.fromUndefinedOr(text), DateTime.make), DateTime.toEpochMillis)

const parseObject = (text: string): Readonly<Record<string, unknown>> => {
  try {
    // `Object` wraps primitives and `null`, so that every field is `undefined`.
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

/** From this number of seconds on, the header can only be a time since 1970: a delay would be thirty years. */
const epochThreshold = 1_000_000_000

/** A header that is not understood still asks for a wait. */
const unknownRetryAfter = Duration.minutes(1)

/** Returns the longest of the delays in a header, which can have been sent twice. */
const parseRetryAfter = (text: string, now: number): Duration.Duration => {
  // A date without a zone is one in GMT, and contains a comma.
  const values = text.trim().match(/ ?[a-z]{3,9},[^,]+|[^,]+/gi) ?? [text]
  return values.map((value) => parseDelay(value.trim(), now) ?? unknownRetryAfter).reduce(Duration.max, Duration.zero)
}

const parseDelay = (text: string, now: number): Duration.Duration | undefined => {
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text) ?? []
  if (amount !== undefined) {
    const factor = secondsOf.get(unit.toLowerCase().replace(/(..)s$/, "$1"))
    if (factor === undefined) return undefined
    const seconds = Number(amount) * factor
    return seconds < epochThreshold ? Duration.seconds(seconds) : Duration.millis(Math.max(0, seconds * 1000 - now))
  }
  const parsed = Result.orElse(Headers.parseRetryAfter(text), () => Headers.parseRetryAfter(`${text} GMT`))
  return Result.isSuccess(parsed) ? Headers.retryAfterDelay(parsed.success, now) : undefined
}

/** The seconds of each unit, without the `s` of a plural. */
const secondsOf: ReadonlyMap<string, number> = new Map([
  ["ms", 0.001],
  ["milli", 0.001],
  ["millisecond", 0.001],
  ["", 1],
  ["s", 1],
  ["sec", 1],
  ["second", 1],
  ["m", 60],
  ["min", 60],
  ["minute", 60],
  ["h", 3600],
  ["hr", 3600],
  ["hour", 3600],
  ["d", 86_400],
  ["day", 86_400]
])

/** Returns whether an operation changes anything at Heroku. */
export const changesState = (operation: Operation): boolean => operation !== "info" && operation !== "list"

/** Returns the statuses with which an operation succeeds. */
export const expectedStatuses = (operation: Operation): ReadonlyArray<number> => {
  switch (operation) {
    case "create":
      return [201]
    case "list":
      return [200, 206]
    default:
      return [200]
  }
}

/**
 * Returns the error that a response with an unexpected status stands for. `id` is the authorization that the call named.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#error-responses
 */
export function errorFromResponse<O extends Operation>(
  operation: O,
  response: ErrorResponse,
  call?: { readonly id?: string | undefined; readonly outcomeUnknown?: boolean; readonly attempts?: number }
): ErrorOf<O>
export function errorFromResponse(
  operation: Operation,
  { documentationUrl, errorId, message, requestId, retryAfter, status, twoFactorRequired }: ErrorResponse,
  { attempts = 1, id, outcomeUnknown = false }: {
    readonly id?: string | undefined
    readonly outcomeUnknown?: boolean
    readonly attempts?: number
  } = {}
): AuthorizationError {
  const fields = {
    operation,
    attempts,
    status,
    errorId,
    message: Option.getOrElse(message, () => `Heroku returned status ${status} for ${operation}, without a message`),
    requestId,
    documentationUrl,
    outcomeUnknown
  }
  switch (status) {
    case 401:
      return new Unauthorized(fields)
    case 403:
      return twoFactorRequired || Option.contains(errorId, "two_factor")
        ? new TwoFactorRequired(fields)
        : new Forbidden(fields)
    case 404:
      if (id !== undefined) return new NotFound({ ...fields, id })
      break
    case 400:
    case 422:
      if (operation === "create" || operation === "update") {
        return new InvalidParams({ ...fields, field: Option.none() })
      }
      break
    case 429:
      return new RateLimited({ ...fields, retryAfter })
  }
  // Only a rejection (4xx) says that Heroku did nothing, unless it is a timeout.
  const isAmbiguous = changesState(operation) && (status < 400 || status === 408 || status >= 500)
  const unexpected = { ...fields, outcomeUnknown: outcomeUnknown || isAmbiguous }
  return new UnexpectedStatus({ ...unexpected, expected: expectedStatuses(operation), retryAfter })
}

/** Returns the error of an input that is rejected before a request. Keep the value out of `problem`: it may be a secret. */
export const invalidInput = (operation: Operation, field: string, problem: string): InvalidParams =>
  new InvalidParams({
    operation,
    attempts: 0,
    message: `${field}: ${problem}`,
    field: Option.some(field),
    errorId: Option.none(),
    requestId: Option.none(),
    documentationUrl: Option.none()
  })

/** Returns the error of a response that breaks the protocol. Keep its values out of `message`: they may be secrets. */
export const invalidResponse = (response: {
  readonly operation: Operation
  readonly status: number
  readonly message: string
  readonly requestId: Option.Option<string>
  readonly outcomeUnknown?: boolean
  readonly attempts?: number
}): InvalidResponse =>
  new InvalidResponse({
    ...response,
    // Heroku has processed the request.
    outcomeUnknown: response.outcomeUnknown === true || changesState(response.operation),
    message: toLine(response.message),
    errorId: Option.none(),
    documentationUrl: Option.none()
  })
