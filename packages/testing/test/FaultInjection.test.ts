/** Faults in the memory layer and in the fake API. */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import type { Operation } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import { Cursor } from "@effect-heroku/core/ListRange"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { inspect } from "node:util"
import { defaults, list, send } from "./fixtures/request.ts"

const id = AuthorizationId.make

const memory = MemoryAuthorizationService.layerWithFaults({ seed: [{ id: "x" }, { id: "y" }] })

const heroku = FakeHeroku.layerHttpClientWithFaults({ seed: [{ id: "x" }, { id: "y" }] })

/** Declares a test of the memory layer. */
const test = (
  title: string,
  body: (
    faults: FaultInjection.Service,
    service: AuthorizationService["Service"]
  ) => Effect.Effect<void, unknown>
) =>
  it.effect(title, () =>
    Effect.gen(function*() {
      yield* body(yield* FaultInjection.FaultInjection, yield* AuthorizationService)
    }).pipe(Effect.provide(memory)))

test("a status fails the call with the error of the live service", (faults, service) =>
  Effect.gen(function*() {
    const raised = (fault: FaultInjection.Fault) =>
      Effect.andThen(
        faults.inject(fault),
        Effect.map(Effect.flip(service.update(id("x"), { description: "y" })), ({ _tag }) => _tag)
      )
    assert.strictEqual(yield* raised(FaultInjection.status(400)), "InvalidParams")
    assert.strictEqual(yield* raised(FaultInjection.status(401)), "Unauthorized")
    assert.strictEqual(yield* raised(FaultInjection.status(403)), "Forbidden")
    assert.strictEqual(yield* raised(FaultInjection.status(403, { errorId: "two_factor" })), "TwoFactorRequired")
    const headers = { "Heroku-Two-Factor-Required": "true" }
    assert.strictEqual(yield* raised(FaultInjection.status(403, { headers })), "TwoFactorRequired")
    assert.strictEqual(yield* raised(FaultInjection.status(404)), "NotFound")
    assert.strictEqual(yield* raised(FaultInjection.status(409)), "UnexpectedStatus")
    assert.strictEqual(yield* raised(FaultInjection.status(422)), "InvalidParams")
    assert.strictEqual(yield* raised(FaultInjection.status(429)), "RateLimited")
    assert.strictEqual(yield* raised(FaultInjection.status(503)), "UnexpectedStatus")
  }))

test("an error has the message, URL and headers of its status", (faults, service) =>
  Effect.gen(function*() {
    yield* faults.inject(FaultInjection.status(429, {
      message: "slow down",
      documentationUrl: "https://example.com",
      headers: { "Retry-After": "7", "Request-Id": "r1" }
    }))
    const error = yield* Effect.flip(service.info(id("x")))
    assert(error._tag === "RateLimited")
    assert.strictEqual(error.message, "slow down")
    assert.deepStrictEqual(error.errorId, Option.some("rate_limit"))
    assert.deepStrictEqual(error.documentationUrl, Option.some("https://example.com"))
    assert.deepStrictEqual(error.requestId, Option.some("r1"))
    assert.deepStrictEqual(error.retryAfter, Option.some(Duration.seconds(7)))
  }))

it.effect("a status is a response over HTTP", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.status(429, { message: "slow down", headers: { "Retry-After": "7" } }))
    const response = yield* list()
    assert.strictEqual(response.status, 429)
    assert.strictEqual(response.text, `{"id":"rate_limit","message":"slow down"}`)
    assert.strictEqual(response.headers["retry-after"], "7")
    assert.isDefined(response.headers["request-id"])
    yield* faults.inject(FaultInjection.status(500))
    assert.strictEqual((yield* list()).text, "")
  }).pipe(Effect.provide(heroku)))

test("a fault without a target affects the next call, once", (faults, service) =>
  Effect.gen(function*() {
    yield* faults.inject(FaultInjection.status(503))
    assert.strictEqual((yield* Effect.flip(service.list()))._tag, "UnexpectedStatus")
    assert.strictEqual((yield* service.list()).items.length, 2)
  }))

test("a target selects calls by operation, id and number", (faults, service) =>
  Effect.gen(function*() {
    yield* faults.inject(FaultInjection.status(503), { operation: "info", id: "y", times: 2 })
    yield* service.info(id("x"))
    yield* service.update(id("y"), { description: "y" })
    yield* service.list()
    assert.strictEqual((yield* Effect.flip(service.info(id("y"))))._tag, "UnexpectedStatus")
    yield* service.info(id("x"))
    assert.strictEqual((yield* Effect.flip(service.info(id("y"))))._tag, "UnexpectedStatus")
    yield* service.info(id("y"))
  }))

test("a target selects every nth call", (faults, service) =>
  Effect.gen(function*() {
    yield* faults.inject(FaultInjection.status(503), { operation: "info", every: 3, times: 2 })
    const outcomes: Array<string> = []
    for (let call = 1; call <= 9; call++) {
      yield* service.list()
      outcomes.push((yield* Effect.result(service.info(id("x"))))._tag)
    }
    const good = "Success"
    const bad = "Failure"
    assert.deepStrictEqual(outcomes, [good, good, bad, good, good, bad, good, good, good])
  }))

test(
  "a target with every has no end unless times sets it",
  (faults, service) =>
    Effect.gen(function*() {
      yield* faults.inject(FaultInjection.status(503), { every: 2 })
      const outcomes: Array<string> = []
      for (let call = 1; call <= 6; call++) outcomes.push((yield* Effect.result(service.info(id("x"))))._tag)
      assert.deepStrictEqual(outcomes, ["Success", "Failure", "Success", "Failure", "Success", "Failure"])
    })
)

test("a target with an invalid number dies with a message", (faults) =>
  Effect.gen(function*() {
    for (const target of [{ every: 0 }, { every: 1.5 }, { times: 0 }, { times: 1.5 }, { times: Number.NaN }]) {
      const exit = yield* Effect.exit(faults.inject(FaultInjection.status(503), target))
      assert(exit._tag === "Failure")
      assert.include(Cause.pretty(exit.cause), "must be integers")
    }
  }))

test("a target selects calls by a predicate", (faults, service) =>
  Effect.gen(function*() {
    yield* faults.inject(FaultInjection.status(503), { when: ({ range }) => range?.startsWith("id ]") ?? false })
    const first = yield* service.list({ pageSize: 1 })
    const second = service.list({ cursor: Option.getOrThrow(first.next) })
    assert.strictEqual((yield* Effect.flip(second))._tag, "UnexpectedStatus")
    assert.lengthOf((yield* second).items, 1)
  }))

test("a target with times Infinity selects every call until clear", (faults, service) =>
  Effect.gen(function*() {
    yield* faults.inject(FaultInjection.status(503), { times: Infinity })
    for (let call = 0; call < 10; call++) yield* Effect.flip(service.info(id("x")))
    yield* faults.clear
    yield* service.info(id("x"))
  }))

test("several faults of the same calls are used one after another", (faults, service) =>
  Effect.gen(function*() {
    yield* faults.inject(FaultInjection.status(503))
    yield* faults.inject(FaultInjection.status(401), { operation: "info" })
    yield* faults.inject(FaultInjection.connectionReset)
    const tags = [
      yield* Effect.flip(service.info(id("x"))),
      yield* Effect.flip(service.info(id("x"))),
      yield* Effect.flip(service.info(id("x")))
    ].map(({ _tag }) => _tag)
    assert.deepStrictEqual(tags, ["UnexpectedStatus", "Unauthorized", "RequestFailed"])
    yield* service.info(id("x"))
  }))

test("a listing that failed in the middle can be resumed", (faults, service) =>
  Effect.gen(function*() {
    const pulled: Array<string> = []
    yield* faults.hold({ operation: "list" }).pipe(Effect.tap((gate) => gate.open))
    yield* faults.inject(FaultInjection.status(503), { operation: "list" })
    const exit = yield* Effect.flip(
      service.stream({ pageSize: 1 }).pipe(Stream.runForEach((one) => Effect.sync(() => pulled.push(one.id))))
    )
    assert.strictEqual(exit._tag, "UnexpectedStatus")
    assert.deepStrictEqual(pulled, ["x"])
    const cursor = Option.getOrThrow((yield* service.list({ pageSize: 1 })).next)
    assert.deepStrictEqual((yield* service.list({ cursor })).items.map((one) => one.id), ["y"])
  }))

const operations: ReadonlyArray<readonly [Operation, boolean]> = [
  ["info", false],
  ["list", false],
  ["create", true],
  ["update", true],
  ["regenerate", true],
  ["delete", true]
]
test(
  "a connection reset has an unknown outcome for operations that change something",
  (faults, service) =>
    Effect.gen(function*() {
      const call = {
        info: service.info(id("x")),
        list: service.list(),
        create: service.create({ scope: ["read"] }),
        update: service.update(id("x"), { description: "y" }),
        regenerate: service.regenerate(id("x")),
        delete: service.delete(id("x"))
      }
      for (const [operation, outcomeUnknown] of operations) {
        yield* faults.inject(FaultInjection.connectionReset)
        const error = yield* Effect.flip<unknown, AuthorizationErrorOf<typeof call>, never>(call[operation])
        assert(error._tag === "RequestFailed")
        assert.strictEqual(error.operation, operation)
        assert.strictEqual(error.reason, "connection")
        assert.strictEqual(error.outcomeUnknown, outcomeUnknown)
      }
    })
)

test("a connection reset happens before Heroku acts by default", (faults, service) =>
  Effect.gen(function*() {
    yield* faults.inject(FaultInjection.connectionReset, { operation: "delete" })
    yield* Effect.flip(service.delete(id("x")))
    yield* service.info(id("x"))
  }))

test(
  "a connection reset with afterActing happens after Heroku has processed the request",
  (faults, service) =>
    Effect.gen(function*() {
      yield* faults.inject(FaultInjection.connectionReset, { operation: "delete", afterActing: true })
      yield* Effect.flip(service.delete(id("x")))
      assert.strictEqual((yield* Effect.flip(service.info(id("x"))))._tag, "NotFound")
    })
)

it.effect("a connection reset is a transport error over HTTP", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.connectionReset)
    const error = yield* Effect.flip(list())
    assert.strictEqual(error.reason._tag, "TransportError")
    assert.strictEqual((yield* list()).status, 200)
  }).pipe(Effect.provide(heroku)))

it.effect("a garbled list has status 200", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    assert.strictEqual((yield* list("id ..; max=1")).status, 206)
    yield* faults.inject(FaultInjection.garbled)
    const garbled = yield* list("id ..; max=1")
    assert.deepStrictEqual([garbled.status, garbled.text], [200, "<title>Maintenance</title>"])
  }).pipe(Effect.provide(heroku)))

test("a delay delays a call by the clock", (faults, service) =>
  Effect.gen(function*() {
    yield* faults.inject(FaultInjection.delay("3 seconds"))
    const fiber = yield* Effect.forkChild(service.delete(id("x")))
    yield* TestClock.adjust("2999 millis")
    assert.isUndefined(fiber.pollUnsafe())
    yield* service.info(id("x"))
    yield* TestClock.adjust("1 millis")
    assert.strictEqual((yield* Fiber.join(fiber)).id, "x")
  }))

test("a delay with afterActing delays only the response", (faults, service) =>
  Effect.gen(function*() {
    yield* faults.inject(FaultInjection.delay("3 seconds"), { operation: "delete", afterActing: true })
    const fiber = yield* Effect.forkChild(service.delete(id("x")))
    yield* TestClock.adjust("1 second")
    assert.strictEqual((yield* Effect.flip(service.info(id("x"))))._tag, "NotFound")
    yield* TestClock.adjust("2 seconds")
    assert.strictEqual((yield* Fiber.join(fiber)).id, "x")
  }))

test("calls wait at a gate until it opens", (faults, service) =>
  Effect.gen(function*() {
    const gate = yield* faults.hold({ operation: "delete", times: 2 })
    const first = yield* Effect.forkChild(service.delete(id("x")))
    yield* gate.arrived
    yield* service.info(id("x"))
    yield* gate.open
    assert.strictEqual((yield* Fiber.join(first)).id, "x")
    assert.strictEqual((yield* service.delete(id("y"))).id, "y")
  }))

test(
  "a call that waited at a gate runs into the next fault, before or after Heroku has processed the request",
  (faults, service) =>
    Effect.gen(function*() {
      for (const afterActing of [false, true]) {
        const gate = yield* faults.hold({ operation: "delete", afterActing }, FaultInjection.connectionReset)
        const deleting = yield* Effect.forkChild(Effect.flip(service.delete(id("x"))))
        yield* gate.arrived
        assert.strictEqual((yield* service.list()).items.length, afterActing ? 1 : 2)
        yield* gate.open
        const error = yield* Fiber.join(deleting)
        assert(error._tag === "RequestFailed" && error.reason === "connection")
        assert.strictEqual((yield* service.list()).items.length, afterActing ? 1 : 2)
      }
    })
)

test("a gate reports how many calls have arrived", (faults, service) =>
  Effect.gen(function*() {
    const gate = yield* faults.hold({ times: 2 })
    const both = yield* Effect.forkChild(gate.arrivals(2))
    yield* Effect.forkChild(service.info(id("x")))
    yield* gate.arrived
    assert.isUndefined(both.pollUnsafe())
    yield* Effect.forkChild(service.info(id("y")))
    yield* Fiber.join(both)
    yield* gate.arrivals(2)
    yield* gate.open
  }))

test("hang lasts until the caller gives up", (faults, service) =>
  Effect.gen(function*() {
    yield* faults.inject(FaultInjection.hang, { operation: "create", afterActing: true })
    const fiber = yield* Effect.forkChild(Effect.timeoutOption(service.create({ scope: ["read"] }), "1 day"))
    yield* TestClock.adjust("1 day")
    assert.deepStrictEqual(yield* Fiber.join(fiber), Option.none())
    assert.strictEqual((yield* service.list()).items.length, 3)
  }))

test("a delayed call fails with its own error", (faults, service) =>
  Effect.gen(function*() {
    for (const afterActing of [false, true]) {
      yield* faults.inject(FaultInjection.delay("1 second"), { afterActing })
      const fiber = yield* Effect.forkChild(Effect.flip(service.info(id("z"))))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "NotFound")
    }
  }))

const expected: ReadonlyArray<FaultInjection.Call> = [
  { operation: "create", input: { scope: ["read"], expiresIn: Duration.minutes(1) } },
  { operation: "info", id: "a/b" },
  {
    operation: "update",
    id: "x",
    input: { description: "d", client: { id: "c", secret: Redacted.make("s", { label: "client secret" }) } }
  },
  { operation: "regenerate", id: "x" },
  { operation: "delete", id: "x" },
  { operation: "list", range: "id ..; max=1000" }
]

test("calls in memory are recorded, with and without faults", (faults, service) =>
  Effect.gen(function*() {
    yield* faults.inject(FaultInjection.status(503), { times: 3 })
    yield* Effect.ignore(service.create({ scope: ["read"], expiresIn: Duration.minutes(1) }))
    yield* Effect.ignore(service.info(id("a/b")))
    const client = { id: "c", secret: Redacted.make("s", { label: "client secret" }) }
    yield* Effect.ignore(service.update(id("x"), { description: "d", client }))
    yield* service.regenerate(id("x"))
    yield* service.delete(id("x"))
    yield* service.list()
    assert.deepStrictEqual(yield* faults.calls, expected)
    yield* faults.clear
    assert.deepStrictEqual(yield* faults.calls, [])
  }))

it.effect("calls over HTTP are recorded, authorized or not", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* send("POST /oauth/authorizations", { body: `{"scope":["read"],"expires_in":60}` })
    yield* send("GET /oauth/authorizations/a%2Fb", { headers: {} })
    yield* send("PATCH /oauth/authorizations/x", {
      body: `{"description":"d","client":{"id":"c","secret":"s"}}`
    })
    yield* send("POST /oauth/authorizations/x/actions/regenerate-tokens")
    yield* send("DELETE /oauth/authorizations/x")
    yield* list("id ..; max=1000")
    assert.deepStrictEqual(yield* faults.calls, expected)
  }).pipe(Effect.provide(heroku)))

it.effect("recorded calls have no invalid inputs and no requests for other paths", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* send("POST /oauth/authorizations", { body: "{" })
    yield* send("PATCH /oauth/authorizations/x", { body: "{}" })
    yield* send("GET /account/rate-limits")
    yield* send("GET /elsewhere", { headers: defaults })
    assert.deepStrictEqual(yield* faults.calls, [{ operation: "create" }, { operation: "update", id: "x" }])
  }).pipe(Effect.provide(heroku)))

test("calls that were rejected before a request are not recorded", (faults, service) =>
  Effect.gen(function*() {
    yield* Effect.flip(service.update(id("x"), {}))
    yield* Effect.flip(service.list({ pageSize: 0 }))
    assert.deepStrictEqual(yield* faults.calls, [])
  }))

test("a token as an id or in a cursor is rejected before a call", (faults, service) =>
  Effect.gen(function*() {
    const token = AuthorizationId.make("HRKU-1234-abcd", { disableChecks: true })
    const cursor = Cursor.make("id HRKU-1234-abcd..; max=2", { disableChecks: true })
    assert.strictEqual((yield* Effect.flip(service.info(token)))._tag, "InvalidParams")
    assert.strictEqual((yield* Effect.flip(service.list({ cursor })))._tag, "InvalidParams")
    assert.deepStrictEqual(yield* faults.calls, [])
  }))

it.effect("recorded calls and exchanges contain no token of the accounts", () =>
  Effect.gen(function*() {
    const exchanges: Array<FakeHeroku.Exchange> = []
    const layer = FakeHeroku.layerHttpClientWithFaults({
      token: "old-0123",
      accounts: [{ token: Redacted.make("other/9876") }],
      observe: (exchange) => Effect.sync(() => void exchanges.push(exchange))
    })
    yield* Effect.gen(function*() {
      const faults = yield* FaultInjection.FaultInjection
      yield* send("GET /oauth/authorizations/old-0123")
      yield* send("GET /oauth/authorizations/%6Fld-0123")
      yield* send("GET /oauth/authorizations/other%2f9876")
      yield* send("GET /oauth/authorizations/%48RKU-1")
      yield* send("GET /oauth/authorizations/cold-01234")
      yield* list("HRKU-1234")
      yield* list("id old-0123..")
      assert.deepStrictEqual((yield* faults.calls).map(({ id, range }) => id ?? range), [
        "(redacted)",
        "(redacted)",
        "(redacted)",
        "(redacted)",
        "cold-01234",
        "(redacted)",
        "id (redacted).."
      ])
    }).pipe(Effect.provide(layer))
    assert.deepStrictEqual(
      exchanges.map(({ range, target }) =>
        Option.getOrElse(range, () => target.slice("/oauth/authorizations/".length))
      ),
      ["(redacted)", "(redacted)", "(redacted)", "(redacted)", "cold-01234", "(redacted)", "id (redacted).."]
    )
  }))

test("recorded calls print no client secret", (faults, service) =>
  Effect.gen(function*() {
    const client = { id: "c", secret: Redacted.make("the-client-secret") }
    yield* Effect.ignore(service.update(id("x"), { client }))
    for (const value of [faults, yield* faults.calls]) {
      assert.notInclude(inspect(value, { depth: Infinity }), "the-client-secret")
      assert.notInclude(JSON.stringify(value), "the-client-secret")
    }
  }))

type AuthorizationErrorOf<Calls> = Calls[keyof Calls] extends Effect.Effect<unknown, infer E> ? E : never
