/**
 * A connection to Redis for programs that must run without Redis too: the layer never waits for long, also when Redis is
 * not there, is silent or refuses; no command waits for a connection; and a Redis that answers again is used again.
 *
 * Effect's own `NodeRedis` is not there before its connection is, and ends when Redis has answered all that it was asked:
 * with a frozen one never.
 */
import * as Config from "effect/Config"
import { SourceError } from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import type * as Redacted from "effect/Redacted"
import { createClient } from "redis"
import { reveal } from "./options.ts"
import { patience } from "./patience.ts"

/** A connection to an address. It fails only when that is none. */
export const layer = (url: Redacted.Redacted): Layer.Layer<Redis.Redis, Config.ConfigError> =>
  Layer.effect(Redis.Redis, make(url))

const make = Effect.fnUntraced(function*(url: Redacted.Redacted) {
  const address = reveal(url)?.trim() ?? ""
  // The client would take it for the one of this machine.
  if (address === "") return yield* Effect.fail(noAddress())
  const client = yield* Effect.acquireRelease(
    Effect.try({
      try: () =>
        createClient({
          url: address,
          // Else commands wait 5 seconds for a connection.
          disableOfflineQueue: true,
          socket: { reconnectStrategy: 1000 }
        }),
      // What was wrong with it would quote it.
      catch: noAddress
    }),
    (client) => Effect.sync(() => client.destroy())
  )
  let problem = "no answer yet"
  client.on("error", (error) => {
    problem = describe(error)
  })

  const firstAttempt = Effect.callback<void>((resume) => {
    const end = () => resume(Effect.void)
    client.once("ready", end).once("error", end)
    // It goes on for as long as the client is there.
    client.connect().catch(() => {})
  })
  // A Redis that is there is used from the first command on; one that is silent is not waited for.
  yield* Effect.raceFirst(firstAttempt, patience(Duration.millis(400)))

  const notConnected = Effect.suspend(() =>
    Effect.fail(new Redis.RedisError({ cause: new Error(`there is no connection to Redis: ${problem}`) }))
  )
  return yield* Redis.make({
    send: <A>(command: string, ...args: ReadonlyArray<string>) =>
      Effect.suspend(() =>
        client.isReady
          ? Effect.tryPromise({
            try: () => client.sendCommand<A>([command, ...args]),
            catch: (cause) => new Redis.RedisError({ cause })
          })
          : notConnected
      ),
    // Neither limiters nor caches need a connection for themselves.
    connect: Effect.fail(new Redis.RedisError({ cause: new Error("This connection cannot be reserved") })),
    subscribe: () => Effect.fail(new Redis.RedisError({ cause: new Error("This connection cannot subscribe") }))
  })
})

/** What a failure is known by: the system's code, as ECONNREFUSED, or what Redis said. */
const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return "unknown"
  return "code" in error && typeof error.code === "string" ? error.code : error.message
}

const noAddress = (): Config.ConfigError =>
  new Config.ConfigError(
    new SourceError({ message: "The address of Redis must be one, as redis://user:password@host:6379" })
  )
