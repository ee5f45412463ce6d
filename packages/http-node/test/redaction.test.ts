/** Secrets out of texts, headers and bodies. `secrets.test.ts` searches everything that a program could print. */
import type { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import { operations } from "@effect-heroku/test-kit/operations"
import { json, ok, scriptedClient } from "@effect-heroku/test-kit/scriptedClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import * as Redact from "../src/internal/redact.ts"
import { failureOf, run } from "./fixtures/liveService.ts"

describe("redact", () => {
  it.each<[string, ReadonlyArray<string>, string, string]>([
    [
      "every occurrence of every secret",
      ["secret-one", "123456"],
      "secret-one is secret-one, and 1234567",
      "[redacted secret] is [redacted secret], and [redacted secret]7"
    ],
    [
      "tokens of Heroku's current form",
      [],
      "HRKU-AA_b-9 and HRKU-c, but not HRKU- or hrku-d",
      "[redacted secret] and [redacted secret], but not HRKU- or hrku-d"
    ],
    ["nothing shorter than six characters", ["12345", ""], "12345", "12345"],
    [
      "a secret as JSON writes it, within its quotes",
      [`se"cret\\one`],
      `{"secret":"se\\"cret\\\\one"} or se"cret\\one`,
      `{"secret":"[redacted secret]"} or [redacted secret]`
    ],
    [
      "a secret that begins with another one",
      ["secret-one", "secret-one-and-two"],
      "secret-one-and-two, secret-one",
      "[redacted secret], [redacted secret]"
    ]
  ])("redact masks %s", (_, secrets, text, expected) => {
    const redacted = secrets.map((secret) => Redacted.make(secret))
    for (const order of [redacted, redacted.toReversed()]) assert.strictEqual(Redact.make(order)(text), expected)
  })

  it("redact ignores a wiped secret", () => {
    const wiped = Redacted.make("secret-one")
    Redacted.wipeUnsafe(wiped)
    assert.strictEqual(Redact.make([wiped, Redacted.make("secret-two")])("secret-two"), "[redacted secret]")
  })
})

describe("redactDefect", () => {
  const redact = Redact.make([Redacted.make("secret-one")])

  it("redactDefect keeps message and stack of an error, redacted", () => {
    const error = new Error("secret-one is broken")
    error.stack = "Error: secret-one is broken\n    at somewhere"
    const clean = Redact.redactDefect(error, redact)
    assert.strictEqual(clean.message, "[redacted secret] is broken")
    assert.strictEqual(clean.stack, "Error: [redacted secret] is broken\n    at somewhere")
  })

  it("redactDefect makes an error of other values, without their stack", () => {
    assert.strictEqual(Redact.redactDefect("secret-one is broken", redact).message, "[redacted secret] is broken")
    const { message, stack } = Redact.redactDefect({ stack: "elsewhere", toString: () => "no error" }, redact)
    assert.strictEqual(message, "no error")
    assert.notInclude(String(stack), "elsewhere")
  })

  it("redactDefect accepts an error without stack", () => {
    const error = new Error("broken")
    Object.defineProperty(error, "stack", { value: undefined })
    assert.strictEqual(Redact.redactDefect(error, redact).message, "broken")
  })
})

describe("redaction", () => {
  it.effect("a token of the old form, a UUID, is redacted in an error message of Heroku", () =>
    Effect.gen(function*() {
      const token = "01234567-89ab-cdef-0123-456789abcdef"
      const client = scriptedClient(() => json(401, { id: "unauthorized", message: `Invalid token ${token}.` }))
      const error = yield* failureOf(operations.list, client, { token: Redacted.make(token) })
      assert.strictEqual(error.message, "Invalid token [redacted secret].")
    }))

  /** The request that `transformClient` gets, and the names of headers that are redacted when it is printed. */
  const requestOf = (call: Effect.Effect<unknown, unknown, AuthorizationService>) =>
    Effect.gen(function*() {
      const requests: Array<{ readonly request: HttpClientRequest.HttpClientRequest; readonly names: unknown }> = []
      const transformClient = HttpClient.mapRequestEffect((request: HttpClientRequest.HttpClientRequest) =>
        Effect.map(Headers.CurrentRedactedNames, (names) => {
          requests.push({ request, names })
          return request
        })
      )
      yield* run(call, scriptedClient(ok), { transformClient })
      return requests[0]!
    })

  it.effect("a printed request shows neither the token nor the two-factor code", () =>
    Effect.gen(function*() {
      const { names } = yield* requestOf(operations.info)
      assert.includeMembers(Array.from(names as Iterable<unknown>), ["authorization", "heroku-two-factor-code"])
    }))

  it.effect("a printed update shows the type and length of its body only", () =>
    Effect.gen(function*() {
      const { request: { body } } = yield* requestOf(operations.update)
      assert.deepStrictEqual(JSON.parse(JSON.stringify(body)), {
        _id: "effect/HttpBody",
        _tag: "Uint8Array",
        contentType: "application/json",
        contentLength: 21
      })
    }))
})
