/**
 * Effect's `RateLimiter` over Redis, for a `RequestBudget` that many processes share. It needs the package `redis`.
 *
 * It adds to Effect's own layers what a program wants that must run without Redis too: the layer never waits for long, also
 * when Redis is not there at first, and no command waits for a connection.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import type * as Redacted from "effect/Redacted"
import * as Connection from "./internal/redis.ts"

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
 * every second. A Redis that has just been started begins with full buckets. The layer fails when the address is none.
 */
export const layer = ({ prefix, url }: Options): Layer.Layer<RateLimiter.RateLimiter, Config.ConfigError> =>
  RateLimiter.layer.pipe(
    Layer.provide(RateLimiter.layerStoreRedis(prefix === undefined ? undefined : { prefix })),
    Layer.provide(Connection.layer(url))
  )

/** The limiter, with its address from `Config`: without argument from `REDIS_URL`. */
export const layerConfig = (
  options: Config.Wrap<Options> = { url: Config.Redacted("REDIS_URL") }
): Layer.Layer<RateLimiter.RateLimiter, Config.ConfigError> => Layer.unwrap(Effect.map(Config.unwrap(options), layer))
