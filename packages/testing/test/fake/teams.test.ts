/** The authorizations of teams. */
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import { HerokuAccount } from "@effect-heroku/testing/HerokuAccount"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { assertError, test, uuid } from "../fixtures/fake.ts"
import { defaults, idsOf, json, list, send } from "../fixtures/request.ts"
import { teamAuthorizationsProblems } from "../fixtures/schema.ts"

const headers = { ...defaults, accept: "application/vnd.heroku+json; version=3.sdk" }
const path = "/teams/acme/oauth/authorizations"
const listTeam = (range?: string) => send(`GET ${path}`, { headers: { ...headers, ...(range && { range }) } })

test(
  "a team has authorizations of its own",
  { seed: [{ id: "a" }, { id: "b", team: "acme" }] },
  () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(idsOf(yield* list()), ["a"])
      assert.deepStrictEqual(idsOf(yield* listTeam()), ["b"])
    })
)

test(
  "a team can be named by its id",
  { teams: [{ id: "team-1", name: "acme" }], seed: [{ id: "b", team: "acme" }] },
  () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(idsOf(yield* send("GET /teams/team-1/oauth/authorizations", { headers })), ["b"])
    })
)

test("a team's list is paginated", { teams: [{ name: "acme", count: 5 }] }, () =>
  Effect.gen(function*() {
    const first = yield* listTeam("id ..; max=3")
    assert.strictEqual(first.status, 206)
    const rest = yield* listTeam(first.headers["next-range"])
    assert.lengthOf(new Set([...idsOf(first), ...idsOf(rest)]), 5)
  }))

test(
  "every authorization of a team has a token with a version",
  { teams: [{ name: "acme", count: 100 }] },
  () =>
    Effect.gen(function*() {
      yield* send(`POST ${path}`, { headers })
      const response = yield* listTeam()
      assert.lengthOf(idsOf(response), 101)
      assert.strictEqual(teamAuthorizationsProblems(response.text), "")
    })
)

test(
  "create, info, update, regenerate and delete work on a team's authorization",
  { teams: [{ name: "acme" }] },
  () =>
    Effect.gen(function*() {
      const body = `{"description":"deploys","scope":["read"],"expires_in":60}`
      const created = yield* send(`POST ${path}`, { headers, body })
      assert.strictEqual(created.status, 201)
      const { access_token, description, id, scope } = json(created)
      assert.match(id, uuid)
      assert.deepStrictEqual([description, scope, access_token.version], ["deploys", ["read"], 1])
      const one = `/oauth/authorizations/${id}`
      const others = [
        yield* send(`GET ${one}`),
        yield* send(`PATCH ${one}`, { body: `{"description":"x"}` }),
        yield* send(`POST ${one}/actions/regenerate-tokens`),
        yield* send(`DELETE ${one}`)
      ]
      for (const response of others) {
        assert.strictEqual(response.status, 200)
        assert.strictEqual(json(response).id, id)
        assert.strictEqual(json(response).access_token.version, 1)
      }
      assert.deepStrictEqual(idsOf(yield* listTeam()), [])
    })
)

test(
  "a team's authorization cannot be created for a client",
  { teams: [{ name: "acme" }], clients: [{ id: "c" }] },
  () =>
    Effect.gen(function*() {
      assertError(yield* send(`POST ${path}`, { headers, body: `{"client":"c"}` }), 422, "invalid_params")
    })
)

test("an unknown team responds with 404 and names the resource", {}, () =>
  Effect.gen(function*() {
    for (const response of [yield* listTeam(), yield* send(`POST ${path}`, { headers })]) {
      assertError(response, 404, "not_found")
      assert.strictEqual(json(response).resource, "team")
    }
  }))

test("a team whose tokens the user may not manage responds with 403", {
  teams: [{ name: "acme", manageTokens: false }],
  seed: [{ id: "b", team: "acme" }]
}, () =>
  Effect.gen(function*() {
    assertError(yield* listTeam(), 403, "forbidden")
    assertError(yield* send(`POST ${path}`, { headers }), 403, "forbidden")
    assertError(yield* send("DELETE /oauth/authorizations/b"), 403, "forbidden")
  }))

test("the paths of teams require the version 3.sdk", { teams: [{ name: "acme" }] }, () =>
  Effect.gen(function*() {
    assertError(yield* send(`GET ${path}`), 406, "not_acceptable")
    assertError(yield* send(`POST ${path}`), 406, "not_acceptable")
  }))

it.effect("the JSON of an account contains the authorizations of teams, and is a seed", () =>
  Effect.gen(function*() {
    const options = { count: 3, teams: [{ name: "acme", count: 3 }] }
    const read = HerokuAccount.use(({ json }) => Stream.runCollect(json)).pipe(
      Effect.map((all) => all.map((text) => JSON.parse(text)))
    )
    const seed = yield* Effect.provide(read, FakeHeroku.layerHttpClient(options))
    assert.lengthOf(seed.filter(({ team }) => team === "acme"), 3)
    assert.deepStrictEqual(yield* Effect.provide(read, FakeHeroku.layerHttpClient({ seed })), seed)
  }))
