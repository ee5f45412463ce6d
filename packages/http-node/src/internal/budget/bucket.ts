/** The token bucket of an account: Heroku's responses lower it, and nothing but time raises it. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type * as RateLimiter from "effect/persistence/RateLimiter"
import type { Consume } from "./fallbackRateLimiter.ts"
import * as Metrics from "./metrics.ts"
import type { Settings } from "./options.ts"
import type { Priority, RateLimitResponse } from "./service.ts"
import { nowMillis } from "./time.ts"

export type Bucket = ReturnType<typeof make>

/** Creates the bucket of an account, which is the hash of its token. */
export const make = (account: string, consume: Consume, settings: Settings) => {
  const { capacity, intervalMillis, localShare, pool, reserve } = settings
  const name = account.slice(0, 8)
  const key = `heroku:${account}`
  const bucket = { algorithm: "token-bucket", key, limit: capacity, window: capacity * intervalMillis } as const
  /** While there is no store, a permit also stands for those of the other processes. */
  const permit = { ...bucket, tokens: 1, localTokens: Math.min(1 / localShare, capacity) }
  const giveBack = consume({ ...permit, tokens: -1, localTokens: -permit.localTokens, onExceeded: "delay" })
  /** One process may consume this in a window. */
  const claimOf = (what: string, window: number) =>
    ({ algorithm: "fixed-window", key: `${key}:${what}`, limit: 1, window }) as const
  /** Bulk requests get at least one permit in ten. */
  const share = claimOf("bulk", 10 * intervalMillis)

  /** How many permits are left at most, as far as this process knows. */
  let ceiling = { permits: pool - 1, atMillis: 0 }
  const ceilingAt = (millis: number) =>
    Math.min(pool - 1, ceiling.permits + (millis - ceiling.atMillis) / intervalMillis)
  const updateCeiling = (update: (permits: number) => number) =>
    Effect.map(nowMillis, (atMillis) => {
      ceiling = { permits: update(ceilingAt(atMillis)), atMillis }
      return ceiling.permits
    })
  const countRequest = updateCeiling((permits) => permits - 1)
  const giveBackCounted = Effect.andThen(giveBack, updateCeiling((permits) => permits + 1))

  /** Consumes what the bucket holds above a count. What it never held, the pause of a 429, becomes a debt. */
  const lowerTo = Effect.fnUntraced(function*(permits: number) {
    const { remaining } = yield* consume({ ...bucket, tokens: 0, onExceeded: "delay" })
    const surplus = remaining - Math.floor(permits)
    if (surplus <= 0) return
    const held = Math.min(surplus, Math.max(0, remaining))
    // Exceeded if another request has just consumed the surplus.
    if (held > 0) yield* consume({ ...bucket, tokens: held })
    if (surplus > held) yield* consume({ ...bucket, tokens: surplus - held, onExceeded: "delay" })
    yield* Metric.update(Metric.withAttributes(Metrics.corrections, { account: name }), surplus)
    yield* Effect.logDebug(`Account ${name} has ${surplus} requests less than its budget assumed`)
  })

  /** Lowers the bucket to a count. Many requests notice the same surplus at once: one of them claims the correction. */
  const correct = (reason: "estimate" | "rejection", permits: number) => {
    const claim = consume(claimOf(reason, 1000))
    const lower = Effect.retry(lowerTo(permits), { times: 4, while: isExceeded })
    return ifExceeded(Effect.andThen(claim, lower), () => {})
  }

  const take = Effect.fnUntraced(function*(priority: Priority) {
    const reserved = priority === "bulk" ? reserve : 0
    const { remaining, resetAfter } = yield* ifExceeded(
      consume(permit),
      ({ retryAfter }) => ({ remaining: -1, resetAfter: Duration.sum(retryAfter, Duration.millis(bucket.window)) })
    )
    const ceilingNow = ceilingAt(yield* nowMillis)
    // The bucket can hold too much: others use the account too, and a store that lost its data starts with a full bucket.
    // It may be one ahead, because a part of a request may have come back.
    const isAhead = remaining > ceilingNow
    const waitMillis = isAhead
      ? (reserved + 1 - ceilingNow) * intervalMillis
      : Duration.toMillis(resetAfter) - (capacity - reserved) * intervalMillis
    const isTaken = waitMillis <= 0
    if (isTaken) yield* countRequest
    else if (remaining >= 0) yield* giveBack
    if (isAhead) yield* correct("estimate", isTaken ? ceilingNow - 1 : ceilingNow)
    return Math.max(0, waitMillis)
  })

  return {
    name,
    shareMillis: share.window,

    /** Takes a permit and returns 0, or returns the milliseconds until there may be one. */
    take: (priority: Priority) => takeOrGiveBack(take(priority), (wait) => wait === 0 ? giveBackCounted : Effect.void),

    /** Claims the share of bulk requests, waits for its permit and returns 0, or returns the wait until it can be claimed. */
    takeShare: ifExceeded(
      takeOrGiveBack(
        Effect.andThen(consume(share), Effect.tap(consume({ ...permit, onExceeded: "delay" }), countRequest)),
        () => Effect.andThen(giveBackCounted, consume({ ...share, tokens: -1 })),
        ({ delay }) => Effect.sleep(delay)
      ).pipe(Effect.as(0)),
      // Not 0, which would mean that the permit was taken.
      ({ retryAfter }) => Math.max(1, Duration.toMillis(retryAfter))
    ),

    /** Learns from a response how many requests are left. */
    learn: Effect.fnUntraced(function*({ remaining, retryAfter, sentAt, status }: RateLimitResponse) {
      if (Option.isSome(remaining)) {
        yield* Metric.update(Metric.withAttributes(Metrics.remaining, { account: name }), remaining.value)
        const ageMillis = Math.max(0, (yield* nowMillis) - sentAt)
        yield* updateCeiling((permits) => Math.min(permits, remaining.value + ageMillis / intervalMillis))
      }
      if (status !== 429) return
      const retryMillis = Duration.toMillis(Option.getOrElse(retryAfter, () => Duration.zero))
      // No pause is longer than the whole pool takes to come back.
      const pauseMillis = Math.min(retryMillis, pool * intervalMillis)
      const seconds = Math.ceil(pauseMillis / 1000)
      yield* Effect.logDebug(`Account ${name} is over its rate limit: its requests wait ${seconds} s or longer`)
      yield* correct("rejection", yield* updateCeiling((permits) => Math.min(permits, -pauseMillis / intervalMillis)))
    }, (learning) => Effect.ignore(learning))
  }
}

type Consumed<A> = Effect.Effect<A, RateLimiter.RateLimiterError>

const isExceeded = ({ reason }: RateLimiter.RateLimiterError) => reason._tag === "RateLimitExceeded"

const ifExceeded = <A, B>(consumed: Consumed<A>, orElse: (exceeded: RateLimiter.RateLimitExceeded) => B) =>
  Effect.catchReason(consumed, "RateLimiterError", "RateLimitExceeded", (exceeded) => Effect.succeed(orElse(exceeded)))

/**
 * Takes something in a fiber of its own, which completes although the caller is interrupted: what the caller no longer
 * waits for goes back, so that nothing is lost between two commands.
 */
const takeOrGiveBack = <A>(
  take: Consumed<A>,
  giveBack: (taken: A) => Consumed<unknown>,
  wait: (taken: A) => Effect.Effect<void> = () => Effect.void
) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.forkDetach(take, { startImmediately: true }), (taking) =>
      Effect.onInterrupt(
        restore(Effect.tap(Fiber.join(taking), wait)),
        () => Effect.forkDetach(Effect.ignore(Effect.flatMap(Fiber.join(taking), giveBack)))
      ))
  )
