/** Which requests the fake API accepts, and for which account. */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { assertError, letters, test } from "../fixtures/fake.ts"
import { accept, idsOf, json, list, send } from "../fixtures/request.ts"

test("an unknown path responds with 404", { seed: [{ id: "x" }] }, () =>
  Effect.gen(function*() {
    for (
      const target of [
        "GET /",
        "GET /oauth",
        "GET /oauth/authorizations/",
        "GET /oauth/authorizations/x/",
        "GET /oauth/authorizations/x/actions/regenerate-tokens",
        "POST /oauth/authorizations/x/actions/regenerate-tokens/x",
        "POST /oauth/authorizations/x/actions",
        "POST /oauth/authorizations/x",
        "PUT /oauth/authorizations/x",
        "DELETE /oauth/authorizations",
        "POST /account/rate-limits",
        "POST /account",
        "GET /oauth/sessions/~",
        "DELETE /oauth/sessions/x",
        "GET /teams/x/oauth",
        "GET /teams/x/oauth/authorizations/x",
        "PATCH /teams/x/oauth/authorizations",
        "GET /oauth/authorizations/%",
        "GET /oauth/authorizations/%ff"
      ] as const
    ) {
      assertError(yield* send(target), 404, "not_found")
    }
  }))

test("a path may have a query", { seed: [{ id: "x" }] }, () =>
  Effect.gen(function*() {
    assert.strictEqual((yield* send("GET /oauth/authorizations/x?y=/z")).status, 200)
    assert.strictEqual((yield* send("GET /oauth/authorizations?y")).status, 200)
  }))

test("a missing authorization responds with 404 and names the resource", {}, () =>
  Effect.gen(function*() {
    for (
      const target of [
        "GET /oauth/authorizations/x",
        "DELETE /oauth/authorizations/x",
        "POST /oauth/authorizations/x/actions/regenerate-tokens"
      ] as const
    ) {
      const response = yield* send(target)
      assertError(response, 404, "not_found")
      assert.strictEqual(json(response).resource, "authorization")
    }
    const body = `{"description":"x"}`
    assertError(yield* send("PATCH /oauth/authorizations/x", { body }), 404, "not_found")
  }))

test(
  "an encoded id is decoded as one path segment",
  { seed: [{ id: "a/b" }, { id: "c?d#e" }, { id: "größe 🌙%2F" }] },
  () =>
    Effect.gen(function*() {
      for (const id of ["a/b", "c?d#e", "größe 🌙%2F"]) {
        const response = yield* send(`GET /oauth/authorizations/${encodeURIComponent(id)}`)
        assert.strictEqual(json(response).id, id)
      }
      assertError(yield* send("GET /oauth/authorizations/a/b"), 404, "not_found")
    })
)

test(
  "the id ~ names the default authorization",
  { seed: letters("ab"), defaultAuthorization: "bbb" },
  () =>
    Effect.gen(function*() {
      assert.strictEqual(json(yield* send("GET /oauth/authorizations/~")).id, "bbb")
      assert.strictEqual(json(yield* send("GET /oauth/authorizations/%7E")).id, "bbb")
      assert.strictEqual(json(yield* send("DELETE /oauth/authorizations/~")).id, "bbb")
      assertError(yield* send("GET /oauth/authorizations/~"), 404, "not_found")
      assert.deepStrictEqual(idsOf(yield* list()), ["aaa"])
    })
)

test(
  "the id ~ responds with 404 if the account has no default authorization",
  { seed: letters("ab") },
  () =>
    Effect.gen(function*() {
      const response = yield* send("GET /oauth/authorizations/~")
      assertError(response, 404, "not_found")
      assert.strictEqual(json(response).resource, "authorization")
    })
)
test("the Accept header must name version 3", {}, () =>
  Effect.gen(function*() {
    const listWith = (accept: string | undefined) =>
      send("GET /oauth/authorizations", {
        headers: { authorization: "Bearer x", ...(accept === undefined ? undefined : { accept }) }
      })
    for (
      const wrong of [
        undefined,
        "*/*",
        "application/json",
        "application/vnd.heroku+json",
        "application/vnd.heroku+json; version=2",
        "application/vnd.heroku+json; version=30"
      ]
    ) {
      assertError(yield* listWith(wrong), 406, "not_acceptable")
    }
    for (
      const right of [
        accept,
        "application/vnd.heroku+json;version=3",
        "Application/vnd.Heroku+json ;  version=3",
        "application/vnd.heroku+json; version=3.sdk",
        "application/json, application/vnd.heroku+json; version=3; q=0.9"
      ]
    ) {
      assert.strictEqual((yield* listWith(right)).status, 200, right)
    }
  }))

test("the Accept header is checked before the token", {}, () =>
  Effect.gen(function*() {
    assertError(yield* send("GET /oauth/authorizations", { headers: {} }), 406, "not_acceptable")
  }))
const listAs = (authorization: string) => send("GET /oauth/authorizations", { headers: { accept, authorization } })
const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString("base64")}`

test("a token is required, also if any token is accepted", {}, () =>
  Effect.gen(function*() {
    const response = yield* send("GET /oauth/authorizations", { headers: { accept } })
    assertError(response, 401, "unauthorized")
    assert.strictEqual(json(response).message, "Invalid credentials provided.")
    assert.isUndefined(response.headers["ratelimit-remaining"])
    for (const wrong of ["", "Bearer", "Bearer ", "Token x", basic(""), basic(":"), "Basic ???"]) {
      assertError(yield* listAs(wrong), 401, "unauthorized")
    }
    for (const right of ["Bearer x", "bearer x", basic(":x"), basic("x:"), basic("x")]) {
      assert.strictEqual((yield* listAs(right)).status, 200, right)
    }
  }))

test(
  "the token must be the account's, if it has one",
  { token: Redacted.make("secret") },
  () =>
    Effect.gen(function*() {
      for (
        const wrong of ["Bearer x", "Bearer Secret", basic(":x"), basic("x:"), basic("secret:x")]
      ) {
        assertError(yield* listAs(wrong), 401, "unauthorized")
      }
      for (const right of ["Bearer secret", basic(":secret"), basic("secret:"), basic("me@example.com:secret")]) {
        assert.strictEqual((yield* listAs(right)).status, 200, right)
      }
    })
)

test("the token selects the account", {
  token: "one",
  seed: letters("a"),
  accounts: [{ token: Redacted.make("two"), seed: letters("bc"), rateLimit: 5 }]
}, () =>
  Effect.gen(function*() {
    const [one, two] = [yield* listAs("Bearer one"), yield* listAs("Bearer two")]
    assert.deepStrictEqual(idsOf(one), ["aaa"])
    assert.deepStrictEqual(idsOf(two), ["bbb", "ccc"])
    assert.strictEqual(one.headers["ratelimit-remaining"], "4499")
    assert.strictEqual(two.headers["ratelimit-remaining"], "4")
    assertError(yield* listAs("Bearer three"), 401, "unauthorized")
  }))

test("every account has other generated authorizations", {
  token: "one",
  count: 3,
  accounts: [{ token: "two", count: 3 }, { token: "three", count: 3 }]
}, () =>
  Effect.gen(function*() {
    const responses = yield* Effect.forEach(["one", "two", "three"], (token) => listAs(`Bearer ${token}`))
    assert.lengthOf(new Set(responses.flatMap(idsOf)), 9)
  }))
