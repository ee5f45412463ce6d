import {
  changes,
  type ErrorAnswer,
  expectedStatuses,
  fromAnswer,
  InvalidParams,
  invalidResponse,
  Operation,
  type RawAnswer,
  readAnswer,
  refused,
  RequestFailed,
  Unauthorized
} from "@effect-heroku/core/AuthorizationError"
import { runs } from "@effect-heroku/test-kit/runs"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const now = Date.UTC(2026, 0, 1)
const read = (answer: Partial<RawAnswer>) => readAnswer({ status: 503, headers: {}, body: "", ...answer }, now)

const silent: ErrorAnswer = {
  status: 503,
  errorId: Option.none(),
  message: Option.none(),
  documentationUrl: Option.none(),
  requestId: Option.none(),
  retryAfter: Option.none(),
  twoFactorRequired: false
}

describe("readAnswer", () => {
  it("reads what Heroku says", () => {
    const body = JSON.stringify({ id: "not_found", message: "Gone.", url: "https://example.com/why" })
    assert.deepStrictEqual(read({ status: 404, headers: { "request-id": "a,b" }, body }), {
      ...silent,
      status: 404,
      errorId: Option.some("not_found"),
      message: Option.some("Gone."),
      documentationUrl: Option.some("https://example.com/why"),
      requestId: Option.some("a,b")
    })
  })

  it.each([
    "",
    "null",
    "7",
    "\"text\"",
    "[]",
    "{",
    "<html></html>",
    "{}",
    `{"id":7,"message":{},"url":null}`,
    `{"id":"","message":"","url":""}`
  ])("finds nothing in %j", (body) => assert.deepStrictEqual(read({ body }), silent))

  it("takes an empty header for none", () => {
    assert.deepStrictEqual(read({ headers: { "request-id": "", "retry-after": "" } }), silent)
  })

  it.each([["true", true], ["True", true], ["false", false], ["", false], [undefined, false]])(
    "knows by Heroku-Two-Factor-Required: %s whether a second factor is missing",
    (value, required) => {
      assert.strictEqual(read({ headers: { "heroku-two-factor-required": value } }).twoFactorRequired, required)
    }
  )

  const inSeconds = (seconds: number) => String(now / 1000 + seconds)

  it.each([
    ["0", 0],
    ["7", 7],
    [" 7\t", 7],
    ["999999999", 999_999_999],
    // A time since 1970, long ago.
    ["1000000000", 0],
    [inSeconds(90), 90],
    [` ${inSeconds(90)} `, 90],
    [inSeconds(-1), 0],
    ["Thu, 01 Jan 2026 00:01:30 GMT", 90],
    [" Thu, 01 Jan 2026 00:01:30 GMT ", 90],
    // Without a zone it is in the only one that HTTP has.
    ["Thu, 01 Jan 2026 00:01:30", 90],
    ["Wed, 31 Dec 2025 23:59:59 GMT", 0]
  ])("takes a Retry-After of %j for a wait of %d seconds", (value, seconds) => {
    const { retryAfter } = read({ headers: { "retry-after": value } })
    assert.deepStrictEqual(Option.map(retryAfter, Duration.toSeconds), Option.some(seconds))
  })

  it.each(["soon", "7 or 8", "a7", "7a", "1.5", "-5", "+5", "2026-01-01T00:00:00Z"])(
    "takes no wait from a Retry-After of %j",
    (value) => {
      assert.deepStrictEqual(read({ headers: { "retry-after": value } }).retryAfter, Option.none())
    }
  )
})

describe("changes", () => {
  it("is true of all operations but those that read", () => {
    assert.deepStrictEqual(Operation.literals.filter(changes), ["create", "update", "regenerate", "delete"])
  })
})

describe("expectedStatuses", () => {
  it("are 201 for what creates, 200 for the others, and 206 for a part of the list", () => {
    assert.deepStrictEqual(
      Object.fromEntries(Operation.literals.map((operation) => [operation, expectedStatuses(operation)])),
      { create: [201], info: [200], update: [200], regenerate: [200], delete: [200], list: [200, 206] }
    )
  })
})

describe("fromAnswer", () => {
  const said: ErrorAnswer = {
    ...silent,
    errorId: Option.some("some_id"),
    message: Option.some("What Heroku said."),
    documentationUrl: Option.some("https://example.com/why"),
    requestId: Option.some("request-1"),
    retryAfter: Option.some(Duration.seconds(7))
  }

  it("keeps all that was said", () => {
    const error = fromAnswer("delete", { ...said, status: 404 }, "an-id", true)
    assert.deepStrictEqual<unknown>({ ...error, message: error.message }, {
      _tag: "NotFound",
      operation: "delete",
      status: 404,
      id: "an-id",
      errorId: said.errorId,
      message: "What Heroku said.",
      documentationUrl: said.documentationUrl,
      requestId: said.requestId,
      afterUnknownOutcome: true
    })
  })

  it("says in its own words what happened where Heroku did not", () => {
    const error = fromAnswer("info", silent, "an-id")
    assert.strictEqual(error.message, "Heroku answered info with status 503 and no message")
  })

  it.each([429, 503])("keeps the wait that comes with %d", (status) => {
    const error = fromAnswer("list", { ...said, status })
    assert(error._tag === "RateLimited" || error._tag === "UnexpectedStatus")
    assert.deepStrictEqual(error.retryAfter, said.retryAfter)
  })

  it("knows of no earlier attempt unless it is told of one", () => {
    const error = fromAnswer("create", { ...said, status: 422 })
    assert(error._tag === "InvalidParams")
    assert.isFalse(error.afterUnknownOutcome)
    assert.deepStrictEqual(error.field, Option.none())
    const later = fromAnswer("create", { ...said, status: 422 }, undefined, true)
    assert(later._tag === "InvalidParams" && later.afterUnknownOutcome)
  })

  it("does not take another missing right for a missing second factor", () => {
    assert.strictEqual(fromAnswer("list", { ...said, status: 403 })._tag, "Forbidden")
    assert.strictEqual(fromAnswer("list", { ...said, status: 403, twoFactorRequired: true })._tag, "TwoFactorRequired")
    const twoFactor = { ...said, status: 403, errorId: Option.some("two_factor") }
    assert.strictEqual(fromAnswer("list", twoFactor)._tag, "TwoFactorRequired")
    assert.strictEqual(fromAnswer("list", { ...twoFactor, status: 401 })._tag, "Unauthorized")
  })
})

describe("refused", () => {
  it("names the field, and has no status", () => {
    const error = refused("create", "scope", "must name one scope or more")
    assert.instanceOf(error, InvalidParams)
    assert.deepStrictEqual(
      [error.operation, error.message, error.field, error.afterUnknownOutcome],
      ["create", "scope: must name one scope or more", Option.some("scope"), false]
    )
    assert.deepStrictEqual(
      [error.errorId, error.requestId, error.documentationUrl],
      [Option.none(), Option.none(), Option.none()]
    )
    assert.notProperty(error, "status")
  })
})

describe("invalidResponse", () => {
  it("knows what came of the answer, and nothing that Heroku said", () => {
    const came = {
      operation: "list",
      status: 206,
      message: "Next-Range leads back",
      requestId: Option.some("a")
    } as const
    assert.deepInclude(invalidResponse(came), {
      ...came,
      errorId: Option.none(),
      documentationUrl: Option.none(),
      afterUnknownOutcome: false
    })
    assert.isTrue(invalidResponse({ ...came, afterUnknownOutcome: true }).afterUnknownOutcome)
  })
})

describe("the errors", () => {
  it("have no earlier attempt with an unknown outcome unless it is said", () => {
    const { retryAfter: _, twoFactorRequired: __, ...fields } = silent
    assert.isFalse(new Unauthorized({ ...fields, operation: "info", message: "" }).afterUnknownOutcome)
  })

  it.each(["request", "connect", "certificate", "connection", "timeout", "body"] as const)(
    "can be sent from one process to another as JSON, those of reason %s as well",
    (reason) => {
      const error = new RequestFailed({ operation: "delete", reason, message: "why", outcomeUnknown: true })
      const codec = Schema.toCodecJson(RequestFailed)
      const sent = JSON.parse(JSON.stringify(Schema.encodeSync(codec)(error)))
      assert.deepStrictEqual(Schema.decodeUnknownSync(codec)(sent), error)
    }
  )
})

describe("an answer of any text", () => {
  const Piece = Schema.Literals([
    "{",
    "}",
    "[",
    "]",
    "\"id\":",
    "\"message\":",
    "\"said\"",
    ",",
    "null",
    "7",
    "<html>",
    "\\u0000",
    "\ud800",
    "__proto__",
    "Mon, 01 Jan 2024 00:00:00 GMT",
    "Mon 25:61:61",
    "-",
    "9".repeat(400),
    "1700000000",
    ", ",
    " "
  ])
  const text = Arbitrary.map(Arbitrary.array(Arbitrary.schema(Piece), { maxLength: 6 }), (pieces) => pieces.join(""))
  const statuses = Schema.Int.check(Schema.isBetween({ minimum: 100, maximum: 999 }))

  it.effect.prop(
    "is an error with its status, a message, and a wait that is none or not negative",
    { body: text, header: text, status: statuses, operation: Operation },
    ({ body, header, operation, status }) =>
      Effect.sync(() => {
        const headers = { "retry-after": header, "request-id": header, "heroku-two-factor-required": header }
        const said = readAnswer({ status, headers, body }, 1_700_000_000_000)
        const error = operation === "create" || operation === "list"
          ? fromAnswer(operation, said)
          : fromAnswer(operation, said, "x")
        assert("status" in error)
        assert.strictEqual(error.status, status)
        assert.isNotEmpty(error.message)
        assert.isTrue(Option.isNone(said.retryAfter) || !Duration.isNegative(said.retryAfter.value))
      }),
    { arbitrary: { runs: runs(2000) } }
  )

  it("takes no longer to read than it is long", () => {
    for (const piece of [" ", "9", "Mon ", "00:00:00 ", "GMT", "{", "[", "\""]) {
      const long = piece.repeat(100_000)
      for (const value of [long, `Mon${long}`, `Mon, ${long}x`]) {
        const said = readAnswer({ status: 429, headers: { "retry-after": value }, body: value }, 0)
        assert.deepStrictEqual(said.message, Option.none())
      }
    }
  })
})
