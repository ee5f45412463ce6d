/** The options of the fake API. */
import type { Authorization } from "@effect-heroku/core/Authorization"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import { assert, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/testing/TestClock"
import { test } from "../fixtures/fake.ts"
import { idsOf, json, list, send } from "../fixtures/request.ts"

type Wire = typeof Authorization.FromWire.Encoded

test(
  "generated authorizations with tokens have an expired grant",
  { count: 450 },
  () =>
    Effect.gen(function*() {
      const records: ReadonlyArray<Wire> = json(yield* list("id ..; max=1000"))
      const exchanged = records.filter(({ access_token, grant }) => access_token && grant)
      assert.isNotEmpty(exchanged)
      for (const { grant } of exchanged) assert.strictEqual(grant?.expires_in, 0)
    })
)

test("descriptions are returned unchanged, control characters included", {
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

it.effect("observe is called after every exchange", () =>
  Effect.gen(function*() {
    const exchanges: Array<FakeHeroku.Exchange> = []
    const layer = FakeHeroku.layerHttpClientWithFaults({
      latency: "2 seconds",
      observe: (exchange) => Effect.sync(() => exchanges.push(exchange))
    })
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
      exchanges.map(({ duration, method, range, status, target }) => [
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

it.effect("observe and recorded calls contain no token of an old form that was sent as an id", () =>
  Effect.gen(function*() {
    const exchanges: Array<FakeHeroku.Exchange> = []
    const token = "01234567-89ab-cdef-0123-456789abcdef"
    yield* Effect.gen(function*() {
      yield* send(`GET /oauth/authorizations/${token}`)
      yield* send("GET /oauth/authorizations/x")
      const calls = yield* FaultInjection.FaultInjection.use((faults) => faults.calls)
      assert.deepStrictEqual(calls.map(({ id }) => id), ["(redacted)", "x"])
    }).pipe(Effect.provide(FakeHeroku.layerHttpClientWithFaults({
      seed: [{ id: "x", accessToken: token }],
      observe: (exchange) => Effect.sync(() => exchanges.push(exchange))
    })))
    assert.deepStrictEqual(exchanges.map(({ target }) => target), [
      "/oauth/authorizations/(redacted)",
      "/oauth/authorizations/x"
    ])
  }))

test("Last-Modified is the latest update of a page", {
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
  "create accepts expires_in as a string, as the official command line sends it",
  {},
  () =>
    Effect.gen(function*() {
      const body = `{"scope":["read"],"expires_in":"60"}`
      const response = yield* send("POST /oauth/authorizations", { body })
      assert.strictEqual(json(response).access_token.expires_in, 60)
    })
)
test(
  "latency delays the response, not the effect of the request",
  { latency: "2 seconds" },
  () =>
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
    })
)
