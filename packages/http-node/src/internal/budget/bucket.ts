/** The token bucket of an account: Heroku's responses lower it, and nothing but time raises it. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type * as RateLimiter from "effect/persistence/RateLimiter"
import * as Telemetry from "../telemetry.ts"
import type { Consume } from "./fallbackRateLimiter.ts"
import type { Settings } from "./options.ts"
import type { Priority, RateLimitResponse } from "./service.ts"
import { now } from "./time.ts"

export type Bucket = ReturnType<typeof make>

/** Makes the bucket of an account, which is the hash of its token. Waits are in milliseconds, and 0 means none. */
export const make = (account: string, consumeTokens: Consume, { capacity, interval, pool, reserve }: Settings) => {
  const key = `heroku:${account}`
  const name = account.slice(0, 8)
  /** Bulk requests get at least one permit in ten. */
  const shareInterval = 10 * interval

  /** How many whole requests were left at most at a time, as far as this process knows. */
  let ceiling = { count: pool - 1, at: 0 }
  const ceilingAt = (time: number) => Math.min(pool - 1, ceiling.count + (time - ceiling.at) / interval)
  const lowerCeiling = (count: number, at: number) => {
    if (count < ceilingAt(at)) ceiling = { count, at }
  }
  const countRequest = Effect.map(now, (time) => lowerCeiling(ceilingAt(time) - 1, time))

  const bucket = { algorithm: "token-bucket", key, limit: capacity, window: capacity * interval } as const
  const consume = (tokens: number, onExceeded: "delay" | "fail", isRequest = false) =>
    consumeTokens({ ...bucket, tokens, onExceeded }, isRequest)
  const giveBack = consume(-1, "delay", true)

  /** Claims what one process may do once in a while: returns the wait until it can be claimed again. */
  const claim = (what: string, window: number) =>
    orWait(Effect.as(consumeTokens({ algorithm: "fixed-window", key: `${key}:${what}`, limit: 1, window }, false), 0))

  /**
   * Lowers the bucket to a count. Many requests notice the same surplus at once: one of them claims the correction, and
   * consumes the surplus only if the bucket still holds it. What the bucket never held, the pause of a 429, becomes a debt.
   */
  const correct = Effect.fnUntraced(function*(reason: "estimate" | "rejection", count: number) {
    if ((yield* claim(reason, 1000)) > 0) return
    const lower = Effect.gen(function*() {
      const { remaining } = yield* consume(0, "delay")
      const surplus = remaining - Math.floor(count)
      if (surplus <= 0) return
      const held = Math.min(surplus, Math.max(0, remaining))
      if (held > 0) yield* consume(held, "fail")
      if (surplus > held) yield* consume(surplus - held, "delay")
      yield* Metric.update(Metric.withAttributes(Telemetry.budgetCorrections, { account: name }), surplus)
      yield* Effect.logDebug(`Account ${name} has ${surplus} requests less than its budget assumed`)
    })
    yield* orWait(Effect.retry(lower, { times: 4, while: ({ reason }) => reason._tag === "RateLimitExceeded" }))
  })

  return {
    name,
    shareInterval,

    /** Takes a permit, or returns the wait until there is one. */
    take: Effect.fnUntraced(function*(priority: Priority) {
      const left = priority === "bulk" ? reserve : 0
      const taken = yield* orWait(consume(1, "fail", true))
      if (typeof taken === "number") return taken + left * interval
      const known = ceilingAt(yield* now)
      // The bucket can hold too much: others use the account too, and a store that lost its data starts with a full bucket.
      // It may be one ahead, because a part of a request may have come back.
      const isAhead = taken.remaining > known
      const wait = isAhead
        ? (left + 1 - known) * interval
        : Duration.toMillis(taken.resetAfter) - (capacity - left) * interval
      yield* wait > 0 ? giveBack : countRequest
      if (isAhead) yield* correct("estimate", wait > 0 ? known : known - 1)
      return Math.max(0, wait)
    }),

    /** Claims the share of bulk requests and waits for its permit, or returns the wait until it can be claimed. */
    takeShare: Effect.gen(function*() {
      const wait = yield* claim("bulk", shareInterval)
      if (wait > 0) return wait
      const { delay } = yield* consume(1, "delay", true)
      yield* Effect.onInterrupt(Effect.sleep(delay), () => Effect.ignore(giveBack))
      yield* countRequest
      return 0
    }),

    /** Learns from a response how many requests are left. */
    learn: Effect.fnUntraced(function*({ remaining, retryAfter, sentAt, status }: RateLimitResponse) {
      const time = yield* now
      if (Option.isSome(remaining)) {
        yield* Metric.update(Metric.withAttributes(Telemetry.budgetRemaining, { account: name }), remaining.value)
        const age = Math.max(0, (yield* Clock.currentTimeMillis) - sentAt)
        lowerCeiling(remaining.value + age / interval, time)
      }
      if (status !== 429) return
      // No pause is longer than the whole pool takes to come back.
      const pause = Math.min(Duration.toMillis(Option.getOrElse(retryAfter, () => Duration.zero)), pool * interval)
      lowerCeiling(-pause / interval, time)
      const seconds = Math.ceil(pause / 1000)
      yield* Effect.logDebug(`Account ${name} is over its rate limit: its requests wait ${seconds} s or longer`)
      yield* correct("rejection", ceilingAt(time))
    }, (learning) => Effect.ignore(learning))
  }
}

/** Returns the wait where a limit is exceeded. */
const orWait = <A>(consumed: Effect.Effect<A, RateLimiter.RateLimiterError>) =>
  Effect.catchReason(
    consumed,
    "RateLimiterError",
    "RateLimitExceeded",
    ({ retryAfter }) => Effect.succeed(Duration.toMillis(retryAfter))
  )
