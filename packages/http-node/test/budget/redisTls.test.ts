/** Redis over TLS with a self-signed certificate, as Heroku Key-Value Store has it, and reconnects. */
import * as RedisRateLimiter from "@effect-heroku/http-node/RedisRateLimiter"
import { isOpensslMissing, makeCertificate, skipNote as opensslNote } from "@effect-heroku/test-kit/certificate"
import { isRedisMissing, skipNote, startRedisOverTls } from "@effect-heroku/test-kit/redis"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redacted from "effect/Redacted"
import { type AddressInfo, createServer } from "node:net"
import { inspect } from "node:util"

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

describe("reconnects", () => {
  it.live("RedisRateLimiter reconnects with growing and different delays to a Redis that closes each connection", () =>
    Effect.gen(function*() {
      const times: Array<number> = []
      const server = createServer((socket) => {
        times.push(performance.now())
        socket.on("error", () => {}).destroy()
      })
      yield* Effect.acquireRelease(
        Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
        () => Effect.sync(() => server.close())
      )
      const { port } = server.address() as AddressInfo
      const layer = RedisRateLimiter.layer({ url: Redacted.make(`redis://127.0.0.1:${port}`) })
      yield* Layer.build(layer)
      while (times.length < 6) yield* Effect.sleep(20)
      // 100, 200, 400, 800 and 1600 ms, of which up to a half is taken off.
      assert.isAbove(times[5]! - times[0]!, 1500)
    }))
})
