/** `withRetry` and `withTimeout`: the retries and the timeout of single calls. */
import { AuthorizationService, withRetry, withTimeout } from "@effect-heroku/core/AuthorizationService"
import { operations } from "@effect-heroku/test-kit/operations"
import { ok, scriptedClient, status } from "@effect-heroku/test-kit/scriptedClient"
import { whileTimePasses } from "@effect-heroku/test-kit/testTime"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { failureOf, layerOver, run } from "./fixtures/liveService.ts"

const { create, delete: remove, info } = operations
const stream = AuthorizationService.use((service) => Stream.runDrain(service.stream()))

describe("withRetry", () => {
  it.effect("withRetry changes the number of retries of the calls inside it, and of no others", () =>
    Effect.gen(function*() {
      for (const [times, call] of [[0, info], [1, remove], [5, stream]] as const) {
        const client = scriptedClient(status(503))
        const calls = Effect.all([withRetry({ times })(call), call].map(Effect.flip))
        yield* whileTimePasses(run(calls, client))
        assert.lengthOf(client.sent, 1 + times + 4)
      }
    }))

  it.effect("withRetry keeps options that it does not name, of an outer withRetry and of the layer", () =>
    Effect.gen(function*() {
      const client = scriptedClient(status(503))
      const call = info.pipe(withRetry({ baseDelay: "1 minute" }), withRetry({ times: 1, baseDelay: 0 }))
      yield* Effect.forkChild(failureOf(call, client, { retry: { times: 9, maxDelay: "10 seconds" } }))
      yield* TestClock.adjust("9 seconds")
      assert.lengthOf(client.sent, 1)
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(client.sent, 2)
    }))
})

describe("withTimeout", () => {
  it.effect("withTimeout ends the calls inside it, and no others", () =>
    Effect.gen(function*() {
      const client = scriptedClient(() => Effect.never)
      const layer = layerOver(client, { requestTimeout: "1 hour" })
      const fiber = yield* Effect.forkChild(Effect.flip(withTimeout("5 seconds")(stream)).pipe(Effect.provide(layer)))
      const other = yield* Effect.forkChild(Effect.flip(info).pipe(Effect.provide(layer)))
      yield* TestClock.adjust("5 seconds")
      const error = yield* Fiber.join(fiber)
      assert(error._tag === "RequestFailed")
      assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["timeout", false])
      assert.isUndefined(other.pollUnsafe())
    }))

  it.effect.each([["5 seconds", "20 seconds"], ["20 seconds", "5 seconds"]] as const)(
    "withTimeout of %s takes precedence over a timeout of %s",
    ([inner, outer]) =>
      Effect.gen(function*() {
        const client = scriptedClient(() => Effect.never)
        const fiber = yield* Effect.forkChild(failureOf(withTimeout(inner)(info), client, { timeout: outer }))
        yield* TestClock.adjust("20 seconds")
        assert.include((yield* Fiber.join(fiber)).message, `within ${inner}`)
      })
  )

  it.effect.each([["a request is in flight", true], ["the call waits after a 429", false]] as const)(
    "when withTimeout ends a create while %s, its outcomeUnknown is %s",
    ([name, outcomeUnknown]) =>
      Effect.gen(function*() {
        const reply = name === "a request is in flight" ? () => Effect.never : status(429, { "Retry-After": "30" })
        const fiber = yield* Effect.forkChild(failureOf(withTimeout("5 seconds")(create), scriptedClient(reply)))
        yield* TestClock.adjust("5 seconds")
        assert.strictEqual((yield* Fiber.join(fiber)).outcomeUnknown, outcomeUnknown)
      })
  )
})

describe("invalid options of calls", () => {
  it.effect.each(
    [
      ["retry.times", withRetry({ times: -1 })],
      ["retry.baseDelay", withRetry({ baseDelay: "soon" as never })],
      ["retry.maxDelay", withRetry({ maxDelay: NaN })],
      ["timeout", withTimeout(0)],
      ["timeout", withTimeout(NaN)]
    ] as const
  )(
    "a call with an invalid %s fails with InvalidParams before any request",
    ([field, change]) =>
      Effect.gen(function*() {
        const client = scriptedClient(ok)
        const error = yield* failureOf(change(info), client)
        assert(error._tag === "InvalidParams")
        assert.deepStrictEqual(error.field, Option.some(field))
        assert.isEmpty(client.sent)
      })
  )
})
