/** The imitation, as seen by a client that knows nothing of it: in process, and over sockets. */
import type { Authorization } from "@effect-heroku/core/Authorization"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Http from "node:http"
import { inspect } from "node:util"
import { accept, type Answered, type Asked, defaults, idsOf, json, list, send } from "./fixtures/request.ts"
import { authorizationProblems, authorizationsProblems, errorProblems, rateLimitProblems } from "./fixtures/schema.ts"

type Wire = typeof Authorization.FromWire.Encoded

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** Ids that are easy to read: their order is that of their letter. */
const letters = (text: string) => [...text].map((letter) => ({ id: letter.repeat(3) }))

const assertRefused = (answered: Answered, status: number, id: string): void => {
  assert.strictEqual(answered.status, status, answered.text)
  assert.strictEqual(errorProblems(answered.text), "")
  assert.strictEqual(json(answered).id, id)
  assert.match(answered.headers["request-id"] ?? "", uuid)
  assert.strictEqual(answered.headers["content-type"], "application/json;charset=utf-8")
  assert.match(answered.headers["etag"] ?? "", /^"[0-9a-f]{16}"$/)
}

/** A test in process, with an imitation of its own. */
const test = (
  sentence: string,
  options: FakeHeroku.Options,
  body: () => Effect.Effect<void, unknown, HttpClient.HttpClient | FaultInjection.FaultInjection>
) =>
  it.effect(
    sentence,
    () =>
      body().pipe(
        Effect.provide(FakeHeroku.layerHttpClient(options).pipe(Layer.provideMerge(FaultInjection.layer)))
      )
  )

describe("FakeHeroku", () => {
  describe("the resource", () => {
    test(
      "is as the published schema says, in every shape and after every operation",
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
          for (const answered of others) assert.strictEqual(answered.status, 200)
          for (const answered of [created, ...others]) assert.strictEqual(authorizationProblems(answered.text), "")
        })
    )

    test("comes made up in all the shapes that Heroku knows", { count: 1000 }, () =>
      Effect.gen(function*() {
        const all: ReadonlyArray<Wire> = json(yield* list("id ..; max=1000"))
        const some = (fits: (one: Wire) => unknown) => assert.isDefined(all.find(fits), String(fits))
        some((one) => one.client === null && one.access_token !== null)
        some((one) => one.access_token === null && one.grant !== null)
        some((one) => one.refresh_token !== null)
        some((one) => one.grant && !("id" in one.grant))
        some((one) => one.session !== null)
        some((one) => !("description" in one))
        some((one) => !("user" in one))
        some((one) => one.user?.full_name === null)
        some((one) => one.access_token?.expires_in === null)
        some((one) => one.access_token?.expires_in === 0)
        some(({ access_token }) => (access_token?.expires_in ?? 0) > 0 && (access_token?.expires_in ?? 0) < 3600)
        some((one) => one.scope.includes("app"))
        some((one) => uuid.test(one.access_token?.token ?? ""))
        some((one) => one.access_token?.token.startsWith("HRKU-"))
        some((one) => one.updated_at !== one.created_at)
        assert.isAtLeast(new Set(all.map((one) => one.client?.id)).size, 4)
      }))

    test("has its keys in Heroku's order and nulls where Heroku has them", {
      seed: [{ id: "01234567-89ab-cdef-0123-456789abcdef", accessToken: "t", createdAt: DateTime.makeUnsafe(0) }],
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
      "counts down to zero and no further",
      { seed: [{ id: "x", expiresIn: "10 seconds" }] },
      () =>
        Effect.gen(function*() {
          const remaining = Effect.map(
            send("GET /oauth/authorizations/x"),
            (answered) => json(answered).access_token.expires_in
          )
          assert.strictEqual(yield* remaining, 10)
          yield* TestClock.adjust("4500 millis")
          assert.strictEqual(yield* remaining, 6)
          yield* TestClock.adjust("1 hour")
          assert.strictEqual(yield* remaining, 0)
        })
    )

    it.effect("is the same in every run, and another with another seed", () =>
      Effect.gen(function*() {
        const text = (options: FakeHeroku.Options) =>
          Effect.map(list("id ..; max=1000"), (answered) => answered.text).pipe(
            Effect.provide(FakeHeroku.layerHttpClient(options))
          )
        assert.strictEqual(yield* text({ count: 50 }), yield* text({ count: 50 }))
        assert.strictEqual(yield* text({ count: 50, randomSeed: 7 }), yield* text({ count: 50, randomSeed: "7" }))
        assert.notStrictEqual(yield* text({ count: 50 }), yield* text({ count: 50, randomSeed: 7 }))
      }))
  })

  describe("create", () => {
    test("fills in what the body leaves out", {}, () =>
      Effect.gen(function*() {
        for (const body of [undefined, "", "{}", `{"expires_in":null}`]) {
          const created = yield* send("POST /oauth/authorizations", body === undefined ? {} : { body })
          assert.strictEqual(created.status, 201)
          const { access_token, client, description, id, scope } = json(created)
          assert.deepStrictEqual(scope, ["global"])
          assert.isNotEmpty(description)
          assert.isNull(client)
          assert.isNull(access_token.expires_in)
          assert.match(access_token.token, /^HRKU-[0-9a-f-]{36}$/)
          assert.match(id, uuid)
        }
      }))

    test("for a client begins the web flow: a grant, and no tokens yet", {
      clients: [{ id: "01234567-89ab-cdef-0123-456789abcdef" }]
    }, () =>
      Effect.gen(function*() {
        const created = yield* send("POST /oauth/authorizations", {
          body: `{"client":"01234567-89ab-cdef-0123-456789abcdef","scope":["read"]}`
        })
        assert.strictEqual(created.status, 201)
        assert.strictEqual(authorizationProblems(created.text), "")
        const { access_token, client, grant, refresh_token } = json(created)
        assert.deepStrictEqual(client, {
          id: "01234567-89ab-cdef-0123-456789abcdef",
          name: "example",
          redirect_uri: "https://example.com/auth/heroku/callback"
        })
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
      [`{"expires_in":1e12}`, "expires_in: must be at most 100000000000"],
      [`{"description":1}`, "description"],
      [`{"description":null}`, "description"],
      [`{"client":{}}`, "client"],
      [`{"client":""}`, "client"],
      [`{"client":"no-such-client"}`, "client"]
    ]
    test("answers 422 to parameters that make no sense, and names them", {}, () =>
      Effect.gen(function*() {
        for (const [body, field] of wrong) {
          const answered = yield* send("POST /oauth/authorizations", { body })
          assertRefused(answered, 422, "invalid_params")
          assert.include(json(answered).message, field, body)
        }
        assert.deepStrictEqual(idsOf(yield* list()), [])
      }))

    test("answers 400 to what is no JSON object", {}, () =>
      Effect.gen(function*() {
        for (const body of ["{", "scope=global", "[]", "null", "1", "\"x\""]) {
          assertRefused(yield* send("POST /oauth/authorizations", { body }), 400, "bad_request")
          assertRefused(yield* send("PATCH /oauth/authorizations/x", { body }), 400, "bad_request")
        }
      }))
  })

  describe("update", () => {
    const options: FakeHeroku.Options = {
      seed: [{ id: "x", description: "before" }],
      clients: [{ id: "with-secret", name: "client", secret: Redacted.make("s3cret") }, { id: "without" }]
    }
    const update = (body: unknown) => send("PATCH /oauth/authorizations/x", { body: JSON.stringify(body) })

    test("changes the description, and when it was updated", options, () =>
      Effect.gen(function*() {
        yield* TestClock.adjust("90 seconds")
        const { created_at, description, updated_at } = json(yield* update({ description: "after" }))
        assert.strictEqual(description, "after")
        assert.strictEqual(created_at, "1970-01-01T00:00:00Z")
        assert.strictEqual(updated_at, "1970-01-01T00:01:30Z")
      }))

    test("hands it to a client that shows its secret", options, () =>
      Effect.gen(function*() {
        const updated = yield* update({ client: { id: "with-secret", secret: "s3cret" } })
        assert.strictEqual(json(updated).client.name, "client")
        assert.strictEqual(json(updated).description, "before")
        assert.notInclude(updated.text, "s3cret")
        assert.strictEqual((yield* update({ client: { id: "without", secret: "anything" } })).status, 200)
      }))

    test("changes the description and the client at once", options, () =>
      Effect.gen(function*() {
        yield* update({ description: "after", client: { id: "without", secret: "anything" } })
        const { client, description } = json(yield* send("GET /oauth/authorizations/x"))
        assert.deepStrictEqual([description, client.id], ["after", "without"])
      }))

    test("answers 422 to parameters that make no sense, and names them", options, () =>
      Effect.gen(function*() {
        for (
          const [body, field] of [
            [{}, "client"],
            [{ description: 1 }, "description"],
            [{ client: "x" }, "client"],
            [{ client: { id: "without" } }, "client.secret"],
            [{ client: { secret: "s" } }, "client.id"],
            [{ client: { id: "no-such-client", secret: "s" } }, "client.id"],
            [{ client: { id: "with-secret", secret: "wrong" } }, "client.secret"]
          ] as const
        ) {
          const answered = yield* update(body)
          assertRefused(answered, 422, "invalid_params")
          assert.include(json(answered).message, field)
        }
      }))
  })

  describe("regenerate", () => {
    const path = (id: string) => `POST /oauth/authorizations/${id}/actions/regenerate-tokens` as const

    test("makes new tokens each time, with the lifetime of the old ones", {
      seed: [{ id: "x", expiresIn: "1 hour", refreshToken: "old" }]
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

    test("is for direct authorizations and privileged clients", {
      seed: [{ id: "client", client: {} }, { id: "privileged", client: { privileged: true } }]
    }, () =>
      Effect.gen(function*() {
        assertRefused(yield* send(path("client")), 403, "forbidden")
        assert.strictEqual((yield* send(path("privileged"))).status, 200)
      }))
  })

  describe("paths", () => {
    test("that are none of the API's answer 404", { seed: [{ id: "x" }] }, () =>
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
            "GET /account",
            "GET /oauth/authorizations/%",
            "GET /oauth/authorizations/%ff"
          ] as const
        ) {
          assertRefused(yield* send(target), 404, "not_found")
        }
      }))

    test("may have a query", { seed: [{ id: "x" }] }, () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* send("GET /oauth/authorizations/x?y=/z")).status, 200)
        assert.strictEqual((yield* send("GET /oauth/authorizations?y")).status, 200)
      }))

    test("of an authorization that does not exist answer 404 and name the resource", {}, () =>
      Effect.gen(function*() {
        for (
          const target of [
            "GET /oauth/authorizations/x",
            "DELETE /oauth/authorizations/x",
            "POST /oauth/authorizations/x/actions/regenerate-tokens"
          ] as const
        ) {
          const answered = yield* send(target)
          assertRefused(answered, 404, "not_found")
          assert.strictEqual(json(answered).resource, "authorization")
        }
        const body = `{"description":"x"}`
        assertRefused(yield* send("PATCH /oauth/authorizations/x", { body }), 404, "not_found")
      }))

    test(
      "decode an id as one segment",
      { seed: [{ id: "a/b" }, { id: "c?d#e" }, { id: "größe 🌙%2F" }] },
      () =>
        Effect.gen(function*() {
          for (const id of ["a/b", "c?d#e", "größe 🌙%2F"]) {
            const answered = yield* send(`GET /oauth/authorizations/${encodeURIComponent(id)}`)
            assert.strictEqual(json(answered).id, id)
          }
          assertRefused(yield* send("GET /oauth/authorizations/a/b"), 404, "not_found")
        })
    )

    test(
      "take ~ for the default authorization",
      { seed: letters("ab"), defaultAuthorization: "bbb" },
      () =>
        Effect.gen(function*() {
          assert.strictEqual(json(yield* send("GET /oauth/authorizations/~")).id, "bbb")
          assert.strictEqual(json(yield* send("GET /oauth/authorizations/%7E")).id, "bbb")
          assert.strictEqual(json(yield* send("DELETE /oauth/authorizations/~")).id, "bbb")
          assertRefused(yield* send("GET /oauth/authorizations/~"), 404, "not_found")
          assert.deepStrictEqual(idsOf(yield* list()), ["aaa"])
        })
    )

    test("take ~ for nothing when the account has no default", { seed: letters("ab") }, () =>
      Effect.gen(function*() {
        const answered = yield* send("GET /oauth/authorizations/~")
        assertRefused(answered, 404, "not_found")
        assert.strictEqual(json(answered).resource, "authorization")
      }))
  })

  describe("Accept", () => {
    test("has to ask for version 3", {}, () =>
      Effect.gen(function*() {
        const ask = (accept: string | undefined) =>
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
          assertRefused(yield* ask(wrong), 406, "not_acceptable")
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
          assert.strictEqual((yield* ask(right)).status, 200, right)
        }
      }))

    test("is looked at before the token", {}, () =>
      Effect.gen(function*() {
        assertRefused(yield* send("GET /oauth/authorizations", { headers: {} }), 406, "not_acceptable")
      }))
  })

  describe("Authorization", () => {
    const ask = (authorization: string) => send("GET /oauth/authorizations", { headers: { accept, authorization } })
    const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString("base64")}`

    test("is required, even where any token is taken", {}, () =>
      Effect.gen(function*() {
        const answered = yield* send("GET /oauth/authorizations", { headers: { accept } })
        assertRefused(answered, 401, "unauthorized")
        assert.strictEqual(json(answered).message, "Invalid credentials provided.")
        assert.isUndefined(answered.headers["ratelimit-remaining"])
        for (const wrong of ["", "Bearer", "Bearer ", "Token x", basic(""), basic(":"), "Basic ???"]) {
          assertRefused(yield* ask(wrong), 401, "unauthorized")
        }
        for (const right of ["Bearer x", "bearer x", basic(":x"), basic("x:"), basic("x")]) {
          assert.strictEqual((yield* ask(right)).status, 200, right)
        }
      }))

    test(
      "has to hold the account's token, where it has one",
      { token: Redacted.make("secret") },
      () =>
        Effect.gen(function*() {
          for (
            const wrong of ["Bearer x", "Bearer Secret", basic(":x"), basic("x:"), basic("secret:x")]
          ) {
            assertRefused(yield* ask(wrong), 401, "unauthorized")
          }
          for (const right of ["Bearer secret", basic(":secret"), basic("secret:"), basic("me@example.com:secret")]) {
            assert.strictEqual((yield* ask(right)).status, 200, right)
          }
        })
    )

    test("tells accounts apart", {
      token: "one",
      seed: letters("a"),
      accounts: [{ token: Redacted.make("two"), seed: letters("bc"), rateLimit: 5 }]
    }, () =>
      Effect.gen(function*() {
        const [one, two] = [yield* ask("Bearer one"), yield* ask("Bearer two")]
        assert.deepStrictEqual(idsOf(one), ["aaa"])
        assert.deepStrictEqual(idsOf(two), ["bbb", "ccc"])
        assert.strictEqual(one.headers["ratelimit-remaining"], "4499")
        assert.strictEqual(two.headers["ratelimit-remaining"], "4")
        assertRefused(yield* ask("Bearer three"), 401, "unauthorized")
      }))

    test("makes up other authorizations for each account", {
      token: "one",
      count: 3,
      accounts: [{ token: "two", count: 3 }, { token: "three", count: 3 }]
    }, () =>
      Effect.gen(function*() {
        const answers = yield* Effect.forEach(["one", "two", "three"], (token) => ask(`Bearer ${token}`))
        assert.lengthOf(new Set(answers.flatMap(idsOf)), 9)
      }))
  })

  describe("what it makes up", () => {
    it.effect.each<[string, unknown, RegExp]>([
      ["options", { cuont: 3 }, /options have no cuont/],
      ["options of a further account", { accounts: [{ token: "t", cuont: 3 }] }, /options have no cuont/]
    ])("refuses misspelt %s", ([, options, message]) =>
      Effect.gen(function*() {
        const exit = yield* Effect.exit(Layer.build(FakeHeroku.layerHttpClient(options as never)))
        assert(Exit.isFailure(exit))
        assert.match(Cause.pretty(exit.cause), message)
      }))

    test(
      "has no grant that could still be exchanged where there are tokens",
      { count: 450 },
      () =>
        Effect.gen(function*() {
          const records: ReadonlyArray<Wire> = json(yield* list("id ..; max=1000"))
          const exchanged = records.filter(({ access_token, grant }) => access_token && grant)
          assert.isNotEmpty(exchanged)
          for (const { grant } of exchanged) assert.strictEqual(grant?.expires_in, 0)
        })
    )

    test("writes every text as it is, also the oddest", {
      seed: [{ id: "x", description: "\u0001", expiresIn: "1 hour" }, { id: "y", description: "\u0001\u0001" }]
    }, () =>
      Effect.gen(function*() {
        for (const minutes of [0, 1]) {
          yield* TestClock.setTime(minutes * 60_000)
          const [first, second] = json(yield* list())
          assert.deepStrictEqual([first.description, second.description], ["\u0001", "\u0001\u0001"])
          assert.strictEqual(first.access_token.expires_in, 3600 - minutes * 60)
          assert.isNull(second.access_token.expires_in)
        }
      }))

    it.effect("is told to an observer, exchange by exchange", () =>
      Effect.gen(function*() {
        const seen: Array<FakeHeroku.Exchange> = []
        const layer = FakeHeroku.layerHttpClient({
          latency: "2 seconds",
          observe: (exchange) => Effect.sync(() => seen.push(exchange))
        }).pipe(Layer.provideMerge(FaultInjection.layer))
        yield* Effect.gen(function*() {
          const calls = Effect.gen(function*() {
            yield* list("id ..; max=3")
            yield* send("GET /oauth/authorizations/x")
            yield* FaultInjection.FaultInjection.use((_) => _.inject(FaultInjection.connectionReset))
            yield* Effect.flip(send("DELETE /oauth/authorizations/x"))
          })
          const fiber = yield* Effect.forkChild(calls)
          yield* TestClock.adjust("2 seconds")
          yield* TestClock.adjust("2 seconds")
          yield* Fiber.join(fiber)
        }).pipe(Effect.provide(layer))
        assert.deepStrictEqual(
          seen.map(({ duration, method, range, status, target }) => [
            method,
            target,
            Option.getOrNull(range),
            Option.getOrNull(status),
            Duration.toSeconds(duration)
          ]),
          [
            ["GET", "/oauth/authorizations", "id ..; max=3", 200, 2],
            ["GET", "/oauth/authorizations/x", null, 404, 2],
            ["DELETE", "/oauth/authorizations/x", null, null, 0]
          ]
        )
      }))

    test("has a default authorization, which is direct", { count: 10 }, () =>
      Effect.gen(function*() {
        const answered = yield* send("GET /oauth/authorizations/~")
        assert.strictEqual(answered.status, 200)
        assert.isNull(json(answered).client)
      }))

    test("lists when the last of a page was changed", {
      seed: [
        { id: "a", createdAt: DateTime.makeUnsafe("2020-01-01T00:00:00Z") },
        { id: "b", createdAt: DateTime.makeUnsafe("2022-02-02T00:00:00Z") }
      ]
    }, () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* list()).headers["last-modified"], "Wed, 02 Feb 2022 00:00:00 GMT")
        const first = yield* list("id ..; max=1")
        assert.strictEqual(first.headers["last-modified"], "Wed, 01 Jan 2020 00:00:00 GMT")
      }))

    test(
      "takes a number of seconds that is typed, as the official command line sends it",
      {},
      () =>
        Effect.gen(function*() {
          const body = `{"scope":["read"],"expires_in":"60"}`
          const answered = yield* send("POST /oauth/authorizations", { body })
          assert.strictEqual(json(answered).access_token.expires_in, 60)
        })
    )
  })

  describe("ranges", () => {
    const six = letters("fbdace")
    const ranges: ReadonlyArray<
      readonly [range: string | undefined, ids: string, next?: string]
    > = [
      [undefined, "abcdef"],
      ["id ..", "abcdef"],
      ["id ..;", "abcdef"],
      ["id ..; max=1000", "abcdef"],
      ["id ..; max=6", "abcdef"],
      ["id ..; max=2", "ab", "id ]bbb..; max=2"],
      ["id ]bbb..; max=2", "cd", "id ]ddd..; max=2"],
      ["id ]ddd..; max=2", "ef"],
      ["id ]fff..; max=2", ""],
      ["id bbb..; max=2", "bc", "id ]ccc..; max=2"],
      ["id bb..; max=2", "bc", "id ]ccc..; max=2"],
      ["id ]bb..; max=2", "bc", "id ]ccc..; max=2"],
      ["id zzz..", ""],
      ["id bbb..ddd", "bcd"],
      ["id ]bbb..ddd", "cd"],
      ["id bbb..dd", "bc"],
      ["id bbb..eee; max=2", "bc", "id ]ccc..eee; max=2"],
      ["id ]ccc..eee; max=2", "de"],
      ["id ddd..bbb", ""],
      ["id ..; order=desc", "fedcba"],
      ["id ..; max=2, order=desc", "fe", "id ]eee..; max=2, order=desc"],
      ["id ..; max=2,order=desc", "fe", "id ]eee..; max=2, order=desc"],
      ["id ..; order=desc, max=2;", "fe", "id ]eee..; max=2, order=desc"],
      ["id ]eee..; max=3, order=desc", "dcb", "id ]bbb..; max=3, order=desc"],
      ["id eee..; max=5, order=desc", "edcba"],
      ["id ee..; max=2, order=desc", "dc", "id ]ccc..; max=2, order=desc"],
      ["id eee..bbb; max=3, order=desc", "edc", "id ]ccc..bbb; max=3, order=desc"],
      ["id ]ccc..bbb; max=3, order=desc", "b"],
      ["id bbb..eee; order=desc", ""],
      ["id ..; max=2, order=asc", "ab", "id ]bbb..; max=2"]
    ]
    test("answer what was asked for, and where it goes on", { seed: six }, () =>
      Effect.gen(function*() {
        for (const [range, ids, next] of ranges) {
          const answered = yield* list(range)
          assert.strictEqual(answered.status, next === undefined ? 200 : 206, range)
          assert.strictEqual(idsOf(answered).map((id) => id[0]).join(""), ids, range)
          assert.strictEqual(answered.headers["next-range"], next, range)
          assert.strictEqual(answered.headers["accept-ranges"], "id")
        }
      }))

    test("say what came back", { seed: six }, () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* list()).headers["content-range"], "id aaa..fff; max=200")
        const part = yield* list("id ]bbb..; max=2")
        assert.strictEqual(part.headers["content-range"], "id ccc..ddd; max=2")
      }))

    test("are of 200 by default and of 1000 at most", { count: 1201 }, () =>
      Effect.gen(function*() {
        const usual = yield* list()
        assert.strictEqual(usual.status, 206)
        assert.strictEqual(idsOf(usual).length, 200)
        assert.match(usual.headers["next-range"] ?? "", /^id \][0-9a-f-]{36}\.\.; max=200$/)
        const large = yield* list("id ..; max=5000")
        assert.strictEqual(idsOf(large).length, 1000)
        assert.match(large.headers["next-range"] ?? "", /max=1000$/)
        const rest = yield* list(large.headers["next-range"])
        assert.strictEqual(rest.status, 200)
        assert.strictEqual(idsOf(rest).length, 201)
        const all = [...idsOf(large), ...idsOf(rest)]
        assert.deepStrictEqual(all, all.toSorted())
        assert.strictEqual(new Set(all).size, 1201)
      }))

    test("are full however much was created and deleted", { seed: six }, () =>
      Effect.gen(function*() {
        yield* send("DELETE /oauth/authorizations/aaa")
        yield* send("DELETE /oauth/authorizations/ccc")
        const created = json(yield* send("POST /oauth/authorizations")).id
        const ids = ["bbb", "ddd", "eee", "fff", created].toSorted()
        assert.deepStrictEqual(idsOf(yield* list("id ..; max=3")), ids.slice(0, 3))
        assert.deepStrictEqual(idsOf(yield* list("id ..; max=3, order=desc")), ids.slice(2).toReversed())
      }))

    test("that cannot be parsed answer 416", { seed: six }, () =>
      Effect.gen(function*() {
        for (
          const range of [
            "",
            "x",
            "bytes=0-1",
            "id",
            "name ..",
            "id ..; max=0",
            "id ..; max=-1",
            "id ..; max=x",
            "id ..; order=up",
            "id ..; max=1; order=desc",
            "id ..; max=1, max=2",
            "id ..bbb"
          ]
        ) {
          assertRefused(yield* list(range), 416, "requested_range_not_satisfiable")
        }
      }))

    test("that start after nothing make the API fail", { seed: six }, () =>
      Effect.gen(function*() {
        assertRefused(yield* list("id ]..; max=2"), 500, "internal_server_error")
      }))

    test("belong on lists only", { seed: six }, () =>
      Effect.gen(function*() {
        const answered = yield* send("GET /oauth/authorizations/aaa", { headers: { ...defaults, range: "nonsense" } })
        assert.strictEqual(answered.status, 200)
        assert.isUndefined(answered.headers["accept-ranges"])
      }))

    test("reach ids that no header could carry", {
      seed: [{ id: "a b" }, { id: "a..b" }, { id: "a;b" }, { id: "größe" }, { id: "]x" }, { id: "y." }, { id: "z" }]
    }, () =>
      Effect.gen(function*() {
        for (const order of ["asc", "desc"]) {
          const ids: Array<string> = []
          let range: string | undefined = `id ..; max=1, order=${order}`
          while (range !== undefined) {
            const answered: Answered = yield* list(range)
            ids.push(...idsOf(answered))
            range = answered.headers["next-range"]
          }
          const expected = ["]x", "a b", "a..b", "a;b", "größe", "y.", "z"]
          assert.deepStrictEqual(ids, order === "asc" ? expected : expected.toReversed())
        }
      }))

    test("of an empty account are complete and empty", {}, () =>
      Effect.gen(function*() {
        const answered = yield* list("id ..; max=10")
        assert.strictEqual(answered.status, 200)
        assert.strictEqual(answered.text, "[]")
        assert.strictEqual(answered.headers["content-range"], "id ..; max=10")
      }))
  })

  describe("headers", () => {
    test("have another request id on every response", {}, () =>
      Effect.gen(function*() {
        const answers = [yield* list(), yield* list("x"), yield* send("GET /"), yield* send("GET /", { headers: {} })]
        const ids = answers.map(({ headers }) => headers["request-id"] ?? "")
        for (const id of ids) assert.match(id, uuid)
        assert.strictEqual(new Set(ids).size, ids.length)
      }))

    test("let a client keep what has not changed", { seed: letters("ab") }, () =>
      Effect.gen(function*() {
        for (const path of ["", "/aaa"]) {
          const target = `GET /oauth/authorizations${path}` as const
          const { headers: { etag = "" } } = yield* send(target)
          assert.match(etag, /^"[0-9a-f]{16}"$/)
          for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
            const same = yield* send(target, { headers: { ...defaults, "if-none-match": tags } })
            assert.strictEqual(same.status, 304)
            assert.strictEqual(same.text, "")
            assert.strictEqual(same.headers["etag"], etag)
            assert.isUndefined(same.headers["content-type"])
            assert.match(same.headers["request-id"] ?? "", uuid)
          }
          yield* send("PATCH /oauth/authorizations/aaa", { body: JSON.stringify({ description: path + "!" }) })
          const changed = yield* send(target, { headers: { ...defaults, "if-none-match": etag } })
          assert.strictEqual(changed.status, 200)
          assert.notStrictEqual(changed.headers["etag"], etag)
        }
      }))

    test("of requests that change something do not ask for 304", { seed: letters("a") }, () =>
      Effect.gen(function*() {
        const answered = yield* send("PATCH /oauth/authorizations/aaa", {
          headers: { ...defaults, "if-none-match": "*" },
          body: `{"description":"x"}`
        })
        assert.strictEqual(answered.status, 200)
      }))

    test(
      "carry the warning on every response",
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
      "ask for the second factor until it comes",
      { twoFactorCode: Redacted.make("123456") },
      () =>
        Effect.gen(function*() {
          for (const headers of [defaults, { ...defaults, "heroku-two-factor-code": "654321" }]) {
            const answered = yield* send("GET /oauth/authorizations", { headers })
            assertRefused(answered, 403, "two_factor")
            assert.strictEqual(answered.headers["heroku-two-factor-required"], "true")
          }
          const headers = { ...defaults, "heroku-two-factor-code": "123456" }
          assert.strictEqual((yield* send("GET /oauth/authorizations", { headers })).status, 200)
        })
    )
  })

  describe("rate limit", () => {
    const remaining = Effect.map(send("GET /account/rate-limits"), (answered): unknown => json(answered).remaining)

    test("counts requests, and is free to ask for", {}, () =>
      Effect.gen(function*() {
        const asked = yield* send("GET /account/rate-limits")
        assert.strictEqual(rateLimitProblems(asked.text), "")
        assert.strictEqual(yield* remaining, 4500)
        assert.strictEqual((yield* list()).headers["ratelimit-remaining"], "4499")
        assert.strictEqual((yield* list("x")).headers["ratelimit-remaining"], "4498")
        assert.strictEqual((yield* send("GET /")).headers["ratelimit-remaining"], "4497")
        assert.strictEqual(yield* remaining, 4497)
      }))

    test("refuses with 429 when the pool is empty, and does nothing", { rateLimit: 3 }, () =>
      Effect.gen(function*() {
        yield* Effect.repeat(list(), { times: 2 })
        const refused = yield* send("POST /oauth/authorizations")
        assertRefused(refused, 429, "rate_limit")
        assert.deepStrictEqual(json(refused), {
          id: "rate_limit",
          message: "Your account reached the API rate limit\nPlease wait a few minutes before making new requests",
          url: "https://devcenter.heroku.com/articles/platform-api-reference#rate-limits"
        })
        assert.strictEqual(refused.headers["ratelimit-remaining"], "0")
        assert.strictEqual(yield* remaining, 0)
        yield* TestClock.adjust("1 hour")
        assert.deepStrictEqual(idsOf(yield* list()), [])
      }))

    test("refills as time goes by, up to where it began", { rateLimit: 120 }, () =>
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

    test("refills as fast as it is told", { rateLimit: 10, rateLimitRefill: 6000 }, () =>
      Effect.gen(function*() {
        yield* Effect.repeat(list(), { times: 9 })
        assert.strictEqual(yield* remaining, 0)
        yield* TestClock.adjust("50 millis")
        assert.strictEqual(yield* remaining, 5)
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* remaining, 10)
      }))

    it.effect.each([0, -1, Number.NaN, Infinity])(
      "refuses to refill by %d a minute",
      (rateLimitRefill) =>
        Effect.gen(function*() {
          const exit = yield* Effect.exit(FakeHeroku.makeHttpClient({ rateLimitRefill }))
          assert.isTrue(Exit.hasDies(exit))
        })
    )

    test("of Heroku's size refills by 75 a minute", {}, () =>
      Effect.gen(function*() {
        yield* Effect.repeat(list(), { times: 299 })
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* remaining, 4275)
      }))
  })

  describe("latency", () => {
    test("delays every answer, not what the request does", { latency: "2 seconds" }, () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(send("POST /oauth/authorizations"))
        yield* TestClock.adjust("1999 millis")
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("1 millis")
        assert.strictEqual((yield* Fiber.join(fiber)).status, 201)

        const abandoned = yield* Effect.forkChild(send("POST /oauth/authorizations"))
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(abandoned)
        const listing = yield* Effect.forkChild(list())
        yield* TestClock.adjust("2 seconds")
        assert.strictEqual(idsOf(yield* Fiber.join(listing)).length, 2)
      }))
  })

  describe("in process", () => {
    test("takes a body however it is given", {}, () =>
      Effect.gen(function*() {
        const text = `{"description":"größe 🌙"}`
        const bytes = new TextEncoder().encode(text)
        const form = new FormData()
        form.append("description", "x")
        const post = (body: HttpBody.HttpBody) =>
          HttpClient.post("https://api.heroku.com/oauth/authorizations", { headers: defaults, body })
        for (
          const body of [
            HttpBody.text(text, "application/json"),
            HttpBody.uint8Array(bytes, "application/json"),
            HttpBody.raw(text, { contentType: "application/json" }),
            HttpBody.raw(bytes, { contentType: "application/json" }),
            // Split inside a character.
            HttpBody.stream(Stream.make(bytes.slice(0, 18), bytes.slice(18)), "application/json")
          ]
        ) {
          const response = yield* post(body)
          assert.strictEqual(response.status, 201, body._tag)
          assert.include(yield* response.text, "größe 🌙", body._tag)
        }
        assert.strictEqual((yield* post(HttpBody.formData(form))).status, 400)
      }))

    test("answers HEAD as GET, without the body", { seed: letters("a") }, () =>
      Effect.gen(function*() {
        const head = yield* send("HEAD /oauth/authorizations/aaa")
        const get = yield* send("GET /oauth/authorizations/aaa")
        assert.strictEqual(head.status, 200)
        assert.strictEqual(head.text, "")
        assert.strictEqual(head.headers["etag"], get.headers["etag"])
      }))

    test("finds its way in a hundred thousand authorizations", { count: 100_000 }, () =>
      Effect.gen(function*() {
        const middle = yield* list("id 8..; max=1000")
        const ids = idsOf(middle)
        assert.strictEqual(middle.status, 206)
        assert.strictEqual(ids.length, 1000)
        assert.deepStrictEqual(ids, ids.toSorted())
        assert.match(ids[0] ?? "", /^80/)
        const back = idsOf(yield* list(`id ]${ids[999]}..; max=999, order=desc`))
        assert.deepStrictEqual(back, ids.slice(0, 999).toReversed())
        assert.strictEqual((yield* list("id ffff..; max=1000")).status, 200)
      }))

    test(
      "prints no token",
      { seed: [{ id: "x", accessToken: "the-token-of-x" }], token: "the-account-token" },
      () =>
        Effect.gen(function*() {
          const client = yield* HttpClient.HttpClient
          const faults = yield* FaultInjection.FaultInjection
          const headers = { accept, authorization: "Bearer the-account-token" }
          const get = client.get("https://api.heroku.com/oauth/authorizations/x", { headers })
          const body = HttpBody.text(`{"client":{"id":"x","secret":"the-client-secret"}}`)
          yield* client.patch("https://api.heroku.com/oauth/authorizations/x", { headers, body })
          const response = yield* get
          assert.include(yield* response.text, "the-token-of-x")
          yield* faults.inject(FaultInjection.connectionReset)
          const failed = yield* Effect.exit(get)
          assert(Exit.isFailure(failed))
          const printed = [client, response, failed, faults, yield* faults.calls].flatMap((value) => [
            String(value),
            JSON.stringify(value),
            inspect(value, { depth: Infinity })
          ])
          for (const text of [...printed, Cause.pretty(failed.cause)]) {
            for (const token of ["the-token-of-x", "the-account-token", "the-client-secret"]) {
              assert.notInclude(text, token)
            }
          }
        })
    )
  })

  describe("behind a server", () => {
    interface Sent extends Asked {
      readonly method?: string
      readonly path?: string
    }

    /** A request by `node:http`, which sends the path as it is given. */
    const raw = (port: number, sent: Sent) =>
      Effect.callback<Answered, NodeJS.ErrnoException>((resume) => {
        const { body, headers = defaults, method = "GET", path = "/oauth/authorizations" } = sent
        const request = Http.request({ host: "127.0.0.1", port, method, path, headers, agent: false }, (response) => {
          const chunks: Array<Buffer> = []
          response.on("data", (chunk: Buffer) => chunks.push(chunk))
          response.on("end", () =>
            resume(Effect.succeed({
              status: response.statusCode ?? 0,
              headers: Object.fromEntries(
                Object.entries(response.headers).map(([name, value]) => [
                  name,
                  Array.isArray(value) ? value.join(", ") : value
                ])
              ),
              text: Buffer.concat(chunks).toString()
            })))
        })
        request.on("error", (error) => resume(Effect.fail(error)))
        request.end(body)
        return Effect.sync(() => request.destroy())
      })

    const testServer = (
      sentence: string,
      options: FakeHeroku.Options,
      body: (ask: (sent: Sent) => Effect.Effect<Answered, NodeJS.ErrnoException>) => Effect.Effect<
        void,
        unknown,
        FaultInjection.FaultInjection
      >
    ) =>
      it.effect(sentence, () =>
        Effect.gen(function*() {
          const { address } = yield* HttpServer.HttpServer
          const port = Number(new URL(HttpServer.formatAddress(address)).port)
          yield* body((sent) => raw(port, sent))
        }).pipe(
          Effect.provide(
            FakeHeroku.layerServer(options).pipe(
              Layer.provideMerge(FaultInjection.layer),
              Layer.provideMerge(NodeHttpServer.layer(Http.createServer, { host: "127.0.0.1", port: 0 }))
            )
          )
        ))

    testServer(
      "answers the same as in process",
      { count: 450, clients: [{ id: "c" }] },
      (ask) =>
        Effect.gen(function*() {
          const requests: ReadonlyArray<Sent & { readonly path: string }> = [
            { path: "/oauth/authorizations" },
            { path: "/oauth/authorizations", headers: { ...defaults, range: "id ..; max=1000, order=desc" } },
            { path: "/oauth/authorizations", headers: { ...defaults, range: "id ]..;" } },
            { path: "/oauth/authorizations", headers: {} },
            { path: "/oauth/authorizations", headers: { accept } },
            { path: "/oauth/authorizations/x" },
            { path: "/oauth/authorizations/a%2Fb" },
            { path: "/oauth/authorizations", headers: { ...defaults, "if-none-match": "*" } },
            { path: "/account/rate-limits" },
            { method: "PUT", path: "/oauth/authorizations" },
            { method: "POST", path: "/oauth/authorizations", body: `{"description":"größe 🌙","client":"c"}` },
            { method: "POST", path: "/oauth/authorizations", body: "{" }
          ]
          const comparable = ({ headers, status, text }: Answered) => ({
            status,
            text,
            headers: Object.fromEntries(
              Object.entries(headers).filter(([name]) =>
                !["connection", "content-length", "date", "keep-alive", "transfer-encoding"].includes(name)
              )
            )
          })
          yield* Effect.gen(function*() {
            for (const { body, headers, method = "GET", path } of requests) {
              const asked: Asked = {
                headers: headers ?? defaults,
                ...(body === undefined ? undefined : { body })
              }
              const inProcess = yield* send(`${method as "GET"} ${path}`, asked)
              const served = yield* ask({ ...asked, method, path })
              assert.deepStrictEqual(comparable(served), comparable(inProcess), `${method} ${path}`)
            }
          }).pipe(Effect.provide(FakeHeroku.layerHttpClient({ count: 450, clients: [{ id: "c" }] })))
        })
    )

    testServer(
      "takes paths as they were sent",
      { seed: [{ id: "a/b" }] },
      (ask) =>
        Effect.gen(function*() {
          assert.strictEqual((yield* ask({ path: "/oauth/authorizations/a%2Fb" })).status, 200)
          for (
            const path of [
              "/oauth/authorizations/..",
              "/oauth/authorizations/../../account/rate-limits",
              "/oauth/authorizations/%2e%2e/%2e%2e/account/rate-limits",
              "/oauth/authorizations/%zz",
              "//oauth/authorizations"
            ]
          ) {
            assertRefused(yield* ask({ path }), 404, "not_found")
          }
        })
    )

    testServer("answers HEAD and 304 without a body", { seed: letters("a") }, (ask) =>
      Effect.gen(function*() {
        const head = yield* ask({ method: "HEAD" })
        assert.strictEqual(head.status, 200)
        assert.strictEqual(head.text, "")
        const same = yield* ask({ headers: { ...defaults, "if-none-match": head.headers["etag"] ?? "" } })
        assert.strictEqual(same.status, 304)
        assert.strictEqual(same.text, "")
      }))

    testServer("breaks the connection where a fault says so", {}, (ask) =>
      Effect.gen(function*() {
        const faults = yield* FaultInjection.FaultInjection
        yield* faults.inject(FaultInjection.connectionReset, { operation: "create", afterActing: true })
        const error = yield* Effect.flip(ask({ method: "POST" }))
        assert.strictEqual(error.code, "ECONNRESET")
        assert.strictEqual(idsOf(yield* ask({})).length, 1)
      }))

    it.effect("stops with the layer, whatever calls wait for", () =>
      Effect.gen(function*() {
        const faults = yield* FaultInjection.FaultInjection
        const gate = yield* faults.hold()
        const scope = yield* Scope.make()
        const context = yield* Layer.buildWithScope(
          FakeHeroku.layerServer().pipe(
            Layer.provideMerge(NodeHttpServer.layer(Http.createServer, { host: "127.0.0.1", port: 0 }))
          ),
          scope
        )
        const { address } = Context.get(context, HttpServer.HttpServer)
        const port = Number(new URL(HttpServer.formatAddress(address)).port)
        const waiting = yield* Effect.forkChild(Effect.exit(raw(port, {})))
        yield* gate.arrived
        // Time stands still: a server that waits for its calls would wait for ever.
        yield* Scope.close(scope, Exit.void)
        assert.isTrue(Exit.isFailure(yield* Fiber.join(waiting)))
      }).pipe(Effect.provide(FaultInjection.layer)))

    testServer("answers with the status and headers of a fault", {}, (ask) =>
      Effect.gen(function*() {
        const faults = yield* FaultInjection.FaultInjection
        yield* faults.inject(FaultInjection.status(503, { headers: { "Retry-After": "7" } }))
        const answered = yield* ask({})
        assert.strictEqual(answered.status, 503)
        assert.strictEqual(answered.headers["retry-after"], "7")
        assert.strictEqual(answered.text, "")
        assert.strictEqual((yield* ask({})).status, 200)
      }))

    it.effect("tells of a client that has gone, at once", () =>
      Effect.gen(function*() {
        const told = yield* Deferred.make<FakeHeroku.Exchange>()
        yield* Effect.gen(function*() {
          const faults = yield* FaultInjection.FaultInjection
          const gate = yield* faults.hold()
          const { address } = yield* HttpServer.HttpServer
          const asking = yield* Effect.forkChild(raw(Number(new URL(HttpServer.formatAddress(address)).port), {}))
          yield* gate.arrived
          yield* Fiber.interrupt(asking)
          assert.deepStrictEqual((yield* Deferred.await(told)).status, Option.none())
        }).pipe(
          Effect.provide(
            FakeHeroku.layerServer({ observe: (exchange) => Effect.asVoid(Deferred.succeed(told, exchange)) }).pipe(
              Layer.provideMerge(FaultInjection.layer),
              Layer.provideMerge(NodeHttpServer.layer(Http.createServer, { host: "127.0.0.1", port: 0 }))
            )
          )
        )
      }))

    testServer("gives up on a client that has gone", {}, (ask) =>
      Effect.gen(function*() {
        const faults = yield* FaultInjection.FaultInjection
        const gate = yield* faults.hold({ operation: "create" })
        yield* faults.inject(FaultInjection.hang, { operation: "list" })
        const held = yield* Effect.forkChild(ask({ method: "POST" }))
        const hanging = yield* Effect.forkChild(ask({}))
        yield* gate.arrived
        yield* Fiber.interruptAll([held, hanging])
        assert.deepStrictEqual(idsOf(yield* ask({ path: "/oauth/authorizations" })), [])
      }))
  })
})
