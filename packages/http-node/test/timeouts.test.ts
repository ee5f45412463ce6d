/** `requestTimeout` and `timeout`: when each ends a call, and whether the outcome is then known. */
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import { operations } from "@effect-heroku/test-kit/operations"
import { chunkedBody, ok, scriptedClient, status } from "@effect-heroku/test-kit/scriptedClient"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { vi } from "vitest"
import { RequestBudget } from "../src/internal/budget/service.ts"
import { failureOf, layerOver, noRetry, token } from "./fixtures/liveService.ts"

const noResponse = () => Effect.never

describe("requestTimeout", () => {
  it.effect.each([["no response", noResponse], ["a body that does not end", chunkedBody([], "stall")]] as const)(
    "requestTimeout ends a request with %s, and not before",
    ([, reply]) =>
      Effect.gen(function*() {
        const client = scriptedClient(reply)
        const fiber = yield* Effect.forkChild(
          failureOf(operations.delete, client, { ...noRetry, requestTimeout: "5 seconds" })
        )
        yield* TestClock.adjust(4999)
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust(1)
        const error = yield* Fiber.join(fiber)
        assert(error._tag === "RequestFailed")
        assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["timeout", true])
        assert.strictEqual(error.message, "No complete response within 5 seconds")
      })
  )

  it.effect.each([[30_000, 5000], [4000, 2000]] as const)(
    "with a requestTimeout of %i ms, an error response that stalls is read for %i ms",
    ([requestTimeout, wait]) =>
      Effect.gen(function*() {
        const client = scriptedClient(chunkedBody(["half of "], "stall", { status: 503 }))
        const fiber = yield* Effect.forkChild(failureOf(operations.info, client, { ...noRetry, requestTimeout }))
        yield* TestClock.adjust(wait - 1)
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust(1)
        assert.strictEqual((yield* Fiber.join(fiber))._tag, "UnexpectedStatus")
      })
  )

  it.live.each<Duration.Input>(["30 days", Duration.infinity])(
    "a requestTimeout of %s, longer than a timer can wait, does not end a request at once",
    (requestTimeout) =>
      Effect.gen(function*() {
        vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
        yield* Effect.addFinalizer(() => Effect.sync(() => vi.useRealTimers()))
        const client = scriptedClient(noResponse)
        const fiber = yield* Effect.forkChild(failureOf(operations.info, client, { ...noRetry, requestTimeout }))
        while (client.sent.length === 0) yield* Effect.yieldNow
        vi.advanceTimersByTime(1000)
        yield* Effect.yieldNow
        assert.isUndefined(fiber.pollUnsafe())
        yield* Fiber.interrupt(fiber)
      })
  )
})

describe("timeout", () => {
  /** Waits out a timeout of 20 seconds, and returns whether the outcome of the call is unknown. */
  const outcomeUnknown = (layer: ReturnType<typeof layerOver>) =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Effect.flip(Effect.provide(operations.create, layer)))
      yield* TestClock.adjust("20 seconds")
      const error = yield* Fiber.join(fiber)
      assert(error._tag === "RequestFailed")
      assert.strictEqual(error.reason, "timeout")
      return error.outcomeUnknown
    })
  const timeout = "20 seconds"

  it.effect("a timeout while a call waits after a 429 leaves the outcome known", () =>
    Effect.gen(function*() {
      const client = scriptedClient(status(429, { "Retry-After": "50" }))
      assert.isFalse(yield* outcomeUnknown(layerOver(client, { timeout })))
    }))

  it.effect("a timeout while a call waits for its first permit sends nothing, so the outcome is known", () =>
    Effect.gen(function*() {
      const client = scriptedClient(ok)
      const never = { take: () => Effect.never, learn: () => Effect.void }
      const budget = Layer.succeed(RequestBudget, { forToken: () => never })
      const layer = HttpAuthorizationService.layerBudgeted({ token, timeout })
      assert.isFalse(yield* outcomeUnknown(Layer.provide(layer, [client.layer, budget])))
      assert.isEmpty(client.sent)
    }))

  it.effect("a timeout while a request is in flight leaves the outcome unknown", () =>
    Effect.gen(function*() {
      const client = scriptedClient(status(429, { "Retry-After": "5" }))
      const transformClient = (client: HttpClient.HttpClient) =>
        HttpClient.transform(client, (send) => Effect.andThen(Effect.sleep("12 seconds"), send))
      assert.isTrue(yield* outcomeUnknown(layerOver(client, { timeout, transformClient })))
    }))

  it.effect("a timeout ends a call with all its attempts", () =>
    Effect.gen(function*() {
      const client = scriptedClient(status(503, { "Retry-After": "50" }))
      const fiber = yield* Effect.forkChild(failureOf(operations.update, client, { timeout: "70 seconds" }))
      yield* TestClock.adjust("69 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(fiber)
      assert(error._tag === "RequestFailed")
      assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["timeout", true])
      assert.strictEqual(error.message, "No complete response within 70 seconds")
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(client.sent, 2)
    }))
})
