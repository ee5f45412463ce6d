/** The options of the request budget, their defaults and their limits. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { toDuration } from "../options.ts"

/** The rate limit of an account, and how it is shared. The defaults are Heroku's numbers. */
export interface Options {
  /** How many requests an account can send at once. By default 4500. */
  readonly pool?: number | undefined
  /** How many requests come back in a minute. By default 75. */
  readonly refillPerMinute?: number | undefined
  /** How many requests bulk work leaves to interactive work. By default one minute's refill, at most a tenth of the pool. */
  readonly reserve?: number | undefined
  /** How long a request may wait; one that would wait longer fails at once with `RateLimited`. By default 2 minutes. */
  readonly maxWait?: Duration.Input | undefined
  /** How long the store may take to respond before it counts as unavailable. By default 400 ms. */
  readonly storeTimeout?: Duration.Input | undefined
  /**
   * What happens while the store is unavailable: `"local"`, the default, uses a budget of this process alone; `"fail"`
   * fails requests with `RequestFailed` and reason `request`, and sends nothing.
   */
  readonly withoutStore?: "local" | "fail" | undefined
  /**
   * The share of the pool that this process may use while the store is unavailable, above 0 to 1. By default 1, which is
   * right for one process; for several it is one divided by their number.
   */
  readonly localShare?: number | undefined
}

/** The options with every default filled in. */
export type Settings = Effect.Success<ReturnType<typeof resolve>>

/** Fills in the defaults. An invalid option is a defect that names it. */
export const resolve = (options: Options) => {
  const { localShare = 1, pool = 4500, refillPerMinute = 75, withoutStore = "local" } = options
  const { reserve = Math.floor(Math.min(refillPerMinute, pool / 10)) } = options
  const maxWaitMillis = Duration.toMillis(toDuration(options.maxWait, Duration.minutes(2)))
  const storeTimeoutMillis = Duration.toMillis(toDuration(options.storeTimeout, Duration.millis(400)))
  const checks: ReadonlyArray<readonly [option: keyof Options, isValid: boolean, requirement: string]> = [
    ["pool", Number.isInteger(pool) && pool >= 1, "an integer of at least 1"],
    ["refillPerMinute", refillPerMinute > 0 && refillPerMinute < Infinity, "a finite number above 0"],
    ["reserve", Number.isInteger(reserve) && reserve >= 0 && reserve < pool, "an integer from 0 to pool - 1"],
    ["localShare", localShare > 0 && localShare <= 1, "a number above 0 and at most 1"],
    ["withoutStore", withoutStore === "local" || withoutStore === "fail", "\"local\" or \"fail\""],
    ["maxWait", maxWaitMillis >= 0, "a duration of at least 0"],
    ["storeTimeout", storeTimeoutMillis >= 0, "a duration of at least 0"]
  ]
  for (const [option, isValid, requirement] of checks) {
    if (!isValid) return Effect.die(new RangeError(`RequestBudget: \`${option}\` must be ${requirement}`))
  }
  // A bucket refills from the moment a permit is taken, Heroku's pool from the arrival of the request. The margin is what
  // comes back in between, in half a second.
  const capacity = Math.max(reserve + 1, pool - Math.ceil(refillPerMinute / 120))
  /** The milliseconds until one request comes back. */
  const intervalMillis = 60_000 / refillPerMinute
  const durations = { intervalMillis, maxWaitMillis, storeTimeoutMillis }
  return Effect.succeed({ capacity, localShare, pool, reserve, withoutStore, ...durations })
}
