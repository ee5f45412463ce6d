/** A complete response: its headers, its warnings, its error, and the authorizations in its body. */
import { Authorization, AuthorizationId } from "@effect-heroku/core/Authorization"
import {
  type ErrorResponse,
  expectedStatuses,
  invalidResponse,
  type ListResponse,
  parseErrorResponse,
  toLine
} from "@effect-heroku/core/AuthorizationEndpoints"
import type { InvalidResponse, Operation } from "@effect-heroku/core/AuthorizationError"
import type { InvalidAuthorization } from "@effect-heroku/core/AuthorizationService"
import * as Effect from "effect/Effect"
import type { Headers } from "effect/http/Headers"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as Stream from "effect/Stream"
import { parseChunk, parseJson } from "./jsonArray.ts"
import type { Redact } from "./redact.ts"

/** A complete response. Tracers keep responses, so nothing that prints one finds a secret in it. */
export interface ApiResponse {
  readonly operation: Operation
  readonly status: number
  /** The headers that are used, without secrets. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The bytes. They may hold tokens, and are wiped once a list is decoded. */
  readonly body: Redacted.Redacted<Uint8Array>
  /** For the other parts of the response that get into an error. */
  readonly redact: Redact
  /** Whether Heroku may have acted on an earlier attempt of the same call. */
  readonly outcomeUnknown: boolean
  /** How many attempts the call has made, with the one of this response. */
  readonly attempts: number
}

const headerNames = [
  "content-type",
  "date",
  "heroku-two-factor-required",
  "next-range",
  "ratelimit-remaining",
  "request-id",
  "retry-after",
  "warning-id",
  "warning-message",
  "x-heroku-warning"
]

/** Selects the headers that are used, without secrets and control characters. */
export const selectHeaders = (received: Headers, redact: Redact): ApiResponse["headers"] => {
  const headers: Record<string, string> = {}
  for (const name of headerNames) {
    const value = received[name]
    if (value !== undefined) headers[name] = redact(toLine(value))
  }
  return headers
}

/** The `Request-Id` header: one id, or several separated by commas. */
export const requestId = ({ headers }: ApiResponse): Option.Option<string> =>
  Option.fromUndefinedOr(headers["request-id"])

/** The `RateLimit-Remaining` header: how many requests the account had left after this one. */
export const remaining = ({ headers }: ApiResponse): Option.Option<number> =>
  Option.fromUndefinedOr(headers["ratelimit-remaining"]).pipe(
    Option.map(Number),
    Option.filter((count) => Number.isInteger(count) && count >= 0)
  )

/** The warnings in the headers. Without an id, a warning is identified by its message. */
export const warnings = ({ headers }: ApiResponse) => {
  const { "warning-id": id, "warning-message": message = "", "x-heroku-warning": other = "" } = headers
  return [
    ...(message === "" ? [] : [{ id: id ?? message, message }]),
    ...(other === "" || other === message ? [] : [{ id: other, message: other }])
  ]
}

/** Whether the operation succeeded. */
export const isExpected = ({ operation, status }: Pick<ApiResponse, "operation" | "status">): boolean =>
  expectedStatuses(operation).includes(status)

/** Reads an error from a response that arrived at `now`, in milliseconds since 1970. */
export const toErrorResponse = ({ body, headers, redact, status }: ApiResponse, now: number): ErrorResponse => {
  const error = parseErrorResponse({ status, headers, body: utf8.decode(Redacted.value(body)) }, now)
  return {
    ...error,
    errorId: Option.map(error.errorId, redact),
    message: Option.map(error.message, redact),
    documentationUrl: Option.map(error.documentationUrl, redact)
  }
}

/** The error of a response that breaks the protocol. */
export const invalid = (response: ApiResponse, message: string): InvalidResponse => {
  const { attempts, operation, outcomeUnknown, status } = response
  return invalidResponse({ operation, status, message, requestId: requestId(response), outcomeUnknown, attempts })
}

/** Returns a function that decodes the JSON in a body. */
export const decodeWith =
  <A>(decode: (json: unknown) => Result.Result<A, Schema.SchemaError>) =>
  (response: ApiResponse): Effect.Effect<A, InvalidResponse> =>
    Effect.suspend(() =>
      Effect.fromResult(
        Result.flatMap(
          parseBody(response),
          (json) => Result.mapError(decode(json), (error) => invalidBody(response, error))
        )
      )
    )

/** Decodes the authorization in the body, and checks that it is the one that the call named, if it named one. */
export const decodeAuthorization = (
  response: ApiResponse,
  id: string | undefined
): Effect.Effect<Authorization, InvalidResponse> =>
  Effect.filterOrFail(
    decodeWith(decodeOne)(response),
    // `~` names the default authorization, and Heroku accepts the id of another in capitals.
    (authorization) => id === undefined || id === "~" || authorization.id.toLowerCase() === id.toLowerCase(),
    () => invalid(response, "The response is about another authorization than the one named")
  )

/** Reads the response of a list. Its authorizations are decoded as they are pulled. */
export const toListResponse = (response: ApiResponse): ListResponse => ({
  items: decodeList(response),
  nextRange: Option.fromUndefinedOr(response.headers["next-range"]),
  status: response.status,
  requestId: requestId(response),
  attempts: response.attempts
})

const decodeOne = Schema.decodeUnknownResult(Authorization.FromWire)

const decodeMany = Schema.decodeUnknownResult(Schema.Array(Authorization.FromWire))
const formatIssue = SchemaIssue.makeFormatterDefault()
const decodeId = Schema.decodeUnknownOption(AuthorizationId)

/** About 100 authorizations. Smaller chunks take more time per authorization, and so do those beyond 250. */
const chunkBytes = 100 * 750

const decodeList = (response: ApiResponse): ListResponse["items"] =>
  Stream.paginate({ offset: 0, index: 0 }, ({ index, offset }) =>
    Effect.suspend(() => {
      const { json, next } = parseChunk(Redacted.value(response.body), offset, chunkBytes)
      const items = Option.isSome(json)
        ? decodeItems(response, json.value, index)
        // The list was cut inside an authorization, or it is not JSON.
        : Result.flatMap(parseBody(response), (json) =>
          decodeItems(response, Array.isArray(json) ? json.slice(index) : json, index))
      return Effect.fromResult(Result.map(items, (items) =>
        [
          items,
          Option.isSome(json) ? Option.map(next, (offset) => ({ offset, index: index + items.length })) : Option.none()
        ] as const))
    })).pipe(Stream.ensuring(Effect.sync(() => Redacted.wipeUnsafe(response.body))))

/** Decodes a part of a list that starts at an index. Records are decoded one by one only if one of them is invalid. */
const decodeItems = (
  response: ApiResponse,
  json: unknown,
  start: number
): Result.Result<ReadonlyArray<Authorization | InvalidAuthorization>, InvalidResponse> => {
  const decoded = decodeMany(json)
  if (Result.isSuccess(decoded)) return Result.succeed(decoded.success)
  if (!Array.isArray(json)) return Result.fail(invalidBody(response, decoded.failure))
  return Result.succeed(json.map((record: unknown, index) =>
    Result.getOrElse(decodeOne(record), ({ issue }) => ({
      // Not an id that contains the token.
      id: Option.filter(decodeId(Object(record)["id"]), (id) => response.redact(id) === id),
      message: toLine(formatIssue(new SchemaIssue.Pointer([start + index], issue)))
    }))
  ))
}

const parseBody = (response: ApiResponse): Result.Result<unknown, InvalidResponse> => {
  const text = utf8.decode(Redacted.value(response.body))
  return Result.fromOption(parseJson(text), () => {
    const type = response.headers["content-type"] ?? "no content type"
    return invalid(response, `The body is not JSON (${text.length} characters, ${type})`)
  })
}

const invalidBody = (response: ApiResponse, { message }: Schema.SchemaError) =>
  invalid(response, `The body is not valid: ${message}`)

const utf8 = new TextDecoder()
