/**
 * Everything that an operation on authorizations can fail with, and for each operation exactly what it can raise.
 *
 * The errors are flat and tagged. None holds a token, a grant code, a client secret or a request header: they can be
 * logged as they are.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#errors
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** The operations of `AuthorizationService`; `pages` and `stream` report as `list`. */
export const Operation = Schema.Literals(["create", "info", "update", "regenerate", "delete", "list"])
export type Operation = typeof Operation.Type

/** What every answer with an error status told. */
const answer = {
  /** The operation that failed. */
  operation: Operation,
  /** The HTTP status. */
  status: Schema.Int,
  /** Heroku's `id` for the error, as `not_found`, when the body had one. */
  errorId: Schema.Option(Schema.String),
  /** Heroku's message; one of ours where the body had none. */
  message: Schema.String,
  /** The `Request-Id` header, for Heroku's support; it can list several ids, separated by commas. */
  requestId: Schema.Option(Schema.String),
  /** Heroku's `url`: the page that explains the error. */
  documentationUrl: Schema.Option(Schema.String),
  /**
   * Whether an earlier attempt of the same call may have changed something: it ended without an answer, or with an error
   * of the server's, and was repeated. Always false for `info` and `list`.
   */
  afterUnknownOutcome: Schema.Boolean.pipe(Schema.withConstructorDefault(Effect.succeed(false)))
}

/**
 * 404 on an operation that names an authorization.
 *
 * **Gotchas**
 *
 * When `afterUnknownOutcome` is true for a `delete`, the authorization is gone, most likely by this very call.
 */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", {
  ...answer,
  /** The id that was asked for. */
  id: Schema.String
}) {}

/** 401: the token is missing, wrong, revoked or expired, or the device is not trusted. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", answer) {}

/** 403 for another reason than a missing second factor: the token's scope is too small, the account is suspended … */
export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", answer) {}

/** 403 because the account wants a second factor. */
export class TwoFactorRequired extends Schema.TaggedError<TwoFactorRequired>()("TwoFactorRequired", answer) {}

/**
 * The input was refused: by Heroku (400 or 422 on `create` and `update`), or before any request was sent; then there is
 * no `status`, and `field` names what was wrong.
 */
export class InvalidParams extends Schema.TaggedError<InvalidParams>()("InvalidParams", {
  ...answer,
  /** The HTTP status, 400 or 422. Absent when no request was sent. */
  status: Schema.optionalKey(Schema.Int),
  /** The input's path to what was refused, as `expiresIn` or `client.id`. None when Heroku refused: its errors name no field. */
  field: Schema.Option(Schema.String)
}) {}

/**
 * 429 once retries are spent, or when Heroku asked for a longer wait than the configured cap; also where nothing was sent
 * because a budget of requests would have made it wait for longer than it may.
 */
export class RateLimited extends Schema.TaggedError<RateLimited>()("RateLimited", {
  ...answer,
  /** How long to wait: as long as Heroku asked, counted from its answer, or as the budget would have had it wait. */
  retryAfter: Schema.Option(Schema.Duration)
}) {}

/** Any other status than the `expected` ones. */
export class UnexpectedStatus extends Schema.TaggedError<UnexpectedStatus>()("UnexpectedStatus", {
  ...answer,
  /** The statuses with which the operation succeeds. */
  expected: Schema.Array(Schema.Int),
  /** How long Heroku asked to wait, as it may with 503, counted from its answer. */
  retryAfter: Schema.Option(Schema.Duration)
}) {}

/**
 * A response that breaks the protocol: not JSON, not an authorization, a part of a list without a way on, a range that
 * comes round again. The message says what and where, never the offending value.
 *
 * **Gotchas**
 *
 * Heroku has acted on the request all the same: a `create` that ends so has most likely made an authorization.
 */
export class InvalidResponse extends Schema.TaggedError<InvalidResponse>()("InvalidResponse", answer) {}

/**
 * No usable response: no connection, a TLS failure, a timeout, a body that was cut short.
 */
export class RequestFailed extends Schema.TaggedError<RequestFailed>()("RequestFailed", {
  /** The operation that failed. */
  operation: Operation,
  /** What broke, and where: the base URL, and the code of the system's error where there is one. */
  message: Schema.String,
  /**
   * What broke.
   *
   * - `request`: it could not be written, so nothing was sent
   * - `connect`: no connection, so the server saw nothing
   * - `certificate`: the server's certificate was refused, so it saw nothing
   * - `connection`: it broke after the request may have been sent
   * - `timeout`: no complete answer in time
   * - `body`: an answer began and was not complete
   */
  reason: Schema.Literals(["request", "connect", "certificate", "connection", "timeout", "body"]),
  /**
   * Whether the server may have acted on the request, in this or an earlier attempt. Always false for `info` and `list`,
   * which change nothing.
   */
  outcomeUnknown: Schema.Boolean
}) {}

/** What every operation can raise, all but `NotFound`. */
export type CommonError =
  | Unauthorized
  | Forbidden
  | TwoFactorRequired
  | InvalidParams
  | RateLimited
  | UnexpectedStatus
  | InvalidResponse
  | RequestFailed

/** What `create` can raise. */
export type CreateError = CommonError
/** What `info` can raise. */
export type InfoError = CommonError | NotFound
/** What `update` can raise. */
export type UpdateError = CommonError | NotFound
/** What `regenerate` can raise. */
export type RegenerateError = CommonError | NotFound
/** What `delete` can raise. */
export type DeleteError = CommonError | NotFound
/** What `list`, `pages` and `stream` can raise. */
export type ListError = CommonError

/** Any of the errors. */
export type AuthorizationError = CommonError | NotFound

// -----------------------------------------------------------------------------
// For implementations of the service
// -----------------------------------------------------------------------------

/** The error of an input that is refused before any request is sent. Do not put the value in `problem`: it may be a secret. */
export const refused = (operation: Operation, field: string, problem: string): InvalidParams =>
  new InvalidParams({
    operation,
    message: `${field}: ${problem}`,
    field: Option.some(field),
    errorId: Option.none(),
    requestId: Option.none(),
    documentationUrl: Option.none()
  })

/** The error of an answer that breaks the protocol. Do not put its values in `message`: they may be secrets. */
export const invalidResponse = (answer: {
  readonly operation: Operation
  readonly status: number
  readonly message: string
  readonly requestId: Option.Option<string>
  readonly afterUnknownOutcome?: boolean
}): InvalidResponse => new InvalidResponse({ ...answer, errorId: Option.none(), documentationUrl: Option.none() })

/** An answer as it came. */
export interface RawAnswer {
  /** The HTTP status. */
  readonly status: number
  /** The headers, by their names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The whole body, whatever it is. */
  readonly body: string
}

/** What an answer with an error status said, as far as it said anything. */
export interface ErrorAnswer {
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
  /** The `Retry-After` header, as a wait from now. */
  readonly retryAfter: Option.Option<Duration.Duration>
  /** Whether the header `Heroku-Two-Factor-Required` was there. */
  readonly twoFactorRequired: boolean
}

/**
 * Reads an answer with an error status that came at `now` (in milliseconds). Its body may lack any part, be empty, `null`
 * or a router's HTML; nothing of a body that is not Heroku's gets into the error.
 *
 * **Details**
 *
 * `Retry-After` is not documented. It is understood in seconds, as an HTTP date, and as seconds since 1970, which an older
 * version of the API sent.
 */
export const readAnswer = ({ body, headers, status }: RawAnswer, now: number): ErrorAnswer => {
  const said = parseObject(body)
  const text = (value: unknown): Option.Option<string> =>
    typeof value === "string" && value !== "" ? Option.some(value) : Option.none()
  return {
    status,
    errorId: text(said["id"]),
    message: text(said["message"]),
    documentationUrl: text(said["url"]),
    requestId: text(headers["request-id"]),
    retryAfter: Option.flatMap(text(headers["retry-after"]), (value) => parseRetryAfter(value, now)),
    twoFactorRequired: headers["heroku-two-factor-required"]?.toLowerCase() === "true"
  }
}

const parseObject = (text: string): Readonly<Record<string, unknown>> => {
  try {
    // What is no object becomes one that has none of the keys.
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

/** From this number of seconds on it can only be a time since 1970: as a wait it would be thirty years. */
const epoch = 1_000_000_000

const parseRetryAfter = (text: string, now: number): Option.Option<Duration.Duration> => {
  const seconds = /^\s*\d+\s*$/.test(text) ? Number(text) : undefined
  if (seconds !== undefined && seconds < epoch) return Option.some(Duration.seconds(seconds))
  const at = seconds === undefined ? parseDate(text) : seconds * 1000
  return Number.isNaN(at) ? Option.none() : Option.some(Duration.millis(Math.max(0, at - now)))
}

/** A date of HTTP, in any of its three forms; the oldest names no time zone. The engine takes `-5` for a date as well. */
const parseDate = (text: string): number => {
  const date = text.trim()
  return /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun).*\d\d:\d\d:\d\d/.test(date)
    ? Date.parse(date.endsWith("GMT") ? date : `${date} GMT`)
    : Number.NaN
}

/** Whether an operation changes something at Heroku; the others only read. */
export const changes = (operation: Operation): operation is Exclude<Operation, "info" | "list"> =>
  operation !== "info" && operation !== "list"

/** The statuses with which an operation succeeds. */
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
 * The error that an answer means: how an implementation of the service turns statuses into errors.
 *
 * **Details**
 *
 * `id` is the authorization that was named, and `afterUnknownOutcome` whether an earlier attempt of the same call may
 * have changed something.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#error-responses
 */
export function fromAnswer(
  operation: "create" | "list",
  answer: ErrorAnswer,
  id?: undefined,
  afterUnknownOutcome?: boolean
): CommonError
export function fromAnswer(
  operation: "info" | "update" | "regenerate" | "delete",
  answer: ErrorAnswer,
  id: string,
  afterUnknownOutcome?: boolean
): CommonError | NotFound
export function fromAnswer(
  operation: Operation,
  answer: ErrorAnswer,
  id?: string,
  afterUnknownOutcome = false
): AuthorizationError {
  const { documentationUrl, errorId, requestId, retryAfter, status } = answer
  const message = Option.getOrElse(
    answer.message,
    () => `Heroku answered ${operation} with status ${status} and no message`
  )
  const fields = { operation, status, errorId, message, requestId, documentationUrl, afterUnknownOutcome }
  switch (status) {
    case 401:
      return new Unauthorized(fields)
    case 403:
      return answer.twoFactorRequired || Option.contains(errorId, "two_factor")
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
  return new UnexpectedStatus({ ...fields, expected: expectedStatuses(operation), retryAfter })
}
