import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { makeHandler } from "./web.ts"

const known = "01234567-89ab-cdef-0123-456789abcdef"

/** The handler over an account in memory, and what makes its calls fail. */
const makeTest = Effect.gen(function*() {
  const faults = yield* FaultInjection.make
  const layer = MemoryAuthorizationService.layer({ seed: [{ id: known, description: "laptop", scope: ["read"] }] })
    .pipe(
      Layer.provide(Layer.succeed(FaultInjection.FaultInjection, faults))
    )
  const { dispose, handle } = makeHandler(layer)
  yield* Effect.addFinalizer(() => Effect.promise(dispose))
  const get = (path: string, init?: RequestInit) =>
    Effect.promise(async () => {
      const response = await handle(new Request(`http://localhost${path}`, init))
      return { status: response.status, retryAfter: response.headers.get("retry-after"), body: await response.json() }
    })
  return { faults, get, handle }
})

describe("the web handler", () => {
  it.effect("tells what an authorization is, without its token", () =>
    Effect.gen(function*() {
      const { get } = yield* makeTest
      assert.deepStrictEqual(yield* get(`/authorizations/${known}`), {
        status: 200,
        retryAfter: null,
        body: { id: known, description: "laptop", scope: ["read"] }
      })
    }))

  it.effect.each<[string, number, string]>([
    ["/authorizations/other", 404, "there is none with this id"],
    ["/authorizations", 404, "ask for /authorizations/ID"],
    ["/authorizations/a%0Ab", 400, "this is no id of an authorization"],
    ["/authorizations/%", 400, "this is no id of an authorization"]
  ])("answers %s with %i", ([path, status, error]) =>
    Effect.gen(function*() {
      const { get } = yield* makeTest
      assert.deepStrictEqual(yield* get(path), { status, retryAfter: null, body: { error } })
    }))

  it.effect("does nothing but tell: other methods than GET are refused", () =>
    Effect.gen(function*() {
      const { faults, get } = yield* makeTest
      const refused = yield* get(`/authorizations/${known}`, { method: "DELETE" })
      assert.deepStrictEqual(refused, { status: 405, retryAfter: null, body: { error: "only GET is answered" } })
      assert.isEmpty(yield* faults.calls)
    }))

  it.effect("passes on how long Heroku asks to wait", () =>
    Effect.gen(function*() {
      const { faults, get } = yield* makeTest
      yield* faults.inject(FaultInjection.status(429, { headers: { "Retry-After": "7" } }))
      assert.deepInclude(yield* get(`/authorizations/${known}`), { status: 503, retryAfter: "7" })
    }))

  it.effect("keeps to itself why Heroku refuses", () =>
    Effect.gen(function*() {
      const { faults, get } = yield* makeTest
      yield* faults.inject(FaultInjection.status(401))
      assert.deepInclude(yield* get(`/authorizations/${known}`), {
        status: 502,
        body: { error: "Heroku cannot be asked" }
      })
    }))

  it.effect("gives up when the caller leaves", () =>
    Effect.gen(function*() {
      const { faults, handle } = yield* makeTest
      const gate = yield* faults.hold({ operation: "info" })
      const leaving = new AbortController()
      const answered = handle(new Request(`http://localhost/authorizations/${known}`, { signal: leaving.signal }))
      yield* gate.arrived
      leaving.abort()
      assert.isTrue(Exit.isFailure(yield* Effect.exit(Effect.tryPromise(() => answered))))
    }))
})
