/** The errors of responses. Which status means which error is tested in core. */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import { errorFromResponse, type ErrorResponse } from "@effect-heroku/core/AuthorizationEndpoints"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import { operationNames, operations } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { id } from "@effect-heroku/test-kit/samples"
import { json, scriptedClient } from "@effect-heroku/test-kit/scriptedClient"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { failureOf, noRetry, run } from "./fixtures/liveService.ts"

describe("error responses", () => {
  const body = { id: "some_id", message: "What Heroku said.", url: "https://devcenter.heroku.com/why" }

  it.effect.each([304, 401, 403, 404, 409, 422, 429, 503])(
    "the error of a response with status %i has what the response says",
    (code) =>
      Effect.gen(function*() {
        const reply = () =>
          new Response(code === 304 ? null : JSON.stringify(body), {
            status: code,
            headers: { "Request-Id": "a,b", "Retry-After": "90" }
          })
        const response: ErrorResponse = {
          status: code,
          requestId: Option.some("a,b"),
          retryAfter: Option.some(Duration.seconds(90)),
          twoFactorRequired: false,
          errorId: code === 304 ? Option.none() : Option.some(body.id),
          message: code === 304 ? Option.none() : Option.some(body.message),
          documentationUrl: code === 304 ? Option.none() : Option.some(body.url)
        }
        for (const operation of operationNames) {
          const error = yield* failureOf(operations[operation], scriptedClient(reply), noRetry)
          const expected = errorFromResponse(operation, response, /create|list/.test(operation) ? {} : { id })
          assert.deepStrictEqual<unknown>({ ...error, message: error.message }, {
            ...expected,
            message: expected.message
          })
        }
      })
  )
})

describe("responses that break the protocol", () => {
  const withHeaders = (body: BodyInit | null, headers = {}) => () =>
    new Response(body, { headers: { "Request-Id": "request-1", ...headers } })

  it.effect.each<[string, () => Response, RegExp]>([
    [
      "HTML",
      withHeaders("<html></html>", { "Content-Type": "text/html" }),
      /^The body is not JSON \(13 characters, text\/html\)$/
    ],
    [
      "an empty body",
      withHeaders(new Uint8Array()),
      /^The body is not JSON \(0 characters, no content type\)$/
    ],
    ["no body at all", withHeaders(null), /^The body is not JSON \(0 characters, no content type\)$/],
    ["a wrong scope", () => json(200, { ...payloads.full, scope: "global" }), /^The body is not valid: [^]*"scope"/]
  ])("InvalidResponse for %s describes the body", ([, reply, message]) =>
    Effect.gen(function*() {
      const error = yield* failureOf(operations.info, scriptedClient(reply))
      assert(error._tag === "InvalidResponse")
      assert.deepStrictEqual([error.status, error.requestId], [200, Option.some("request-1")])
      assert.match(error.message, message)
    }))
})

describe("responses about another authorization", () => {
  const other = { ...payloads.full, id: "01234567-89ab-cdef-0123-000000000000" }

  it.effect.each(["info", "update", "regenerate", "delete"] as const)(
    "%s fails with InvalidResponse when the response is about another authorization than the one named",
    (operation) =>
      Effect.gen(function*() {
        const error = yield* failureOf(operations[operation], scriptedClient(() => json(200, other)))
        assert(error._tag === "InvalidResponse")
        assert.strictEqual(error.message, "The response is about another authorization than the one named")
        assert.deepStrictEqual([error.status, error.requestId], [200, Option.some("request-1")])
      })
  )

  it.effect.each(["~", payloads.full.id.toUpperCase()])(
    "info accepts the response to the id %s",
    (id) =>
      Effect.gen(function*() {
        const info = AuthorizationService.use((service) => service.info(AuthorizationId.make(id)))
        const { id: received } = yield* run(info, scriptedClient(() => json(200, payloads.full)))
        assert.strictEqual<string>(received, payloads.full.id)
      })
  )
})

describe("hostile text", () => {
  it.effect("no error contains control characters of a response", () =>
    Effect.gen(function*() {
      const hostile = "\u0007a\u001b[31m\r\nb\u009b1m\u202e"
      const body = { id: hostile, message: hostile, url: hostile }
      const headers = { "Content-Type": "text/html\u009b1m", "Request-Id": "a\u009b1m" }
      const replies = [
        ...[401, 403, 404, 422, 429, 500].map((status) => () => json(status, body, headers)),
        () => new Response("<html>", { headers }),
        () => json(200, { [hostile]: hostile, id: hostile, scope: hostile }, headers)
      ]
      for (const reply of replies) {
        for (const operation of operationNames) {
          const error = yield* failureOf(operations[operation], scriptedClient(reply), noRetry)
          assert.notMatch(JSON.stringify({ ...error, message: error.message }), /\\[a-z]|[\p{Cc}\p{Bidi_Control}]/u)
        }
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
