/**
 * Four processes, one account, and a Redis between them. The fake server has a pool of 200 requests, 100 of which come back
 * in a second; `pnpm fleet` does the same with more requests, and measures the time.
 */
import { isRedisMissing, makePrefix, type RedisServer, skipNote, startRedis } from "@effect-heroku/test-kit/redis"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fleet from "../fixtures/fleet.ts"

const fleet = { processes: 4, reads: 150, pool: 200, refillPerMinute: 6000 }

/** Runs a fleet with a budget in a Redis of its own. */
const run = (options: (redis: RedisServer) => Partial<Fleet.Options>) =>
  Effect.gen(function*() {
    const redis = yield* startRedis
    const outcome = yield* Fleet.run({
      ...fleet,
      // A busy machine is no outage.
      storeTimeout: 20_000,
      budget: { redis: redis.url, prefix: makePrefix() },
      ...options(redis)
    })
    assertComplete(outcome)
    return outcome
  })

/** Asserts that every authorization was read, and none twice. */
const assertComplete = ({ read, wanted }: Fleet.Outcome) => {
  assert.lengthOf(read, wanted.length)
  assert.deepStrictEqual(read.toSorted(), wanted.toSorted())
}

const rejections = ({ statuses }: Fleet.Outcome) => statuses.get(429) ?? 0

describe.skipIf(isRedisMissing)(`a fleet${skipNote}`, () => {
  it.live.each(["bulk", "interactive"] as const)(
    "a fleet with a budget in Redis is never rejected when all requests are %s",
    (priority) =>
      Effect.gen(function*() {
        const outcome = yield* run(() => ({ priority }))
        assert.deepStrictEqual(Array.from(outcome.statuses), [[200, fleet.processes * fleet.reads]])
        assert.strictEqual(outcome.log, "")
      }),
    120_000
  )

  it.live(
    "a fleet is never rejected when a process is killed and another reads the rest",
    () =>
      Effect.gen(function*() {
        assert.strictEqual(rejections(yield* run(() => ({ midway: "kill a process" }))), 0)
      }),
    120_000
  )

  it.live(
    "a fleet continues without Redis, with one warning a process, and with it when it comes back empty",
    () =>
      Effect.gen(function*() {
        const outcome = yield* run(({ start, stop }) => ({
          midway: stop.pipe(Effect.andThen(Effect.sleep("500 millis")), Effect.andThen(start))
        }))
        assert.isAtMost(rejections(outcome), fleet.processes)
        const warnings = outcome.log.split("is unavailable").length - 1
        assert.isTrue(warnings >= 1 && warnings <= fleet.processes, outcome.log)
      }),
    120_000
  )
})
