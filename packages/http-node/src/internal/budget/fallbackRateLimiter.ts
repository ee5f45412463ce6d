/** A rate limiter that falls back to a local one while its store is unavailable. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Schedule from "effect/Schedule"
import * as Telemetry from "../telemetry.ts"
import type { Settings } from "./options.ts"
import { makeMonotonicClock, sleepInSteps } from "./time.ts"

type ConsumeOptions = Parameters<RateLimiter.RateLimiter["consume"]>[0]

export type Consume = Effect.Success<ReturnType<typeof make>>

export const makeMemory = Effect.provide(RateLimiter.make, Layer.fresh(RateLimiter.layerStoreMemory))

/** Consumes nothing, so that its key does not matter. */
const probe: ConsumeOptions = { algorithm: "token-bucket", key: "heroku:probe", limit: 1, window: 1000, tokens: 0 }

/**
 * Makes a limiter that warns once for each outage, and returns to the store when that responds again. Locally, the tokens
 * of a request also stand for the requests of the other processes: with a `localShare` of a quarter, a request costs four.
 */
export const make = Effect.fnUntraced(function*(shared: RateLimiter.RateLimiter, settings: Settings) {
  const { localShare, storeTimeout, withoutStore } = settings
  const scope = yield* Effect.scope
  // Effect's limiters read the wall clock: set back by an hour, it would stop a bucket for an hour.
  const withClock = Effect.provideService(Clock.Clock, yield* makeMonotonicClock)
  const memory = yield* makeMemory
  /** The keys that the store fails for; the key of the probe stands for all. */
  const unavailable = new Set<string>()
  const isUnavailable = (key: string) => unavailable.has(probe.key) || unavailable.has(key)

  const timeout = Effect.andThen(sleepInSteps(storeTimeout), storeError(`no response in ${storeTimeout} ms`))
  const consumeShared = (options: ConsumeOptions) => Effect.raceFirst(withClock(shared.consume(options)), timeout)
  const consumeLocal = (options: ConsumeOptions, isRequest: boolean) => {
    const { limit, tokens = 1 } = options
    return withoutStore === "fail"
      ? storeError("The store is unavailable")
      : withClock(memory.consume({ ...options, tokens: isRequest ? Math.min(tokens / localShare, limit) : tokens }))
  }

  const untilAvailable = (options: ConsumeOptions) =>
    consumeShared({ ...options, tokens: 0, onExceeded: "delay" }).pipe(
      Effect.retry(Schedule.spaced("1 second")),
      Effect.andThen(Effect.sync(() => unavailable.delete(options.key)))
    )
  const onFailure = Effect.fnUntraced(function*(options: ConsumeOptions, error: RateLimiter.RateLimitStoreError) {
    if (isUnavailable(options.key)) return
    unavailable.add(probe.key).add(options.key)
    // First of all, because an interrupted call must not leave the store unavailable. A key of another type stays so.
    yield* untilAvailable(probe).pipe(
      Effect.andThen(untilAvailable(options)),
      Effect.andThen(Effect.logDebug("The store of the request budget is available again")),
      Effect.ignore,
      Effect.forkIn(scope)
    )
    const instead = withoutStore === "fail" ? "requests fail" : `this process uses ${localShare * 100} % of the pool`
    yield* Effect.logWarning(
      `The store of the request budget is unavailable; ${instead} until it responds: ${describe(error)}`
    )
    yield* Metric.update(Telemetry.budgetFallbacks, 1)
  })

  return Effect.fnUntraced(function*(options: ConsumeOptions, isRequest: boolean) {
    if (isUnavailable(options.key)) return yield* consumeLocal(options, isRequest)
    const onStoreError = (error: RateLimiter.RateLimitStoreError) =>
      Effect.andThen(onFailure(options, error), consumeLocal(options, isRequest))
    return yield* Effect.catchReason(consumeShared(options), "RateLimiterError", "RateLimitStoreError", onStoreError)
  })
})

const storeError = (message: string) =>
  Effect.fail(new RateLimiter.RateLimiterError({ reason: new RateLimiter.RateLimitStoreError({ message }) }))

/** Describes an error by its message and that of its innermost cause, without the command that was sent. */
const describe = ({ cause, message }: RateLimiter.RateLimitStoreError): string => {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  return inner instanceof Error && inner.message !== "" ? `${message} (${inner.message})` : message
}
