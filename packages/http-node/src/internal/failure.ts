/** Turns what the transport could not do into `RequestFailed`, without anything of the request in it. */
import { changes, type Operation, RequestFailed } from "@effect-heroku/core/AuthorizationError"
import type * as HttpClientError from "effect/http/HttpClientError"

/** The attempt took longer than `requestTimeout`, or the call longer than `timeout`. */
export const timedOut = (operation: Operation, seconds: number, outcomeUnknown = changes(operation)): RequestFailed =>
  new RequestFailed({
    operation,
    reason: "timeout",
    message: `No complete answer within ${seconds} seconds`,
    outcomeUnknown
  })

/**
 * What the HTTP client failed with. Its error is dropped, because it holds the request with its headers; what is kept is
 * the system's error code. When in doubt, the server may have acted.
 */
export const fromClientError = (
  operation: Operation,
  baseUrl: string,
  earlierMayHaveActed: boolean,
  { reason }: HttpClientError.HttpClientError
): RequestFailed => {
  const cause = systemError("cause" in reason ? reason.cause : undefined)
  const suffix = cause === undefined ? "" : ` (${cause.code})`
  const failed = (why: RequestFailed["reason"], message: string, mayHaveActed: boolean) =>
    new RequestFailed({
      operation,
      reason: why,
      message: `${message}${suffix}`,
      outcomeUnknown: mayHaveActed || earlierMayHaveActed
    })
  switch (reason._tag) {
    case "TransportError":
      if (cause !== undefined && isBeforeConnection(cause)) {
        return failed("connect", `Could not connect to ${baseUrl}`, false)
      }
      if (cause !== undefined && isCertificate(cause)) {
        return failed("certificate", `The certificate of ${baseUrl} is not to be trusted`, false)
      }
      return cause?.code === "UND_ERR_INVALID_ARG"
        ? failed("request", "The request could not be written", false)
        : failed("connection", `The connection to ${baseUrl} broke`, changes(operation))
    case "EncodeError":
    case "InvalidUrlError":
      return failed("request", "The request could not be written", false)
    default:
      return failed("body", `The answer of ${baseUrl} was not complete`, changes(operation))
  }
}

// -----------------------------------------------------------------------------
// Errors of the system
// -----------------------------------------------------------------------------

interface SystemError {
  readonly code: string
  /** What the system was asked to do: `connect`, `getaddrinfo`, `read`, `write`. */
  readonly syscall: unknown
}

/** The system's error inside a transport's: fetch wraps it in a TypeError, a dual-stack connect in an AggregateError. */
const systemError = (error: unknown, depth = 0): SystemError | undefined => {
  if (typeof error !== "object" || error === null || depth > 4) return undefined
  if ("code" in error && typeof error.code === "string") {
    return { code: error.code, syscall: "syscall" in error ? error.syscall : undefined }
  }
  if ("cause" in error) return systemError(error.cause, depth + 1)
  if ("errors" in error && Array.isArray(error.errors)) return systemError(error.errors[0], depth + 1)
  return undefined
}

/** These say by themselves that no connection came about. */
const connectCodes = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"])

/** Others (an unreachable network, a reset) can also end a connection that was there: then the system was reading. */
const isBeforeConnection = ({ code, syscall }: SystemError): boolean =>
  connectCodes.has(code) || syscall === "connect" || syscall === "getaddrinfo"

/** Refusals of a certificate, which come in the handshake. Other TLS errors can come at any time. */
const certificateCodes = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "HOSTNAME_MISMATCH",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE"
])

const isCertificate = ({ code }: SystemError): boolean => certificateCodes.has(code) || code.startsWith("CERT_")
