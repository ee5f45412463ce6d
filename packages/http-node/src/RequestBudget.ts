/**
 * Keeps the requests of an account under its pool, before Heroku has to refuse them: in one process, or in many that
 * share a store.
 *
 * The buckets are those of Effect's `RateLimiter`; here is what Heroku's pool needs beyond them: what an answer tells
 * about it, who goes first, and what happens while the store is out of reach. Where `RequestBudget` is in the context of
 * a live layer when that is built, each of its attempts takes its turn first.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#rate-limits
 */
import { type Operation, RateLimited, RequestFailed } from "@effect-heroku/core/AuthorizationError"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Semaphore from "effect/Semaphore"
import { createHash } from "node:crypto"
import { type AccountBudget, RequestBudget } from "./internal/budget.ts"
import * as Metrics from "./internal/metrics.ts"
import { patience } from "./internal/patience.ts"

export { RequestBudget } from "./internal/budget.ts"
export type { AccountBudget, PoolAnswer, Service } from "./internal/budget.ts"

/** The pool of an account, and how to share it. The defaults are Heroku's numbers. */
export interface Options {
  /** How many requests an account can make at once. By default 4500. */
  readonly pool?: number | undefined
  /** How many come back in a minute. By default 75. */
  readonly refillPerMinute?: number | undefined
  /**
   * How many requests of the pool bulk work leaves alone. By default what comes back in a minute, but no more than a tenth
   * of the pool.
   */
  readonly reserve?: number | undefined
  /**
   * How long a request may wait for its turn. One that would have to wait longer fails at once with `RateLimited`, which
   * carries the wait. By default 2 minutes.
   */
  readonly maxWait?: Duration.Input | undefined
  /** How long the store may take to answer before it counts as out of reach. By default 400 ms. */
  readonly storeTimeout?: Duration.Input | undefined
  /**
   * What to do while the store is out of reach. `"local"`, the default: go on with a budget of this process alone.
   * `"fail"`: fail at once with `RequestFailed`, reason `request`, for nothing was sent.
   */
  readonly withoutStore?: "local" | "fail" | undefined
  /**
   * The part of the pool that the budget of this process alone may use, above 0 to 1. By default 1, all of it, which is
   * right for one process only: where several share a store, it is one divided by their number.
   */
  readonly localShare?: number | undefined
}

/**
 * The budgets over a `RateLimiter`: in memory for one process, in Redis for all that use the same one.
 *
 * **Details**
 *
 * `RateLimit-Remaining` corrects the estimate downwards, a 429 makes everybody wait as long as it asks for. The estimate
 * is never raised by what Heroku says: requests under way are not in it yet.
 *
 * **Gotchas**
 *
 * Accounts are told apart by their tokens. Two tokens of one account have two buckets that learn from the same answers.
 * What is known of a token stays for as long as the layer.
 *
 * All who share a store must have the same pool, refill and reserve: one bucket is for all, and each reads it by its own.
 * The time is that of the processes: their clocks should agree to a second.
 */
export const layer = (options: Options = {}): Layer.Layer<RequestBudget, never, RateLimiter.RateLimiter> =>
  Layer.effect(RequestBudget, make(options))

/** The budgets of this process, in memory. */
export const layerMemory = (options: Options = {}): Layer.Layer<RequestBudget> =>
  Layer.provide(layer(options), Layer.effect(RateLimiter.RateLimiter, limiterInMemory))

// -----------------------------------------------------------------------------
// Priority
// -----------------------------------------------------------------------------

/** Whether somebody waits for the answer, or nobody in particular. */
export type Priority = "interactive" | "bulk"

/** The priority of requests made where it is provided. By default lists are bulk and everything else is interactive. */
export const CurrentPriority = Context.Reference<Option.Option<Priority>>(
  "@effect-heroku/http-node/RequestBudget/CurrentPriority",
  { defaultValue: () => Option.none() }
)

/**
 * Gives the requests of an effect a priority: bulk ones leave the reserve alone, and wait while interactive ones do. For a
 * stream there is `Stream.provideService(CurrentPriority, Option.some("bulk"))`.
 */
export const withPriority = (priority: Priority) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(effect, CurrentPriority, Option.some(priority))

// -----------------------------------------------------------------------------
// Settings
// -----------------------------------------------------------------------------

interface Settings {
  readonly pool: number
  /** Milliseconds until one more request comes back. */
  readonly interval: number
  readonly reserve: number
  /** How many requests of the pool nobody uses. */
  readonly margin: number
  readonly maxWait: number
  readonly storeTimeout: Duration.Duration
  readonly withoutStore: "local" | "fail"
  readonly localShare: number
}

/**
 * A bucket refills from the moment that a request was taken off it, the pool from when that request has come to Heroku.
 * Without a margin a bucket would be ahead by what comes back in between, in milliseconds: with Heroku's numbers, by one.
 */
const underWay = 500

/** The options with every default filled in. What cannot work is a defect of the program that says it. */
const settings = (options: Options): Effect.Effect<Settings> => {
  const pool = options.pool ?? 4500
  const refillPerMinute = options.refillPerMinute ?? 75
  const reserve = options.reserve ?? Math.floor(Math.min(refillPerMinute, pool / 10))
  const localShare = options.localShare ?? 1
  const wrong = (problem: string) => Effect.die(new RangeError(`RequestBudget: ${problem}`))
  if (!Number.isInteger(pool) || pool < 1) return wrong("pool must be a whole number, one or more")
  if (!(refillPerMinute > 0 && refillPerMinute < Infinity)) return wrong("refillPerMinute must be greater than zero")
  if (!Number.isInteger(reserve) || reserve < 0 || reserve >= pool) {
    return wrong("reserve must be a whole number from zero to less than the pool")
  }
  if (!(localShare > 0 && localShare <= 1)) return wrong("localShare must be greater than 0, and 1 at most")
  return Effect.succeed({
    pool,
    interval: 60_000 / refillPerMinute,
    reserve,
    margin: Math.ceil(refillPerMinute / 60_000 * underWay),
    maxWait: Duration.toMillis(options.maxWait ?? "2 minutes"),
    storeTimeout: Duration.fromInputUnsafe(options.storeTimeout ?? "400 millis"),
    withoutStore: options.withoutStore ?? "local",
    localShare
  })
}

const limiterInMemory = Effect.provide(RateLimiter.make, Layer.fresh(RateLimiter.layerStoreMemory))

/** Makes the budgets of all accounts. */
const make = Effect.fnUntraced(function*(options: Options) {
  const resolved = yield* settings(options)
  const store = yield* makeStore(yield* RateLimiter.RateLimiter, resolved)
  const local = yield* limiterInMemory
  const accounts = new Map<string, AccountBudget>()
  return RequestBudget.of({
    forToken: (token) => {
      const hash = createHash("sha256").update(Redacted.value(token)).digest("hex")
      const known = accounts.get(hash)
      if (known !== undefined) return known
      const account = makeAccount(hash, resolved, store, local)
      accounts.set(hash, account)
      return account
    }
  })
})

// -----------------------------------------------------------------------------
// The store
// -----------------------------------------------------------------------------

type Consume = RateLimiter.RateLimiter["consume"]

/** The shared limiter, and whether it can be reached. */
interface Store {
  readonly consume: Consume
  readonly isAvailable: () => boolean
  /** Notes that it did not answer; once for each outage it is told, and from then on tried until it does. */
  readonly lost: (problem: string) => Effect.Effect<void>
}

const makeStore = Effect.fnUntraced(function*(limiter: RateLimiter.RateLimiter, settings: Settings) {
  const scope = yield* Effect.scope
  let available = true

  const silence = Effect.andThen(patience(settings.storeTimeout), Effect.fail(silent(settings.storeTimeout)))
  // A command that was written to a socket has no timeout of its own.
  const consume: Consume = (options) => Effect.raceFirst(limiter.consume(options), silence)

  // Nothing is taken, so any key will do.
  const answers = consume({ algorithm: "token-bucket", key: "heroku:probe", limit: 1, window: "1 second", tokens: 0 })
  const regain = answers.pipe(
    Effect.retry(Schedule.spaced("1 second")),
    Effect.andThen(Effect.sync(() => {
      available = true
    })),
    Effect.andThen(Effect.logInfo("The store of the request budget answers again")),
    Effect.ignore
  )
  const instead = settings.withoutStore === "fail"
    ? "requests fail until it answers"
    : `until it answers, this process keeps a budget of its own (${settings.localShare * 100} % of the pool)`

  const store: Store = {
    consume,
    isAvailable: () => available,
    lost: (problem) =>
      Effect.suspend(() => {
        if (!available) return Effect.void
        available = false
        return Effect.logWarning(`The store of the request budget is out of reach; ${instead}: ${problem}`).pipe(
          Effect.andThen(Metrics.budgetFallback),
          Effect.andThen(Effect.forkIn(regain, scope)),
          Effect.asVoid
        )
      })
  }
  return store
})

const silent = (duration: Duration.Duration): RateLimiter.RateLimiterError =>
  new RateLimiter.RateLimiterError({
    reason: new RateLimiter.RateLimitStoreError({ message: `no answer in ${Duration.toMillis(duration)} ms` })
  })

// -----------------------------------------------------------------------------
// One account
// -----------------------------------------------------------------------------

/**
 * A bucket of a limiter. It holds what bulk work may use, the pool without the reserve, and interactive requests may
 * overdraw it by the reserve: so one bucket, and one command for each request, are enough for both.
 */
interface Bucket {
  readonly consume: Consume
  readonly key: string
  readonly capacity: number
  readonly reserve: number
  readonly interval: number
  /** The part of the pool that is in it. */
  readonly share: number
}

const makeBucket = (consume: Consume, hash: string, settings: Settings, share: number): Bucket => ({
  consume,
  key: `heroku:${hash}`,
  capacity: Math.max(1, Math.round((settings.pool - settings.reserve - settings.margin) * share)),
  reserve: Math.round(settings.reserve * share),
  interval: settings.interval / share,
  share
})

const consume = ({ capacity, consume, interval, key }: Bucket, tokens: number, onExceeded: "delay" | "fail") =>
  consume({
    algorithm: "token-bucket",
    key,
    limit: capacity,
    window: Duration.millis(capacity * interval),
    tokens,
    onExceeded
  })

/** How many requests are left at most, as far as this process knows: a level that rises as the pool refills. */
const makeCeiling = ({ interval, pool }: Settings) => {
  let level = pool
  let since = 0
  const at = (now: number): number => Math.min(pool, level + (now - since) / interval)
  return {
    at,
    /** Notes that no more than these were left at a time. */
    lower: (now: number, count: number, then = now): void => {
      const rest = count + (now - then) / interval
      if (rest >= at(now)) return
      level = rest
      since = now
    }
  }
}

/** How often a correction looks at the bucket again when others take requests meanwhile. */
const correctionTries = 5

/** Whether a bucket had what was asked of it. */
const unlessExceeded = <A>(
  consumed: Effect.Effect<A, RateLimiter.RateLimiterError>
): Effect.Effect<boolean, RateLimiter.RateLimiterError> =>
  consumed.pipe(
    Effect.as(true),
    Effect.catchReason("RateLimiterError", "RateLimitExceeded", () => Effect.succeed(false))
  )

/** How much more than a whole number of requests there may be: the part of one that has come back already. */
const slack = 1

const makeAccount = (
  hash: string,
  settings: Settings,
  store: Store,
  localLimiter: RateLimiter.RateLimiter
): AccountBudget => {
  const { interval, maxWait } = settings
  const account = hash.slice(0, 8)
  const shared = makeBucket(store.consume, hash, settings, 1)
  const local = makeBucket(localLimiter.consume, hash, settings, settings.localShare)
  const ceiling = makeCeiling(settings)
  const queues: Record<Priority, { readonly turn: Semaphore.Semaphore; waiting: number; readyAt: number }> = {
    interactive: { turn: Semaphore.makeUnsafe(1), waiting: 0, readyAt: 0 },
    bulk: { turn: Semaphore.makeUnsafe(1), waiting: 0, readyAt: 0 }
  }
  let toldAt = -Infinity

  /**
   * Whether nobody else has corrected the bucket for the same reason in this second. A 429 is a reason of its own: a small
   * correction just before must not hide it.
   */
  const isFirst = (bucket: Bucket, reason: "estimate" | "refusal") =>
    bucket.consume({
      algorithm: "fixed-window",
      key: `${bucket.key}:${reason}`,
      limit: 1,
      window: "1 second",
      onExceeded: "fail"
    }).pipe(unlessExceeded)

  /**
   * Takes off a bucket what it believes to hold beyond what there is, and tells how much that was.
   *
   * What many processes notice at the same time must not be taken off many times: one at a time does it, and it is only
   * taken while so much is there. So nothing that is more than half of a bucket is ever taken off twice.
   */
  const correct = Effect.fnUntraced(
    function*(bucket: Bucket, reason: "estimate" | "refusal", held: (ceiling: number) => number) {
      if (!(yield* isFirst(bucket, reason))) return 0
      let tries = 0
      while (true) {
        const { remaining } = yield* consume(bucket, 0, "delay")
        const now = yield* Clock.currentTimeMillis
        const target = Math.floor(held(ceiling.at(now) * bucket.share)) - bucket.reserve
        const excess = remaining - target
        if (excess <= 0) return 0
        const there = Math.min(excess, Math.max(0, remaining))
        const isTaken = there <= 0 || (yield* unlessExceeded(consume(bucket, there, "fail")))
        // Somebody has taken a request since the look at the bucket.
        if (!isTaken && ++tries < correctionTries) continue
        // What is beyond is a debt: the pause after a 429.
        const debt = excess - there
        if (debt > 0) yield* consume(bucket, debt, "delay")
        const taken = (isTaken ? there : 0) + debt
        if (taken <= 0) return 0
        yield* Metrics.budgetCorrection(account, taken)
        yield* Effect.logDebug(`Heroku has ${taken} requests less for account ${account} than its budget believed`)
        return taken
      }
    }
  )

  /** The level of the bucket after one request was taken off it, or how long until it has one. */
  const takeOff = (bucket: Bucket, priority: Priority) => {
    if (priority === "bulk") {
      return consume(bucket, 1, "fail").pipe(
        Effect.map(({ remaining }) => ({ level: remaining + bucket.reserve, wait: 0 })),
        Effect.catchReason(
          "RateLimiterError",
          "RateLimitExceeded",
          ({ retryAfter }) => Effect.succeed({ level: 0, wait: Duration.toMillis(retryAfter) })
        )
      )
    }
    return Effect.flatMap(consume(bucket, 1, "delay"), ({ delay, remaining }) => {
      const level = remaining + bucket.reserve
      // What waits holds nothing, so that nothing is lost with it: not even when its process is killed.
      return level >= 0
        ? Effect.succeed({ level, wait: 0 })
        : Effect.as(consume(bucket, -1, "delay"), {
          level,
          wait: Duration.toMillis(delay) - bucket.reserve * bucket.interval
        })
    })
  }

  /** Tries to take a request off a bucket: 0, or how many milliseconds to wait before the next try. */
  const tryTake = Effect.fnUntraced(function*(bucket: Bucket, priority: Priority) {
    const askedAt = yield* Clock.currentTimeMillis
    const { level, wait } = yield* takeOff(bucket, priority)
    if (wait > 0) return wait
    const now = yield* Clock.currentTimeMillis
    const known = ceiling.at(now) * bucket.share
    if (level + 1 <= known) {
      ceiling.lower(now, ceiling.at(now) - 1)
      // The answer may have been long under way, and the pool has refilled meanwhile.
      if (bucket === shared) ceiling.lower(now, level + slack, askedAt)
      return 0
    }
    // A store that has lost its memory begins with a full pool, and so does a budget that takes its place.
    const sure = known - slack
    const missing = (priority === "bulk" ? bucket.reserve : 0) + 1 - sure
    // As in `takeOff`: while this process waits for what others do not know of, it must not take from them.
    if (missing > 0) yield* consume(bucket, -1, "delay")
    yield* correct(bucket, "estimate", (held) => held - slack - (missing > 0 ? 0 : 1))
    if (missing > 0) return missing * bucket.interval
    ceiling.lower(now, ceiling.at(now) - 1)
    return 0
  })

  /** Tries the shared bucket, or what takes its place. */
  const attempt = (
    operation: Operation,
    priority: Priority,
    acted: boolean
  ): Effect.Effect<number, RequestFailed> => {
    const instead = settings.withoutStore === "local"
      // In memory nothing fails.
      ? Effect.orDie(tryTake(local, priority))
      : Effect.fail(unavailable(operation, acted))
    return Effect.suspend(() =>
      store.isAvailable()
        ? tryTake(shared, priority).pipe(
          Effect.catch((error) => Effect.andThen(store.lost(describe(error)), instead))
        )
        : instead
    )
  }

  const refuse = (operation: Operation, priority: Priority, acted: boolean, wait: number) =>
    Effect.andThen(Metrics.budgetRefusal(priority), Effect.fail(spent(operation, acted, wait)))

  /** Waits in the queue of a priority, until it is the first there and the bucket has a request for it. */
  const queueUp = Effect.fnUntraced(
    function*(operation: Operation, priority: Priority, acted: boolean, began: number) {
      const queue = queues[priority]
      while (true) {
        const wait = priority === "bulk" && queues.interactive.waiting > 0
          ? interval
          : yield* attempt(operation, priority, acted)
        if (wait <= 0) return
        const now = yield* Clock.currentTimeMillis
        if (now + wait - began > maxWait) return yield* refuse(operation, priority, acted, wait)
        queue.readyAt = now + wait
        yield* tellOfWait(now, wait)
        // A millisecond more: timers cut off fractions, and one that is early finds nothing and waits as long again.
        yield* Effect.sleep(Duration.millis(Math.ceil(wait) + 1))
      }
    },
    (effect, operation, priority, acted) => {
      const queue = queues[priority]
      const turn = queue.turn.withPermit(effect)
      if (maxWait === Infinity) return turn
      return Effect.timeoutOrElse(turn, {
        duration: Duration.millis(maxWait),
        // The next request, whoever's it is, comes after the wait of the first in the queue.
        orElse: () =>
          Effect.flatMap(
            Clock.currentTimeMillis,
            (now) => refuse(operation, priority, acted, Math.max(interval, queue.readyAt - now))
          )
      })
    }
  )

  /** One line a minute at most, however many wait. */
  const tellOfWait = (now: number, wait: number) =>
    Effect.suspend(() => {
      if (wait < 1000 || now - toldAt < 60_000) return Effect.void
      toldAt = now
      return Effect.logInfo(
        `The request budget of account ${account} is spent: requests wait, the next ${(wait / 1000).toFixed(1)} s`
      )
    })

  return {
    take: Effect.fnUntraced(function*(operation, acted) {
      const priority = Option.getOrElse(
        yield* CurrentPriority,
        (): Priority => operation === "list" ? "bulk" : "interactive"
      )
      const queue = queues[priority]
      const began = yield* Clock.currentTimeMillis
      const ahead = queue.waiting + (priority === "bulk" ? queues.interactive.waiting : 0)
      const wait = ahead === 0
        ? yield* attempt(operation, priority, acted)
        : Math.max(0, queue.readyAt - began) + ahead * interval
      if (wait <= 0) return
      if (wait > maxWait) return yield* refuse(operation, priority, acted, wait)
      const turn = Effect.acquireUseRelease(
        Effect.sync(() => queue.waiting++),
        () => queueUp(operation, priority, acted, began),
        () =>
          Effect.suspend(() => {
            queue.waiting--
            return Effect.flatMap(
              Clock.currentTimeMillis,
              (now) => Metrics.budgetWait(priority, Duration.millis(now - began))
            )
          })
      )
      yield* Effect.withSpan(turn, "RequestBudget.wait", {
        captureStackTrace: false,
        attributes: { "heroku.budget.priority": priority, "heroku.budget.ahead": ahead }
      })
    }),

    learn: Effect.fnUntraced(function*({ remaining, retryAfter, sentAt, status }) {
      const now = yield* Clock.currentTimeMillis
      if (Option.isSome(remaining)) {
        yield* Metrics.budgetRemaining(account, remaining.value)
        ceiling.lower(now, remaining.value + slack, sentAt)
      }
      if (status !== 429) return
      // No pause is longer than a whole pool needs to refill, whatever the header says.
      const pause = Math.min(
        Option.match(retryAfter, { onNone: () => 0, onSome: Duration.toMillis }),
        settings.pool * interval
      )
      ceiling.lower(now, -pause / interval)
      const bucket = store.isAvailable() ? shared : local
      const excess = yield* correct(bucket, "refusal", (held) => held).pipe(
        Effect.catch((error) => Effect.as(store.lost(describe(error)), 0))
      )
      if (excess > 0) {
        yield* Effect.logInfo(
          `Heroku refuses further requests of account ${account} (429): all wait`
            + (pause > 0 ? ` ${(pause / 1000).toFixed(0)} s` : " for the pool to refill")
        )
      }
    })
  }
}

/** What a store said, without what it was asked. */
const describe = ({ message, reason }: RateLimiter.RateLimiterError): string => {
  const cause: unknown = reason._tag === "RateLimitStoreError" ? reason.cause : undefined
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  return inner instanceof Error && inner.message !== "" ? `${message} (${inner.message})` : message
}

const unavailable = (operation: Operation, acted: boolean): RequestFailed =>
  new RequestFailed({
    operation,
    reason: "request",
    message: "The store of the request budget is out of reach, so nothing was sent",
    outcomeUnknown: acted
  })

const spent = (operation: Operation, acted: boolean, wait: number): RateLimited =>
  new RateLimited({
    operation,
    status: 429,
    message: `The request budget of the account is spent: the next request could be sent in ${
      Math.ceil(wait / 1000)
    } s. Nothing was sent`,
    errorId: Option.none(),
    requestId: Option.none(),
    documentationUrl: Option.none(),
    afterUnknownOutcome: acted,
    retryAfter: Option.some(Duration.millis(Math.ceil(wait)))
  })
