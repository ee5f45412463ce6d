/** Reads Heroku's answers: which mean success, what the others say, and whether a body is what it should be. */
import * as AuthorizationDecoder from "@effect-heroku/core/AuthorizationDecoder"
import {
  type ErrorAnswer,
  expectedStatuses,
  type InvalidResponse,
  invalidResponse,
  type Operation,
  readAnswer
} from "@effect-heroku/core/AuthorizationError"
import type { RangeAnswer } from "@effect-heroku/core/AuthorizationService"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type * as HttpClientError from "effect/http/HttpClientError"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Kept } from "./cache.ts"
import { isOwnResponse, isTimeOver, takeBody } from "./own.ts"
import type { Scrub } from "./scrub.ts"

/**
 * A complete answer. Tracers keep answers, so nothing in it shows a secret: the body does not show, and of the headers
 * there are only those that are read, without secrets.
 */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Partial<Record<(typeof readHeaders)[number], string>>>
  readonly body: Body
  /** For everything else of it that gets into an error. */
  readonly scrub: Scrub
  /** Whether an earlier attempt may have acted. */
  readonly afterUnknownOutcome: boolean
  /** Whether the body is that of an earlier answer, because Heroku answered 304. */
  readonly notModified?: true
}

/**
 * The text of an answer, which nothing shows. It is no `Redacted`, because that keeps its value in a map, and there a page
 * that nobody needs any more outlives the next few.
 *
 * A long one is bytes until it is wanted, in memory of our own that it can give back. As a string, a page that was fetched
 * ahead gets into V8's old generation, and its memory is free only after the next collection of everything.
 */
class Body {
  #content: string | Uint8Array<ArrayBuffer>
  #nextPart = 0
  constructor(content: string | ArrayBuffer) {
    this.#content = typeof content === "string"
      ? content
      : content.byteLength > longBytes
      ? new Uint8Array(content)
      : utf8.decode(content)
  }
  /** The text, with all its secrets. */
  reveal(): string {
    return typeof this.#content === "string" ? this.#content : utf8.decode(this.#content)
  }
  /**
   * The text of a list part by part, each a list itself of about so many authorizations; a short one has one part.
   *
   * It is cut where an object ends and another begins. That may be within a string, or deeper within an authorization: then
   * the part is no JSON. If all are, they are together what the whole is: a comma that ends a list cut short is one that
   * separates its elements.
   */
  nextPart(about: number): { readonly text: string; readonly isLast: boolean } {
    const bytes = this.#content
    if (typeof bytes === "string") return { text: bytes, isLast: true }
    const start = this.#nextPart
    const end = findCut(bytes, start + about * usualBytes)
    this.#nextPart = end
    // The commas where it is cut are its brackets, for a moment.
    if (start > 0) bytes[start] = openingBracket
    if (end < bytes.length) bytes[end] = closingBracket
    const text = utf8.decode(bytes.subarray(start, end + 1))
    if (start > 0) bytes[start] = comma
    if (end < bytes.length) bytes[end] = comma
    return { text, isLast: end === bytes.length }
  }
  /** Gives back the memory of a long one. It is empty from then on. */
  release(): void {
    if (typeof this.#content === "string") return
    this.#content.buffer.transfer(0)
    this.#content = ""
  }
}

const utf8 = new TextDecoder()

/** What is longer is a page of a list. */
const longBytes = 64 * 1024

/** What an authorization of a list takes, more or less. */
const usualBytes = 750

const comma = ",".charCodeAt(0)
const openingBracket = "[".charCodeAt(0)
const closingBracket = "]".charCodeAt(0)
const openingBrace = "{".charCodeAt(0)
const closingBrace = "}".charCodeAt(0)
const space = " ".charCodeAt(0)

/** The first comma from there on between the end of an object and the beginning of another; the end where there is none. */
const findCut = (bytes: Uint8Array, from: number): number => {
  for (let end = bytes.indexOf(closingBrace, from); end !== -1; end = bytes.indexOf(closingBrace, end + 1)) {
    const at = skipSpaces(bytes, end + 1)
    if (bytes[at] === comma && bytes[skipSpaces(bytes, at + 1)] === openingBrace) return at
  }
  return bytes.length
}

const skipSpaces = (bytes: Uint8Array, from: number): number => {
  let at = from
  // All characters below it are control characters, and no JSON but the spaces among them.
  while (bytes[at]! <= space) at++
  return at
}

const readHeaders = [
  "content-type",
  "etag",
  "heroku-two-factor-required",
  "next-range",
  "ratelimit-remaining",
  "request-id",
  "retry-after",
  "warning-id",
  "warning-message",
  "x-heroku-warning"
] as const

/** No answer of Heroku's comes near it: a thousand authorizations are less than a mebibyte. */
const maxBytes = 64 * 1024 * 1024

/** How much of an error is read: more than any that Heroku wrote. */
const maxErrorBytes = 64 * 1024

/**
 * Reads a response to its end; of an error only the beginning, and what has come within `errorPatience`. One that others
 * may have too keeps its body.
 */
export const read = (
  response: HttpClientResponse,
  operation: Operation,
  scrub: Scrub,
  afterUnknownOutcome: boolean,
  errorPatience: Duration.Duration,
  isShared: boolean
): Effect.Effect<Answer, HttpClientError.HttpClientError | InvalidResponse> => {
  // Some transports make the headers anew each time that they are asked for them.
  const { headers: received, status } = response
  const headers: { -readonly [K in keyof Answer["headers"]]: string } = {}
  for (const name of readHeaders) {
    const value = received[name]
    if (value !== undefined) headers[name] = scrub(value)
  }
  const answer = (body: string | ArrayBuffer): Answer => ({
    status,
    headers,
    body: new Body(body),
    scrub,
    afterUnknownOutcome
  })
  if (!expectedStatuses(operation).includes(status)) {
    // Its status says what it is, also when the connection breaks or stalls before the body's end.
    return Effect.map(
      readBytes(response, maxErrorBytes, (error) => !isTimeOver(error), errorPatience),
      ({ bytes }) => answer(bytes)
    )
  }
  // Most answers say how long they are, and a transport holds them to it. If compressed, it is another length.
  const length = Number(
    (received["content-encoding"] === undefined ? received["content-length"] : undefined) ?? Infinity
  )
  if (length <= maxBytes) {
    if (isOwnResponse(response) && !isShared) return Effect.map(response[takeBody], answer)
    return length <= longBytes
      ? Effect.map(response.text, answer)
      // A copy: some clients give all who ask the same bytes.
      : Effect.map(response.arrayBuffer, (bytes) => answer(bytes.slice(0)))
  }
  return Effect.flatMap(readBytes(response, maxBytes, isEmptyBody), ({ bytes, complete }) =>
    complete
      ? Effect.succeed(answer(bytes))
      : Effect.fail(invalid(operation, answer(""), `The body is longer than ${maxBytes} bytes`)))
}

/** That is how some transports tell of a body that is not there. */
const isEmptyBody = ({ reason }: HttpClientError.HttpClientError): boolean => reason._tag === "EmptyBodyError"

/** Reads up to `limit` bytes, and leaves the rest. `isEnd` tells which failures are only the end of the body. */
const readBytes = (
  response: HttpClientResponse,
  limit: number,
  isEnd: (error: HttpClientError.HttpClientError) => boolean,
  patience?: Duration.Duration
): Effect.Effect<{ readonly bytes: ArrayBuffer; readonly complete: boolean }, HttpClientError.HttpClientError> =>
  Effect.suspend(() => {
    // Pieces are copied, for a piece of one byte may keep alive the buffer of the socket that it came in.
    let bytes = new Uint8Array(16 * 1024)
    let length = 0
    return response.stream.pipe(
      Stream.runForEachWhile((chunk) =>
        Effect.sync(() => {
          const taken = chunk.subarray(0, limit - length)
          const end = length + taken.length
          if (end > bytes.length) bytes = new Uint8Array(bytes.buffer.transfer(Math.max(end, 2 * bytes.length)))
          bytes.set(taken, length)
          length += chunk.length
          return length <= limit
        })
      ),
      Effect.catch((error) => isEnd(error) ? Effect.void : Effect.fail(error)),
      patience === undefined ? identity : Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.void }),
      Effect.map(() => ({ bytes: bytes.buffer.transfer(Math.min(length, limit)), complete: length <= limit }))
    )
  })

/** The `Request-Id` header: one id, or several separated by commas. */
export const requestId = (answer: Answer): Option.Option<string> => Option.fromUndefinedOr(answer.headers["request-id"])

/** The `Next-Range` header: where the list goes on. */
export const nextRange = (answer: Answer): Option.Option<string> => Option.fromUndefinedOr(answer.headers["next-range"])

/** The `RateLimit-Remaining` header: how many requests the account had left after this one. */
export const remaining = (answer: Answer): Option.Option<number> =>
  Option.filter(
    Option.map(Option.fromUndefinedOr(answer.headers["ratelimit-remaining"]), Number),
    (count) => Number.isInteger(count) && count >= 0
  )

/** Whether the operation succeeded. */
export const isExpected = (operation: Operation, answer: Answer): boolean =>
  expectedStatuses(operation).includes(answer.status)

/** What an answer with another status than expected says, as it came at `now` (in milliseconds). */
export const readError = ({ body, headers, scrub, status }: Answer, now: number): ErrorAnswer => {
  const said = readAnswer({ status, headers, body: body.reveal() }, now)
  return {
    ...said,
    errorId: Option.map(said.errorId, scrub),
    message: Option.map(said.message, scrub),
    documentationUrl: Option.map(said.documentationUrl, scrub)
  }
}

/** A warning that came with an answer, and what it is known by. */
export interface Warning {
  readonly id: string
  readonly message: string
}

/** The warnings in the headers. */
export const warnings = ({ headers }: Answer): ReadonlyArray<Warning> => {
  const { "warning-id": id, "warning-message": message = "", "x-heroku-warning": other = "" } = headers
  return [
    ...(message === "" ? [] : [{ id: id ?? message, message }]),
    ...(other === "" || other === message ? [] : [{ id: other, message: other }])
  ]
}

// -----------------------------------------------------------------------------
// Answers that are kept
// -----------------------------------------------------------------------------

/**
 * A success as it is kept: one that says by what it is known again, and that can be read. What cannot, as when a proxy has
 * garbled it, may have the tag of what was meant, and would be read again and again.
 */
export const toKeep = (
  operation: "info" | "list",
  answer: Answer,
  range: string
): Effect.Effect<Option.Option<Redacted.Redacted<Kept>>> => {
  const { body, headers, status } = answer
  const { etag } = headers
  if (etag === undefined || !isExpected(operation, answer)) return Effect.succeedNone
  const kept = {
    etag,
    status,
    headers: headers["next-range"] === undefined ? {} : { "next-range": headers["next-range"] },
    body: body.reveal()
  }
  const isLasting = operation === "info"
    ? Effect.as(authorization(operation, answer), true)
    : Effect.map(
      authorizations(operation, answer),
      ({ length }) => Option.isSome(nextRange(answer)) || (status === 200 && length < maxOf(range))
    )
  return isLasting.pipe(
    Effect.orElseSucceed(() => false),
    Effect.map((isLasting) => isLasting ? Option.some(Redacted.make(kept)) : Option.none())
  )
}

/** How many authorizations a range asks for. A last page of so many does not change when others come behind it. */
const maxOf = (range: string): number => Number(/max=(\d+)/.exec(range)?.[1] ?? 200)

/** An answer that was kept, of which `notModified` says that it still holds. */
export const fromKept = (kept: Redacted.Redacted<Kept>, notModified: Answer): Answer => {
  const { body, headers, status } = Redacted.value(kept)
  return {
    status,
    headers: { ...headers, ...notModified.headers },
    body: new Body(body),
    scrub: notModified.scrub,
    afterUnknownOutcome: notModified.afterUnknownOutcome,
    notModified: true
  }
}

// -----------------------------------------------------------------------------
// Bodies
// -----------------------------------------------------------------------------

/** The answer breaks the protocol. */
export const invalid = (operation: Operation, answer: Answer, message: string): InvalidResponse =>
  invalidResponse({
    operation,
    status: answer.status,
    message,
    requestId: requestId(answer),
    afterUnknownOutcome: answer.afterUnknownOutcome
  })

/** What is in the text of a body, if it is JSON. */
const parse = (text: string): Option.Option<unknown> => {
  try {
    return Option.some(JSON.parse(text))
  } catch {
    // The engine's own message would quote the body.
    return Option.none()
  }
}

const decodeWith =
  <A>(decode: (json: unknown) => Result.Result<A, Schema.SchemaError>) =>
  (operation: Operation, answer: Answer): Effect.Effect<A, InvalidResponse> =>
    Effect.suspend(() => {
      const text = answer.body.reveal()
      const json = parse(text)
      if (Option.isNone(json)) {
        const type = answer.headers["content-type"] ?? "no content type"
        return Effect.fail(
          invalid(operation, answer, `The body is not JSON (${text.length} characters, ${type})`)
        )
      }
      const result = decode(json.value)
      return Result.isSuccess(result)
        ? Effect.succeed(result.success)
        : Effect.fail(invalid(operation, answer, `The body is not what it should be: ${result.failure.message}`))
    })

/** One authorization. */
export const authorization = decodeWith(AuthorizationDecoder.authorization)

/** A list of authorizations. */
const authorizations = decodeWith(AuthorizationDecoder.authorizations)

/** Reads a list once, as a whole or part by part, and gives back the memory that it took. */
export const reading = (answer: Answer): Pick<RangeAnswer, "items" | "nextPart"> => {
  const items = Effect.tap(authorizations("list", answer), () => Effect.sync(() => answer.body.release()))
  let given = 0
  return {
    items,
    // In two steps: in one the text would be kept while the authorizations are made.
    nextPart: (about) =>
      Effect.flatMap(Effect.sync(() => nextPart(answer, about)), ({ isLast, json }) => {
        const decoded = Option.isSome(json) ? AuthorizationDecoder.authorizations(json.value) : undefined
        if (decoded === undefined || Result.isFailure(decoded)) {
          // It was not cut between two authorizations, or something is wrong, which the whole tells better.
          return Effect.map(items, (all) => ({ items: all.slice(given), isLast: true }))
        }
        given += decoded.success.length
        if (isLast) answer.body.release()
        return Effect.succeed({ items: decoded.success, isLast })
      })
  }
}

const nextPart = (
  { body }: Answer,
  about: number
): { readonly json: Option.Option<unknown>; readonly isLast: boolean } => {
  const { isLast, text } = body.nextPart(about)
  return { json: parse(text), isLast }
}
