/** The service in memory: its seeds, its time, and that it is the same account as the imitation of the API. */
import { Authorization, AuthorizationId, isExpired } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as payloads from "@effect-heroku/test-kit/payloads"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { inspect } from "node:util"
import { json, list, send } from "./fixtures/request.ts"

const test = (
  sentence: string,
  options: MemoryAuthorizationService.Options,
  body: (service: AuthorizationService["Service"]) => Effect.Effect<void, unknown>
) =>
  it.effect(
    sentence,
    () => AuthorizationService.use(body).pipe(Effect.provide(MemoryAuthorizationService.layer(options)))
  )

const id = AuthorizationId.make

describe("MemoryAuthorizationService", () => {
  describe("seeds", () => {
    test(
      "that say nothing are direct authorizations that never expire",
      { seed: [{ id: "x" }, {}] },
      (service) =>
        Effect.gen(function*() {
          const seeded = yield* service.info(id("x"))
          assert.deepStrictEqual(seeded.scope, ["global"])
          assert.deepStrictEqual(seeded.description, Option.some("sample authorization"))
          assert.deepStrictEqual(
            Option.map(seeded.accessToken, ({ expiresIn }) => expiresIn),
            Option.some(Option.none())
          )
          assert.deepStrictEqual(seeded.refreshToken, Option.none())
          assert.deepStrictEqual(seeded.client, Option.none())
          assert.deepStrictEqual(seeded.grant, Option.none())
          assert.deepStrictEqual(seeded.createdAt, DateTime.makeUnsafe(0))
          assert.strictEqual((yield* service.list()).items.length, 2)
        })
    )

    test("are as they say", {
      seed: [{
        id: "x",
        description: "said",
        scope: ["read", "x"],
        expiresIn: "1 hour",
        accessToken: "access",
        refreshToken: Redacted.make("refresh"),
        client: { id: "c", name: "client", redirectUri: "https://c.example.com" },
        grant: { id: "g", code: "code" },
        session: { id: "s" },
        user: { id: "u", email: "u@example.com", fullName: "U" },
        createdAt: DateTime.makeUnsafe("2020-01-01T00:00:00Z"),
        updatedAt: DateTime.makeUnsafe("2021-01-01T00:00:00Z")
      }]
    }, (service) =>
      Effect.gen(function*() {
        const seeded = yield* service.info(id("x"))
        const access = Option.getOrThrow(seeded.accessToken)
        const refresh = Option.getOrThrow(seeded.refreshToken)
        const grant = Option.getOrThrow(seeded.grant)
        assert.strictEqual(Redacted.value(access.token), "access")
        assert.strictEqual(Redacted.value(refresh.token), "refresh")
        assert.strictEqual(Redacted.value(grant.code), "code")
        assert.deepStrictEqual(access.expiresIn, Option.some(Duration.hours(1)))
        assert.deepStrictEqual(seeded.description, Option.some("said"))
        assert.deepStrictEqual(seeded.scope, ["read", "x"])
        assert.deepStrictEqual(
          seeded.client,
          Option.some({ id: "c", name: "client", redirectUri: "https://c.example.com" })
        )
        assert.deepStrictEqual(grant.id, Option.some("g"))
        assert.deepStrictEqual(seeded.session, Option.some({ id: "s" }))
        assert.deepStrictEqual(
          seeded.user,
          Option.some({ id: "u", email: Option.some("u@example.com"), fullName: Option.some("U") })
        )
        assert.strictEqual(DateTime.formatIso(seeded.createdAt), "2020-01-01T00:00:00.000Z")
        assert.strictEqual(DateTime.formatIso(seeded.updatedAt), "2021-01-01T00:00:00.000Z")
      }))

    test("of a grant that was not exchanged have no token", { seed: [{ id: "x", accessToken: null, grant: {} }] }, (
      service
    ) =>
      Effect.gen(function*() {
        assert.deepStrictEqual((yield* service.info(id("x"))).accessToken, Option.none())
      }))

    it.effect.prop(
      "that are authorizations come back as they are",
      { seed: Arbitrary.filter(Arbitrary.schema(Authorization), ({ id }) => id !== "~") },
      ({ seed }) =>
        Effect.gen(function*() {
          const service = yield* AuthorizationService
          assert.deepStrictEqual(yield* service.info(seed.id), seed)
          assert.deepStrictEqual((yield* service.list()).items, [seed])
        }).pipe(Effect.provide(MemoryAuthorizationService.layer({ seed: [seed] })))
    )

    test("with the same id replace earlier ones", {
      seed: [{ id: "x", description: "first" }, { id: "x", description: "second" }]
    }, (service) =>
      Effect.gen(function*() {
        const { items } = yield* service.list()
        assert.deepStrictEqual(items.map(({ description }) => description), [Option.some("second")])
      }))

    test("can be Heroku's JSON", { seed: [payloads.full] }, (service) =>
      Effect.gen(function*() {
        const decoded = yield* Schema.decodeUnknownEffect(Authorization.FromWire)(payloads.full)
        assert.isTrue(Equal.equals(yield* service.info(id(payloads.full.id)), decoded))
      }))

    it.effect.each<[string, unknown, RegExp]>([
      ["an id that no request can carry", { seed: [{ id: ".." }] }, /dot segment/],
      ["the id that names another", { seed: [{ id: "~" }] }, /~/],
      ["JSON with the id that names another", { seed: [{ ...payloads.full, id: "~" }] }, /~/],
      ["a client that is a text", { seed: [{ client: "x" }] }, /client is an object/],
      ["a misspelt key of a client", { seed: [{ client: { idd: "x" } }] }, /client has no idd/],
      ["a misspelt key of a client of the account", { clients: [{ idd: "x" }] }, /client has no idd/],
      ["a misspelt key of a user", { seed: [{ user: { fullname: "x" } }] }, /user has no fullname/],
      ["a misspelt key of the account's user", { user: { fullname: "x" } }, /user has no fullname/],
      ["a misspelt key of a grant", { seed: [{ grant: { expiresIn: 1 } }] }, /grant has no expiresIn/],
      ["a misspelt key of a session", { seed: [{ session: { key: 1 } }] }, /session has no key/],
      ["no scope", { seed: [{ scope: [] }] }, /scope/],
      ["a scope that is a text", { seed: [{ scope: "global" }] }, /scope/],
      ["a misspelt option", { cuont: 3 }, /options have no cuont/],
      ["a misspelt key", { seed: [{ descripton: "oops" }] }, /has no descripton/],
      ["JSON that is no authorization", { seed: [{ ...payloads.full, scope: "global" }] }, /scope/],
      ["a number", { seed: 42 }, /count/],
      ["a text", { seed: "abc" }, /count/],
      ["one authorization without its array", { seed: { id: "x" } }, /not an array/],
      ["a count below zero", { count: -1 }, /count: -1/],
      ["a count that is none", { count: 1.5 }, /count: 1.5/]
    ])("that are %s are a mistake, which is told", ([, options, message]) =>
      Effect.gen(function*() {
        const exit = yield* Effect.exit(Layer.build(MemoryAuthorizationService.layer(options as never)))
        assert(Exit.isFailure(exit) && Exit.hasDies(exit))
        assert.match(Cause.pretty(exit.cause), message)
      }))
  })

  it.effect("makes no id twice, also of seeds that another account made up", () =>
    Effect.gen(function*() {
      const create = AuthorizationService.use((service) => service.create({ scope: ["read"] }))
      const saved = yield* Effect.provide(create, MemoryAuthorizationService.layer())
      yield* Effect.gen(function*() {
        yield* create
        const listed = yield* AuthorizationService.use((service) => Stream.runCollect(service.stream()))
        assert.lengthOf(new Set(listed.map((one) => one.id)), 2)
      }).pipe(Effect.provide(MemoryAuthorizationService.layer({ seed: [saved] })))
    }))

  describe("regenerate", () => {
    test(
      "gives an expired token a new life",
      { seed: [{ id: "x", expiresIn: 0 }] },
      (service) =>
        Effect.gen(function*() {
          const expiresIn = (authorization: Authorization) =>
            Option.getOrThrow(Option.flatMap(authorization.accessToken, (token) => token.expiresIn))
          assert.isTrue(Duration.isZero(expiresIn(yield* service.info(id("x")))))
          assert.isFalse(Duration.isZero(expiresIn(yield* service.regenerate(id("x")))))
        })
    )
  })

  describe("account", () => {
    it.effect("is a new one each time the layer is built", () =>
      Effect.gen(function*() {
        const layer = MemoryAuthorizationService.layer()
        const count = Effect.map(AuthorizationService.use((service) => service.list()), ({ items }) => items.length)
        const create = AuthorizationService.use((service) => service.create({ scope: ["read"] }))
        assert.strictEqual(yield* Effect.andThen(create, count).pipe(Effect.provide(layer, { local: true })), 1)
        assert.strictEqual(yield* count.pipe(Effect.provide(layer, { local: true })), 0)
      }))

    test("has a default authorization where one is named", {
      seed: [{ id: "x" }],
      defaultAuthorization: "x"
    }, (service) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* service.info(id("~"))).id, "x")
        yield* service.delete(id("~"))
        const error = yield* Effect.flip(service.info(id("~")))
        assert(error._tag === "NotFound")
        assert.strictEqual(error.id, "~")
      }))

    test(
      "knows the clients it was given",
      { clients: [{ id: "c", secret: "s" }] },
      (service) =>
        Effect.gen(function*() {
          const made = yield* service.create({ scope: ["read"], client: "c" })
          assert.deepStrictEqual(Option.map(made.client, (client) => client.id), Option.some("c"))
          assert.isTrue(Option.isSome(made.grant))
          const unknown = yield* Effect.flip(service.create({ scope: ["read"], client: "d" }))
          assert(unknown._tag === "InvalidParams")
          assert.strictEqual(unknown.status, 422)
          const forbidden = yield* Effect.flip(service.regenerate(made.id))
          assert.strictEqual(forbidden._tag, "Forbidden")
        })
    )
  })

  describe("time", () => {
    test("makes tokens expire", {}, (service) =>
      Effect.gen(function*() {
        const made = yield* service.create({ scope: ["read"], expiresIn: Duration.minutes(10) })
        const expired = Effect.gen(function*() {
          return isExpired(yield* service.info(made.id), yield* DateTime.now)
        })
        assert.isFalse(yield* expired)
        yield* TestClock.adjust("599 seconds")
        assert.isFalse(yield* expired)
        yield* TestClock.adjust("1 second")
        assert.isTrue(yield* expired)
        const { accessToken } = yield* service.info(made.id)
        assert.deepStrictEqual(Option.getOrThrow(accessToken).expiresIn, Option.some(Duration.zero))
      }))

    test(
      "says that nothing remains only when a token has expired",
      { seed: [{ id: "x", expiresIn: "10 seconds" }] },
      (service) =>
        Effect.gen(function*() {
          const remaining = Effect.map(
            service.info(id("x")),
            ({ accessToken }) =>
              Option.map(Option.flatMap(accessToken, ({ expiresIn }) => expiresIn), Duration.toSeconds)
          )
          yield* TestClock.adjust("9999 millis")
          assert.deepStrictEqual(yield* remaining, Option.some(1))
          yield* TestClock.adjust("1 millis")
          assert.deepStrictEqual(yield* remaining, Option.some(0))
        })
    )

    test("marks what was updated and regenerated", {}, (service) =>
      Effect.gen(function*() {
        const made = yield* service.create({ scope: ["read"] })
        yield* TestClock.adjust("1 minute")
        const updated = yield* service.update(made.id, { description: "x" })
        yield* TestClock.adjust("1 minute")
        const regenerated = yield* service.regenerate(made.id)
        assert.deepStrictEqual(
          [made, updated, regenerated].map(({ updatedAt }) => DateTime.toEpochMillis(updatedAt)),
          [0, 60_000, 120_000]
        )
        assert.deepStrictEqual(regenerated.createdAt, made.createdAt)
      }))
  })

  describe("beside FakeHeroku", () => {
    const decode = Schema.decodeUnknownEffect(Schema.Array(Authorization.FromWire))

    test(
      "is the same account, given the same options",
      { count: 700, seed: [{ id: "x" }] },
      (service) =>
        Effect.gen(function*() {
          const items = yield* Stream.runCollect(service.stream())
          const answered = yield* list("id ..; max=1000").pipe(
            Effect.provide(FakeHeroku.layerHttpClient({ count: 700, seed: [{ id: "x" }] }))
          )
          assert.strictEqual(items.length, 701)
          assert.deepStrictEqual(yield* decode(json(answered)), items)
          const secrets = (all: ReadonlyArray<Authorization>) =>
            all.map(({ accessToken }) =>
              Option.getOrNull(Option.map(accessToken, ({ token }) => Redacted.value(token)))
            )
          assert.deepStrictEqual(secrets(yield* decode(json(answered))), secrets(items))
        })
    )

    test("refuses in the same words", { seed: [{ id: "x", client: {} }] }, (service) =>
      Effect.gen(function*() {
        const unknown = { id: "no-such-client", secret: Redacted.make("s") }
        const pairs = [
          [yield* Effect.flip(service.info(id("y"))), yield* send("GET /oauth/authorizations/y")],
          [
            yield* Effect.flip(service.regenerate(id("x"))),
            yield* send("POST /oauth/authorizations/x/actions/regenerate-tokens")
          ],
          [
            yield* Effect.flip(service.create({ scope: ["read"], client: "no-such-client" })),
            yield* send("POST /oauth/authorizations", { body: `{"client":"no-such-client"}` })
          ],
          [
            yield* Effect.flip(service.update(id("x"), { client: unknown })),
            yield* send("PATCH /oauth/authorizations/x", { body: `{"client":{"id":"no-such-client","secret":"s"}}` })
          ]
        ] as const
        for (const [error, answered] of pairs) {
          assert("status" in error && "errorId" in error)
          const body = json(answered)
          assert.strictEqual(error.status, answered.status)
          assert.deepStrictEqual(error.errorId, Option.some(body.id))
          assert.strictEqual(error.message, body.message)
        }
      }).pipe(Effect.provide(FakeHeroku.layerHttpClient({ seed: [{ id: "x", client: {} }] }))))
  })

  test("prints no secret", {
    seed: [{
      id: "x",
      accessToken: "the-access-token",
      refreshToken: "the-refresh-token",
      grant: { code: "the-code" }
    }],
    clients: [{ id: "c", secret: "the-client-secret" }]
  }, (service) =>
    Effect.gen(function*() {
      const client = { id: "c", secret: Redacted.make("a-wrong-secret") }
      const values = [
        service,
        yield* service.info(id("x")),
        yield* service.list(),
        yield* Effect.exit(service.update(id("x"), { client })),
        MemoryAuthorizationService.layer({ seed: [{ accessToken: Redacted.make("the-access-token") }] })
      ]
      for (const value of values) {
        for (const text of [String(value), JSON.stringify(value), inspect(value, { depth: Infinity })]) {
          assert.notMatch(text, /the-(access-token|refresh-token|code|client-secret)|a-wrong-secret/)
        }
      }
    }))
})
