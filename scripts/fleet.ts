/**
 * Measures a fleet: four processes, each with 500 reads, of an account in the sandbox with a pool of 600 requests of which
 * 100 come back in a second. What the tests show with fewer reads is here timed: docs/fleets.md has the numbers.
 *
 * Run it with `npx -y pnpm@12 fleet`. It needs Redis at REDIS_URL, else at 127.0.0.1:6379, and the program redis-server.
 */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as RedisRateLimiter from "@effect-heroku/http-node/RedisRateLimiter"
import * as RequestBudget from "@effect-heroku/http-node/RequestBudget"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Fleet from "../packages/http-node/test/fixtures/fleet.ts"
import {
  makePrefix,
  makeRedisServer,
  missingRedis,
  type RedisServer,
  redisUrl
} from "../packages/http-node/test/fixtures/redis.ts"

const fleet = { processes: 4, reads: 500, pool: 600, refillPerMinute: 6000 }
const total = fleet.processes * fleet.reads
const ideal = (total - fleet.pool) / (fleet.refillPerMinute / 60)
const limit = 1.3

const id = AuthorizationId.make("01234567-89ab-cdef-0123-456789abcdef")

const budget = (redis: string) => ({ redis, prefix: makePrefix() })

/** A fleet with a Redis of its own, to which something happens in the middle. */
const withOwnRedis = (midway: (redis: RedisServer) => Effect.Effect<void>) =>
  Effect.gen(function*() {
    const redis = yield* makeRedisServer
    yield* redis.start
    return yield* Fleet.run({ ...fleet, budget: budget(redis.url), midway: midway(redis) })
  }).pipe(Effect.scoped)

const runs: ReadonlyArray<readonly [name: string, run: Effect.Effect<Fleet.Outcome, unknown>]> = [
  ["no budget", Fleet.run(fleet)],
  ["budget in Redis", Fleet.run({ ...fleet, budget: budget(redisUrl) })],
  ["all interactive", Fleet.run({ ...fleet, budget: budget(redisUrl), priority: "interactive" })],
  ["a process killed", Fleet.run({ ...fleet, budget: budget(redisUrl), midway: "kill a process" })],
  [
    "Redis restarted",
    withOwnRedis(({ start, stop }) => stop.pipe(Effect.andThen(Effect.sleep("1 second")), Effect.andThen(start)))
  ],
  [
    "Redis frozen 3 s",
    withOwnRedis(({ freeze, thaw }) => freeze.pipe(Effect.andThen(Effect.sleep("3 seconds")), Effect.andThen(thaw)))
  ]
]

/** How long a request takes when its Redis is stopped or frozen, and how long the one after it. */
const withoutRedis = (harm: (redis: RedisServer) => Effect.Effect<void>) =>
  Effect.gen(function*() {
    const redis = yield* makeRedisServer
    yield* redis.start
    const { info } = yield* Effect.map(
      Layer.build(
        HttpAuthorizationService.layer({ token: Redacted.make("HRKU-fleet") }).pipe(
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
  if (missingRedis !== undefined) return yield* Effect.fail(missingRedis)
  yield* Console.log(`${total} reads by ${fleet.processes} processes; ideal ${ideal.toFixed(1)} s\n`)
  yield* Console.log("run               reads  twice  lost  429s  seconds  x ideal")
  const problems: Array<string> = []
  for (const [name, run] of runs) {
    const { read, seconds, statuses, wanted } = yield* run
    const different = new Set(read)
    const twice = read.length - different.size
    const lost = wanted.filter((id) => !different.has(id)).length
    const refused = statuses.get(429) ?? 0
    const factor = seconds / ideal
    yield* Console.log([
      name.padEnd(16),
      String(different.size).padStart(6),
      String(twice).padStart(6),
      String(lost).padStart(5),
      String(refused).padStart(5),
      seconds.toFixed(1).padStart(8),
      factor.toFixed(2).padStart(8)
    ].join(" "))
    const note = (isWrong: boolean, problem: string) => {
      if (isWrong) problems.push(`${name}: ${problem}`)
    }
    note(twice > 0, `${twice} were read twice`)
    note(lost > 0, `${lost} were lost`)
    if (name === "no budget") continue
    // While Redis is gone no process knows what the others do.
    note(refused > (name.startsWith("Redis") ? fleet.processes : 0), `${refused} were refused`)
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
