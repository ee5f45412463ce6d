/** The headers of the fake API's responses, and its rate limit. */
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { assertError, letters, test, uuid } from "../fixtures/fake.ts"
import { defaults, idsOf, json, list, send } from "../fixtures/request.ts"
import { rateLimitProblems } from "../fixtures/schema.ts"

test("every response has its own Request-Id", {}, () =>
  Effect.gen(function*() {
    const responses = [yield* list(), yield* list("x"), yield* send("GET /"), yield* send("GET /", { headers: {} })]
    const ids = responses.map(({ headers }) => headers["request-id"] ?? "")
    for (const id of ids) assert.match(id, uuid)
    assert.strictEqual(new Set(ids).size, ids.length)
  }))

test("the entity tag changes with the response", { seed: letters("ab") }, () =>
  Effect.gen(function*() {
    const before = (yield* list()).headers["etag"] ?? ""
    assert.match(before, /^"[0-9a-f]{8}"$/)
    assert.strictEqual((yield* list()).headers["etag"], before)
    yield* send("PATCH /oauth/authorizations/aaa", { body: `{"description":"x"}` })
    assert.notStrictEqual((yield* list()).headers["etag"], before)
  }))

test(
  "If-None-Match gives 304 without a body while the response is the same",
  { seed: letters("ab") },
  () =>
    Effect.gen(function*() {
      const { etag = "" } = (yield* list()).headers
      const repeat = (tag: string) =>
        send("GET /oauth/authorizations", { headers: { ...defaults, "if-none-match": tag } })
      for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
        const { headers, status, text } = yield* repeat(tag)
        assert.deepStrictEqual([status, text, headers["etag"]], [304, "", etag])
      }
      assert.strictEqual((yield* repeat(`"other"`)).status, 200)
      yield* send("PATCH /oauth/authorizations/aaa", { body: `{"description":"x"}` })
      assert.strictEqual((yield* repeat(etag)).status, 200)
      const headers = { ...defaults, authorization: "none", "if-none-match": "*" }
      assert.strictEqual((yield* send("GET /oauth/authorizations", { headers })).status, 401)
    })
)

test("every response has a Date", {}, () =>
  Effect.gen(function*() {
    yield* TestClock.adjust("61 seconds")
    for (const { headers } of [yield* list(), yield* list("x"), yield* send("GET /", { headers: {} })]) {
      assert.strictEqual(headers["date"], "Thu, 01 Jan 1970 00:01:01 GMT")
    }
  }))

test(
  "every response has the warning",
  { warning: { id: "some_warning", message: "Beware" } },
  () =>
    Effect.gen(function*() {
      for (const { headers } of [yield* list(), yield* list("x"), yield* send("GET /", { headers: {} })]) {
        assert.strictEqual(headers["warning-id"], "some_warning")
        assert.strictEqual(headers["warning-message"], "Beware")
      }
    })
)

test(
  "a missing or wrong second factor responds with 403",
  { twoFactorCode: Redacted.make("123456") },
  () =>
    Effect.gen(function*() {
      for (const headers of [defaults, { ...defaults, "heroku-two-factor-code": "654321" }]) {
        const response = yield* send("GET /oauth/authorizations", { headers })
        assertError(response, 403, "two_factor")
        assert.strictEqual(response.headers["heroku-two-factor-required"], "true")
      }
      const headers = { ...defaults, "heroku-two-factor-code": "123456" }
      assert.strictEqual((yield* send("GET /oauth/authorizations", { headers })).status, 200)
    })
)

const remaining = Effect.map(send("GET /account/rate-limits"), (response): unknown => json(response).remaining)

test("every request but one for the rate limit takes a request token", {}, () =>
  Effect.gen(function*() {
    assert.strictEqual(rateLimitProblems((yield* send("GET /account/rate-limits")).text), "")
    assert.strictEqual(yield* remaining, 4500)
    assert.strictEqual((yield* list()).headers["ratelimit-remaining"], "4499")
    assert.strictEqual((yield* list("x")).headers["ratelimit-remaining"], "4498")
    assert.strictEqual((yield* send("GET /")).headers["ratelimit-remaining"], "4497")
    assert.strictEqual(yield* remaining, 4497)
  }))

test(
  "a request without a request token responds with 429 and does nothing",
  { rateLimit: 3 },
  () =>
    Effect.gen(function*() {
      yield* Effect.repeat(list(), { times: 2 })
      const rejected = yield* send("POST /oauth/authorizations")
      assertError(rejected, 429, "rate_limit")
      assert.deepStrictEqual(json(rejected), {
        id: "rate_limit",
        message: "Your account reached the API rate limit\nPlease wait a few minutes before making new requests",
        url: "https://devcenter.heroku.com/articles/platform-api-reference#rate-limits"
      })
      assert.strictEqual(rejected.headers["ratelimit-remaining"], "0")
      assert.strictEqual(yield* remaining, 0)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(idsOf(yield* list()), [])
    })
)

test("request tokens refill with time, up to the limit", { rateLimit: 120 }, () =>
  Effect.gen(function*() {
    yield* Effect.repeat(list(), { times: 119 })
    assert.strictEqual(yield* remaining, 0)
    yield* TestClock.adjust("29 seconds")
    assert.strictEqual(yield* remaining, 0)
    yield* TestClock.adjust("1 second")
    assert.strictEqual(yield* remaining, 1)
    yield* TestClock.adjust("59 minutes")
    assert.strictEqual(yield* remaining, 119)
    yield* TestClock.adjust("10 hours")
    assert.strictEqual(yield* remaining, 120)
    yield* list()
    assert.strictEqual(yield* remaining, 119)
  }))

test(
  "request tokens refill at rateLimitRefill a minute",
  { rateLimit: 10, rateLimitRefill: 6000 },
  () =>
    Effect.gen(function*() {
      yield* Effect.repeat(list(), { times: 9 })
      assert.strictEqual(yield* remaining, 0)
      yield* TestClock.adjust("50 millis")
      assert.strictEqual(yield* remaining, 5)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* remaining, 10)
    })
)

it.effect.each([0, -1, Number.NaN, Infinity])(
  "a rateLimitRefill of %d is an error",
  (rateLimitRefill) =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Layer.build(FakeHeroku.layerHttpClient({ rateLimitRefill })))
      assert.isTrue(Exit.hasDies(exit))
    })
)

test("the default rate limit regains 75 request tokens a minute", {}, () =>
  Effect.gen(function*() {
    yield* Effect.repeat(list(), { times: 299 })
    yield* TestClock.adjust("1 minute")
    assert.strictEqual(yield* remaining, 4275)
  }))
