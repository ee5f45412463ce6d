/**
 * Several processes, one account, and Redis between them. The sandbox has a pool of 200 requests of which 100 come back in
 * a second; `pnpm fleet` does the same with more, and measures the time.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fleet from "./fixtures/fleet.ts"
import { makePrefix, makeRedisServer, missingRedis, redisUrl } from "./fixtures/redis.ts"

const fleet = { processes: 4, reads: 150, pool: 200, refillPerMinute: 6000 }

/** Nothing is lost, and nothing is done twice. */
const assertComplete = ({ read, wanted }: Fleet.Outcome) => {
  assert.lengthOf(read, wanted.length)
  assert.deepStrictEqual(read.toSorted(), wanted.toSorted())
}

const refusals = ({ statuses }: Fleet.Outcome) => statuses.get(429) ?? 0

const note = missingRedis === undefined ? "" : ` (skipped: ${missingRedis})`

describe.skipIf(missingRedis !== undefined)(`a fleet${note}`, () => {
  it.live("is refused many times where each process knows only of itself", () =>
    Effect.gen(function*() {
      // A smaller pool, so that a slow machine uses it up as well.
      const outcome = yield* Fleet.run({ ...fleet, pool: 50 })
      assertComplete(outcome)
      assert.isAtLeast(refusals(outcome), 5)
    }), 120_000)

  it.live("is never refused with a budget in Redis", () =>
    Effect.gen(function*() {
      const outcome = yield* Fleet.run({ ...fleet, budget: { redis: redisUrl, prefix: makePrefix() } })
      assertComplete(outcome)
      assert.deepStrictEqual(Array.from(outcome.statuses), [[200, fleet.processes * fleet.reads]])
      assert.strictEqual(outcome.log, "")
    }), 120_000)

  it.live(
    "is never refused when all of it is interactive, and nothing is left in reserve",
    () =>
      Effect.gen(function*() {
        const budget = { redis: redisUrl, prefix: makePrefix() }
        const outcome = yield* Fleet.run({ ...fleet, budget, priority: "interactive" })
        assertComplete(outcome)
        assert.deepStrictEqual(Array.from(outcome.statuses), [[200, fleet.processes * fleet.reads]])
      }),
    120_000
  )

  it.live(
    "goes on when a process is killed: others read what it has left, and are not refused",
    () =>
      Effect.gen(function*() {
        const outcome = yield* Fleet.run({
          ...fleet,
          budget: { redis: redisUrl, prefix: makePrefix() },
          midway: "kill a process"
        })
        assertComplete(outcome)
        assert.strictEqual(refusals(outcome), 0)
      }),
    120_000
  )

  it.live("goes on without Redis, and with it again when it comes back empty", () =>
    Effect.gen(function*() {
      const redis = yield* makeRedisServer
      yield* redis.start
      const outcome = yield* Fleet.run({
        ...fleet,
        budget: { redis: redis.url, prefix: makePrefix() },
        midway: Effect.gen(function*() {
          yield* redis.stop
          yield* Effect.sleep("500 millis")
          yield* redis.start
        })
      })
      assertComplete(outcome)
      assert.isAtMost(refusals(outcome), fleet.processes)
      const warnings = outcome.log.split("is out of reach").length - 1
      assert.isTrue(warnings >= 1 && warnings <= fleet.processes, outcome.log)
      assert.include(outcome.log, "answers again")
    }), 120_000)
})
