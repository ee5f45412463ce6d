/** Redis over TLS with a self-signed certificate, as Heroku Key-Value Store has it, and reconnects. */
import * as RedisRateLimiter from "@effect-heroku/http-node/RedisRateLimiter"
import { isOpensslMissing, makeCertificate, skipNote as opensslNote } from "@effect-heroku/test-kit/certificate"
import { isRedisMissing, skipNote, startRedis, startRedisOverTls } from "@effect-heroku/test-kit/redis"
import { nextTick } from "@effect-heroku/test-kit/testTime"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redis from "effect/persistence/Redis"
import * as Redacted from "effect/Redacted"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { inspect } from "node:util"
import * as Connection from "../../src/internal/budget/redis.ts"

const consume = RateLimiter.RateLimiter.use((limiter) =>
  limiter.consume({ algorithm: "token-bucket", key: "key", limit: 10, window: "1 hour" })
)

describe.skipIf(isRedisMissing || isOpensslMissing)(`Redis over TLS${skipNote}${opensslNote}`, () => {
  it.live("RedisRateLimiter rejects a self-signed certificate, and says so", () =>
    Effect.gen(function*() {
      const { url } = yield* startRedisOverTls(makeCertificate())
      const error = yield* Effect.flip(Effect.provide(consume, RedisRateLimiter.layer({ url: Redacted.make(url) })))
      assert.include(inspect(error, { depth: 9 }), "DEPTH_ZERO_SELF_SIGNED_CERT")
    }))

  it.live("RedisRateLimiter accepts a self-signed certificate with rejectUnauthorized: false, or as its ca", () =>
    Effect.gen(function*() {
      const certificate = makeCertificate()
      const url = Redacted.make((yield* startRedisOverTls(certificate)).url)
      const layers = [
        RedisRateLimiter.layer({ url, tls: { rejectUnauthorized: false } }),
        RedisRateLimiter.layer({ url, tls: { ca: certificate.cert } }),
        RedisRateLimiter.layerConfig({
          url: Config.Redacted("REDIS_URL"),
          tls: Config.succeed({ rejectUnauthorized: false })
        })
      ]
      const provider = ConfigProvider.layer(ConfigProvider.fromEnv({ env: { REDIS_URL: Redacted.value(url) } }))
      const remaining = yield* Effect.forEach(layers, (layer) =>
        Effect.map(
          Effect.provide(consume, Layer.provide(layer, provider)),
          (result) => result.remaining
        ))
      assert.deepStrictEqual(remaining, [9, 8, 7])
    }))
})

describe("the options of TLS", () => {
  const certificate = "-----BEGIN CERTIFICATE-----"

  it.effect.each<[string, RedisRateLimiter.Options["tls"], string]>([
    ["redis://S3CR3T@127.0.0.1", { rejectUnauthorized: false }, "tls of Redis needs a URL that begins with rediss://"],
    ["redis://S3CR3T@127.0.0.1", {}, "tls of Redis needs a URL that begins with rediss://"],
    ["rediss://S3CR3T@127.0.0.1", { ca: "" }, "tls.ca of Redis must be a certificate in PEM format"],
    ["rediss://S3CR3T@127.0.0.1", { ca: "/etc/S3CR3T.pem" }, "tls.ca of Redis must be a certificate in PEM format"],
    ["rediss://S3CR3T@127.0.0.1", { ca: certificate }, "tls.ca of Redis must be a certificate in PEM format"]
  ])(
    "RedisRateLimiter fails with ConfigError for %s with the options %j",
    ([url, tls, message]) =>
      Effect.gen(function*() {
        const layer = RedisRateLimiter.layer({ url: Redacted.make(url), tls })
        const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
        assert(error instanceof Config.ConfigError)
        assert.include(error.message, `The option ${message}`)
        assert.notInclude(inspect(error, { depth: 9 }), "S3CR3T")
      })
  )
})

describe("reconnects", () => {
  it("the delay of a reconnect doubles from 100 ms to 2 seconds, and is a random half to all of that", () => {
    for (const [failures, longest] of [[0, 100], [1, 200], [2, 400], [3, 800], [4, 1600], [5, 2000], [99, 2000]]) {
      const delays = Array.from({ length: 200 }, () => Connection.reconnectDelay(failures!))
      assert.isAtLeast(Math.min(...delays), longest! / 2)
      assert.isAtMost(Math.max(...delays), longest!)
      // Of 200, two fall into the outer quarters but for one case in 10^24.
      assert.isAbove(Math.max(...delays) - Math.min(...delays), longest! / 4)
    }
  })

  it.live.skipIf(isRedisMissing)(
    "a usable connection to Redis resets the delays of the reconnects",
    () =>
      Effect.gen(function*() {
        const redis = new URL((yield* startRedis).url)
        const failures: Array<number> = []
        const sockets: Array<Socket> = []
        // Only the third connection leads to Redis.
        const server = createServer((socket) => {
          sockets.push(socket.on("error", () => {}))
          if (sockets.length === 3) socket.pipe(connect(Number(redis.port), redis.hostname)).pipe(socket)
          else socket.destroy()
        })
        yield* Effect.acquireRelease(
          Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
          () => Effect.sync(() => server.close())
        )
        const { port } = server.address() as AddressInfo
        const delay = (count: number) => {
          failures.push(count)
          return 0
        }
        const ping = Redis.Redis.use((client) => Effect.andThen(nextTick, client.send("PING")))
        yield* Effect.gen(function*() {
          yield* Effect.eventually(ping)
          sockets[2]!.destroy()
          while (failures.length < 5) yield* nextTick
        }).pipe(Effect.provide(Connection.layer(Redacted.make(`redis://127.0.0.1:${port}`), undefined, delay)))
        assert.deepStrictEqual(failures.slice(0, 5), [0, 1, 0, 1, 2])
      })
  )
})
