/** Turns responses with an unexpected status into errors. */
import type * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import {
  type AuthorizationError,
  Forbidden,
  InvalidParams,
  InvalidResponse,
  NotFound,
  type Operation,
  RateLimited,
  TwoFactorRequired,
  Unauthorized,
  UnexpectedStatus
} from "../AuthorizationError.ts"
import { changesState, type ErrorOf, expectedStatuses } from "./operation.ts"
import { parseRetryAfter } from "./retryAfter.ts"
import { toLine } from "./text.ts"

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
  /** The `Retry-After` header as a delay from now: one minute if it is neither a number, a date nor a duration. */
  readonly retryAfter: Option.Option<Duration.Duration>
  /** Whether the header `Heroku-Two-Factor-Required` is `true`. */
  readonly twoFactorRequired: boolean
}

/**
 * Parses a response with an unexpected status that arrived at `now`, in milliseconds since the epoch, by the clock of this
 * machine. Its body may lack any field, be empty, `null` or a router's HTML; nothing of a body in another format gets into the
 * error.
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
    retryAfter: Option.map(text(headers["retry-after"]), (value) => parseRetryAfter(value, headers["date"], now)),
    twoFactorRequired: headers["heroku-two-factor-required"]?.toLowerCase() === "true"
  }
}

const parseObject = (text: string): Readonly<Record<string, unknown>> => {
  try {
    // `Object` wraps primitives and `null`, so that every field is `undefined`.
    return Object(JSON.parse(text))
  } catch {
    return {}
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
