/** Options of the live layer: which are rejected, and the requests for which plain http is allowed. */
import { operationNames, operations } from "@effect-heroku/test-kit/operations"
import { ok, scriptedClient } from "@effect-heroku/test-kit/scriptedClient"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { inspect } from "node:util"
import { failureOf, type Options, run } from "./fixtures/liveService.ts"

const wiped = Redacted.make("secret")
Redacted.wipeUnsafe(wiped)

const noSecret = "must be a Redacted string"
const unprintable = "must consist of visible ASCII characters, without spaces"
const noHeader = "must consist of visible ASCII characters and spaces"
const noUrl = "must be an absolute URL, like https://api.heroku.com"
const user = "must not contain a user or password"
const query = "must not have a query or fragment"
const notPositive = "must be a duration longer than zero"
const negative = "must be a duration, zero or longer"
const noCount = "must be an integer, zero or more"
const noFunction = "must be a function"
const plainHttp = "must begin with https:// unless allowHttp is true: anyone on the network could read the token"

describe("options", () => {
  it.effect.each<[string, string, Options]>([
    ["token", "must not be empty", { token: Redacted.make("") }],
    ["token", unprintable, { token: Redacted.make("secret\nX-Evil: 1") }],
    ["token", unprintable, { token: Redacted.make(" secret") }],
    ["token", unprintable, { token: Redacted.make("secret\u007f") }],
    // Values that the types forbid, as a JavaScript program may pass them.
    ["token", noSecret, { token: Redacted.make(undefined as never) }],
    ["token", noSecret, { token: Redacted.make(["secret"] as never) }],
    ["token", noSecret, { token: undefined as never }],
    ["token", noSecret, { token: "secret" as never }],
    [
      "token",
      "cannot be read: it was wiped, or comes from another copy of effect (npm ls effect shows the copies)",
      { token: wiped }
    ],
    ["userAgent", noHeader, { userAgent: "" }],
    ["userAgent", noHeader, { userAgent: "a\r\nb" }],
    ["baseUrl", noUrl, { baseUrl: "" }],
    ["baseUrl", noUrl, { baseUrl: "api.heroku.com" }],
    ["baseUrl", noUrl, { baseUrl: "https://api.heroku.com\n.example.com" }],
    ["baseUrl", "must begin with https:// or http://", { baseUrl: "ftp://api.heroku.com" }],
    ["baseUrl", user, { baseUrl: "https://user:secret@api.heroku.com" }],
    ["baseUrl", user, { baseUrl: "https://user@api.heroku.com" }],
    ["baseUrl", user, { baseUrl: "https://:secret@api.heroku.com" }],
    ["baseUrl", query, { baseUrl: "https://api.heroku.com/?a=b" }],
    ["baseUrl", query, { baseUrl: "https://api.heroku.com/?" }],
    ["baseUrl", query, { baseUrl: "https://api.heroku.com#" }],
    ["requestTimeout", notPositive, { requestTimeout: 0 }],
    ["requestTimeout", notPositive, { requestTimeout: -1 }],
    ["requestTimeout", notPositive, { requestTimeout: null as never }],
    ["requestTimeout", notPositive, { requestTimeout: NaN }],
    ["timeout", notPositive, { timeout: 0 }],
    ["timeout", notPositive, { timeout: {} as never }],
    ["timeout", notPositive, { timeout: NaN }],
    ["timeout", notPositive, { timeout: { minutes: 1, seconds: NaN } }],
    ["retry", "must be an object", { retry: "often" as never }],
    ["retry", "must be an object", { retry: null as never }],
    ["retry.times", noCount, { retry: { times: 1.5 } }],
    ["retry.times", noCount, { retry: { times: -1 } }],
    ["retry.times", noCount, { retry: { times: "3" as never } }],
    ["retry.baseDelay", negative, { retry: { baseDelay: -1 } }],
    ["retry.baseDelay", negative, { retry: { baseDelay: NaN } }],
    ["retry.baseDelay", negative, { retry: { baseDelay: [1, NaN] } }],
    ["retry.maxDelay", negative, { retry: { maxDelay: "soon" as never } }],
    ["retry.maxDelay", negative, { retry: { maxDelay: NaN } }],
    ["retry.maxRetryAfter", negative, { retry: { maxRetryAfter: -1 } }],
    ["retry.maxRetryAfter", negative, { retry: { maxRetryAfter: NaN } }],
    ["transformClient", noFunction, { transformClient: null as never }],
    ["transformClient", noFunction, { transformClient: {} as never }],
    ...[
      "http://api.heroku.com",
      "http://heroku.internal:4567",
      "http://heroku.localhost",
      "http://0.0.0.0",
      "http://localhost.example.com",
      "http://notlocalhost",
      "http://127.example.com",
      "http://127.0.0.1.example.com",
      "http://128.0.0.1",
      "http://[::2]"
    ].map((baseUrl) => ["baseUrl", plainHttp, { baseUrl }] satisfies [string, string, Options]),
    ["baseUrl", plainHttp, { baseUrl: "http://api.heroku.com", allowHttp: false }],
    ["baseUrl", plainHttp, { baseUrl: "http://api.heroku.com", allowHttp: "yes" as never }]
  ])(
    "every operation rejects an invalid %s before any request: it %s (%#)",
    ([field, problem, options]) =>
      Effect.gen(function*() {
        const client = scriptedClient(ok)
        for (const operation of operationNames) {
          const error = yield* failureOf(operations[operation], client, options)
          assert(error._tag === "InvalidParams")
          assert.deepStrictEqual([error.operation, error.field], [operation, Option.some(field)])
          assert.strictEqual(error.message, `${field}: ${problem}`)
          assert.notInclude(inspect(error, { depth: null }), "secret")
        }
        assert.deepStrictEqual(client.sent, [])
      })
  )

  it.effect.each<[string, Options]>([
    ["a token of two characters", { token: Redacted.make("!~") }],
    ["a user agent with a space", { userAgent: "!~ a" }],
    ["retry values of zero", { retry: { times: 0, baseDelay: 0, maxDelay: 0, maxRetryAfter: 0 } }],
    ["the shortest and the longest timeout", { requestTimeout: 1, timeout: Duration.infinity }],
    ["undefined options", {
      retry: undefined,
      transformClient: undefined,
      timeout: undefined,
      baseUrl: undefined,
      userAgent: undefined
    }],
    ["plain http to localhost", { baseUrl: "http://localhost:4567" }],
    ["plain http to the IPv6 loopback address", { baseUrl: "http://[::1]:4567" }],
    ["plain http to another loopback address", { baseUrl: "http://127.254.10.9" }],
    ["plain http with allowHttp", { baseUrl: "http://heroku.internal", allowHttp: true }]
  ])("the live layer accepts %s", ([, options]) =>
    Effect.gen(function*() {
      const client = scriptedClient(ok)
      yield* run(operations.info, client, options)
      assert.lengthOf(client.sent, 1)
    }))
})
