/** Turns the errors of HTTP clients into `RequestFailed`, without any part of the request. */
import { changesState } from "@effect-heroku/core/AuthorizationEndpoints"
import { type Operation, RequestFailed } from "@effect-heroku/core/AuthorizationError"
import * as Duration from "effect/Duration"
import type * as HttpClientError from "effect/http/HttpClientError"

interface Context {
  readonly operation: Operation
  readonly baseUrl: string
  /** Whether Heroku may have acted on an earlier attempt of the same call. */
  readonly outcomeUnknown: boolean
}

/** The attempt took longer than `requestTimeout`, or the call longer than `timeout`. */
export const timedOut = (operation: Operation, timeout: Duration.Duration, outcomeUnknown: boolean): RequestFailed =>
  new RequestFailed({
    operation,
    reason: "timeout",
    message: `No complete response within ${Duration.toSeconds(timeout)} seconds`,
    outcomeUnknown
  })

/**
 * Converts the error of a client. The error itself is dropped, because it holds the request with its headers: only the
 * system's error code is kept.
 */
export const fromClientError = (context: Context, { reason }: HttpClientError.HttpClientError): RequestFailed => {
  const cause = findSystemError("cause" in reason ? reason.cause : undefined)
  switch (reason._tag) {
    case "TransportError":
      return make(context, cause === undefined ? "connection" : reasonOf(cause), cause)
    case "EncodeError":
    case "InvalidUrlError":
      return make(context, "request", cause)
    default:
      return make(context, "body", cause)
  }
}

/** Converts a defect that means an invalid request: `node:http` throws when a header contains a line break. */
export const fromDefect = (context: Context, defect: unknown): RequestFailed | undefined => {
  const cause = findSystemError(defect)
  return cause !== undefined && requestCodes.has(cause.code) ? make(context, "request", cause) : undefined
}

const make = ({ baseUrl, operation, outcomeUnknown }: Context, reason: Reason, cause: SystemError | undefined) => {
  const message = {
    connect: `Could not connect to ${baseUrl}`,
    certificate: `The certificate of ${baseUrl} is not trusted`,
    request: "The request could not be written",
    connection: `The connection to ${baseUrl} broke`,
    body: `The response of ${baseUrl} was incomplete`
  }[reason]
  const code = cause === undefined ? "" : ` (${cause.code})`
  const mayBeSent = reason === "connection" || reason === "body"
  return new RequestFailed({
    operation,
    reason,
    message: message + code,
    outcomeUnknown: outcomeUnknown || mayBeSent && changesState(operation)
  })
}

type Reason = Exclude<RequestFailed["reason"], "timeout">

interface SystemError {
  readonly code: string
  /** The system call that failed: `connect`, `getaddrinfo`, `read`, `write`. */
  readonly syscall: unknown
}

/**
 * Finds the system's error inside a client's. Fetch wraps it in a `TypeError`. A connection that tried several addresses
 * fails with an `AggregateError`, which has a code of its own but no system call.
 */
const findSystemError = (error: unknown, depth = 0): SystemError | undefined => {
  if (typeof error !== "object" || error === null || depth > 4) return undefined
  if ("errors" in error && Array.isArray(error.errors)) {
    const first = findSystemError(error.errors[0], depth + 1)
    if (first !== undefined) return first
  }
  if ("code" in error && typeof error.code === "string") {
    return { code: error.code, syscall: "syscall" in error ? error.syscall : undefined }
  }
  return "cause" in error ? findSystemError(error.cause, depth + 1) : undefined
}

/** Other codes (a reset, an unreachable network, a TLS error) can end an established connection, too. */
const reasonOf = ({ code, syscall }: SystemError): Reason => {
  if (connectCodes.has(code) || syscall === "connect" || syscall === "getaddrinfo") return "connect"
  if (certificateCodes.has(code) || code.startsWith("CERT_")) return "certificate"
  return requestCodes.has(code) ? "request" : "connection"
}

const connectCodes: ReadonlySet<string> = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"])

const certificateCodes: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "HOSTNAME_MISMATCH",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE"
])

const requestCodes: ReadonlySet<string> = new Set([
  "ERR_HTTP_INVALID_HEADER_VALUE",
  "ERR_INVALID_CHAR",
  "ERR_INVALID_HTTP_TOKEN",
  "ERR_INVALID_PROTOCOL",
  "ERR_UNESCAPED_CHARACTERS",
  "UND_ERR_INVALID_ARG"
])
