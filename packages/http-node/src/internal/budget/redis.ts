/**
 * The connection of `RedisRateLimiter`. Effect's own `NodeRedis` builds only once it is connected, and ends only when Redis
 * has responded to everything, which a frozen one never does.
 */
import * as Config from "effect/Config"
import { SourceError } from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { X509Certificate } from "node:crypto"
import { createClient } from "redis"
import { describeUnreadable, reveal } from "../redact.ts"
import { sleepInSteps } from "./time.ts"

/** The TLS of a connection. */
export interface TlsOptions {
  /** Whether the certificate of Redis must be trusted. Default: `true`. */
  readonly rejectUnauthorized?: boolean | undefined
  /** The certificate of the authority to trust instead of the usual ones, in PEM format. */
  readonly ca?: string | undefined
}

/** Provides a connection. It fails only if `url` or `tls` is invalid. */
export const layer = (url: Redacted.Redacted, tls?: TlsOptions, delay = reconnectDelay) =>
  Layer.effect(Redis.Redis, make(url, tls, delay))

const make = Effect.fnUntraced(function*(url: Redacted.Redacted, tls?: TlsOptions, delay = reconnectDelay) {
  const text = reveal(url)
  if (text === undefined) return yield* Effect.fail(configError(`The URL of Redis ${describeUnreadable(url)}`))
  if (tls !== undefined && !/^\s*rediss:/i.test(text)) {
    return yield* Effect.fail(configError("The option tls of Redis needs a URL that begins with rediss://"))
  }
  const { ca, rejectUnauthorized = true } = tls ?? {}
  if (ca !== undefined && !isPem(ca)) {
    return yield* Effect.fail(configError("The option tls.ca of Redis must be a certificate in PEM format"))
  }
  /** How many connections failed since the last one that could be used. The client counts from the last accepted one. */
  let failures = 0
  const client = yield* Effect.acquireRelease(
    Effect.try({
      try: () => {
        // The client would take an empty URL for that of this machine.
        const { href, protocol } = new URL(text.trim())
        const reconnectStrategy = () => delay(failures++)
        return createClient({
          url: href,
          // With an offline queue, commands would wait 5 seconds for a connection.
          disableOfflineQueue: true,
          socket: protocol === "rediss:"
            ? { reconnectStrategy, tls: true, rejectUnauthorized, ...(ca === undefined ? {} : { ca }) }
            : { reconnectStrategy }
        })
      },
      // The original error would quote the URL.
      catch: () => configError("The URL of Redis must look like redis://user:password@host:6379")
    }),
    (client) => Effect.sync(() => client.destroy())
  )
  let problem = "no response yet"
  client.on("error", (error) => {
    problem = describe(error)
  })
  client.on("ready", () => {
    failures = 0
  })

  const firstAttempt = Effect.callback<void>((resume) => {
    const end = () => resume(Effect.void)
    client.once("ready", end).once("error", end)
    // The client tries to connect until it is destroyed.
    client.connect().catch(() => {})
  })
  // The first command finds a connection if there is a Redis; a silent one is not waited for.
  yield* Effect.raceFirst(firstAttempt, sleepInSteps(400))

  return yield* Redis.make({
    send: <A>(command: string, ...args: ReadonlyArray<string>) =>
      Effect.suspend(() =>
        client.isReady
          ? Effect.tryPromise({
            try: () => client.sendCommand<A>([command, ...args]),
            catch: (cause) => new Redis.RedisError({ cause })
          })
          : fail(`there is no connection to Redis: ${problem}`)
      ),
    // A limiter needs neither.
    connect: fail("This connection cannot be reserved"),
    subscribe: () => fail("This connection cannot subscribe")
  })
})

/** The milliseconds before the next connection: they double up to 2 seconds, and differ from process to process. */
export const reconnectDelay = (failures: number): number =>
  Math.min(100 * 2 ** failures, 2000) * (0.5 + Math.random() / 2)

const fail = (message: string) => Effect.fail(new Redis.RedisError({ cause: new Error(message) }))

/** Describes a failure by the code of the system, as ECONNREFUSED, or the message of Redis. */
const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return "unknown"
  return "code" in error && typeof error.code === "string" ? error.code : error.message
}

const configError = (message: string) => new Config.ConfigError(new SourceError({ message }))

/** Node ignores a CA that it cannot read, and the connection would fail with the error of an untrusted certificate. */
const isPem = (ca: string): boolean =>
  ca.includes("-----BEGIN CERTIFICATE-----") && Result.isSuccess(Result.try(() => new X509Certificate(ca)))
