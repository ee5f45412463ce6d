/** Runs each example as a person would, in a process of its own, against the sandbox behind a real socket. */
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, layer } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"

const known = "01234567-89ab-cdef-0123-456789abcdef"

const layerSandbox = FakeHeroku.layerServer({
  token: "HRKU-right",
  seed: [
    {
      id: known,
      scope: ["global"],
      description: "leaked in a log",
      createdAt: DateTime.makeUnsafe("2024-05-01T12:00:00Z")
    },
    { scope: ["read"], description: "harmless" }
  ]
}).pipe(
  Layer.provideMerge(FaultInjection.layer),
  Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0, gracefulShutdownTimeout: 0 }))
)

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What to do to a program once it has printed something. */
interface Intervention {
  readonly at: string
  readonly act: (child: ChildProcessWithoutNullStreams) => void
}

/** Runs an example to its end. */
const run = (
  file: string,
  args: ReadonlyArray<string>,
  env: Record<string, string>,
  intervention?: Intervention
) =>
  Effect.callback<Ended>((resume) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, file), ...args], { env })
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (chunk) => {
      stdout += chunk
      if (intervention !== undefined && stdout.includes(intervention.at)) intervention.act(child)
    })
    child.stderr.on("data", (chunk) => stderr += chunk)
    child.on("close", (code) => resume(Effect.succeed({ code, stdout, stderr })))
    return Effect.sync(() => child.kill("SIGKILL"))
  })

/** Runs an example against the sandbox. */
const runAgainstSandbox = (
  file: string,
  args: ReadonlyArray<string> = [],
  token = "HRKU-right",
  intervention?: Intervention
) =>
  Effect.gen(function*() {
    const { address } = yield* HttpServer.HttpServer
    const env = { HEROKU_API_KEY: token, HEROKU_API_URL: HttpServer.formatAddress(address) }
    return yield* run(file, args, env, intervention)
  })

layer(layerSandbox)("examples", (it) => {
  it.effect("audit.ts prints what never expires and reaches everything", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* runAgainstSandbox("audit.ts")
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.strictEqual(stdout, `${known} can do everything, for ever, since 2024-05-01\n`)
    }))

  it.effect("audit.ts says so when the token is wrong", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* runAgainstSandbox("audit.ts", [], "HRKU-wrong")
      assert.strictEqual(code, 0)
      assert.match(stderr, /Heroku refuses the token: Invalid credentials provided/)
      assert.notInclude(stderr, "HRKU")
    }))

  it.effect("export.ts writes a line for each", () =>
    Effect.gen(function*() {
      const directory = mkdtempSync(join(tmpdir(), "export-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(directory, { recursive: true })))
      const file = join(directory, "all.ndjson")
      const { code, stdout } = yield* runAgainstSandbox("export.ts", [file])
      assert.deepStrictEqual([code, stdout], [0, `2 authorizations more in ${file}\n`])
      assert.lengthOf(readFileSync(file, "utf8").trimEnd().split("\n"), 2)
    }))

  it.effect.each(["export.ts", "revoke.ts"])("%s says how to run it", (file) =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* run(file, [], {})
      assert.strictEqual(code, 1)
      assert.match(stdout, /USAGE/)
      assert.match(stderr, /Missing required argument/)
    }))

  it.effect("revoke.ts revokes, and tells what was already gone", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* runAgainstSandbox("revoke.ts", [known, "gone"])
      assert.deepStrictEqual([code, stderr, stdout], [0, "", `${known} revoked\ngone was already gone\n`])
    }))
})

describe("demo", () => {
  layer(layerSandbox)("demo.ts", (it) => {
    it.effect("streams 2,500 authorizations out of the sandbox that it starts, and ends with how many", () =>
      Effect.gen(function*() {
        const { code, stderr, stdout } = yield* run("demo.ts", ["--page-size", "1000"], {})
        assert.deepStrictEqual([code, stderr], [0, ""])
        assert.match(stdout, /page 1: 1000 authorizations/)
        for (const row of [/^Authorizations +2,500$/m, /^Oldest +\d{4}-/m, /^Expired +[1-9]/m, /^By client$/m]) {
          assert.match(stdout, row)
        }
        assert.strictEqual(stdout.trimEnd().split("\n").at(-1), "streamed 2500 authorizations in 3 pages")
        assert.notInclude(stdout, "HRKU-")
      }))

    it.effect("ends quietly when nobody reads on", () =>
      Effect.gen(function*() {
        const leave = { at: "A sandbox", act: (child: ChildProcessWithoutNullStreams) => child.stdout.destroy() }
        const { code, stderr } = yield* run("demo.ts", [], {}, leave)
        assert.deepStrictEqual([code, stderr], [0, ""])
      }))

    it.effect("--live uses the account that is set up", () =>
      Effect.gen(function*() {
        const { code, stdout } = yield* runAgainstSandbox("demo.ts", ["--live"])
        assert.strictEqual(code, 0)
        assert.match(stdout, /^streamed 2 authorizations in 1 pages\n$/m)
      }))

    it.effect("stops at once when it is interrupted, also in the middle of a request", () =>
      Effect.gen(function*() {
        const faults = yield* FaultInjection.FaultInjection
        yield* faults.hold({ operation: "list" }).pipe(Effect.flatMap((gate) => gate.open))
        yield* faults.inject(FaultInjection.hang, { operation: "list" })
        const { code, stderr, stdout } = yield* runAgainstSandbox(
          "demo.ts",
          ["--live", "--page-size", "1"],
          undefined,
          { at: "page 1", act: (child) => child.kill("SIGINT") }
        )
        assert.deepStrictEqual([code, stderr], [130, ""])
        assert.strictEqual(stdout, "page 1: 1 authorizations, 1 so far\n")
      }))

    it.effect.each<[string, ReadonlyArray<string>, Record<string, string>, RegExp]>([
      ["without a token", ["--live"], {}, /No Heroku token: HEROKU_API_KEY is not set/],
      [
        "when Heroku is out of reach",
        ["--live"],
        { HEROKU_API_KEY: "x", HEROKU_API_URL: "http://127.0.0.1:1" },
        /connect/
      ],
      ["when the base URL is none", ["--live"], { HEROKU_API_KEY: "x", HEROKU_API_URL: "heroku" }, /HEROKU_API_URL/],
      ["on a page size out of range", ["--page-size", "1001"], {}, /a whole number from 1 to 1000/],
      ["on a flag that it does not know", ["--pages"], {}, /Unrecognized flag: --pages/]
    ])("%s it says what is wrong and fails", ([, args, env, message]) =>
      Effect.gen(function*() {
        const { code, stderr } = yield* run("demo.ts", args, env)
        assert.notStrictEqual(code, 0)
        assert.match(stderr, message)
        assert.notMatch(stderr, /^ +at /m)
      }))

    it.effect("says so when the token is wrong", () =>
      Effect.gen(function*() {
        const { code, stderr } = yield* runAgainstSandbox("demo.ts", ["--live"], "HRKU-wrong")
        assert.strictEqual(code, 1)
        assert.match(stderr, /Heroku refuses the token: Invalid credentials provided\. Set HEROKU_API_KEY/)
      }))
  })
})
