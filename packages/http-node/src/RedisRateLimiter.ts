/**
 * Effect's `RateLimiter` over Redis, for a `RequestBudget` that many processes share. It needs the package `redis`.
 *
 * Unlike Effect's own layers, it suits programs that also run without Redis: the layer never waits long for Redis, and
 * no command waits for a connection. Token buckets refill by the clock of Redis, so that the clocks of the processes do not
 * matter.
 */
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redis from "effect/persistence/Redis"
import type * as Redacted from "effect/Redacted"
import * as Connection from "./internal/budget/redis.ts"

/** The connection to Redis. */
export interface Options {
  /** The URL, as `redis://user:password@host:6379`. `rediss://` means TLS. */
  readonly url: Redacted.Redacted
  /**
   * The TLS of a `rediss://` URL; with another URL, the layer fails. Heroku Key-Value Store (formerly Heroku Data for Redis) has a self-signed certificate:
   * `{ rejectUnauthorized: false }` accepts it, and `{ ca }` trusts a certificate of your own.
   *
   * @see https://devcenter.heroku.com/articles/connecting-heroku-redis#connecting-in-node-js
   */
  readonly tls?: Connection.TlsOptions | undefined
  /** The prefix of all keys. By default `ratelimiter:`. */
  readonly prefix?: string | undefined
}

/**
 * Provides the limiter.
 *
 * **Details**
 *
 * While there is no connection, every command fails at once with a `RateLimitStoreError`, and the client reconnects with
 * growing delays of up to 2 seconds. A Redis that has just been started begins with full buckets. The layer fails if the
 * URL or an option of `tls` is invalid.
 */
export const layer = (options: Options): Layer.Layer<RateLimiter.RateLimiter, Config.ConfigError> =>
  RateLimiter.layer.pipe(
    Layer.provide(Layer.effect(RateLimiter.RateLimiterStore, makeStore(options.prefix ?? "ratelimiter:"))),
    Layer.provide(Connection.layer(options.url, options.tls))
  )

/** Provides the limiter with options from `Config`: without an argument, the URL is `REDIS_URL`. */
export const layerConfig = (
  options: Config.Wrap<Options> = { url: Config.Redacted("REDIS_URL") }
): Layer.Layer<RateLimiter.RateLimiter, Config.ConfigError> => Layer.unwrap(Effect.map(Config.unwrap(options), layer))

const makeStore = Effect.fnUntraced(function*(prefix: string) {
  const store = yield* RateLimiter.makeStoreRedis({ prefix })
  const evaluate = (yield* Redis.Redis).eval(tokenBucket)
  return RateLimiter.RateLimiterStore.of({
    ...store,
    tokenBucket: ({ allowOverflow, key, limit, refillRate, tokens }) =>
      evaluate(`${prefix}${key}`, tokens, Duration.toMillis(refillRate), limit, allowOverflow ? 1 : 0).pipe(
        Effect.map(([remaining, elapsed]) => [Number(remaining), Number(elapsed)] as const),
        Effect.mapError((cause) => {
          const reason = new RateLimiter.RateLimitStoreError({ message: "Failed to read the token bucket", cause })
          return new RateLimiter.RateLimiterError({ reason })
        })
      )
  })
})

/** The script of Effect's store, except that the time is that of Redis, and does not count when it goes back. */
const tokenBucket = Redis.script(
  (
    key: string,
    ...values: readonly [tokens: number, refillMillis: number, limit: number, overflow: 0 | 1]
  ) => [key, `${key}:refill`, ...values],
  {
    numberOfKeys: 2,
    lua: `
local tokens, refill, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local current = tonumber(redis.call("GET", KEYS[1])) or limit
local since = math.min(now, tonumber(redis.call("GET", KEYS[2])) or now)

local refilled = math.floor((now - since) / refill)
if refilled > 0 then
  current = math.min(limit, current + refilled)
  since = since + refilled * refill
end
if current >= limit then since = now end

local remaining = current - tokens
if remaining >= 0 or ARGV[4] == "1" then current = remaining end
local elapsed = now - since
local ttl = math.max(1, math.ceil(math.ceil(limit - current) * refill - elapsed))
redis.call("SET", KEYS[1], current, "PX", ttl)
redis.call("SET", KEYS[2], since, "PX", ttl)
return { string.format("%.17g", remaining), string.format("%.17g", elapsed) }
`
  }
).withReturnType<readonly [remaining: string, elapsed: string]>()
