/** An interrupted request loses nothing that it took from the store, whichever response it was waiting for. */
import type * as RequestBudget from "@effect-heroku/http-node/RequestBudget"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { levelOf, makeAccount, makeSlow, take, takeAll, times } from "./support.ts"

const pass = (count: number) => Effect.forEach(times(count), () => TestClock.adjust("1 second"), { discard: true })

describe("interruption", () => {
  it.effect.each<[RequestBudget.Priority, granted: number, after: number]>([
    ["interactive", 0, 50],
    ["bulk", 0, 50],
    ["bulk", 5, 50],
    ["bulk", 5, 150]
  ])(
    "RequestBudget gives back the permit of an interrupted request (%s, after %d others, interrupted after %d ms)",
    ([priority, granted, after]) =>
      Effect.gen(function*() {
        const { limiter, state } = yield* makeSlow
        const account = yield* makeAccount(limiter, { pool: 10, refillPerMinute: 0.001, reserve: 4, maxWait: 1 })
        yield* Effect.forEach(times(granted), () => take(account, priority))
        state.delay = 100
        const request = yield* Effect.forkChild(take(account, priority))
        yield* TestClock.adjust(after)
        yield* Fiber.interrupt(request)
        yield* TestClock.adjust("1 second")
        state.delay = 0
        assert.strictEqual((yield* takeAll(account))[0], 9 - granted)
      })
  )

  it.effect("RequestBudget does not delay the interruption of a request while the store hangs", () =>
    Effect.gen(function*() {
      const { limiter, state } = yield* makeSlow
      state.delay = Infinity
      const request = yield* Effect.forkChild(take(yield* makeAccount(limiter)))
      yield* TestClock.adjust(100)
      const interruption = yield* Effect.forkChild(Fiber.interrupt(request))
      yield* TestClock.adjust(0)
      assert.isDefined(interruption.pollUnsafe())
    }))

  it.effect.each([50, 150])(
    "RequestBudget leaves the share of bulk to another process when the request that claims it is interrupted after %d ms",
    (after) =>
      Effect.gen(function*() {
        const { limiter, state } = yield* makeSlow
        const options = { pool: 40, refillPerMinute: 60, reserve: 30 }
        const [one, other] = [yield* makeAccount(limiter, options), yield* makeAccount(limiter, options)]
        yield* Effect.forEach(times(37), () => take(one))
        const interrupted = yield* Effect.forkChild(take(one, "bulk"))
        yield* TestClock.adjust("500 millis")
        const granted = yield* Effect.forkChild(take(other, "bulk"))
        yield* pass(9)
        state.delay = 100
        yield* TestClock.adjust(501 + after)
        yield* Fiber.interrupt(interrupted)
        yield* TestClock.adjust(300 - after)
        state.delay = 0
        assert.isUndefined(granted.pollUnsafe())
        assert.strictEqual(yield* levelOf(limiter, 39), 12)
        yield* pass(2)
        assert.isDefined(granted.pollUnsafe())
      })
  )
})
