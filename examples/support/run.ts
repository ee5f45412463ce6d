/** Runs examples as a user does: in processes of their own, against a sandbox on a loopback port. */
import { FakeHeroku } from "@effect-heroku/testing"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { DateTime, Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { createServer } from "node:http"
import { join } from "node:path"

/** A server on a free loopback port. */
export const layerLoopback = NodeHttpServer.layer(createServer, {
  host: "127.0.0.1",
  port: 0,
  gracefulShutdownTimeout: 0
})

/** The only token that the sandbox accepts besides those of its authorizations. */
const token = "HRKU-sandbox"

/** The id of the first of the sandbox's two authorizations. */
export const known = "01234567-89ab-cdef-0123-456789abcdef"

export const layerSandbox = FakeHeroku.layerServerWithFaults({
  token,
  clearTokens: true,
  seed: [
    {
      id: known,
      scope: ["global"],
      description: "leaked in a log",
      createdAt: DateTime.makeUnsafe("2024-05-01T12:00:00Z")
    },
    { scope: ["read"], description: "harmless" }
  ]
}).pipe(Layer.provideMerge(layerLoopback))

export interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Options {
  readonly args?: ReadonlyArray<string>
  /** The environment: variables of the test's process are not inherited, except for the compile cache. */
  readonly env?: Record<string, string>
  readonly stdin?: string
  /** Called after each output that contains `text`. */
  readonly on?: {
    readonly text: string
    readonly act: (child: ChildProcessWithoutNullStreams, stdout: string) => void
  }
}

/** Runs an example until it ends. */
export const run = (file: string, { args = [], env = {}, on, stdin = "" }: Options = {}) =>
  Effect.callback<Result>((resume) => {
    const { NODE_COMPILE_CACHE = "" } = process.env
    const child = spawn(process.execPath, [join(import.meta.dirname, "..", file), ...args], {
      env: { NODE_COMPILE_CACHE, ...env }
    })
    child.stdin.end(stdin)
    let stdout = ""
    let stderr = ""
    const act = () => {
      if (on !== undefined && (stdout + stderr).includes(on.text)) on.act(child, stdout)
    }
    child.stdout.on("data", (chunk) => {
      stdout += chunk
      act()
    })
    child.stderr.on("data", (chunk) => {
      stderr += chunk
      act()
    })
    child.on("close", (code) => resume(Effect.succeed({ code, stdout, stderr })))
    return Effect.sync(() => child.kill("SIGKILL"))
  })

/** Runs an example against the sandbox of the test. */
export const runAgainstSandbox = (file: string, options: Options = {}) =>
  Effect.gen(function*() {
    const { address } = yield* HttpServer.HttpServer
    const env = { HEROKU_API_KEY: token, HEROKU_API_URL: HttpServer.formatAddress(address), ...options.env }
    return yield* run(file, { ...options, env })
  })
