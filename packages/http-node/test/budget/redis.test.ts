/** Budgets over a real Redis that is missing, hangs, restarts or holds something else. */
// cspell:ignore HSET
import * as RedisRateLimiter from "@effect-heroku/http-node/RedisRateLimiter"
import * as RequestBudget from "@effect-heroku/http-node/RequestBudget"
import { captureLogs } from "@effect-heroku/test-kit/logs"
import { isRedisMissing, makePrefix, makeRedisServer, skipNote, startRedis } from "@effect-heroku/test-kit/redis"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redis from "effect/persistence/Redis"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { inspect } from "node:util"
import * as Connection from "../../src/internal/budget/redis.ts"
import { keyOf, take, takeAll, times, token } from "./support.ts"

/** Five requests and the margin, none of which comes back while a test runs. */
const options: RequestBudget.Options = { pool: 6, refillPerMinute: 0.001, reserve: 0, maxWait: 1, storeTimeout: 200 }

/** Builds the budget of an account as a process of its own has it. */
const makeAccount = (url: string, prefix?: string) =>
  Effect.map(
    Layer.build(
      Layer.fresh(RequestBudget.layer(options)).pipe(
        Layer.provide(RedisRateLimiter.layer({ url: Redacted.make(url), prefix }))
      )
    ),
    (context) => Context.get(context, RequestBudget.RequestBudget).forToken(token)
  )

const connection = (url: string) => Connection.layer(Redacted.make(url))
const send = (...args: readonly [string, ...ReadonlyArray<string>]) =>
  Redis.Redis.use((redis) => redis.send<string>(...args))
const ping = send("PING")

/** Listens on a free port, and returns that. */
const listen = (onSocket: (socket: Socket) => void) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly port: number; readonly close: () => void }>((resume) => {
      const server = createServer((socket) => onSocket(socket.on("error", () => {})))
      server.listen(0, "127.0.0.1", () => {
        resume(Effect.succeed({ port: (server.address() as AddressInfo).port, close: () => server.close() }))
      })
    }),
    ({ close }) => Effect.sync(close)
  ).pipe(Effect.map(({ port }) => port))

/** A proxy to Redis whose connections can be cut. */
const makeProxy = Effect.fnUntraced(function*(redis: string) {
  const sockets = new Set<Socket>()
  let onClosed = () => {}
  const closed = new Promise<void>((resolve) => {
    onClosed = resolve
  })
  const port = yield* listen((socket) => {
    const upstream = connect({ host: "127.0.0.1", port: Number(new URL(redis).port) }).on("error", () => {})
    sockets.add(socket)
    socket.once("close", () => {
      sockets.delete(socket)
      upstream.destroy()
      onClosed()
    })
    socket.pipe(upstream).pipe(socket)
  })
  const cut = () => sockets.forEach((socket) => socket.resetAndDestroy())
  yield* Effect.addFinalizer(() => Effect.sync(cut))
  return { url: `redis://127.0.0.1:${port}`, cut, closed: Effect.promise(() => closed) }
})

describe.skipIf(isRedisMissing)(`a budget in Redis${skipNote}`, () => {
  it.live("RequestBudget shares one budget between all processes that use a Redis", () =>
    Effect.gen(function*() {
      const { url } = yield* startRedis
      const [one, other] = [yield* makeAccount(url), yield* makeAccount(url)]
      yield* Effect.all([take(one), take(other), take(one), take(other), take(one)])
      const errors = yield* Effect.all([Effect.flip(take(one)), Effect.flip(take(other))])
      assert.deepStrictEqual(errors.map(({ _tag }) => _tag), ["RateLimited", "RateLimited"])
    }))

  it.live("RequestBudget starts without Redis, and uses it once it is there", () => {
    const { includes, layer, lines } = captureLogs("Debug")
    return Effect.gen(function*() {
      const redis = yield* makeRedisServer
      const account = yield* makeAccount(redis.url)
      yield* take(account)
      assert.lengthOf(lines, 1)
      assert.match(lines[0]!, /^Warn: .*unavailable.*there is no connection to Redis: ECONNREFUSED/)
      yield* redis.start
      yield* includes("available again")
      yield* take(account)
      assert.lengthOf(lines, 2)
    }).pipe(Effect.provide(layer))
  })

  it.live("RequestBudget warns once of a Redis that hangs, and returns to it", () => {
    const { includes, layer, lines } = captureLogs("Debug")
    return Effect.gen(function*() {
      const redis = yield* startRedis
      const account = yield* makeAccount(redis.url)
      yield* take(account)
      yield* redis.freeze
      yield* Effect.all([take(account), take(account)], { concurrency: 2 })
      assert.lengthOf(lines, 1)
      assert.match(lines[0]!, /^Warn: .*no response in 200 ms/)
      yield* redis.thaw
      yield* includes("available again")
    }).pipe(Effect.provide(layer))
  })

  it.live("RequestBudget corrects a Redis that restarts with a full bucket, and warns once", () => {
    const { includes, layer, lines } = captureLogs("Debug")
    return Effect.gen(function*() {
      const redis = yield* startRedis
      const account = yield* makeAccount(redis.url)
      yield* take(account)
      yield* redis.stop
      yield* Effect.all([take(account), take(account)])
      yield* redis.start
      yield* includes("available again")
      assert.strictEqual((yield* takeAll(account))[0], 2)
      assert.lengthOf(lines.filter((line) => line.startsWith("Warn")), 1)
    }).pipe(Effect.provide(layer))
  })

  it.live("RequestBudget warns once of a key that holds another type", () => {
    const { layer, lines } = captureLogs("Debug")
    return Effect.gen(function*() {
      const { url } = yield* startRedis
      yield* Effect.provide(send("HSET", `ratelimiter:${keyOf()}`, "any", "x"), connection(url))
      const account = yield* makeAccount(url)
      for (const _ of times(3)) yield* Effect.andThen(take(account), Effect.sleep("20 millis"))
      assert.lengthOf(lines, 1)
      assert.match(lines[0]!, /^Warn: .*unavailable.*wrong kind of value/)
    }).pipe(Effect.provide(layer))
  })

  it.live("RequestBudget warns with the reason why Redis rejects the password, and without the password", () => {
    const { layer, lines } = captureLogs()
    return Effect.gen(function*() {
      const { url } = yield* startRedis
      yield* take(yield* makeAccount(url.replace("redis://", "redis://user:not-the-password@")))
      assert.lengthOf(lines, 1)
      assert.match(lines[0]!, /^Warn: .*there is no connection to Redis: WRONGPASS/)
      assert.notInclude(lines[0]!, "not-the-password")
    }).pipe(Effect.provide(layer))
  })

  it.live("RequestBudget starts and ends while Redis hangs", () => {
    const { layer, lines } = captureLogs()
    return Effect.gen(function*() {
      const redis = yield* startRedis
      yield* redis.freeze
      yield* Effect.scoped(Effect.flatMap(makeAccount(redis.url), (account) => take(account)))
      assert.match(lines.join(), /^Warn: .*there is no connection to Redis: no response yet/)
    }).pipe(Effect.provide(layer))
  })
})

describe.skipIf(isRedisMissing)(`RedisRateLimiter${skipNote}`, () => {
  const consume = (key: string, tokens = 1) =>
    RateLimiter.RateLimiter.use((limiter) =>
      limiter.consume({ algorithm: "token-bucket", key, limit: 10, window: "1 hour", tokens, onExceeded: "delay" })
    )
  const limiter = (url: string, prefix?: string) => RedisRateLimiter.layer({ url: Redacted.make(url), prefix })

  it.live("RedisRateLimiter reads the URL from REDIS_URL by default", () =>
    Effect.gen(function*() {
      const { url } = yield* startRedis
      const config = ConfigProvider.layer(ConfigProvider.fromEnv({ env: { REDIS_URL: url } }))
      const layer = Layer.provide(RedisRateLimiter.layerConfig(), config)
      assert.strictEqual((yield* Effect.provide(consume("any"), layer)).remaining, 9)
    }))

  it.live("RedisRateLimiter prefixes its keys with ratelimiter:, or with what the program says", () =>
    Effect.gen(function*() {
      const { url } = yield* startRedis
      const remaining = (prefix?: string) =>
        Effect.map(Effect.provide(consume("any"), limiter(url, prefix)), ({ remaining }) => remaining)
      assert.deepStrictEqual([yield* remaining(), yield* remaining("ratelimiter:"), yield* remaining(makePrefix())], [
        9,
        8,
        9
      ])
    }))

  it.live("RedisRateLimiter stores what an adaptive limiter learns", () =>
    Effect.gen(function*() {
      const { url } = yield* startRedis
      yield* Effect.gen(function*() {
        const { adaptiveConsume, adaptiveFeedback } = yield* RateLimiter.RateLimiter
        const request = adaptiveConsume({ key: "any", tokens: 1, fallbackLimit: 3, fallbackWindow: Duration.hours(1) })
        const { epoch, phase } = yield* request
        yield* adaptiveFeedback({ key: "any", epoch, tokens: 1, status: 429, retryAfter: Duration.minutes(1) })
        assert.notStrictEqual((yield* request).phase, phase)
      }).pipe(Effect.provide(limiter(url)))
    }))

  /** Reads a bucket that gets a token every 10 ms, until it is full. */
  const untilFull = (key: string) =>
    RateLimiter.RateLimiter.use(({ consume }) =>
      Effect.suspend(() =>
        consume({ algorithm: "token-bucket", key, limit: 10, window: 100, tokens: 0, onExceeded: "delay" })
      ).pipe(Effect.repeat({ until: ({ remaining }) => remaining === 10 }))
    )
  const clocks = ["1 day", "1 hour", "30 seconds"] as const

  it.effect("RedisRateLimiter refills by the clock of Redis, whatever the clocks of the processes", () =>
    Effect.gen(function*() {
      const { url } = yield* startRedis
      yield* Effect.forEach(clocks, (ahead) =>
        Effect.gen(function*() {
          yield* TestClock.setTime(Duration.toMillis(ahead))
          yield* consume(ahead, 5)
          yield* TestClock.setTime(0)
          yield* untilFull(ahead)
        })).pipe(Effect.provide(limiter(url)))
    }))

  it.live("RedisRateLimiter refills after the clock of Redis is set back", () =>
    Effect.gen(function*() {
      const { url } = yield* startRedis
      yield* Effect.forEach(clocks, (back) =>
        Effect.gen(function*() {
          yield* send("SET", `ratelimiter:${back}`, "0")
          yield* send("SET", `ratelimiter:${back}:refill`, String(Date.now() + Duration.toMillis(back)))
          yield* untilFull(back)
        })).pipe(Effect.provide([limiter(url), connection(url)]))
    }))

  it.effect.each([
    "",
    " \n",
    "secret-host:6379",
    "http://secret@host",
    "redis://user:secret%@host",
    "redis://host/secret"
  ])(
    "RedisRateLimiter rejects the URL %j without quoting it",
    (url) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(limiter(url))))
        assert(error instanceof Config.ConfigError)
        assert.include(error.message, "The URL of Redis must look like redis://user:password@host:6379")
        assert.notInclude(inspect(error, { depth: 9 }), "secret")
      })
  )

  it.effect("RedisRateLimiter rejects a wiped URL", () =>
    Effect.gen(function*() {
      const url = Redacted.make("redis://127.0.0.1")
      Redacted.wipeUnsafe(url)
      const error = yield* Effect.flip(Effect.scoped(Layer.build(RedisRateLimiter.layer({ url }))))
      assert(error instanceof Config.ConfigError)
      assert.include(
        error.message,
        "The URL of Redis cannot be read: it was wiped, or comes from another copy of effect"
      )
    }))
})

// The test clock stands still, so that whatever waits for time to pass waits forever.
describe.skipIf(isRedisMissing)(`the connection${skipNote}`, () => {
  it.effect("the Redis connection is ready for the first command, also with whitespace around its URL", () =>
    Effect.gen(function*() {
      const { url } = yield* startRedis
      assert.strictEqual(yield* Effect.provide(ping, connection(`\uFEFF${url}\r\n`)), "PONG")
    }))

  it.effect("the Redis connection closes with its layer", () =>
    Effect.gen(function*() {
      const proxy = yield* makeProxy((yield* startRedis).url)
      yield* Effect.provide(ping, connection(proxy.url))
      yield* proxy.closed
    }))

  it.effect("the Redis connection fails the commands that it has sent when it breaks", () =>
    Effect.gen(function*() {
      const proxy = yield* makeProxy((yield* startRedis).url)
      yield* Effect.gen(function*() {
        yield* ping
        const [exit] = yield* Effect.all([Effect.exit(ping), Effect.sync(proxy.cut)], { concurrency: 2 })
        assert.isTrue(Exit.isFailure(exit))
      }).pipe(Effect.provide(connection(proxy.url)))
    }))

  it.effect("the Redis connection can neither be reserved nor subscribe", () =>
    Effect.gen(function*() {
      const { url } = yield* startRedis
      const { reserve, subscribe } = Context.get(yield* Layer.build(connection(url)), Redis.Redis)
      const errors = [yield* Effect.flip(reserve), yield* Effect.flip(Effect.flatMap(subscribe("any"), Queue.take))]
      assert.deepStrictEqual(errors.map(({ cause }) => String(cause)), [
        "Error: This connection cannot be reserved",
        "Error: This connection cannot subscribe"
      ])
    }))

  it.effect("the Redis connection names the reason in each error while Redis is missing", () =>
    Effect.gen(function*() {
      const port = yield* Effect.scoped(listen(() => {}))
      const error = yield* Effect.flip(Effect.provide(ping, connection(`redis://127.0.0.1:${port}`)))
      assert.strictEqual(String(error.cause), "Error: there is no connection to Redis: ECONNREFUSED")
    }))

  it.effect("the Redis connection is retried with growing delays", () =>
    Effect.gen(function*() {
      const at: Array<number> = []
      let onFive = () => {}
      const five = new Promise<void>((resolve) => {
        onFive = resolve
      })
      const port = yield* listen((socket) => {
        if (at.push(performance.now()) === 5) onFive()
        socket.destroy()
      })
      yield* Effect.provide(Effect.promise(() => five), connection(`redis://127.0.0.1:${port}`))
      assert.isAtLeast(at[4]! - at[3]!, 400)
      assert.isAbove(at[4]! - at[3]!, at[1]! - at[0]!)
    }))
})
