/**
 * Effect's `RateLimiter` over Redis, for a `RequestBudget` that many processes share. It needs the package `redis`.
 *
 * It adds to Effect's own layers what a program wants that must run without Redis too: the layer never fails and never
 * waits for long, also when Redis is not there at first, and no command waits for a connection.
 */
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { patience } from "./internal/patience.ts"

/** Where Redis is. */
export interface Options {
  /** Its address, as `redis://user:password@host:6379`. */
  readonly url: Redacted.Redacted
  /** What the names of the keys begin with. By default `ratelimiter:`. */
  readonly prefix?: string | undefined
}

/**
 * The limiter.
 *
 * **Details**
 *
 * While there is no connection every command fails at once with a `RateLimitStoreError`, and the connection is tried again
 * every second. A Redis that has just been started begins with full buckets.
 */
export const layer = (options: Options): Layer.Layer<RateLimiter.RateLimiter> =>
  Layer.effect(RateLimiter.RateLimiter, make(options))

/** The limiter, with its address from `Config`: without argument from `REDIS_URL`. */
export const layerConfig = (
  options: Config.Wrap<Options> = { url: Config.Redacted("REDIS_URL") }
): Layer.Layer<RateLimiter.RateLimiter, Config.ConfigError> =>
  Layer.effect(RateLimiter.RateLimiter, Effect.flatMap(Config.unwrap(options), make))

const make = Effect.fnUntraced(function*({ prefix, url }: Options) {
  const scope = yield* Effect.scope
  let connected: RateLimiter.RateLimiter | undefined

  const layerConnected = RateLimiter.layer.pipe(
    Layer.provide(RateLimiter.layerStoreRedis(prefix === undefined ? undefined : { prefix })),
    // Else commands wait 5 seconds for a connection.
    Layer.provide(NodeRedis.layer({ url: Redacted.value(url), disableOfflineQueue: true })),
    Layer.fresh
  )
  const tried = yield* Deferred.make<void>()
  const connect = Effect.gen(function*() {
    const attempt = yield* Scope.fork(scope)
    const context = yield* Layer.buildWithScope(layerConnected, attempt).pipe(
      Effect.onError((cause) => Scope.close(attempt, Exit.failCause(cause)))
    )
    connected = Context.get(context, RateLimiter.RateLimiter)
  }).pipe(
    Effect.ensuring(Deferred.succeed(tried, undefined)),
    Effect.retry(Schedule.spaced("1 second")),
    // It warns of each attempt to connect again. That the store is out of reach is told once, by who uses it.
    Effect.provideService(References.MinimumLogLevel, "Error")
  )
  yield* Effect.forkIn(connect, scope)
  // A Redis that is there is used from the first request on; one that is silent is not waited for.
  yield* Effect.raceFirst(Deferred.await(tried), patience(Duration.millis(400)))

  const whenConnected = <A>(
    use: (limiter: RateLimiter.RateLimiter) => Effect.Effect<A, RateLimiter.RateLimiterError>
  ): Effect.Effect<A, RateLimiter.RateLimiterError> =>
    Effect.suspend(() => connected === undefined ? Effect.fail(notConnected) : use(connected))
  return RateLimiter.RateLimiter.of({
    [RateLimiter.TypeId]: RateLimiter.TypeId,
    consume: (options) => whenConnected((limiter) => limiter.consume(options)),
    adaptiveConsume: (options) => whenConnected((limiter) => limiter.adaptiveConsume(options)),
    adaptiveFeedback: (options) => whenConnected((limiter) => limiter.adaptiveFeedback(options))
  })
})

const notConnected = new RateLimiter.RateLimiterError({
  reason: new RateLimiter.RateLimitStoreError({ message: "there is no connection to Redis" })
})
