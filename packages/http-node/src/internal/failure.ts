/** Turns what the transport could not do into `RequestFailed`, without anything of the request in it. */
import { type Operation, RequestFailed } from "@effect-heroku/core/AuthorizationError"
import type * as HttpClientError from "effect/http/HttpClientError"

/** Whether an operation changes something at Heroku. */
const changes = (operation: Operation): boolean => operation !== "info" && operation !== "list"

/** The attempt took longer than `requestTimeout`. */
export const timedOut = (operation: Operation, seconds: number): RequestFailed =>
  new RequestFailed({
    operation,
    reason: "timeout",
    message: `No complete answer within ${seconds} seconds`,
    outcomeUnknown: changes(operation)
  })

/**
 * What the HTTP client failed with. Its error is dropped, because it holds the request with its headers; what is kept is
 * the system's error code.
 */
export const fromClientError = (
  operation: Operation,
  baseUrl: string,
  { reason }: HttpClientError.HttpClientError
): RequestFailed => {
  const code = errorCode("cause" in reason ? reason.cause : undefined)
  const suffix = code === undefined ? "" : ` (${code})`
  switch (reason._tag) {
    case "TransportError":
      return code !== undefined && isBeforeRequest(code)
        ? new RequestFailed({
          operation,
          reason: "connect",
          message: `Could not connect to ${baseUrl}${suffix}`,
          outcomeUnknown: false
        })
        : new RequestFailed({
          operation,
          reason: "connection",
          message: `The connection to ${baseUrl} broke${suffix}`,
          outcomeUnknown: changes(operation)
        })
    case "EncodeError":
    case "InvalidUrlError":
      return new RequestFailed({
        operation,
        reason: "connect",
        message: `The request could not be written${suffix}`,
        outcomeUnknown: false
      })
    default:
      return new RequestFailed({
        operation,
        reason: "body",
        message: `The answer of ${baseUrl} was not complete${suffix}`,
        outcomeUnknown: changes(operation)
      })
  }
}

/** Codes of failures that happen before a byte of the request is sent: names, routes, connections, certificates. */
const beforeRequest = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_INVALID_ARG",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "HOSTNAME_MISMATCH"
])

const isBeforeRequest = (code: string): boolean => beforeRequest.has(code) || /^(?:CERT_|ERR_TLS_|ERR_SSL_)/.test(code)

/** The system's code for an error. Transports wrap it: fetch in a TypeError, a dual-stack connect in an AggregateError. */
const errorCode = (error: unknown, depth = 0): string | undefined => {
  if (typeof error !== "object" || error === null || depth > 4) return undefined
  if ("code" in error && typeof error.code === "string") return error.code
  if ("cause" in error && error.cause !== undefined) return errorCode(error.cause, depth + 1)
  if ("errors" in error && Array.isArray(error.errors)) return errorCode(error.errors[0], depth + 1)
  return undefined
}
