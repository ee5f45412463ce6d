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
  /** Bulk requests get at least one permit in ten. */
  const bulkShare = oncePerWindow(`${key}:bulk`, 10 * intervalMillis)
  const estimate = makeEstimate(pool - 1, intervalMillis)

  const countPermit = estimate.update((permits) => permits - 1)
  const release = consume({ ...permit, tokens: -1, localTokens: -permit.localTokens, onExceeded: "delay" })
  const releaseCounted = Effect.andThen(release, estimate.update((permits) => permits + 1))

  const take = Effect.fnUntraced(function*(priority: Priority) {
    const reserved = priority === "bulk" ? reserve : 0
    const { remaining, resetAfter } = yield* ifExceeded(
      consume(permit),
      ({ retryAfter }) => ({ remaining: -1, resetAfter: Duration.sum(retryAfter, Duration.millis(bucket.window)) })
    )
    const estimated = yield* estimate.now
    // The bucket can hold too much: others use the account too, and a store that lost its data starts with a full bucket.
    // It may be one ahead, because a part of a request may have come back.
    const isAhead = remaining > estimated
    const waitMillis = isAhead
      ? (reserved + 1 - estimated) * intervalMillis
      : Duration.toMillis(resetAfter) - (capacity - reserved) * intervalMillis
    const isTaken = waitMillis <= 0
    if (isTaken) yield* countPermit
    else if (remaining >= 0) yield* release
    if (isAhead) yield* correct("estimate", isTaken ? estimated - 1 : estimated)
    return Math.max(0, waitMillis)
  })

  const takeShare = Effect.andThen(
    consume(bulkShare),
    Effect.tap(consume({ ...permit, onExceeded: "delay" }), countPermit)
  )
  const releaseShare = Effect.andThen(releaseCounted, consume({ ...bulkShare, tokens: -1 }))

  /** Lowers the bucket to a count. Many requests notice the same excess at once: one of them corrects it. */
  const correct = (reason: "estimate" | "rejection", permits: number) =>
    ifExceeded(
      Effect.gen(function*() {
        yield* consume(oncePerWindow(`${key}:${reason}`, 1000))
        const excess = yield* Effect.retry(lowerTo(consume, bucket, permits), { times: 4, while: isExceeded })
        if (excess === 0) return
        yield* Metric.update(Metric.withAttributes(Metrics.corrections, { account: name }), excess)
        yield* Effect.logDebug(`Account ${name} has ${excess} requests less than its budget assumed`)
      }),
      () => {}
    )

  const learn = Effect.fnUntraced(function*({ remaining, retryAfter, sentAt, status }: RateLimitResponse) {
    if (Option.isSome(remaining)) {
      yield* Metric.update(Metric.withAttributes(Metrics.remaining, { account: name }), remaining.value)
      const ageMillis = Math.max(0, (yield* nowMillis) - sentAt)
      yield* estimate.update((permits) => Math.min(permits, remaining.value + ageMillis / intervalMillis))
    }
    if (status !== 429) return
    const retryMillis = Duration.toMillis(Option.getOrElse(retryAfter, () => Duration.zero))
    // No pause is longer than the whole pool takes to come back.
    const pauseMillis = Math.min(retryMillis, pool * intervalMillis)
    const seconds = Math.ceil(pauseMillis / 1000)
    yield* Effect.logDebug(`Account ${name} is over its rate limit: its requests wait ${seconds} s or longer`)
    yield* correct("rejection", yield* estimate.update((permits) => Math.min(permits, -pauseMillis / intervalMillis)))
  })

  return {
    name,
    shareMillis: bulkShare.window,

    /** Takes a permit and returns 0, or returns the milliseconds until there may be one. */
    take: (priority: Priority) =>
      releaseOnInterrupt(take(priority), (wait) => wait === 0 ? releaseCounted : Effect.void),

    /** Takes the share of bulk requests, waits for its permit and returns 0, or returns the wait until it can be taken. */
    takeShare: ifExceeded(
      Effect.as(releaseOnInterrupt(takeShare, () => releaseShare, ({ delay }) => Effect.sleep(delay)), 0),
      // Not 0, which would mean that the permit was taken.
      ({ retryAfter }) => Math.max(1, Duration.toMillis(retryAfter))
    ),

    /** Learns from a response how many requests are left. */
    learn: (response: RateLimitResponse) => Effect.ignore(learn(response))
  }
}

/** A limit of one in a window, for all processes together. */
const oncePerWindow = (key: string, window: number) => ({ algorithm: "fixed-window", key, limit: 1, window }) as const

/** Creates the estimate of one process: how many permits are left at most. One comes back in each interval. */
const makeEstimate = (limit: number, intervalMillis: number) => {
  let last = { permits: limit, atMillis: 0 }
  const at = (millis: number) => Math.min(limit, last.permits + (millis - last.atMillis) / intervalMillis)
  return {
    now: Effect.map(nowMillis, at),
    update: (change: (permits: number) => number) =>
      Effect.map(nowMillis, (atMillis) => {
        last = { permits: change(at(atMillis)), atMillis }
        return last.permits
      })
  }
}

/** Consumes what a bucket holds above a count, and returns how much. What it never held, the pause of a 429, becomes a debt. */
const lowerTo = Effect.fnUntraced(
  function*(consume: Consume, bucket: Omit<Parameters<Consume>[0], "tokens">, permits: number) {
    const { remaining } = yield* consume({ ...bucket, tokens: 0, onExceeded: "delay" })
    const excess = Math.max(0, remaining - Math.floor(permits))
    const available = Math.min(excess, Math.max(0, remaining))
    // Exceeded if another request has just consumed it.
    if (available > 0) yield* consume({ ...bucket, tokens: available })
    if (excess > available) yield* consume({ ...bucket, tokens: excess - available, onExceeded: "delay" })
    return excess
  }
)

type Consumed<A> = Effect.Effect<A, RateLimiter.RateLimiterError>

const isExceeded = ({ reason }: RateLimiter.RateLimiterError) => reason._tag === "RateLimitExceeded"

const ifExceeded = <A, B>(consumed: Consumed<A>, orElse: (exceeded: RateLimiter.RateLimitExceeded) => B) =>
  Effect.catchReason(consumed, "RateLimiterError", "RateLimitExceeded", (exceeded) => Effect.succeed(orElse(exceeded)))

/**
 * Takes something in a fiber of its own, which completes although the caller is interrupted: what the caller no longer
 * waits for is released, so that nothing is lost between two commands.
 */
const releaseOnInterrupt = <A>(
  take: Consumed<A>,
  release: (taken: A) => Consumed<unknown>,
  wait: (taken: A) => Effect.Effect<void> = () => Effect.void
) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.forkDetach(take, { startImmediately: true }), (taking) =>
      Effect.onInterrupt(
        restore(Effect.tap(Fiber.join(taking), wait)),
        () => Effect.forkDetach(Effect.ignore(Effect.flatMap(Fiber.join(taking), release)))
      ))
  )
