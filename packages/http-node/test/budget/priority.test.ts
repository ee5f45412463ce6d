/** Interactive requests go first, and bulk requests get a share all the same. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { makeAccount, makeLimiter, seconds, take, times } from "./support.ts"

describe("the share of bulk requests", () => {
  it.effect.each([0, 4])(
    "RequestBudget grants bulk one permit in ten while interactive requests always wait (reserve %d)",
    (reserve) =>
      Effect.gen(function*() {
        const account = yield* makeAccount(yield* makeLimiter, { pool: 20, refillPerMinute: 60, reserve })
        const granted = { interactive: 0, bulk: 0 }
        const load = (priority: "interactive" | "bulk", count: number) =>
          Effect.forEach(times(count), () =>
            Effect.forkChild(Effect.forever(
              Effect.tap(take(account, priority), () => Effect.sync(() => granted[priority]++))
            )))
        yield* load("interactive", 5)
        yield* load("bulk", 2)
        yield* TestClock.adjust("30 seconds")
        const before = { ...granted }
        for (let second = 0; second < 100; second++) yield* TestClock.adjust("1 second")
        assert.approximately(granted.bulk - before.bulk, 10, 1)
        assert.approximately(granted.interactive - before.interactive, 90, 2)
      })
  )

  it.effect("RequestBudget grants bulk a share when another process spends all that comes back", () =>
    Effect.gen(function*() {
      const limiter = yield* makeLimiter
      const options = { pool: 20, refillPerMinute: 60, reserve: 5 }
      const [one, other] = [yield* makeAccount(limiter, options), yield* makeAccount(limiter, options)]
      // Nothing waits in either process: the interactive load is what the pool gives, and no more.
      yield* Effect.forkChild(Effect.forever(Effect.andThen(take(one), Effect.sleep("1 second"))))
      yield* Effect.forEach(times(14), () => take(one))
      const at: Array<number> = []
      yield* Effect.forkChild(
        Effect.forever(Effect.andThen(take(other, "bulk"), Effect.map(seconds, (now) => at.push(now))))
      )
      for (let second = 0; second < 60; second++) yield* TestClock.adjust("1 second")
      assert.isAtLeast(at.length, 3)
    }))
})
