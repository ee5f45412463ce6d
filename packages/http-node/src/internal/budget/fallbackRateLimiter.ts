/** A rate limiter that falls back to a local one while its store is unavailable. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Schedule from "effect/Schedule"
import * as Metrics from "./metrics.ts"
import type { Settings } from "./options.ts"
import { makeSteadyClock, sleepInSteps } from "./time.ts"

/** The options of Effect's limiter, and how many tokens to consume locally if that differs. */
type Options = Parameters<RateLimiter.RateLimiter["consume"]>[0] & { readonly localTokens?: number }

export type Consume = Effect.Success<ReturnType<typeof make>>

export const makeMemory = Effect.provide(RateLimiter.make, Layer.fresh(RateLimiter.layerStoreMemory))

/** Consumes nothing, so that its key does not matter. */
const probe: Options = { algorithm: "token-bucket", key: "heroku:probe", limit: 1, window: 1000, tokens: 0 }

/** Creates a limiter that warns once for each outage, and returns to the store when that responds again. */
export const make = Effect.fnUntraced(function*(shared: RateLimiter.RateLimiter, settings: Settings) {
  const { localShare, storeTimeoutMillis, withoutStore } = settings
  const scope = yield* Effect.scope
  const withSteadyClock = Effect.provideService(Clock.Clock, yield* makeSteadyClock)
  const memory = yield* makeMemory
  /** The keys that the store fails for; the key of the probe stands for all. */
  const unavailable = new Set<string>()
  const isUnavailable = (key: string) => unavailable.has(probe.key) || unavailable.has(key)

  const timeoutError = storeError(`no response in ${storeTimeoutMillis} ms`)
  const timeout = Effect.andThen(sleepInSteps(storeTimeoutMillis), timeoutError)
  const consumeShared = (options: Options) => Effect.raceFirst(withSteadyClock(shared.consume(options)), timeout)
  const consumeLocal = ({ localTokens, ...options }: Options) =>
    withoutStore === "fail"
      ? storeError("The store is unavailable")
      : withSteadyClock(memory.consume({ ...options, tokens: localTokens ?? options.tokens }))

  const untilAvailable = (options: Options) =>
    consumeShared({ ...options, tokens: 0, onExceeded: "delay" }).pipe(
      Effect.retry(Schedule.spaced("1 second")),
      Effect.andThen(Effect.sync(() => unavailable.delete(options.key)))
    )
  const onStoreError = Effect.fnUntraced(function*(options: Options, error: RateLimiter.RateLimitStoreError) {
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
    yield* Metric.update(Metrics.fallbacks, 1)
  })

  return (options: Options) =>
    Effect.suspend(() => isUnavailable(options.key) ? consumeLocal(options) : consumeShared(options)).pipe(
      Effect.catchReason(
        "RateLimiterError",
        "RateLimitStoreError",
        (error) => Effect.andThen(onStoreError(options, error), consumeLocal(options))
      )
    )
})

const storeError = (message: string) =>
  Effect.fail(new RateLimiter.RateLimiterError({ reason: new RateLimiter.RateLimitStoreError({ message }) }))

/** Describes an error by its message and that of its innermost cause, without the command that was sent. */
const describe = ({ cause, message }: RateLimiter.RateLimitStoreError): string => {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  return inner instanceof Error && inner.message !== "" ? `${message} (${inner.message})` : message
}
