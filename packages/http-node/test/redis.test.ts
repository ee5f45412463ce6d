/** The connection to Redis that limiters and caches share, where one can be cut, is refused, or has no address. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import * as Connection from "../src/internal/budget/redis.ts"
import { missingRedis, redisUrl } from "./fixtures/redis.ts"

/** A server that does with each connection what it is told to, and its port. */
const listen = (use: (socket: Socket) => void) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly port: number; readonly close: () => void }>((resume) => {
      const server = createServer((socket) => use(socket.on("error", () => {})))
      server.listen(0, "127.0.0.1", () => {
        const close = () => server.close()
        resume(Effect.succeed({ port: (server.address() as AddressInfo).port, close }))
      })
    }),
    ({ close }) => Effect.sync(close)
  ).pipe(Effect.map(({ port }) => port))

/** A way to Redis that can be cut. */
const makeWay = Effect.gen(function*() {
  const { hostname, port } = new URL(redisUrl)
  const sockets = new Set<Socket>()
  let tellClosed = () => {}
  const closed = new Promise<void>((resolve) => {
    tellClosed = resolve
  })
  const ownPort = yield* listen((socket) => {
    const redis = connect({ host: hostname, port: port === "" ? 6379 : Number(port) }).on("error", () => {})
    sockets.add(socket)
    socket.once("close", () => {
      sockets.delete(socket)
      redis.destroy()
      tellClosed()
    })
    socket.pipe(redis).pipe(socket)
  })
  const cut = () => sockets.forEach((socket) => socket.resetAndDestroy())
  yield* Effect.addFinalizer(() => Effect.sync(cut))
  const url = new URL(redisUrl)
  url.host = `127.0.0.1:${ownPort}`
  return { url: url.href, cut, closed: Effect.promise(() => closed) }
})

/** A port where nobody listens. */
const freePort = Effect.scoped(listen(() => {}))

const at = (url: string) => Connection.layer(Redacted.make(url))

const ping = Redis.Redis.use(({ send }) => send<string>("PING"))

const note = missingRedis === undefined ? "" : ` (skipped: ${missingRedis})`

describe.skipIf(missingRedis !== undefined)(`a connection to Redis${note}`, () => {
  // The clock of a test stands still: who waits for time to pass waits for ever.
  it.effect("is there as soon as Redis answers", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* ping, "PONG")
    }).pipe(Effect.provide(at(redisUrl))))

  it.effect("takes no notice of what an editor puts around its address", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* ping, "PONG")
    }).pipe(Effect.provide(at(`\uFEFF${redisUrl}\r\n`))))

  it.effect("ends with its layer", () =>
    Effect.gen(function*() {
      const way = yield* makeWay
      yield* Effect.provide(ping, at(way.url))
      yield* way.closed
    }))

  it.effect("that breaks takes with it the commands it was given: none waits for the next", () =>
    Effect.gen(function*() {
      const way = yield* makeWay
      yield* Effect.gen(function*() {
        const { send } = yield* Redis.Redis
        // After a timer the client hears of its connection before it writes.
        const exit = yield* Effect.promise(() =>
          new Promise<Exit.Exit<string, Redis.RedisError>>((resolve) => {
            setTimeout(() => {
              way.cut()
              resolve(Effect.runPromiseExit(send<string>("PING")))
            })
          })
        )
        assert.isTrue(Exit.isFailure(exit))
      }).pipe(Effect.provide(at(way.url)))
    }))

  it.effect("is for commands alone, and says so", () =>
    Effect.gen(function*() {
      const { reserve, subscribe } = yield* Redis.Redis
      const errors = [
        yield* Effect.flip(reserve),
        yield* Effect.flip(Effect.flatMap(subscribe("any"), Queue.take))
      ]
      assert.deepStrictEqual(errors.map(({ cause }) => String(cause)), [
        "Error: This connection cannot be reserved",
        "Error: This connection cannot subscribe"
      ])
    }).pipe(Effect.provide(at(redisUrl))))
})

describe("a connection to a Redis that is not there", () => {
  it.effect("is not waited for once it is refused, and each command says what it was refused with", () =>
    Effect.gen(function*() {
      const port = yield* freePort
      const error = yield* Effect.flip(Effect.provide(ping, at(`redis://127.0.0.1:${port}`)))
      assert.strictEqual(String(error.cause), "Error: there is no connection to Redis: ECONNREFUSED")
    }))

  it.effect("is tried again after a second", () =>
    Effect.gen(function*() {
      const times: Array<number> = []
      let tellTwo = () => {}
      const two = new Promise<void>((resolve) => {
        tellTwo = resolve
      })
      const port = yield* listen((socket) => {
        if (times.push(performance.now()) === 2) tellTwo()
        socket.destroy()
      })
      yield* Effect.provide(Effect.promise(() => two), at(`redis://127.0.0.1:${port}`))
      // Timers may be a bit early, by this clock.
      assert.isAtLeast(times[1]! - times[0]!, 950)
    }))
})

describe("an address of Redis", () => {
  const wiped = Redacted.make(redisUrl)
  Redacted.wipeUnsafe(wiped)

  it.effect.each([["empty", Redacted.make("")], ["blank", Redacted.make(" \n")], ["wiped", wiped]] as const)(
    "that is %s is none, and not that of this machine",
    ([, url]) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(Connection.layer(url))))
        assert.strictEqual(error._tag, "ConfigError")
        assert.include(error.message, "The address of Redis must be one, as redis://user:password@host:6379")
      })
  )
})
