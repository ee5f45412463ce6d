/** The errors, and the responses with an unexpected status that they stand for. */
import {
  changesState,
  errorFromResponse,
  type ErrorResponse,
  expectedStatuses,
  invalidInput,
  invalidResponse,
  parseErrorResponse,
  type RawResponse
} from "@effect-heroku/core/AuthorizationEndpoints"
import {
  AuthorizationError,
  Forbidden,
  InvalidParams,
  InvalidResponse,
  isRetryable,
  NotFound,
  Operation,
  RateLimited,
  RequestFailed,
  TwoFactorRequired,
  Unauthorized,
  UnexpectedStatus
} from "@effect-heroku/core/AuthorizationError"
import { runs } from "@effect-heroku/test-kit/runs"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const now = Date.UTC(2026, 0, 1)
const parse = (response: Partial<RawResponse>) =>
  parseErrorResponse({ status: 503, headers: {}, body: "", ...response }, now)

const empty: ErrorResponse = {
  status: 503,
  errorId: Option.none(),
  message: Option.none(),
  documentationUrl: Option.none(),
  requestId: Option.none(),
  retryAfter: Option.none(),
  twoFactorRequired: false
}

describe("parseErrorResponse", () => {
  it("parseErrorResponse reads the fields of Heroku's errors", () => {
    const body = JSON.stringify({ id: "not_found", message: "Gone.", url: "https://example.com/why" })
    assert.deepStrictEqual(parse({ status: 404, headers: { "request-id": "a,b" }, body }), {
      ...empty,
      status: 404,
      errorId: Option.some("not_found"),
      message: Option.some("Gone."),
      documentationUrl: Option.some("https://example.com/why"),
      requestId: Option.some("a,b")
    })
  })

  const fieldless = ["", "null", "7", "\"text\"", "[]", "{", "<html></html>", "{}"]

  it.each([...fieldless, `{"id":7,"message":{},"url":null}`, `{"id":"","message":"","url":""}`])(
    "parseErrorResponse finds no field in the body %j",
    (body) => assert.deepStrictEqual(parse({ body }), empty)
  )

  it("parseErrorResponse treats an empty header as absent", () => {
    assert.deepStrictEqual(parse({ headers: { "request-id": "", "retry-after": "" } }), empty)
  })

  it.each([["true", true], ["True", true], ["false", false], ["", false], [undefined, false]])(
    "parseErrorResponse reads Heroku-Two-Factor-Required: %s as %s",
    (value, required) => {
      assert.strictEqual(parse({ headers: { "heroku-two-factor-required": value } }).twoFactorRequired, required)
    }
  )

  const epochSeconds = (seconds: number) => String(now / 1000 + seconds)

  it.each([
    ["0", 0],
    ["7", 7],
    [" 7\t", 7],
    ["999999999", 999_999_999],
    // A time since 1970 that is long past.
    ["1000000000", 0],
    [epochSeconds(90), 90],
    [` ${epochSeconds(90)} `, 90],
    [epochSeconds(-1), 0],
    ["Thu, 01 Jan 2026 00:01:30 GMT", 90],
    [" Thu, 01 Jan 2026 00:01:30 GMT ", 90],
    // The obsolete formats of HTTP. The second one names no time zone.
    ["Thursday, 01-Jan-26 00:01:30 GMT", 90],
    ["Thu Jan  1 00:01:30 2026", 90],
    ["Thu, 01 Jan 2026 00:01:30", 90],
    ["Wed, 31 Dec 2025 23:59:59 GMT", 0]
  ])("parseErrorResponse reads Retry-After: %j as %d seconds", (value, seconds) => {
    const { retryAfter } = parse({ headers: { "retry-after": value } })
    assert.deepStrictEqual(Option.map(retryAfter, Duration.toSeconds), Option.some(seconds))
  })

  it.each<[string, number]>([
    ["1.5", 1.5],
    ["90.25", 90.25],
    ["7s", 7],
    ["7 seconds", 7],
    ["1500ms", 1.5],
    ["1500 milliseconds", 1.5],
    ["2 min", 120],
    ["2 Minutes", 120],
    ["1h", 3600],
    ["2 hrs", 7200],
    ["30 secs", 30],
    ["1 day", 86_400],
    ["5 days", 432_000],
    // Sent twice.
    ["7, 90", 90],
    ["90.5, 7", 90.5],
    ["Thu, 01 Jan 2026 00:01:30 GMT, Thu, 01 Jan 2026 00:00:10 GMT", 90],
    ["Thu, 01 Jan 2026 00:00:10 GMT, 90", 90]
  ])("parseErrorResponse understands Retry-After: %j as %d seconds", (value, seconds) => {
    const { retryAfter } = parse({ headers: { "retry-after": value } })
    assert.deepStrictEqual(Option.map(retryAfter, Duration.toSeconds), Option.some(seconds))
  })

  it.each([
    "soon",
    "7 or 8",
    "5 months",
    "1 millennium",
    "2 weeks",
    "3 constructor",
    "a7",
    "-5",
    "+5",
    "5, soon",
    "2026-01-01T00:00:00Z",
    "Xxx, 01 Jan 2026 00:01:30 GMT",
    ","
  ])("parseErrorResponse takes Retry-After for a minute when it is: %j", (value) => {
    assert.deepStrictEqual(parse({ headers: { "retry-after": value } }).retryAfter, Option.some(Duration.minutes(1)))
  })

  it.each([["Thu, 01 Jan 2026 00:03:30 GMT"], ["1767225810"]])(
    "parseErrorResponse compares a Retry-After of %s with the Date of the response, not with the clock of the machine",
    (value) => {
      const date = "Thu, 01 Jan 2026 00:03:00 GMT"
      const { retryAfter } = parse({ headers: { "retry-after": value, date } })
      assert.deepStrictEqual(Option.map(retryAfter, Duration.toSeconds), Option.some(30))
      const without = parse({ headers: { "retry-after": value, date: "yesterday" } })
      assert.deepStrictEqual(Option.map(without.retryAfter, Duration.toSeconds), Option.some(210))
    }
  )
})

describe("properties of operations", () => {
  it("changesState is true of all operations except info and list", () => {
    assert.deepStrictEqual(Operation.literals.filter(changesState), ["create", "update", "regenerate", "delete"])
  })

  it("expectedStatuses are 201 for create, 200 and 206 for list, and 200 for the others", () => {
    assert.deepStrictEqual(
      Object.fromEntries(Operation.literals.map((operation) => [operation, expectedStatuses(operation)])),
      { create: [201], info: [200], update: [200], regenerate: [200], delete: [200], list: [200, 206] }
    )
  })
})

describe("errorFromResponse", () => {
  const response: ErrorResponse = {
    ...empty,
    errorId: Option.some("some_id"),
    message: Option.some("Heroku's message."),
    documentationUrl: Option.some("https://example.com/why"),
    requestId: Option.some("request-1"),
    retryAfter: Option.some(Duration.seconds(7))
  }

  const tags: Readonly<Record<Operation, Readonly<Record<number, string>>>> = {
    create: { 400: "InvalidParams", 404: "UnexpectedStatus", 422: "InvalidParams" },
    info: { 400: "UnexpectedStatus", 404: "NotFound", 422: "UnexpectedStatus" },
    update: { 400: "InvalidParams", 404: "NotFound", 422: "InvalidParams" },
    regenerate: { 400: "UnexpectedStatus", 404: "NotFound", 422: "UnexpectedStatus" },
    delete: { 400: "UnexpectedStatus", 404: "NotFound", 422: "UnexpectedStatus" },
    list: { 400: "UnexpectedStatus", 404: "UnexpectedStatus", 422: "UnexpectedStatus" }
  }

  it.each(Operation.literals)("errorFromResponse maps each status of %s to its error", (operation) => {
    const id = operation === "create" || operation === "list" ? undefined : "an-id"
    const common = {
      200: "UnexpectedStatus",
      302: "UnexpectedStatus",
      401: "Unauthorized",
      402: "UnexpectedStatus",
      403: "Forbidden",
      429: "RateLimited",
      500: "UnexpectedStatus"
    }
    for (const [status, tag] of Object.entries({ ...common, ...tags[operation] })) {
      const error = errorFromResponse(operation, { ...response, status: Number(status) }, { id })
      assert.strictEqual(error._tag, tag, status)
    }
  })

  it("an error contains everything that the response states", () => {
    const error = errorFromResponse("delete", { ...response, status: 404 }, {
      id: "an-id",
      outcomeUnknown: true,
      attempts: 4
    })
    assert.deepStrictEqual<unknown>({ ...error, message: error.message }, {
      _tag: "NotFound",
      attempts: 4,
      operation: "delete",
      status: 404,
      id: "an-id",
      errorId: response.errorId,
      message: "Heroku's message.",
      documentationUrl: response.documentationUrl,
      requestId: response.requestId,
      outcomeUnknown: true
    })
  })

  it("an error has a generated message when the response has none", () => {
    const error = errorFromResponse("info", empty, { id: "an-id" })
    assert.strictEqual(error.message, "Heroku returned status 503 for info, without a message")
  })

  it("an UnexpectedStatus names the statuses with which the operation succeeds", () => {
    const error = errorFromResponse("list", response)
    assert(error._tag === "UnexpectedStatus")
    assert.deepStrictEqual(error.expected, [200, 206])
  })

  it.each([429, 503])("an error of status %d contains Retry-After", (status) => {
    const error = errorFromResponse("list", { ...response, status })
    assert(error._tag === "RateLimited" || error._tag === "UnexpectedStatus")
    assert.deepStrictEqual(error.retryAfter, response.retryAfter)
  })

  it.each([[undefined, false], [{}, false], [{ outcomeUnknown: true }, true]])(
    "an InvalidParams of a call %j has outcomeUnknown %s, and no field when Heroku rejected the input",
    (call, outcomeUnknown) => {
      const error = errorFromResponse("create", { ...response, status: 422 }, call)
      assert(error._tag === "InvalidParams")
      assert.deepStrictEqual([error.outcomeUnknown, error.field], [outcomeUnknown, Option.none()])
    }
  )

  it("a 403 becomes TwoFactorRequired when the header or the error id names a second factor", () => {
    const tagOf = (changes: Partial<ErrorResponse>) => errorFromResponse("list", { ...response, ...changes })._tag
    const errorId = Option.some("two_factor")
    assert.strictEqual(tagOf({ status: 403 }), "Forbidden")
    assert.strictEqual(tagOf({ status: 403, twoFactorRequired: true }), "TwoFactorRequired")
    assert.strictEqual(tagOf({ status: 403, errorId }), "TwoFactorRequired")
    assert.strictEqual(tagOf({ status: 401, errorId, twoFactorRequired: true }), "Unauthorized")
  })
})

describe("invalidInput and invalidResponse", () => {
  const rest = { attempts: 1, errorId: Option.none(), documentationUrl: Option.none(), outcomeUnknown: false }

  it("invalidInput names the field, and has no status", () => {
    const error = invalidInput("create", "scope", "must contain at least one scope")
    assert.instanceOf(error, InvalidParams)
    assert.deepStrictEqual<unknown>({ ...error, message: error.message }, {
      ...rest,
      _tag: "InvalidParams",
      attempts: 0,
      operation: "create",
      message: "scope: must contain at least one scope",
      field: Option.some("scope"),
      requestId: Option.none()
    })
  })

  it("invalidResponse states the problem, and nothing of the body", () => {
    const problem = { operation: "list", status: 206, message: "why", requestId: Option.some("a") } as const
    const error = invalidResponse(problem)
    assert.instanceOf(error, InvalidResponse)
    assert.deepStrictEqual<unknown>({ ...error, message: "why" }, { ...rest, ...problem, _tag: "InvalidResponse" })
    assert.strictEqual(error.message, "why")
    assert.isTrue(invalidResponse({ ...problem, outcomeUnknown: true }).outcomeUnknown)
    assert.strictEqual(invalidResponse({ ...problem, attempts: 2 }).attempts, 2)
  })

  it("the text of a response reaches no error with control characters or changes of direction", () => {
    const hostile = "\u0007a\u001b[31m\r\nb\u009b1m\u2028c\u202ed\u2066e\u0000\u007f"
    const clean = "a [31m b 1m c d e"
    const headers = { "request-id": hostile }
    const body = JSON.stringify({ id: hostile, message: hostile, url: hostile })
    const response = parseErrorResponse({ status: 409, headers, body }, 0)
    for (const text of [response.errorId, response.message, response.documentationUrl, response.requestId]) {
      assert.deepStrictEqual(text, Option.some(clean))
    }
    const silent = JSON.stringify({ message: "\u0007\r\n" })
    assert.deepStrictEqual(parseErrorResponse({ status: 409, headers: {}, body: silent }, 0).message, Option.none())
    const problem = { operation: "list", status: 200, message: hostile, requestId: Option.none() } as const
    assert.strictEqual(invalidResponse(problem).message, clean)
  })

  it("an error keeps emoji, accents and right-to-left letters of Heroku's message", () => {
    const message = "Größe 👩‍🚀 \u05d0\u05d1 \u0645\u0627"
    const body = JSON.stringify({ message })
    assert.deepStrictEqual(parseErrorResponse({ status: 409, headers: {}, body }, 0).message, Option.some(message))
  })
})

describe("errors", () => {
  const fields = {
    operation: "delete",
    status: 503,
    message: "why",
    errorId: Option.none(),
    requestId: Option.some("request-1"),
    documentationUrl: Option.none()
  } as const

  const throughJson = <A, I>(schema: Schema.Codec<A, I>, error: A): A => {
    const codec = Schema.toCodecJson(schema)
    return Schema.decodeUnknownSync(codec)(JSON.parse(JSON.stringify(Schema.encodeSync(codec)(error))))
  }

  it("an error has outcomeUnknown false by default", () => {
    assert.isFalse(new Unauthorized(fields).outcomeUnknown)
    assert.isTrue(new Unauthorized({ ...fields, outcomeUnknown: true }).outcomeUnknown)
  })

  it("an error is of one attempt by default", () => {
    assert.strictEqual(new Unauthorized(fields).attempts, 1)
    assert.strictEqual(new Unauthorized({ ...fields, attempts: 3 }).attempts, 3)
  })

  it("any error survives JSON through the union of all errors", () => {
    const errors: ReadonlyArray<AuthorizationError> = [
      new NotFound({ ...fields, id: "an-id", attempts: 2 }),
      new Unauthorized(fields),
      new Forbidden(fields),
      new TwoFactorRequired(fields),
      invalidInput("create", "scope", "must not be empty"),
      new RateLimited({ ...fields, retryAfter: Option.some(Duration.seconds(7)) }),
      new UnexpectedStatus({ ...fields, expected: [200], retryAfter: Option.none() }),
      new InvalidResponse(fields),
      new RequestFailed({ operation: "create", reason: "body", message: "why", outcomeUnknown: true })
    ]
    for (const error of errors) {
      const decoded = throughJson(AuthorizationError, error)
      assert.deepStrictEqual(decoded, error)
      assert.strictEqual(decoded._tag, error._tag)
      assert.isTrue(Schema.is(AuthorizationError)(error))
    }
    assert.isFalse(Schema.is(AuthorizationError)(new Error("why")))
  })

  it.each(["request", "connect", "certificate", "connection", "timeout", "body"] as const)(
    "a RequestFailed with the reason %s survives JSON",
    (reason) => {
      const error = new RequestFailed({ operation: "delete", reason, message: "why", outcomeUnknown: true })
      assert.deepStrictEqual(throughJson(RequestFailed, error), error)
    }
  )

  it("an UnexpectedStatus survives JSON", () => {
    const retryAfter = Option.some(Duration.seconds(7))
    const error = new UnexpectedStatus({ ...fields, expected: [200], retryAfter, outcomeUnknown: true })
    assert.deepStrictEqual(throughJson(UnexpectedStatus, error), error)
  })
})

describe("hostile responses", () => {
  // Pieces of the formats are closer to valid text than random characters.
  const pieces = `{ } [ ] "id": "message": "text" , null 7 <html> \\u0000 __proto__ Mon, 25:61:61 GMT - 1700000000`
    .split(" ")
  const more = ["Mon, 01 Jan 2024 00:00:00 GMT", "9".repeat(400), "\ud800", ", ", " "]
  const Piece = Schema.Literals([...pieces, ...more])
  const text = Arbitrary.map(Arbitrary.array(Arbitrary.schema(Piece), { maxLength: 6 }), (pieces) => pieces.join(""))
  const status = Schema.Int.check(Schema.isBetween({ minimum: 100, maximum: 999 }))

  it.effect.prop(
    "any response becomes an error with its status, a message, and a delay that is not negative",
    { body: text, header: text, status, operation: Operation },
    ({ body, header, operation, status }) =>
      Effect.sync(() => {
        const headers = { "retry-after": header, "request-id": header, "heroku-two-factor-required": header }
        const response = parseErrorResponse({ status, headers, body }, 1_700_000_000_000)
        const id = operation === "create" || operation === "list" ? undefined : "x"
        const error = errorFromResponse(operation, response, { id })
        assert("status" in error)
        assert.strictEqual(error.status, status)
        assert.isNotEmpty(error.message)
        assert.isTrue(Option.isNone(response.retryAfter) || !Duration.isNegative(response.retryAfter.value))
      }),
    { arbitrary: { runs: runs(2000) } }
  )

  it("parseErrorResponse takes linear time", () => {
    for (const piece of [" ", "9", "Mon ", "00:00:00 ", "GMT", "{", "[", "\""]) {
      const long = piece.repeat(100_000)
      for (const value of [long, `Mon${long}`, `Mon, ${long}x`]) {
        const response = parseErrorResponse({ status: 429, headers: { "retry-after": value }, body: value }, 0)
        assert.deepStrictEqual(response.message, Option.none())
      }
    }
  })
})

describe("outcomeUnknown", () => {
  it.each([202, 204, 303, 304, 408, 500, 502, 503, 504])(
    "a create that fails with status %d may have worked",
    (status) => {
      assert.isTrue(errorFromResponse("create", { ...empty, status }).outcomeUnknown)
      assert.isFalse(errorFromResponse("list", { ...empty, status }).outcomeUnknown)
    }
  )

  it.each([401, 402, 409, 410, 429])("a create that fails with status %d did not work", (status) => {
    assert.isFalse(errorFromResponse("create", { ...empty, status }).outcomeUnknown)
  })
})

describe("isRetryable", () => {
  const response = (status: number): ErrorResponse => ({ ...empty, status })
  const failed = (operation: Operation, reason: RequestFailed["reason"], outcomeUnknown: boolean) =>
    new RequestFailed({ operation, reason, message: "why", outcomeUnknown })

  it.each([408, 429, 500, 502, 503, 504])(
    "a read, an update and a delete that fail with status %d are retryable",
    (status) => {
      for (const operation of ["info", "list", "update", "delete"] as const) {
        assert.isTrue(isRetryable(errorFromResponse(operation, response(status), { outcomeUnknown: true })))
      }
    }
  )

  it.each([400, 401, 402, 403, 404, 406, 409, 410, 416, 422, 501])(
    "a call that fails with status %d is not retryable",
    (status) => {
      for (const operation of Operation.literals) {
        assert.isFalse(isRetryable(errorFromResponse(operation, response(status), { id: "an-id" })))
      }
    }
  )

  it.each(["create", "regenerate"] as const)("a %s is retryable only where Heroku cannot have acted", (operation) => {
    assert.isTrue(isRetryable(errorFromResponse(operation, response(429))))
    assert.isFalse(isRetryable(errorFromResponse(operation, response(429), { outcomeUnknown: true })))
    assert.isFalse(isRetryable(errorFromResponse(operation, response(503))))
    assert.isTrue(isRetryable(failed(operation, "connect", false)))
    assert.isTrue(isRetryable(failed(operation, "timeout", false)))
    assert.isFalse(isRetryable(failed(operation, "connect", true)))
    assert.isFalse(isRetryable(failed(operation, "connection", true)))
  })

  it.each(
    [
      ["request", true],
      ["connect", true],
      ["connection", true],
      ["timeout", true],
      ["body", true],
      ["certificate", false]
    ] as const
  )("a delete that fails with reason %s is retryable: %s", (reason, expected) => {
    assert.strictEqual(isRetryable(failed("delete", reason, true)), expected)
  })

  it("invalid input and an invalid response are not retryable", () => {
    assert.isFalse(isRetryable(invalidInput("info", "id", "must not be empty")))
    assert.isFalse(
      isRetryable(invalidResponse({ operation: "info", status: 200, message: "why", requestId: Option.none() }))
    )
  })
})
