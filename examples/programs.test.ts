/** Runs each example as a person would, in a process of its own, against the sandbox behind a real socket. */
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import { HerokuAccount } from "@effect-heroku/testing/HerokuAccount"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, layer } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
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
  readonly act: (child: ChildProcessWithoutNullStreams, stdout: string) => void
}

/** Runs an example to its end. */
const run = (
  file: string,
  args: ReadonlyArray<string>,
  env: Record<string, string>,
  intervention?: Intervention,
  stdin = ""
) =>
  Effect.callback<Ended>((resume) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, file), ...args], { env })
    child.stdin.end(stdin)
    let stdout = ""
    let stderr = ""
    const intervene = () => {
      if (intervention !== undefined && (stdout + stderr).includes(intervention.at)) intervention.act(child, stdout)
    }
    child.stdout.on("data", (chunk) => {
      stdout += chunk
      intervene()
    })
    child.stderr.on("data", (chunk) => {
      stderr += chunk
      intervene()
    })
    child.on("close", (code) => resume(Effect.succeed({ code, stdout, stderr })))
    return Effect.sync(() => child.kill("SIGKILL"))
  })

/** Runs an example against the sandbox. */
const runAgainstSandbox = (
  file: string,
  args: ReadonlyArray<string> = [],
  token = "HRKU-right",
  intervention?: Intervention,
  stdin?: string
) =>
  Effect.gen(function*() {
    const { address } = yield* HttpServer.HttpServer
    const env = { HEROKU_API_KEY: token, HEROKU_API_URL: HttpServer.formatAddress(address) }
    return yield* run(file, args, env, intervention, stdin)
  })

/** For tests that start several programs, one after the other: each takes seconds where the machine is busy. */
const several = 180_000

const tempDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "examples-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
)

layer(layerSandbox)("examples", (it) => {
  it.effect("audit.ts prints what never expires and reaches everything", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* runAgainstSandbox("audit.ts")
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.strictEqual(stdout, `${known} can do everything, for ever, since 2024-05-01\n`)
    }))

  it.effect("audit.ts fails when the token is wrong: to print nothing would look like an account that is clean", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* runAgainstSandbox("audit.ts", [], "HRKU-wrong")
      assert.strictEqual(code, 1)
      assert.match(stdout + stderr, /Unauthorized: Invalid credentials provided/)
      assert.notInclude(stdout + stderr, "HRKU")
    }))

  it.effect("export.ts writes a line for each, and tells how far it is", () =>
    Effect.gen(function*() {
      const file = join(yield* tempDirectory, "all.ndjson")
      const { code, stderr, stdout } = yield* runAgainstSandbox("export.ts", [file])
      assert.deepStrictEqual([code, stdout], [0, `2 authorizations more in ${file}\n`])
      assert.strictEqual(stderr, "2 authorizations written\n")
      assert.lengthOf(readFileSync(file, "utf8").trimEnd().split("\n"), 2)
    }))

  it.effect("fetch.ts counts them over fetch", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* runAgainstSandbox("fetch.ts")
      assert.deepStrictEqual([code, stderr, stdout], [0, "", "2 authorizations\n"])
    }))

  it.effect("proxy.ts goes through the proxy that HTTPS_PROXY names", () =>
    Effect.gen(function*() {
      const asked: Array<string | undefined> = []
      const proxy = createServer().on("connect", ({ url }, socket) => {
        asked.push(url)
        socket.end("HTTP/1.1 403 Forbidden\r\n\r\n")
      })
      yield* Effect.acquireRelease(
        Effect.callback<void>((resume) => void proxy.listen(0, "127.0.0.1", () => resume(Effect.void))),
        () => Effect.sync(() => proxy.close())
      )
      const address = proxy.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      const { code } = yield* run("proxy.ts", [], { HEROKU_API_KEY: "any", HTTPS_PROXY: `http://127.0.0.1:${port}` })
      assert.strictEqual(code, 1)
      assert.include(asked, "api.heroku.com:443")
    }))

  it.effect("find.ts prints whose a leaked token is, and not the token", () =>
    Effect.gen(function*() {
      const account = yield* HerokuAccount
      const one = Option.flatMap(yield* account.get(known), ({ accessToken }) => accessToken)
      const leaked = Redacted.value(Option.getOrThrow(one).token)
      const { code, stderr, stdout } = yield* runAgainstSandbox(
        "find.ts",
        [],
        undefined,
        undefined,
        `other\n${leaked}\n`
      )
      assert.deepStrictEqual([code, stderr, stdout], [0, "2 authorizations compared\n", `${known}\n`])
    }))

  it.effect("report.ts writes JSON and a page, without tokens", () =>
    Effect.gen(function*() {
      const file = join(yield* tempDirectory, "report")
      const { code, stderr, stdout } = yield* runAgainstSandbox("report.ts", [file])
      assert.deepStrictEqual([code, stderr], [0, "2 authorizations read\n"])
      assert.strictEqual(stdout, `2 authorizations in ${file}.json and ${file}.html\n`)
      const report = JSON.parse(readFileSync(`${file}.json`, "utf8"))
      assert.deepInclude(report.authorizations.find((one: { id: string }) => one.id === known), {
        description: "leaked in a log",
        scope: ["global"],
        expiresAt: null,
        findings: ["everything, for ever", "older than a year"]
      })
      const page = readFileSync(`${file}.html`, "utf8")
      assert.include(page, "leaked in a log")
      // It loads nothing, and what it shows cannot become part of it.
      assert.notMatch(page, /<script|<link|src=|url\(|https?:/)
      assert.notInclude(page + JSON.stringify(report), "HRKU-")
    }))

  it.effect(
    "revokeExpired.ts lists what has expired, and revokes nothing unless it is told to",
    () =>
      Effect.gen(function*() {
        const account = yield* HerokuAccount
        const [gone] = yield* account.put({ expiresIn: 0 })
        const { code, stderr, stdout } = yield* runAgainstSandbox("revokeExpired.ts")
        assert.deepStrictEqual([code, stderr], [0, ""])
        assert.strictEqual(stdout, `${gone!.id} has expired\n1 expired; --apply revokes them\n`)
        assert.strictEqual(yield* account.size, 3)
        const applied = yield* runAgainstSandbox("revokeExpired.ts", ["--apply"])
        assert.strictEqual(applied.stdout, `${gone!.id} revoked\n1 expired, 1 revoked\n`)
        assert.strictEqual(yield* account.size, 2)
      }),
    several
  )

  it.effect(
    "rotate.ts loses no token when it is killed while Heroku replaces one, and is run again",
    () =>
      Effect.gen(function*() {
        const account = yield* HerokuAccount
        const faults = yield* FaultInjection.FaultInjection
        const directory = yield* tempDirectory
        const made = yield* account.put({}, {})
        const ids = made.map(({ id }) => id)
        const args = ["--journal", join(directory, "journal"), "--deliver-to", join(directory, "tokens"), ...ids]
        // Heroku replaces the second token, and its answer never comes.
        const arrived = Promise.withResolvers<void>()
        yield* faults.inject(FaultInjection.hang, {
          operation: "regenerate",
          afterActing: true,
          when: ({ id }) => id === ids[1] && (arrived.resolve(), true)
        })
        const killed = yield* runAgainstSandbox("rotate.ts", args, undefined, {
          at: `${ids[0]} has a new token`,
          act: (child) => void arrived.promise.then(() => child.kill("SIGKILL"))
        })
        assert.isNull(killed.code)
        assert.notDeepEqual(yield* account.get(ids[1]!), Option.some(made[1]!))
        const { code, stdout } = yield* runAgainstSandbox("rotate.ts", args)
        assert.deepStrictEqual([code, stdout], [0, "all are delivered\n"])
        for (const id of ids) {
          const now = Option.flatMap(yield* account.get(id), ({ accessToken }) => accessToken)
          const delivered = readFileSync(join(directory, "tokens", id), "utf8")
          assert.strictEqual(delivered, Redacted.value(Option.getOrThrow(now).token))
        }
        yield* account.remove(...ids)
      }),
    several
  )

  it.effect(
    "rotate.ts rotates the others where one belongs to a client, and ends with which it could not",
    () =>
      Effect.gen(function*() {
        const account = yield* HerokuAccount
        const directory = yield* tempDirectory
        const made = yield* account.put({}, { client: { name: "CI" } }, {})
        const ids = made.map(({ id }) => id)
        const args = ["--journal", join(directory, "journal"), "--deliver-to", join(directory, "tokens"), ...ids]
        const { code, stderr, stdout } = yield* runAgainstSandbox("rotate.ts", args)
        assert.deepStrictEqual([code, stdout], [1, ""])
        assert.include(stderr, `${ids[1]} cannot be rotated: Forbidden`)
        assert.include(stderr, `${ids[2]} has a new token, delivered\n`)
        assert.include(stderr, `All others are delivered. Not rotated: ${ids[1]}`)
        yield* account.remove(...ids)
      }),
    several
  )

  it.effect("authorizations.ts makes, shows, changes, rotates and revokes one", () =>
    Effect.gen(function*() {
      const account = yield* HerokuAccount
      const cli = (...args: ReadonlyArray<string>) =>
        Effect.map(runAgainstSandbox("authorizations.ts", args), ({ code, stderr, stdout }) => {
          assert.deepStrictEqual([code, stderr], [0, ""])
          return stdout
        })
      const made = yield* cli("create", "-d", "ci", "-s", "read,write", "-e", "3600")
      const [, id = ""] = /^ID: +(\S+)$/m.exec(made)!
      assert.match(made, /^Scope: +read, write$/m)
      const token = Effect.map(account.get(id), (one) =>
        Redacted.value(Option.getOrThrow(Option.flatMap(one, ({ accessToken }) => accessToken)).token))
      const first = yield* token
      assert.include(made, `Token:       ${first}\n`)
      assert.include(yield* cli("list"), `${id}\tci\tread,write\n`)
      assert.match(yield* cli("update", id, "-d", "build server"), /^Description: build server$/m)
      const shown = yield* cli("info", id)
      assert.match(shown, /^Description: build server$/m)
      assert.match(shown, /^Updated at: +\d{4}-/m)
      assert.notInclude(shown, "HRKU-")
      assert.include(yield* cli("rotate", id), `Token:       ${yield* token}\n`)
      assert.notStrictEqual(yield* token, first)
      assert.strictEqual(yield* cli("revoke", id), `revoked ${id}\n`)
      assert.isTrue(Option.isNone(yield* account.get(id)))
    }), several)

  it.effect("web.ts answers over HTTP until it is stopped", () =>
    Effect.gen(function*() {
      let answered: Promise<string> | undefined
      const { code, stderr } = yield* runAgainstSandbox("web.ts", [], undefined, {
        at: "\n",
        act: (child, stdout) => {
          answered ??= fetch(`${stdout.trim()}/authorizations/${known}`, { headers: { connection: "close" } })
            .then((response) => response.text())
            .finally(() => child.kill("SIGTERM"))
        }
      })
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.deepStrictEqual(JSON.parse(yield* Effect.promise(() => answered!)), {
        id: known,
        description: "leaked in a log",
        scope: ["global"]
      })
    }))

  it.effect("scheduled.ts says what it will do, and does until it is stopped", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* runAgainstSandbox("scheduled.ts", [], undefined, {
        at: "\n",
        act: (child) => child.kill("SIGINT")
      })
      assert.deepStrictEqual([code, stderr], [130, ""])
      assert.strictEqual(stdout, "Every night at 3:00 UTC, what has expired is revoked\n")
    }))

  it.effect.each<[string, ReadonlyArray<string>]>([
    ["export.ts", ["file"]],
    ["report.ts", ["file"]],
    ["revoke.ts", [known]],
    ["revokeExpired.ts", []],
    ["authorizations.ts", ["list"]]
  ])("%s says in a sentence that the token is wrong", ([file, args]) =>
    Effect.gen(function*() {
      const { code, stderr } = yield* runAgainstSandbox(
        file,
        args.map((arg) => arg === "file" ? join(tmpdir(), "never-written") : arg),
        "HRKU-wrong"
      )
      assert.strictEqual(code, 1)
      assert.match(stderr, /Heroku refuses the token: Invalid credentials provided\. Set HEROKU_API_KEY/)
      assert.notMatch(stderr, /HRKU|^ +at /m)
    }))

  it.effect.each(["export.ts", "revoke.ts", "report.ts", "rotate.ts"])(
    "%s says how to run it",
    (file) =>
      Effect.gen(function*() {
        const { code, stderr, stdout } = yield* run(file, [], {})
        assert.strictEqual(code, 1)
        assert.match(stdout, /USAGE/)
        assert.match(stderr, /Missing required (?:argument|flag)/)
      })
  )

  it.effect("revoke.ts revokes, and tells what was already gone", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* runAgainstSandbox("revoke.ts", [known, "gone"])
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.sameMembers(stdout.trimEnd().split("\n"), [`${known} revoked`, "gone was already gone"])
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
