/** Turns the errors of HTTP clients into `RequestFailed`, without any part of the request. */
import { changesState } from "@effect-heroku/core/AuthorizationEndpoints"
import { type Operation, RequestFailed } from "@effect-heroku/core/AuthorizationError"
import * as Duration from "effect/Duration"
import type * as HttpClientError from "effect/http/HttpClientError"

/** A request that failed. */
export interface Context {
  readonly operation: Operation
  readonly baseUrl: string
  /** The proxy, without its credentials. */
  readonly proxy: string | undefined
  /** Whether Heroku may have acted on an earlier request of the same call. */
  readonly outcomeUnknown: boolean
  /** Whether the request, or a part of it, may have been sent. */
  readonly isSent: boolean
}

/**
 * The attempt took longer than `requestTimeout`, or the call longer than `timeout`. Without a duration: the request took
 * longer than a timeout in `transformClient`.
 */
export const timedOut = (context: Context, timeout?: Duration.Duration): RequestFailed => {
  const { isSent, operation, outcomeUnknown } = context
  return new RequestFailed({
    operation,
    reason: "timeout",
    message: `No complete response${throughProxy(context)} within ${
      timeout === undefined ? "the timeout of transformClient" : `${Duration.toSeconds(timeout)} seconds`
    }`,
    outcomeUnknown: outcomeUnknown || isSent && changesState(operation)
  })
}

/** The open circuit breaker of a `transformClient` rejected the request. */
export const circuitOpen = ({ baseUrl, operation, outcomeUnknown }: Context): RequestFailed =>
  new RequestFailed({
    operation,
    reason: "request",
    message: `The circuit breaker of ${baseUrl} is open: the request was not sent`,
    outcomeUnknown
  })

/** A proxy rejected the connection with a status that a retry does not change, such as 403 or 407. */
export class ProxyRejection extends RequestFailed {}

/** An error of a certificate does not say whose it is. Over `http://`, only the proxy has one. */
const certificateOwner = ({ baseUrl, proxy }: Context): string => {
  if (proxy?.startsWith("https:") !== true) return baseUrl
  return baseUrl.startsWith("https:") ? `${baseUrl} or of the proxy ${proxy}` : `the proxy ${proxy}`
}

const throughProxy = ({ proxy }: Context): string => proxy === undefined ? "" : ` through the proxy ${proxy}`

/**
 * Converts the error of a client. The error itself is dropped, because it holds the request with its headers: only the
 * system's error code is kept.
 */
export const fromClientError = (context: Context, { reason }: HttpClientError.HttpClientError): RequestFailed => {
  const cause = findSystemError("cause" in reason ? reason.cause : undefined)
  switch (reason._tag) {
    case "TransportError":
      return make(context, reasonOf(context, cause), cause)
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

const make = (context: Context, reason: Reason, cause: SystemError | undefined) => {
  const { baseUrl, operation, outcomeUnknown } = context
  const mayBeSent = reason === "connection" || reason === "body"
  const message = {
    connect: `Could not connect to ${baseUrl}${throughProxy(context)}`,
    certificate: `The certificate of ${certificateOwner(context)} is not trusted`,
    request: "The request could not be written",
    connection: `The connection to ${baseUrl} broke`,
    body: `The response of ${baseUrl} was incomplete`
  }[reason]
  const code = cause === undefined ? "" : ` (${cause.status === undefined ? cause.code : `status ${cause.status}`})`
  return new (isPermanent(cause?.status) ? ProxyRejection : RequestFailed)({
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
  /** The status with which a proxy rejected a tunnel. */
  readonly status: number | undefined
}

/** Whether a proxy rejects every further connection, too: it denies access, or requires other credentials. */
const isPermanent = (proxyStatus = 0): boolean =>
  proxyStatus >= 400 && proxyStatus < 500 && proxyStatus !== 408 && proxyStatus !== 429

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
    const { code } = error
    const status = code === "ERR_PROXY_TUNNEL" && "statusCode" in error
      ? Number(error.statusCode) || undefined
      : undefined
    return { code, syscall: "syscall" in error ? error.syscall : undefined, status }
  }
  return "cause" in error ? findSystemError(error.cause, depth + 1) : undefined
}

const reasonOf = ({ isSent }: Context, cause: SystemError | undefined): Reason => {
  const { code = "", syscall } = cause ?? {}
  if (connectCodes.has(code) || syscall === "connect" || syscall === "getaddrinfo") return "connect"
  if (certificateCodes.has(code) || code.startsWith("CERT_")) return "certificate"
  if (requestCodes.has(code)) return "request"
  return isSent ? "connection" : "connect"
}

const connectCodes: ReadonlySet<string> = new Set([
  "EAI_AGAIN",
  "ECONNREFUSED",
  "ENOTFOUND",
  "ERR_PROXY_TUNNEL",
  "UND_ERR_CONNECT_TIMEOUT"
])

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
