/** Reads Heroku's answers: which mean success, what the others say, and whether a body is what it should be. */
import { Authorization } from "@effect-heroku/core/Authorization"
import {
  type ErrorAnswer,
  expectedStatuses,
  InvalidResponse,
  type Operation
} from "@effect-heroku/core/AuthorizationError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** A complete answer. Its body can hold secrets; a tracer keeps answers, so the body is `Redacted` as a whole. */
export interface Answer {
  readonly status: number
  readonly headers: Headers.Headers
  readonly body: Redacted.Redacted
}

/** Whether the operation succeeded. */
export const isExpected = (operation: Operation, answer: Answer): boolean =>
  expectedStatuses(operation).includes(answer.status)

/** The `Request-Id` header: one id, or several separated by commas. */
export const requestId = (answer: Answer): Option.Option<string> => Headers.get(answer.headers, "request-id")

// -----------------------------------------------------------------------------
// Errors
// -----------------------------------------------------------------------------

/** The body of an error. Any part can be missing, and the body can be empty, `null`, or a router's HTML. */
const ErrorBody = Schema.fromJsonString(Schema.Struct({
  id: Schema.optionalKey(Schema.NonEmptyString),
  message: Schema.optionalKey(Schema.NonEmptyString),
  url: Schema.optionalKey(Schema.NonEmptyString)
}))
const decodeErrorBody = Schema.decodeUnknownOption(ErrorBody)

/** What an answer with another status than expected says. `now` is the time in milliseconds, for `Retry-After`. */
export const readError = (answer: Answer, now: number): ErrorAnswer => {
  const body = Option.getOrElse(decodeErrorBody(Redacted.value(answer.body)), (): typeof ErrorBody.Type => ({}))
  return {
    status: answer.status,
    errorId: Option.fromUndefinedOr(body.id),
    message: Option.fromUndefinedOr(body.message),
    documentationUrl: Option.fromUndefinedOr(body.url),
    requestId: requestId(answer),
    retryAfter: readRetryAfter(answer, now),
    twoFactorRequired: Option.exists(
      Headers.get(answer.headers, "heroku-two-factor-required"),
      (value) => value.toLowerCase() === "true"
    )
  }
}

/** From this number of seconds on, a `Retry-After` can only be a time since 1970: as a wait it would be thirty years. */
const epoch = 1_000_000_000

/** `Retry-After` as a wait from now: seconds, an HTTP date, or (as an older version of the API sent) seconds since 1970. */
const readRetryAfter = (answer: Answer, now: number): Option.Option<Duration.Duration> =>
  Headers.get(answer.headers, "retry-after").pipe(
    Option.map((text) => {
      const seconds = Number(text)
      return seconds >= epoch ? new Date(seconds * 1000).toUTCString() : text
    }),
    Option.flatMap((text) => Result.getSuccess(Headers.parseRetryAfter(text))),
    Option.map((retryAfter) => Duration.max(Headers.retryAfterDelay(retryAfter, now), Duration.zero))
  )

// -----------------------------------------------------------------------------
// Bodies
// -----------------------------------------------------------------------------

/** The answer breaks the protocol. */
export const invalid = (operation: Operation, answer: Answer, message: string): InvalidResponse =>
  new InvalidResponse({
    operation,
    status: answer.status,
    message,
    requestId: requestId(answer),
    errorId: Option.none(),
    documentationUrl: Option.none()
  })

// The engine's own message would quote the body.
const parse = (operation: Operation, answer: Answer): Effect.Effect<unknown, InvalidResponse> =>
  Effect.try({
    try: (): unknown => JSON.parse(Redacted.value(answer.body)),
    catch: () => {
      const type = Option.getOrElse(Headers.get(answer.headers, "content-type"), () => "no content type")
      return invalid(
        operation,
        answer,
        `The body is not JSON (${Redacted.value(answer.body).length} characters, ${type})`
      )
    }
  })

const decodeWith = <T, E>(schema: Schema.Codec<T, E>) => {
  const decode = Schema.decodeUnknownEffect(schema)
  return (operation: Operation, answer: Answer): Effect.Effect<T, InvalidResponse> =>
    Effect.flatMap(
      parse(operation, answer),
      (json) =>
        Effect.mapError(decode(json), ({ message }) =>
          invalid(operation, answer, `The body is not what it should be: ${message}`))
    )
}

/** One authorization. */
export const authorization = decodeWith(Authorization.FromWire)

/** A list of authorizations. */
export const authorizations = decodeWith(Schema.Array(Authorization.FromWire))
