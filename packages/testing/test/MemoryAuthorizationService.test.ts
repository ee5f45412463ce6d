/** The service in memory: its seeds, its time, and that it shares its account with the fake API. */
import { Authorization, AuthorizationId, isExpired } from "@effect-heroku/core/Authorization"
import type { AuthorizationError } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService, withTimeout, withTwoFactorCode } from "@effect-heroku/core/AuthorizationService"
import * as payloads from "@effect-heroku/test-kit/payloads"
import * as AuthorizationArbitrary from "@effect-heroku/testing/AuthorizationArbitrary"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { inspect } from "node:util"
import { json, list, send } from "./fixtures/request.ts"

const test = (
  title: string,
  options: MemoryAuthorizationService.Options,
  body: (service: AuthorizationService["Service"]) => Effect.Effect<void, unknown>
) =>
  it.effect(
    title,
    () => AuthorizationService.use(body).pipe(Effect.provide(MemoryAuthorizationService.layer(options)))
  )

const id = AuthorizationId.make
const encode = Schema.encodeSync(Authorization.FromWire)

test(
  "an empty seed is a direct authorization that never expires",
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

test("every field of a seed is used", {
  seed: [{
    id: "x",
    description: "seeded",
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
  }],
  clearTokens: true
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
    assert.deepStrictEqual(seeded.description, Option.some("seeded"))
    assert.deepStrictEqual(seeded.scope, ["read", "x"])
    assert.deepStrictEqual(
      seeded.client,
      Option.some({ id: "c", name: Option.some("client"), redirectUri: Option.some("https://c.example.com") })
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

test("a seed with accessToken null has no token", { seed: [{ id: "x", accessToken: null, grant: {} }] }, (
  service
) =>
  Effect.gen(function*() {
    assert.deepStrictEqual((yield* service.info(id("x"))).accessToken, Option.none())
  }))

it.effect.prop(
  "a seed that is an authorization is returned unchanged",
  { seed: AuthorizationArbitrary.authorization },
  ({ seed }) =>
    Effect.gen(function*() {
      const service = yield* AuthorizationService
      const returned = yield* service.info(seed.id)
      assert.isTrue(Equal.equals(returned, seed))
      assert.isTrue(Equal.equals((yield* service.list()).items, [seed]))
      // The JSON shows the secrets.
      assert.deepStrictEqual(encode(returned), encode(seed))
    }).pipe(Effect.provide(MemoryAuthorizationService.layer({ seed: [seed], clearTokens: true })))
)

test("a seed replaces an earlier one with the same id", {
  seed: [{ id: "x", description: "first" }, { id: "x", description: "second" }]
}, (service) =>
  Effect.gen(function*() {
    const { items } = yield* service.list()
    assert.deepStrictEqual(items.map(({ description }) => description), [Option.some("second")])
  }))

test("a seed can be Heroku's JSON", { seed: [payloads.full], clearTokens: true }, (service) =>
  Effect.gen(function*() {
    const decoded = yield* Schema.decodeUnknownEffect(Authorization.FromWire)(payloads.full)
    assert.isTrue(Equal.equals(yield* service.info(id(payloads.full.id)), decoded))
  }))

it.effect.each<[string, unknown, RegExp]>([
  ["a seed with an id that cannot be sent", { seed: [{ id: ".." }] }, /dot segment/],
  ["a seed with the id ~", { seed: [{ id: "~" }] }, /~/],
  ["JSON with the id ~", { seed: [{ ...payloads.full, id: "~" }] }, /~/],
  ["a seed with an empty scope", { seed: [{ scope: [] }] }, /scope/],
  ["JSON that is not an authorization", { seed: [{ ...payloads.full, scope: "global" }] }, /scope/],
  ["a negative count", { count: -1 }, /count: -1/],
  ["a fractional count", { count: 1.5 }, /count: 1.5/]
])("%s is an error with a message", ([, options, message]) =>
  Effect.gen(function*() {
    const exit = yield* Effect.exit(Layer.build(MemoryAuthorizationService.layer(options as never)))
    assert(Exit.isFailure(exit) && Exit.hasDies(exit))
    assert.match(Cause.pretty(exit.cause), message)
  }))

it.effect("create never generates the id of a seed", () =>
  Effect.gen(function*() {
    const create = AuthorizationService.use((service) => service.create({ scope: ["read"] }))
    const saved = yield* Effect.provide(create, MemoryAuthorizationService.layer())
    yield* Effect.gen(function*() {
      yield* create
      const listed = yield* AuthorizationService.use((service) => Stream.runCollect(service.stream()))
      assert.lengthOf(new Set(listed.map((one) => one.id)), 2)
    }).pipe(Effect.provide(MemoryAuthorizationService.layer({ seed: [saved] })))
  }))

test(
  "regenerate gives an expired token a new lifetime",
  { seed: [{ id: "x", expiresIn: 0 }] },
  (service) =>
    Effect.gen(function*() {
      const expiresIn = (authorization: Authorization) =>
        Option.getOrThrow(Option.flatMap(authorization.accessToken, (token) => token.expiresIn))
      assert.isTrue(Duration.isZero(expiresIn(yield* service.info(id("x")))))
      assert.isFalse(Duration.isZero(expiresIn(yield* service.regenerate(id("x")))))
    })
)

it.effect("every build of the layer has a new account", () =>
  Effect.gen(function*() {
    const layer = MemoryAuthorizationService.layer()
    const count = Effect.map(AuthorizationService.use((service) => service.list()), ({ items }) => items.length)
    const create = AuthorizationService.use((service) => service.create({ scope: ["read"] }))
    assert.strictEqual(yield* Effect.andThen(create, count).pipe(Effect.provide(layer, { local: true })), 1)
    assert.strictEqual(yield* count.pipe(Effect.provide(layer, { local: true })), 0)
  }))

test("defaultAuthorization sets the authorization that ~ names", {
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
  "create accepts the clients of the options and no others",
  { clients: [{ id: "c", secret: "s" }] },
  (service) =>
    Effect.gen(function*() {
      const created = yield* service.create({ scope: ["read"], client: "c" })
      assert.deepStrictEqual(Option.map(created.client, (client) => client.id), Option.some("c"))
      assert.isTrue(Option.isSome(created.grant))
      const unknown = yield* Effect.flip(service.create({ scope: ["read"], client: "d" }))
      assert(unknown._tag === "InvalidParams")
      assert.strictEqual(unknown.status, 422)
      const forbidden = yield* Effect.flip(service.regenerate(created.id))
      assert.strictEqual(forbidden._tag, "Forbidden")
    })
)

test("a token expires when the clock reaches its lifetime", {}, (service) =>
  Effect.gen(function*() {
    const created = yield* service.create({ scope: ["read"], expiresIn: Duration.minutes(10) })
    const expired = Effect.gen(function*() {
      return isExpired(yield* service.info(created.id), yield* DateTime.now)
    })
    assert.isFalse(yield* expired)
    yield* TestClock.adjust("599 seconds")
    assert.isFalse(yield* expired)
    yield* TestClock.adjust("1 second")
    assert.isTrue(yield* expired)
    const { accessToken } = yield* service.info(created.id)
    assert.deepStrictEqual(Option.getOrThrow(accessToken).expiresIn, Option.some(Duration.zero))
  }))

test(
  "expiresIn is zero only after the token has expired",
  { seed: [{ id: "x", expiresIn: "10 seconds" }] },
  (service) =>
    Effect.gen(function*() {
      const remaining = Effect.map(
        service.info(id("x")),
        ({ accessToken }) => Option.map(Option.flatMap(accessToken, ({ expiresIn }) => expiresIn), Duration.toSeconds)
      )
      yield* TestClock.adjust("9999 millis")
      assert.deepStrictEqual(yield* remaining, Option.some(1))
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* remaining, Option.some(0))
    })
)

test("update and regenerate set updatedAt", {}, (service) =>
  Effect.gen(function*() {
    const created = yield* service.create({ scope: ["read"] })
    yield* TestClock.adjust("1 minute")
    const updated = yield* service.update(created.id, { description: "x" })
    yield* TestClock.adjust("1 minute")
    const regenerated = yield* service.regenerate(created.id)
    assert.deepStrictEqual(
      [created, updated, regenerated].map(({ updatedAt }) => DateTime.toEpochMillis(updatedAt)),
      [0, 60_000, 120_000]
    )
    assert.deepStrictEqual(regenerated.createdAt, created.createdAt)
  }))

const decode = Schema.decodeUnknownEffect(Schema.Array(Authorization.FromWire))

test(
  "the memory layer and FakeHeroku have the same account for the same options",
  { count: 700, seed: [{ id: "x" }] },
  (service) =>
    Effect.gen(function*() {
      const items = yield* Stream.runCollect(service.stream())
      const response = yield* list("id ..; max=1000").pipe(
        Effect.provide(FakeHeroku.layerHttpClient({ count: 700, seed: [{ id: "x" }] }))
      )
      assert.strictEqual(items.length, 701)
      assert.deepStrictEqual(yield* decode(json(response)), items)
      const secrets = (all: ReadonlyArray<Authorization>) =>
        all.map(({ accessToken }) => Option.getOrNull(Option.map(accessToken, ({ token }) => Redacted.value(token))))
      assert.deepStrictEqual(secrets(yield* decode(json(response))), secrets(items))
    })
)

test(
  "the memory layer and FakeHeroku fail with the same errors",
  { seed: [{ id: "x", client: {} }] },
  (service) =>
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
      for (const [error, response] of pairs) {
        assert("status" in error && "errorId" in error)
        const body = json(response)
        assert.strictEqual(error.status, response.status)
        assert.deepStrictEqual(error.errorId, Option.some(body.id))
        assert.strictEqual(error.message, body.message)
      }
    }).pipe(Effect.provide(FakeHeroku.layerHttpClient({ seed: [{ id: "x", client: {} }] })))
)

test(
  "secrets are frozen, like those of the live layer",
  { seed: [{ id: "x", grant: {} }] },
  (service) =>
    Effect.gen(function*() {
      const { accessToken, grant } = yield* service.info(id("x"))
      assert.isTrue(Object.isFrozen(Option.getOrThrow(accessToken).token))
      assert.isTrue(Object.isFrozen(Option.getOrThrow(grant).code))
    })
)

test("no printed value contains a secret", {
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

it.effect("withTimeout ends a call that hangs, and the error says whether Heroku may have acted", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.hang, { every: 1 })
    const service = yield* AuthorizationService
    const calls: ReadonlyArray<[Effect.Effect<unknown, AuthorizationError>, boolean]> = [
      [service.list(), false],
      [service.create({ scope: ["read"] }), true]
    ]
    for (const [call, outcomeUnknown] of calls) {
      const fiber = yield* Effect.forkChild(Effect.flip(withTimeout("5 seconds")(call)))
      yield* TestClock.adjust("4999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      const error = yield* Fiber.join(fiber)
      assert(error._tag === "RequestFailed")
      assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["timeout", outcomeUnknown])
    }
  }).pipe(Effect.provide(MemoryAuthorizationService.layerWithFaults())))

it.effect("withTwoFactorCode runs its effect when a call needs a code, and then the call succeeds", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.status(403, { errorId: "two_factor" }), { operation: "list" })
    const service = yield* AuthorizationService
    let prompts = 0
    const prompt = Effect.sync(() => Option.some(Redacted.make(String(++prompts))))
    assert.lengthOf((yield* service.list().pipe(withTwoFactorCode(prompt))).items, 1)
    assert.strictEqual(prompts, 1)
  }).pipe(Effect.provide(MemoryAuthorizationService.layerWithFaults({ seed: [{}] }))))
