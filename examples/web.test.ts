import { FaultInjection, MemoryAuthorizationService } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Logger } from "effect"
import { makeHandler } from "./web.ts"

const known = "01234567-89ab-cdef-0123-456789abcdef"

/** Creates the handler over an account in memory, whose calls obey `faults` and whose log lines go to `logged`. */
const makeTest = Effect.gen(function*() {
  const context = yield* Layer.build(MemoryAuthorizationService.layerWithFaults({
    seed: [{ id: known, description: "laptop", scope: ["read"] }]
  }))
  const logged: Array<unknown> = []
  const logger = Logger.make(({ message }) => void logged.push(message))
  const { dispose, handle } = makeHandler(Layer.succeedContext(context).pipe(Layer.merge(Logger.layer([logger]))))
  yield* Effect.addFinalizer(() => Effect.promise(dispose))
  const get = (path: string) =>
    Effect.promise(async () => {
      const response = await handle(new Request(`http://localhost${path}`))
      return { status: response.status, retryAfter: response.headers.get("retry-after"), body: await response.json() }
    })
  return { faults: Context.get(context, FaultInjection.FaultInjection), get, handle, logged }
})

it.effect("the web handler returns an authorization without its token", () =>
  Effect.gen(function*() {
    const { get } = yield* makeTest
    assert.deepStrictEqual(yield* get(`/?id=${known}`), {
      status: 200,
      retryAfter: null,
      body: { id: known, description: "laptop", scope: ["read"] }
    })
  }))

it.effect.each<[string, number, string]>([
  ["/?id=other", 404, "no authorization has this id"],
  ["/", 400, "invalid authorization id"],
  ["/?id=a%0Ab", 400, "invalid authorization id"]
])("the web handler responds to %s with %i", ([path, status, error]) =>
  Effect.gen(function*() {
    const { get } = yield* makeTest
    assert.deepStrictEqual(yield* get(path), { status, retryAfter: null, body: { error } })
  }))

it.effect("the web handler passes on the Retry-After of a 429", () =>
  Effect.gen(function*() {
    const { faults, get } = yield* makeTest
    yield* faults.inject(FaultInjection.status(429, { headers: { "Retry-After": "7" } }))
    assert.deepInclude(yield* get(`/?id=${known}`), { status: 503, retryAfter: "7" })
  }))

it.effect("the web handler logs why Heroku rejected the request and does not return it", () =>
  Effect.gen(function*() {
    const { faults, get, logged } = yield* makeTest
    yield* faults.inject(FaultInjection.status(401))
    assert.deepInclude(yield* get(`/?id=${known}`), {
      status: 502,
      body: { error: "request to Heroku failed" }
    })
    assert.include(JSON.stringify(logged), "Unauthorized")
  }))

it.effect("the web handler interrupts its call when the request is aborted", () =>
  Effect.gen(function*() {
    const { faults, handle } = yield* makeTest
    const gate = yield* faults.hold({ operation: "info" })
    const abort = new AbortController()
    const response = handle(new Request(`http://localhost/?id=${known}`, { signal: abort.signal }))
    yield* gate.arrived
    abort.abort()
    assert.isTrue(Exit.isFailure(yield* Effect.exit(Effect.tryPromise(() => response))))
  }))
