/** The operations of the fake API, and the JSON of an authorization. */
import type { Authorization } from "@effect-heroku/core/Authorization"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import { assert, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { assertError, test, uuid } from "../fixtures/fake.ts"
import { idsOf, json, list, send } from "../fixtures/request.ts"
import { authorizationProblems, authorizationsProblems } from "../fixtures/schema.ts"

type Wire = typeof Authorization.FromWire.Encoded

test(
  "every response of an authorization matches Heroku's published schema",
  { count: 1000 },
  () =>
    Effect.gen(function*() {
      const all = yield* list("id ..; max=1000")
      assert.strictEqual(all.status, 200)
      assert.strictEqual(authorizationsProblems(all.text), "")
      const created = yield* send("POST /oauth/authorizations", {
        body: JSON.stringify({ scope: ["read"], expires_in: 60 })
      })
      assert.strictEqual(created.status, 201)
      const { id } = json(created)
      const others = [
        yield* send(`GET /oauth/authorizations/${id}`),
        yield* send(`PATCH /oauth/authorizations/${id}`, { body: JSON.stringify({ description: "x" }) }),
        yield* send(`POST /oauth/authorizations/${id}/actions/regenerate-tokens`),
        yield* send(`DELETE /oauth/authorizations/${id}`)
      ]
      for (const response of others) assert.strictEqual(response.status, 200)
      for (const response of [created, ...others]) assert.strictEqual(authorizationProblems(response.text), "")
    })
)

/** Checks that some of the authorizations fit. */
const assertSome = (all: ReadonlyArray<Wire>, ...fits: ReadonlyArray<(one: Wire) => unknown>) => {
  for (const fit of fits) assert.isDefined(all.find(fit), String(fit))
}

const today = /^HRKU-AA[\w-]{58}$/

test(
  "generated authorizations have every shape that Heroku returns today",
  { count: 1000, clearTokens: true },
  () =>
    Effect.gen(function*() {
      const all: ReadonlyArray<Wire> = json(yield* list("id ..; max=1000"))
      assertSome(
        all,
        (one) => one.client === null && one.access_token !== null,
        (one) => one.access_token === null && one.grant !== null,
        (one) => one.refresh_token !== null,
        (one) => one.session !== null,
        (one) => one.user?.full_name === null,
        (one) => one.access_token?.expires_in === null,
        (one) => one.access_token?.expires_in === 0,
        ({ access_token }) => (access_token?.expires_in ?? 0) > 0 && (access_token?.expires_in ?? 0) < 3600,
        (one) => one.updated_at !== one.created_at
      )
      assert.isAtLeast(new Set(all.map((one) => one.client?.id)).size, 4)
      const documented = ["global", "identity", "read", "write", "read-protected", "write-protected"]
      for (const { access_token, client, description, refresh_token, scope } of all) {
        for (const token of [access_token, refresh_token]) if (token) assert.match(token.token, today)
        assert.strictEqual(description, client?.name ?? description)
        for (const one of scope) assert.include(documented, one)
      }
    })
)

test(
  "oldShapes adds authorizations of older editions of the API, and odd ones",
  { count: 1000, oldShapes: true, clearTokens: true },
  () =>
    Effect.gen(function*() {
      const all: ReadonlyArray<Wire> = json(yield* list("id ..; max=1000"))
      assertSome(
        all,
        (one) => !("description" in one),
        (one) => one.description === "",
        (one) => !("user" in one),
        (one) => !("user" in one) && !("session" in one),
        (one) => one.scope.includes("app"),
        (one) => uuid.test(one.access_token?.token ?? ""),
        (one) => /^HRKU-[0-9a-f-]{36}$/.test(one.access_token?.token ?? ""),
        (one) => today.test(one.access_token?.token ?? ""),
        (one) => one.client && !("name" in one.client),
        (one) => one.client && one.client.redirect_uri === null,
        (one) => one.grant && !("id" in one.grant)
      )
    })
)

test(
  "the generated default authorization is global and never expires",
  { count: 10, oldShapes: true },
  () =>
    Effect.gen(function*() {
      const response = yield* send("GET /oauth/authorizations/~")
      assert.strictEqual(authorizationProblems(response.text), "")
      const { access_token, client, scope } = json(response)
      assert.deepStrictEqual([access_token.expires_in, client, scope], [null, null, ["global"]])
    })
)

test("the JSON of an authorization has its keys in Heroku's order, and null where Heroku has null", {
  seed: [{ id: "01234567-89ab-cdef-0123-456789abcdef", accessToken: "t", createdAt: DateTime.makeUnsafe(0) }],
  clearTokens: true,
  user: { id: "u", email: "username@example.com", fullName: "Tina Edmonds" }
}, () =>
  Effect.gen(function*() {
    const { text } = yield* send("GET /oauth/authorizations/01234567-89ab-cdef-0123-456789abcdef")
    assert.strictEqual(
      text.replace(/"id":"[0-9a-f-]+","token":"t"/, `"id":"…","token":"t"`),
      `{"access_token":{"expires_in":null,"id":"…","token":"t"},"client":null,"created_at":"1970-01-01T00:00:00Z",`
        + `"description":"sample authorization","grant":null,"id":"01234567-89ab-cdef-0123-456789abcdef",`
        + `"refresh_token":null,"scope":["global"],"session":null,"updated_at":"1970-01-01T00:00:00Z",`
        + `"user":{"id":"u","email":"username@example.com","full_name":"Tina Edmonds"}}`
    )
  }))

test(
  "expires_in counts down to zero and stays there",
  { seed: [{ id: "x", expiresIn: "10 seconds" }] },
  () =>
    Effect.gen(function*() {
      const remaining = Effect.map(
        send("GET /oauth/authorizations/x"),
        (response) => json(response).access_token.expires_in
      )
      assert.strictEqual(yield* remaining, 10)
      yield* TestClock.adjust("4500 millis")
      assert.strictEqual(yield* remaining, 6)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* remaining, 0)
    })
)

it.effect("generated authorizations depend on randomSeed alone", () =>
  Effect.gen(function*() {
    const text = (options: FakeHeroku.Options) =>
      Effect.map(list("id ..; max=1000"), (response) => response.text).pipe(
        Effect.provide(FakeHeroku.layerHttpClient(options))
      )
    assert.strictEqual(yield* text({ count: 50 }), yield* text({ count: 50 }))
    assert.strictEqual(yield* text({ count: 50, randomSeed: 7 }), yield* text({ count: 50, randomSeed: "7" }))
    assert.notStrictEqual(yield* text({ count: 50 }), yield* text({ count: 50, randomSeed: 7 }))
  }))
test("create fills in the fields that the body leaves out", {}, () =>
  Effect.gen(function*() {
    for (const body of [undefined, "", "{}", `{"expires_in":null}`]) {
      const created = yield* send("POST /oauth/authorizations", body === undefined ? {} : { body })
      assert.strictEqual(created.status, 201)
      const { access_token, client, description, id, scope } = json(created)
      assert.deepStrictEqual(scope, ["global"])
      assert.isNotEmpty(description)
      assert.isNull(client)
      assert.isNull(access_token.expires_in)
      assert.match(access_token.token, today)
      assert.match(id, uuid)
    }
  }))

test("create for a client returns a grant and no tokens", {
  clients: [{ id: "01234567-89ab-cdef-0123-456789abcdef" }]
}, () =>
  Effect.gen(function*() {
    const created = yield* send("POST /oauth/authorizations", {
      body: `{"client":"01234567-89ab-cdef-0123-456789abcdef","scope":["read"]}`
    })
    assert.strictEqual(created.status, 201)
    assert.strictEqual(authorizationProblems(created.text), "")
    const { access_token, client, description, grant, refresh_token } = json(created)
    assert.deepStrictEqual(client, {
      id: "01234567-89ab-cdef-0123-456789abcdef",
      name: "example",
      redirect_uri: "https://example.com/auth/heroku/callback"
    })
    assert.strictEqual(description, "example")
    assert.isNull(access_token)
    assert.isNull(refresh_token)
    assert.isNotEmpty(grant.code)
  }))

const wrong: ReadonlyArray<readonly [body: string, field: string]> = [
  [`{"scope":"global"}`, "scope"],
  [`{"scope":[]}`, "scope"],
  [`{"scope":[""]}`, "scope"],
  [`{"scope":[1]}`, "scope"],
  [`{"scope":null}`, "scope"],
  [`{"expires_in":-1}`, "expires_in"],
  [`{"expires_in":1.5}`, "expires_in"],
  [`{"expires_in":"soon"}`, "expires_in"],
  [`{"expires_in":1e12}`, "expires_in: Expected a value between 0 and 100000000000"],
  [`{"description":1}`, "description"],
  [`{"description":null}`, "description"],
  [`{"client":{}}`, "client"],
  [`{"client":""}`, "client"],
  [`{"client":"no-such-client"}`, "client"]
]
test("create responds with 422 to an invalid parameter and names it", {}, () =>
  Effect.gen(function*() {
    for (const [body, field] of wrong) {
      const response = yield* send("POST /oauth/authorizations", { body })
      assertError(response, 422, "invalid_params")
      assert.include(json(response).message, field, body)
    }
    assert.deepStrictEqual(idsOf(yield* list()), [])
  }))

test("create and update respond with 400 to a body that is not a JSON object", {}, () =>
  Effect.gen(function*() {
    for (const body of ["{", "scope=global", "[]", "null", "1", "\"x\""]) {
      assertError(yield* send("POST /oauth/authorizations", { body }), 400, "bad_request")
      assertError(yield* send("PATCH /oauth/authorizations/x", { body }), 400, "bad_request")
    }
  }))
const options: FakeHeroku.Options = {
  seed: [{ id: "x", description: "before" }],
  clients: [{ id: "with-secret", name: "client", secret: Redacted.make("s3cret") }, { id: "without" }]
}
const update = (body: unknown) => send("PATCH /oauth/authorizations/x", { body: JSON.stringify(body) })

test("update changes the description and updated_at", options, () =>
  Effect.gen(function*() {
    yield* TestClock.adjust("90 seconds")
    const { created_at, description, updated_at } = json(yield* update({ description: "after" }))
    assert.strictEqual(description, "after")
    assert.strictEqual(created_at, "1970-01-01T00:00:00Z")
    assert.strictEqual(updated_at, "1970-01-01T00:01:30Z")
  }))

test("update transfers an authorization to a client with the right secret", options, () =>
  Effect.gen(function*() {
    const updated = yield* update({ client: { id: "with-secret", secret: "s3cret" } })
    assert.strictEqual(json(updated).client.name, "client")
    assert.strictEqual(json(updated).description, "before")
    assert.notInclude(updated.text, "s3cret")
    assert.strictEqual((yield* update({ client: { id: "without", secret: "anything" } })).status, 200)
  }))

test("update changes the description and the client in one request", options, () =>
  Effect.gen(function*() {
    yield* update({ description: "after", client: { id: "without", secret: "anything" } })
    const { client, description } = json(yield* send("GET /oauth/authorizations/x"))
    assert.deepStrictEqual([description, client.id], ["after", "without"])
  }))

test("update responds with 422 to an invalid parameter and names it", options, () =>
  Effect.gen(function*() {
    for (
      const [body, field] of [
        [{}, "description"],
        [{ description: 1 }, "description"],
        [{ client: "x" }, "client"],
        [{ client: { id: "without" } }, "client.secret"],
        [{ client: { secret: "s" } }, "client.id"],
        [{ client: { id: "no-such-client", secret: "s" } }, "client.id"],
        [{ client: { id: "with-secret", secret: "wrong" } }, "client.secret"]
      ] as const
    ) {
      const response = yield* update(body)
      assertError(response, 422, "invalid_params")
      assert.include(json(response).message, field)
    }
  }))
const path = (id: string) => `POST /oauth/authorizations/${id}/actions/regenerate-tokens` as const

test("regenerate creates new tokens with the lifetime of the old ones", {
  seed: [{ id: "x", expiresIn: "1 hour", refreshToken: "old" }],
  clearTokens: true
}, () =>
  Effect.gen(function*() {
    const before = json(yield* send("GET /oauth/authorizations/x"))
    yield* TestClock.adjust("30 minutes")
    const once = json(yield* send(path("x")))
    const twice = json(yield* send(path("x")))
    const tokens = [before, once, twice].flatMap((one) => [one.access_token.token, one.refresh_token.token])
    assert.strictEqual(new Set(tokens).size, 6)
    assert.strictEqual(twice.access_token.expires_in, 3600)
    assert.strictEqual(twice.updated_at, "1970-01-01T00:30:00Z")
    assert.deepStrictEqual(json(yield* send("GET /oauth/authorizations/x")), twice)
  }))

test("regenerate responds with 403 for a client without privileges", {
  seed: [{ id: "client", client: {} }, { id: "privileged", client: { privileged: true } }]
}, () =>
  Effect.gen(function*() {
    assertError(yield* send(path("client")), 403, "forbidden")
    assert.strictEqual((yield* send(path("privileged"))).status, 200)
  }))
