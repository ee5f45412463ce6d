/** Reads the body of a response, up to a limit, into an `ApiResponse`. */
import type { InvalidResponse } from "@effect-heroku/core/AuthorizationError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { HttpClientError, TransportError } from "effect/http/HttpClientError"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as ApiResponse from "./response.ts"
import { limitTime, type Transmissions } from "./transmission.ts"

/** More than any response of Heroku's: a page of 1,000 authorizations is smaller than 1 MiB. */
const maxBytes = 64 * 1024 * 1024

/** More than any error of Heroku's. */
const maxErrorBytes = 64 * 1024

/** Reads a response to its end. That of an error is read for `errorTimeout` at most, and only its beginning. */
export const readResponse = (
  received: HttpClientResponse,
  attempt: Omit<ApiResponse.ApiResponse, "body" | "headers" | "status">,
  transmissions: Transmissions,
  errorTimeout: Duration.Duration
): Effect.Effect<ApiResponse.ApiResponse, HttpClientError | InvalidResponse> => {
  // Some clients create the headers anew each time that they are read.
  const { headers, status } = received
  if (status === 101) {
    // No request asks for another protocol.
    return Effect.fail(new HttpClientError({ reason: new TransportError({ request: received.request }) }))
  }
  const toResponse = (bytes: Uint8Array): ApiResponse.ApiResponse => ({
    ...attempt,
    status,
    headers: ApiResponse.selectHeaders(headers, attempt.redact),
    body: Redacted.make(bytes)
  })
  if (!ApiResponse.isExpected({ operation: attempt.operation, status })) {
    const body = makeBuffer(maxErrorBytes)
    // The status says what happened, so a body that breaks off or stalls does not fail the attempt.
    return limitTime(body.readFrom(received.stream), errorTimeout, () => transmissions, () => undefined).pipe(
      Effect.ignore,
      Effect.map(() => toResponse(body.bytes()))
    )
  }
  // Clients hold a body to its declared length; a compressed one has another length.
  const length = headers["content-encoding"] === undefined ? Number(headers["content-length"] ?? Infinity) : Infinity
  if (length <= maxBytes) return Effect.map(received.arrayBuffer, (bytes) => toResponse(new Uint8Array(bytes)))
  const body = makeBuffer(maxBytes)
  return body.readFrom(received.stream).pipe(
    // How some clients report a missing body.
    Effect.catch((error) => error.reason._tag === "EmptyBodyError" ? Effect.void : Effect.fail(error)),
    Effect.andThen(Effect.suspend(() =>
      body.isTruncated()
        ? Effect.fail(ApiResponse.invalid(toResponse(new Uint8Array()), `The body is longer than ${maxBytes} bytes`))
        : Effect.succeed(toResponse(body.bytes()))
    ))
  )
}

/** A buffer of up to `limit` bytes. Chunks are copied: a chunk of one byte can keep a whole buffer of the socket alive. */
const makeBuffer = (limit: number) => {
  let bytes = new Uint8Array(16 * 1024)
  let length = 0
  let isTruncated = false
  const append = (chunk: Uint8Array) => {
    const taken = chunk.subarray(0, limit - length)
    const end = length + taken.length
    if (end > bytes.length) bytes = new Uint8Array(bytes.buffer.transfer(Math.max(end, 2 * bytes.length)))
    bytes.set(taken, length)
    length = end
    isTruncated = taken.length < chunk.length
    return !isTruncated
  }
  return {
    bytes: () => bytes.subarray(0, length),
    isTruncated: () => isTruncated,
    readFrom: <E>(stream: Stream.Stream<Uint8Array, E>) =>
      Stream.runForEachWhile(stream, (chunk) => Effect.sync(() => append(chunk)))
  }
}
