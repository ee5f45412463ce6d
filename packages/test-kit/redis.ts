/**
 * Redis servers for tests. Every server is started by the test that uses it, on a free port of the loopback interface:
 * neither `REDIS_URL` nor the Redis of the machine is ever used.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { randomUUID } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as tls from "node:tls"
import type { Certificate } from "./certificate.ts"

/**
 * Whether tests with Redis are skipped, as in `describe.skipIf(isRedisMissing)(`Redis${skipNote}`, …)`. CI never skips
 * them: a missing redis-server fails there.
 */
export const isRedisMissing: boolean = process.env["CI"] !== "true" &&
  spawnSync("redis-server", ["--version"]).error !== undefined

/** The end of the title of skipped tests. */
export const skipNote: string = isRedisMissing ? " (skipped: redis-server is not installed)" : ""

/** A prefix for the keys of one test. */
export const makePrefix = (): string => `effect-heroku-test:${randomUUID()}:`

/** A Redis server that stores nothing on disk. */
export interface RedisServer {
  readonly url: string
  readonly start: Effect.Effect<void>
  readonly stop: Effect.Effect<void>
  /** Makes it hang: connections stay open, and nothing responds. */
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
}

const freePort: Effect.Effect<number> = Effect.callback((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)))
  })
})

const responds = (port: number, overTls: boolean): Promise<boolean> =>
  new Promise((resolve) => {
    const address = { host: "127.0.0.1", port }
    const socket = overTls ? tls.connect({ ...address, rejectUnauthorized: false }) : connect(address)
    const end = (response: boolean) => {
      socket.destroy()
      resolve(response)
    }
    socket.setTimeout(1000, () => end(false))
    socket.on("error", () => end(false))
    socket.on("close", () => end(false))
    // A connection to a free port of the loopback interface can be one to itself, and echo what it sends.
    socket.on("data", (data) => end(data.toString().startsWith("+PONG")))
    socket.on("connect", () => socket.write("PING\r\n"))
  })

/** Waits by the real time, also under `TestClock`. */
const pause = Effect.promise(() => new Promise<void>((resolve) => setTimeout(resolve, 20)))

const make = Effect.fnUntraced(function*(certificate?: Certificate): Effect.fn.Return<RedisServer, never, Scope.Scope> {
  const port = yield* freePort
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "redis-"))),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
  )
  const [certFile, keyFile] = [join(directory, "cert.pem"), join(directory, "key.pem")]
  if (certificate !== undefined) {
    writeFileSync(certFile, certificate.cert)
    writeFileSync(keyFile, certificate.key)
  }
  const listen = certificate === undefined ? { port } : {
    port: 0,
    "tls-port": port,
    "tls-cert-file": certFile,
    "tls-key-file": keyFile,
    "tls-auth-clients": "no"
  }
  let child: ChildProcess | undefined
  let problem: Error | undefined

  const waitForResponse: Effect.Effect<void> = Effect.suspend(() =>
    problem === undefined
      ? Effect.flatMap(
        Effect.promise(() => responds(port, certificate !== undefined)),
        (responded) => responded ? Effect.void : Effect.andThen(pause, waitForResponse)
      )
      : Effect.die(problem)
  )
  const start = Effect.suspend(() => {
    const settings = { ...listen, bind: "127.0.0.1", dir: directory, save: "", appendonly: "no" }
    const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
    child = spawn("redis-server", options, { stdio: "ignore" })
    child.once("error", (error) => {
      problem = new Error("redis-server could not be started", { cause: error })
    })
    child.once("exit", (code) => {
      if (code !== null && code !== 0) problem = new Error(`redis-server exited with code ${code}`)
    })
    return waitForResponse
  })
  const end = (signal: "SIGTERM" | "SIGKILL") =>
    Effect.callback<void>((resume) => {
      if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
      child.once("close", () => resume(Effect.void))
      child.kill(signal)
    })
  yield* Effect.addFinalizer(() => end("SIGKILL"))
  const signal = (name: "SIGSTOP" | "SIGCONT") => Effect.sync(() => child?.kill(name))
  return {
    url: `redis${certificate === undefined ? "" : "s"}://127.0.0.1:${port}`,
    start,
    stop: end("SIGTERM"),
    freeze: signal("SIGSTOP"),
    thaw: signal("SIGCONT")
  }
})

/** Makes a server that is not started yet; it is killed with the scope. */
export const makeRedisServer: Effect.Effect<RedisServer, never, Scope.Scope> = make()

/** Starts a server that speaks TLS. */
export const startRedisOverTls = (certificate: Certificate): Effect.Effect<RedisServer, never, Scope.Scope> =>
  Effect.tap(make(certificate), ({ start }) => start)

/** Starts a server; it is killed with the scope. */
export const startRedis: Effect.Effect<RedisServer, never, Scope.Scope> = Effect.tap(
  makeRedisServer,
  ({ start }) => start
)
