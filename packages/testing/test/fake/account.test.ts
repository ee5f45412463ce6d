/** The endpoints of the fake API next to those of authorizations, and what browsers need. */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { assertError, test } from "../fixtures/fake.ts"
import { accept, defaults, idsOf, json, list, send } from "../fixtures/request.ts"

test("GET /account returns the user of the token's account", {
  user: { id: "u", email: "me@example.com", fullName: "Me" },
  token: "one",
  twoFactorCode: "123456",
  accounts: [{ token: "two", user: { email: "you@example.com" } }]
}, () =>
  Effect.gen(function*() {
    const account = (token: string) =>
      Effect.map(
        send("GET /account", {
          headers: { accept, authorization: `Bearer ${token}`, "heroku-two-factor-code": "123456" }
        }),
        json
      )
    assert.deepInclude(yield* account("one"), {
      id: "u",
      email: "me@example.com",
      name: "Me",
      two_factor_authentication: true
    })
    assert.deepInclude(yield* account("two"), { email: "you@example.com", two_factor_authentication: false })
  }))

test("a session that does not exist responds with 404 and names the resource", {}, () =>
  Effect.gen(function*() {
    const response = yield* send("DELETE /oauth/sessions/~")
    assertError(response, 404, "not_found")
    assert.strictEqual(json(response).resource, "session")
  }))

test("ending a session ends its authorization", {
  seed: [{ id: "x", accessToken: "of-x", session: { id: "s" } }]
}, () =>
  Effect.gen(function*() {
    const headers = { accept, authorization: "Bearer of-x" }
    const ended = yield* send("DELETE /oauth/sessions/~", { headers })
    assert.deepStrictEqual([ended.status, json(ended)], [200, { id: "s" }])
    assertError(yield* send("DELETE /oauth/sessions/~", { headers }), 401, "unauthorized")
    assert.deepStrictEqual(idsOf(yield* list()), [])
  }))

test("browsers may read every response, with its headers", {}, () =>
  Effect.gen(function*() {
    for (const response of [yield* list(), yield* list("x"), yield* send("GET /", { headers: {} })]) {
      assert.strictEqual(response.headers["access-control-allow-origin"], "*")
      assert.include(response.headers["access-control-expose-headers"], "Next-Range")
    }
  }))

test("a browser's preflight request needs no token and takes no request token", {}, () =>
  Effect.gen(function*() {
    const response = yield* send("OPTIONS /oauth/authorizations/x", {
      headers: { "access-control-request-headers": "authorization,range" }
    })
    assert.strictEqual(response.status, 200)
    assert.strictEqual(response.headers["access-control-allow-headers"], "authorization,range")
    for (const method of ["GET", "POST", "PATCH", "DELETE"]) {
      assert.include(response.headers["access-control-allow-methods"], method)
    }
    assert.strictEqual(
      (yield* send("GET /oauth/authorizations", { headers: defaults })).headers["ratelimit-remaining"],
      "4499"
    )
  }))
