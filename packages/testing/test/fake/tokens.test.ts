/** Where the fake API shows tokens, and what a token may do. */
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { assertError, test } from "../fixtures/fake.ts"
import { accept, idsOf, json, list, type Response, send } from "../fixtures/request.ts"

const one = "/oauth/authorizations/x"
const regenerate = `POST ${one}/actions/regenerate-tokens` as const
const masked = /^HRKU-AA[\w-]+\*{10}[\w-]+$/
const clear = /^HRKU-AA[\w-]{58}$/
const refreshed = { id: "x", refreshToken: `HRKU-AA${"r".repeat(58)}` }

const tokensOf = (response: Response): ReadonlyArray<string> =>
  [json(response)].flat().flatMap(({ access_token, refresh_token }) => [access_token.token, refresh_token.token])

/** Responses that show an authorization with both tokens. */
const responses = Effect.gen(function*() {
  const body = `{"description":"new"}`
  return [yield* list(), yield* send(`GET ${one}`), yield* send(`PATCH ${one}`, { body }), yield* send(`DELETE ${one}`)]
})

test("list, info, update and delete mask tokens", { seed: [refreshed] }, () =>
  Effect.gen(function*() {
    for (const response of yield* responses) for (const token of tokensOf(response)) assert.match(token, masked)
  }))

test(
  "clearTokens shows the tokens of every response",
  { seed: [refreshed], clearTokens: true },
  () =>
    Effect.gen(function*() {
      for (const response of yield* responses) {
        const [access, refresh] = tokensOf(response)
        assert.match(access ?? "", clear)
        assert.strictEqual(refresh, refreshed.refreshToken)
      }
    })
)

test(
  "create and regenerate show tokens in clear, and lists mask the same tokens",
  { seed: [refreshed] },
  () =>
    Effect.gen(function*() {
      const created = json(yield* send("POST /oauth/authorizations"))
      const regenerated = yield* send(regenerate)
      const inClear = [created.access_token.token, ...tokensOf(regenerated)]
      for (const token of inClear) assert.match(token, clear)
      const listed: ReadonlyArray<{ readonly id: string; readonly access_token: { readonly token: string } }> = json(
        yield* list()
      )
      const [start = "", end = ""] = listed.find(({ id }) => id === created.id)!.access_token.token.split(
        "*".repeat(10)
      )
      assert.isTrue(created.access_token.token.startsWith(start) && created.access_token.token.endsWith(end))
    })
)

test("a short token is masked whole", { seed: [{ id: "x", accessToken: "t" }] }, () =>
  Effect.gen(function*() {
    assert.strictEqual(json(yield* send(`GET ${one}`)).access_token.token, "*".repeat(10))
  }))

const sendAs = (token: string, target: Parameters<typeof send>[0], body?: string) =>
  send(target, { headers: { accept, authorization: `Bearer ${token}` }, ...(body === undefined ? {} : { body }) })

const create = (input: object) =>
  Effect.map(
    send("POST /oauth/authorizations", {
      headers: { accept, authorization: "Bearer main" },
      body: JSON.stringify(input)
    }),
    (response): { readonly id: string; readonly access_token: { readonly token: string } } => json(response)
  )

for (const token of [undefined, "main"]) {
  const title = token === undefined ? "without an account token" : "with an account token"

  test(`${title}, a created token works until its authorization is deleted`, { token }, () =>
    Effect.gen(function*() {
      const { access_token, id } = yield* create({ scope: ["global"] })
      assert.deepStrictEqual(idsOf(yield* sendAs(access_token.token, "GET /oauth/authorizations")), [id])
      // An authorization can delete itself.
      const deleted = yield* sendAs(access_token.token, `DELETE /oauth/authorizations/${id}`)
      assert.strictEqual(deleted.status, 200)
      assertError(yield* sendAs(access_token.token, "GET /oauth/authorizations"), 401, "unauthorized")
    }))

  test(`${title}, regenerate ends the old token at once`, { token }, () =>
    Effect.gen(function*() {
      const { access_token, id } = yield* create({ scope: ["global"] })
      const path = `/oauth/authorizations/${id}/actions/regenerate-tokens` as const
      const regenerated = json(yield* sendAs(access_token.token, `POST ${path}`))
      assertError(yield* sendAs(access_token.token, "GET /account"), 401, "unauthorized")
      assert.strictEqual((yield* sendAs(regenerated.access_token.token, "GET /account")).status, 200)
    }))

  test(`${title}, a token stops working when it expires`, { token }, () =>
    Effect.gen(function*() {
      const { access_token } = yield* create({ scope: ["global"], expires_in: 60 })
      yield* TestClock.adjust("59999 millis")
      assert.strictEqual((yield* sendAs(access_token.token, "GET /account")).status, 200)
      yield* TestClock.adjust("1 millis")
      assertError(yield* sendAs(access_token.token, "GET /account"), 401, "unauthorized")
    }))

  test(
    `${title}, a masked token and a refresh token do not authenticate`,
    { token, seed: [refreshed] },
    () =>
      Effect.gen(function*() {
        const [shown = ""] = tokensOf(yield* sendAs("main", `GET ${one}`))
        for (const wrong of [shown, refreshed.refreshToken]) {
          assertError(yield* sendAs(wrong, "GET /account"), 401, "unauthorized")
        }
      })
  )
}

const scopes: ReadonlyArray<readonly [scope: string, allowed: ReadonlyArray<string>]> = [
  ["global", ["GET /account", "GET", "PATCH", "DELETE", "POST"]],
  ["identity", ["GET /account"]],
  ["read", ["GET"]],
  ["read-protected", ["GET"]],
  ["write", ["GET", "PATCH", "DELETE", "POST"]],
  ["write-protected", ["GET", "PATCH", "DELETE", "POST"]],
  ["app", []]
]

for (const [scope, allowed] of scopes) {
  test(`a token with the scope ${scope} may send ${allowed.join(", ") || "nothing"}`, {
    seed: [{ id: "x" }, { id: "y", scope: [scope], accessToken: "of-the-scope" }]
  }, () =>
    Effect.gen(function*() {
      const outcomes = [
        ["GET /account", yield* sendAs("of-the-scope", "GET /account")],
        ["GET", yield* sendAs("of-the-scope", "GET /oauth/authorizations")],
        ["GET", yield* sendAs("of-the-scope", `GET ${one}`)],
        ["PATCH", yield* sendAs("of-the-scope", `PATCH ${one}`, `{"description":"new"}`)],
        ["POST", yield* sendAs("of-the-scope", regenerate)],
        ["DELETE", yield* sendAs("of-the-scope", `DELETE ${one}`)],
        ["POST", yield* sendAs("of-the-scope", "POST /oauth/authorizations")]
      ] as const
      for (const [request, response] of outcomes) {
        if (allowed.includes(request)) assert.isBelow(response.status, 300, response.text)
        else assertError(response, 403, "forbidden")
      }
      assert.strictEqual((yield* sendAs("of-the-scope", "GET /account/rate-limits")).status, 200)
    }))
}

it.effect("a token of one account does not open another", () =>
  Effect.gen(function*() {
    const two = json(yield* sendAs("two", "POST /oauth/authorizations"))
    assert.deepStrictEqual(idsOf(yield* sendAs(two.access_token.token, "GET /oauth/authorizations")), [two.id])
    assert.deepStrictEqual(idsOf(yield* sendAs("one", "GET /oauth/authorizations")), [])
  }).pipe(Effect.provide(FakeHeroku.layerHttpClient({ token: "one", accounts: [{ token: "two" }] }))))
