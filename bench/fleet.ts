/**
 * Measures fleets: four processes with 500 reads each, of an account of the fake server with a pool of 600 requests, 100 of
 * which come back in a second. docs/fleets.md has the results.
 *
 * Run it with `npx -y pnpm@12 fleet`. It starts its own Redis servers, for which it needs redis-server.
 */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as RedisRateLimiter from "@effect-heroku/http-node/RedisRateLimiter"
import * as RequestBudget from "@effect-heroku/http-node/RequestBudget"
import { isRedisMissing, makePrefix, type RedisServer, startRedis } from "@effect-heroku/test-kit/redis"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Fleet from "../packages/http-node/test/fixtures/fleet.ts"
const fleet = { processes: 4, reads: 500, pool: 600, refillPerMinute: 6000 }
const total = fleet.processes * fleet.reads
const ideal = (total - fleet.pool) / (fleet.refillPerMinute / 60)
const limit = 1.15

const id = AuthorizationId.make("01234567-89ab-cdef-0123-456789abcdef")

/** Runs a fleet with a budget in a Redis of its own. */
const withBudget = (options: (redis: RedisServer) => Partial<Fleet.Options> = () => ({})) =>
  Effect.scoped(
    Effect.flatMap(startRedis, (redis) =>
      Fleet.run({ ...fleet, budget: { redis: redis.url, prefix: makePrefix() }, ...options(redis) }))
  )

const runs: ReadonlyArray<readonly [name: string, run: Effect.Effect<Fleet.Outcome, unknown>]> = [
  ["no budget", Fleet.run(fleet)],
  ["budget in Redis", withBudget()],
  ["all interactive", withBudget(() => ({ priority: "interactive" }))],
  ["a process killed", withBudget(() => ({ midway: "kill a process" }))],
  [
    "Redis restarted",
    withBudget(({ start, stop }) => ({
      midway: stop.pipe(Effect.andThen(Effect.sleep("1 second")), Effect.andThen(start))
    }))
  ],
  [
    "Redis frozen 3 s",
    withBudget(({ freeze, thaw }) => ({
      midway: freeze.pipe(Effect.andThen(Effect.sleep("3 seconds")), Effect.andThen(thaw))
    }))
  ]
]

/** Measures a request before Redis is stopped or frozen, the first one after that, and the next. */
const withoutRedis = (harm: (redis: RedisServer) => Effect.Effect<void>) =>
  Effect.gen(function*() {
    const redis = yield* startRedis
    const { info } = yield* Effect.map(
      Layer.build(
        HttpAuthorizationService.layerBudgeted({ token: Redacted.make("HRKU-fleet") }).pipe(
          Layer.provide(FakeHeroku.layerHttpClient({ seed: [{ id, scope: ["read"] }] })),
          Layer.provide(RequestBudget.layer()),
          Layer.provide(RedisRateLimiter.layer({ url: Redacted.make(redis.url) }))
        )
      ),
      Context.get(AuthorizationService)
    )
    const timed = Effect.map(Effect.timed(info(id)), ([duration]) => Duration.toMillis(duration))
    const before = yield* Effect.andThen(timed, timed)
    yield* harm(redis)
    const times = [before, yield* timed, yield* timed]
    yield* redis.thaw
    return times.map((time) => `${time.toFixed(1)} ms`.padStart(9)).join(" ")
  }).pipe(Effect.scoped, Effect.provideService(References.MinimumLogLevel, "Error"))

const program = Effect.gen(function*() {
  if (isRedisMissing) return yield* Effect.fail("redis-server is not installed")
  yield* Console.log(`${total} reads by ${fleet.processes} processes; ideal ${ideal.toFixed(1)} s\n`)
  yield* Console.log("run               reads  twice  lost  429s  seconds  x ideal")
  const problems: Array<string> = []
  for (const [name, run] of runs) {
    const { read, seconds, statuses, wanted } = yield* run
    const different = new Set(read)
    const twice = read.length - different.size
    const lost = wanted.filter((id) => !different.has(id)).length
    const rejected = statuses.get(429) ?? 0
    const factor = seconds / ideal
    yield* Console.log([
      name.padEnd(16),
      String(different.size).padStart(6),
      String(twice).padStart(6),
      String(lost).padStart(5),
      String(rejected).padStart(5),
      seconds.toFixed(1).padStart(8),
      factor.toFixed(2).padStart(8)
    ].join(" "))
    const note = (isWrong: boolean, problem: string) => {
      if (isWrong) problems.push(`${name}: ${problem}`)
    }
    note(twice > 0, `${twice} were read twice`)
    note(lost > 0, `${lost} were lost`)
    if (name === "no budget") continue
    note(rejected > 0, `${rejected} were rejected`)
    note(factor > limit, `more than ${limit} times the ideal`)
  }
  yield* Console.log("\na request           before     first    second")
  yield* Console.log(`Redis stopped    ${yield* withoutRedis(({ stop }) => stop)}`)
  yield* Console.log(`Redis frozen     ${yield* withoutRedis(({ freeze }) => freeze)}`)
  if (problems.length > 0) return yield* Effect.fail(problems.join("\n"))
})

await Effect.runPromise(
  program.pipe(
    Effect.catch((problem) =>
      Effect.andThen(
        Console.error(problem),
        Effect.sync(() => {
          process.exitCode = 1
        })
      )
    )
  )
)
