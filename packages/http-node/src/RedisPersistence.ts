/**
 * Effect's `Persistence` over Redis, for a `ResponseCache` that many processes share. It needs the package `redis`.
 *
 * It is to `Persistence.layerRedis` what `RedisRateLimiter` is to Effect's limiter: a program begins and ends also when Redis
 * is not there or hangs, and has no cache until it answers.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Persistence from "effect/persistence/Persistence"
import type * as Redacted from "effect/Redacted"
import * as Connection from "./internal/redis.ts"

/** Where Redis is. */
export interface Options {
  /** Its address, as `redis://user:password@host:6379`. */
  readonly url: Redacted.Redacted
}

/**
 * The store.
 *
 * **Details**
 *
 * While there is no connection every command fails at once with a `PersistenceError`, and the connection is tried again
 * every second. The layer fails when the address is none.
 */
export const layer = ({ url }: Options): Layer.Layer<Persistence.Persistence, Config.ConfigError> =>
  Layer.provide(Persistence.layerRedis, Connection.layer(url))

/** The store, with its address from `Config`: without argument from `REDIS_URL`. */
export const layerConfig = (
  options: Config.Wrap<Options> = { url: Config.Redacted("REDIS_URL") }
): Layer.Layer<Persistence.Persistence, Config.ConfigError> => Layer.unwrap(Effect.map(Config.unwrap(options), layer))
