/**
 * The errors of the operations on authorizations, and for each operation the union of those it can fail with.
 *
 * The errors are flat and tagged. None contains a token, a grant code, a client secret or a request header: they are safe
 * to log.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#errors
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** The operations of `AuthorizationService`. `pages` and `stream` fail with errors of `list`. */
export const Operation = Schema.Literals(["create", "info", "update", "regenerate", "delete", "list"])
export type Operation = typeof Operation.Type

/** The fields of every error. */
const commonFields = {
  /** The operation that failed. */
  operation: Operation,
  /** How many attempts the call made: 0 when it was rejected before the first one. */
  attempts: Schema.Int.pipe(Schema.withConstructorDefault(Effect.succeed(1)))
}

/** The fields of every error that comes from a response. */
const responseFields = {
  ...commonFields,
  /** The HTTP status. */
  status: Schema.Int,
  /** Heroku's error id, such as `not_found`. `None` where the body has none. */
  errorId: Schema.Option(Schema.String),
  /** Heroku's message without control characters, or a generated one where the body has none. */
  message: Schema.String,
  /** The `Request-Id` header, which Heroku's support asks for. It can be a comma-separated list of ids. */
  requestId: Schema.Option(Schema.String),
  /** The URL of the page that explains the error. */
  documentationUrl: Schema.Option(Schema.String),
  /**
   * Whether the call may have changed something: this or an earlier attempt ended without a response, with an invalid one, or
   * with another status than a rejection (4xx without 408). Always false for `info` and `list`.
   */
  outcomeUnknown: Schema.Boolean.pipe(Schema.withConstructorDefault(Effect.succeed(false)))
}

/**
 * 404 on an operation that names an authorization.
 *
 * **Gotchas**
 *
 * A `delete` that fails with `outcomeUnknown: true` most likely deleted the authorization in an earlier attempt.
 */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", {
  ...responseFields,
  /** The id that the call named. */
  id: Schema.String
}) {}

/** 401: the token is missing, wrong, revoked or expired, or the device is not trusted. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", responseFields) {}

/** 403 other than a missing second factor, for example an insufficient scope or a suspended account. */
export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", responseFields) {}

/** 403 because the account requires a second factor. */
export class TwoFactorRequired extends Schema.TaggedError<TwoFactorRequired>()("TwoFactorRequired", responseFields) {}

/**
 * Invalid input: rejected by Heroku (400 or 422 on `create` and `update`), or before a request was sent. In the second case
 * `status` is absent and `field` names the input.
 */
export class InvalidParams extends Schema.TaggedError<InvalidParams>()("InvalidParams", {
  ...responseFields,
  /** The HTTP status, 400 or 422. Absent when no request was sent. */
  status: Schema.optionalKey(Schema.Int),
  /** The path of the invalid field, such as `expiresIn` or `client.id`. `None` when Heroku rejected the input. */
  field: Schema.Option(Schema.String)
}) {}

/**
 * 429 after the last retry, or with a `Retry-After` above the configured maximum. Also raised without a request when a
 * request budget would make the call wait for longer than its `maxWait`.
 */
export class RateLimited extends Schema.TaggedError<RateLimited>()("RateLimited", {
  ...responseFields,
  /** How long to wait before the next call, counted from the response. */
  retryAfter: Schema.Option(Schema.Duration)
}) {}

/** Any status that no other error stands for. */
export class UnexpectedStatus extends Schema.TaggedError<UnexpectedStatus>()("UnexpectedStatus", {
  ...responseFields,
  /** The statuses with which the operation succeeds. */
  expected: Schema.Array(Schema.Int),
  /** The `Retry-After` header, which can come with 503, counted from the response. */
  retryAfter: Schema.Option(Schema.Duration)
}) {}

/**
 * A response that breaks the protocol: not JSON, not an authorization, a truncated list without `Next-Range`, a range that
 * repeats. The message names the problem and its path, never the invalid value.
 *
 * **Gotchas**
 *
 * Heroku has processed the request: a `create` that fails with this has most likely created an authorization.
 */
export class InvalidResponse extends Schema.TaggedError<InvalidResponse>()("InvalidResponse", responseFields) {}

/** No usable response: no connection, a TLS failure, a timeout, a truncated body. */
export class RequestFailed extends Schema.TaggedError<RequestFailed>()("RequestFailed", {
  ...commonFields,
  /** Names the step that failed, the base URL, and the system's error code if there is one. */
  message: Schema.String,
  /**
   * The stage that failed.
   *
   * - `request`: the request was not sent
   * - `connect`: no connection was established
   * - `certificate`: the server's certificate was rejected during the handshake
   * - `connection`: the connection broke after the request may have been sent
   * - `timeout`: no complete response in time
   * - `body`: the response began and was truncated
   */
  reason: Schema.Literals(["request", "connect", "certificate", "connection", "timeout", "body"]),
  /** Whether Heroku may have acted, in this or an earlier attempt. Always false for `info` and `list`. */
  outcomeUnknown: Schema.Boolean
}) {}

type CommonError =
  | Unauthorized
  | Forbidden
  | TwoFactorRequired
  | InvalidParams
  | RateLimited
  | UnexpectedStatus
  | InvalidResponse
  | RequestFailed

/** The errors of `create`. */
export type CreateError = CommonError
/** The errors of `info`. */
export type InfoError = CommonError | NotFound
/** The errors of `update`. */
export type UpdateError = CommonError | NotFound
/** The errors of `regenerate`. */
export type RegenerateError = CommonError | NotFound
/** The errors of `delete`. */
export type DeleteError = CommonError | NotFound
/** The errors of `list`, `pages` and `stream`. */
export type ListError = CommonError

/** Any of the errors, for programs that store errors or send them to another process. */
export const AuthorizationError = Schema.Union([
  NotFound,
  Unauthorized,
  Forbidden,
  TwoFactorRequired,
  InvalidParams,
  RateLimited,
  UnexpectedStatus,
  InvalidResponse,
  RequestFailed
])
export type AuthorizationError = CommonError | NotFound

/**
 * Returns whether the same call can succeed later, without doing anything twice.
 *
 * **Details**
 *
 * Rate limits, missing responses and the statuses 408, 500, 502, 503 and 504 are temporary; all other errors would come
 * again. A `create` or `regenerate` that Heroku may have processed is not retryable.
 */
export const isRetryable = (error: AuthorizationError): boolean => {
  const doesNothingTwice = !error.outcomeUnknown || (error.operation !== "create" && error.operation !== "regenerate")
  switch (error._tag) {
    case "RateLimited":
      return doesNothingTwice
    case "RequestFailed":
      return error.reason !== "certificate" && doesNothingTwice
    case "UnexpectedStatus":
      return temporaryStatuses.has(error.status) && doesNothingTwice
    default:
      return false
  }
}

/** Without 429, which is an error of its own: `RateLimited`. */
const temporaryStatuses: ReadonlySet<number> = new Set([408, 500, 502, 503, 504])
