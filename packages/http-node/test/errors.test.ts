/** Which error each response means. */
import type { Operation } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import { operationNames, operations } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { id } from "@effect-heroku/test-kit/samples"
import { json, scriptedClient, status } from "@effect-heroku/test-kit/scriptedClient"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { inspect } from "node:util"
import { failureOf, noRetry, run } from "./fixtures/liveService.ts"

describe("error responses", () => {
  const body = { id: "some_id", message: "What Heroku said.", url: "https://devcenter.heroku.com/why" }

  it.effect.each<[number, string, ReadonlyArray<Operation>]>([
    [401, "Unauthorized", operationNames],
    [403, "Forbidden", operationNames],
    [404, "NotFound", ["info", "update", "regenerate", "delete"]],
    [404, "UnexpectedStatus", ["create", "list"]],
    [400, "InvalidParams", ["create", "update"]],
    [422, "InvalidParams", ["create", "update"]],
    [422, "UnexpectedStatus", ["info", "regenerate", "delete", "list"]],
    [429, "RateLimited", operationNames],
    ...[301, 304, 402, 406, 409, 410, 412, 416, 418, 500, 502, 503].map((status) =>
      [status, "UnexpectedStatus", operationNames] satisfies [number, string, ReadonlyArray<Operation>]
    )
  ])("status %i means %s", ([code, tag, affected]) =>
    Effect.gen(function*() {
      const headers = { "Request-Id": "a,b" }
      const reply = code === 304 ? status(304, headers) : () => json(code, body, headers)
      for (const operation of affected) {
        const error = yield* failureOf(operations[operation], scriptedClient(reply), noRetry)
        assert.strictEqual(error._tag, tag)
        assert("status" in error && "errorId" in error)
        assert.deepStrictEqual([error.operation, error.status, error.requestId], [operation, code, Option.some("a,b")])
        if (code !== 304) {
          assert.deepStrictEqual(
            [error.message, error.errorId, error.documentationUrl],
            [body.message, Option.some(body.id), Option.some(body.url)]
          )
        }
        if (error._tag === "NotFound") assert.strictEqual(error.id, id)
        if (error._tag === "UnexpectedStatus") {
          const expected = { create: [201], list: [200, 206] }[operation as string] ?? [200]
          assert.deepStrictEqual(error.expected, expected)
        }
      }
    }))

  it.effect.each<[string, () => Response]>([
    ["the error id two_factor", () => json(403, { id: "two_factor", message: "A second factor is required." })],
    ["the header Heroku-Two-Factor-Required", status(403, { "Heroku-Two-Factor-Required": "true" })]
  ])("403 with %s means TwoFactorRequired", ([, reply]) =>
    Effect.gen(function*() {
      assert.strictEqual((yield* failureOf(operations.info, scriptedClient(reply)))._tag, "TwoFactorRequired")
    }))

  it.effect.each<[string, string]>([
    ["is empty", ""],
    ["is null", "null"],
    ["is a router's HTML", "<html><h1>Application error</h1></html>"],
    ["lacks message and id", "{}"],
    ["has message and id of other types", `{"id":7,"message":{}}`],
    ["is an array", "[]"]
  ])("an error response whose body %s gets a message with operation and status", ([, text]) =>
    Effect.gen(function*() {
      const client = scriptedClient(() => new Response(text, { status: 503 }))
      const error = yield* failureOf(operations.info, client, noRetry)
      assert(error._tag === "UnexpectedStatus")
      assert.deepStrictEqual([error.status, error.errorId, error.requestId], [503, Option.none(), Option.none()])
      assert.match(error.message, /503 for info/)
    }))

  it.effect.each<[string | undefined, number | undefined]>([
    ["7", 7],
    ["Thu, 01 Jan 1970 00:01:30 GMT", 90],
    ["Thursday, 01-Jan-70 00:01:30 GMT", 90],
    ["Thu Jan  1 00:01:30 1970", 90],
    ["Wed, 01 Jan 1969 00:00:00 GMT", 0],
    // Seconds since 1970.
    ["1353003093", 1353003093],
    [undefined, undefined],
    // `Date.parse` takes most of these for dates of 2001.
    ...["", "soon", "in 5 seconds", "-5", "7.5", "7, 7"].map((value) =>
      [value, undefined] satisfies [string, undefined]
    )
  ])("a Retry-After of %j makes RateLimited wait %s seconds", ([value, seconds]) =>
    Effect.gen(function*() {
      const client = scriptedClient(status(429, value === undefined ? {} : { "Retry-After": value }))
      const error = yield* failureOf(operations.info, client, noRetry)
      assert(error._tag === "RateLimited")
      assert.deepStrictEqual(Option.map(error.retryAfter, Duration.toSeconds), Option.fromUndefinedOr(seconds))
    }))
})

describe("responses that break the protocol", () => {
  it.effect.each<[string, string]>([
    ["not JSON", "<html>secret</html>"],
    ["empty", ""],
    ["null", "null"],
    ["cut short", `{"id":"secret`],
    ["no authorization", `{"access_token":"secret"}`],
    ["an authorization whose token is a number", JSON.stringify({ ...payloads.full, access_token: { token: 73657 } })]
  ])("a body that is %s means InvalidResponse, which does not quote it", ([, text]) =>
    Effect.gen(function*() {
      const client = scriptedClient(() => new Response(text, { status: 200, headers: { "Request-Id": "request-1" } }))
      for (const call of [operations.info, operations.list]) {
        const error = yield* failureOf(call, client)
        assert(error._tag === "InvalidResponse")
        assert.deepStrictEqual([error.status, error.requestId], [200, Option.some("request-1")])
        assert.notMatch(inspect(error, { depth: null }), /secret|73657/)
      }
    }))

  const withoutType = (text: string) => () => new Response(new TextEncoder().encode(text), { status: 200 })

  it.effect.each<[string, () => Response, RegExp]>([
    [
      "HTML",
      () => new Response("<html></html>", { headers: { "Content-Type": "text/html" } }),
      /^The body is not JSON \(13 characters, text\/html\)$/
    ],
    ["an empty body", withoutType(""), /^The body is not JSON \(0 characters, no content type\)$/],
    [
      "no body at all",
      () => new Response(null, { status: 200 }),
      /^The body is not JSON \(0 characters, no content type\)$/
    ],
    ["a wrong scope", () => json(200, { ...payloads.full, scope: "global" }), /^The body is not valid: [^]*"scope"/]
  ])("InvalidResponse for %s describes the body", ([, reply, message]) =>
    Effect.gen(function*() {
      const error = yield* failureOf(operations.info, scriptedClient(reply))
      assert(error._tag === "InvalidResponse")
      assert.match(error.message, message)
    }))

  it.effect("206 without Next-Range means InvalidResponse for list and stream", () =>
    Effect.gen(function*() {
      const client = scriptedClient(() => json(206, [payloads.full]))
      for (const call of [operations.list, AuthorizationService.use((service) => Stream.runDrain(service.stream()))]) {
        const error = yield* failureOf(call, client)
        assert(error._tag === "InvalidResponse")
        assert.strictEqual(error.message, "The list is truncated (206) and has no Next-Range")
      }
    }))
})

describe("defects", () => {
  it.effect("a defect of the client stays a defect, with the token redacted in its message", () =>
    Effect.gen(function*() {
      const client = scriptedClient(() => Effect.die(new Error("broken, with HRKU-our-own-token")))
      const exit = yield* Effect.exit(run(operations.info, client))
      assert(exit._tag === "Failure")
      const defect = Cause.squash(exit.cause)
      assert(defect instanceof Error)
      assert.strictEqual(defect.message, "broken, with [redacted secret]")
    }))
})
