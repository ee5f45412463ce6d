import { Authorization } from "@effect-heroku/core"
import { serve } from "@effect-heroku/test-kit/httpServer"
import { FaultInjection, HerokuAccount } from "@effect-heroku/testing"
import { assert, it, layer } from "@effect/vitest"
import { Effect, Fiber, Option, Redacted } from "effect"
import { globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { known, layerSandbox, run, runAgainstSandbox } from "./support/run.ts"

/** The timeout of tests that start several programs, each of which takes seconds on a busy machine. */
const several = 180_000

const tempDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "examples-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
)

/** The current token of an authorization of the sandbox. */
const tokenOf = Effect.fnUntraced(function*(id: string) {
  const account = yield* HerokuAccount.HerokuAccount
  const token = Option.flatMap(yield* account.get(id), Authorization.accessToken)
  return Redacted.value(Option.getOrThrow(token))
})

it.each(globSync("**/*.ts", { cwd: import.meta.dirname, exclude: ["**/*.test.ts", "support/**"] }))(
  "%s has at most 40 lines after its header, and is listed in the documents",
  (file) => {
    const read = (path: string) => readFileSync(join(import.meta.dirname, path), "utf8")
    const code = read(file).replace(/^\/\*\*.*?\*\/\n/s, "")
    assert.isAtMost(code.trimEnd().split("\n").length, 40)
    assert.include(read("../docs/examples.md"), `(../examples/${file})`)
  }
)

layer(layerSandbox)((it) => {
  it.effect("audit.ts prints the authorizations with global scope that never expire", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* runAgainstSandbox("audit.ts")
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.strictEqual(stdout, `${known} has global scope and never expires, created 2024-05-01\n`)
    }))

  it.effect("audit.ts fails when the token is rejected", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* runAgainstSandbox("audit.ts", { env: { HEROKU_API_KEY: "HRKU-wrong" } })
      assert.strictEqual(code, 1)
      assert.match(stdout + stderr, /Unauthorized: Invalid credentials provided/)
      assert.notInclude(stdout + stderr, "HRKU")
    }))

  it.effect.each(["fetch.ts", "budget.ts"])("%s prints the number of authorizations", (file) =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* runAgainstSandbox(file)
      assert.deepStrictEqual([code, stderr, stdout], [0, "", "2 authorizations\n"])
    }))

  it.effect("transform-client.ts adds a header to every request and logs the request ids to standard error", () =>
    Effect.gen(function*() {
      const headers: Array<unknown> = []
      const url = yield* serve((request, response) => {
        headers.push(request.headers["x-job"])
        response.setHeader("content-type", "application/json").setHeader("request-id", "the-request-id").end("[]")
      })
      const { code, stderr, stdout } = yield* run("transform-client.ts", {
        env: { HEROKU_API_KEY: "any", HEROKU_API_URL: url }
      })
      assert.deepStrictEqual([code, stdout], [0, "0 authorizations\n"], stderr)
      assert.deepStrictEqual(headers, ["nightly-audit"])
      assert.include(stderr, "status 200, request id the-request-id")
    }))

  it.effect("audit.ts connects through the proxy in HTTPS_PROXY", () =>
    Effect.gen(function*() {
      const targets: Array<string | undefined> = []
      const proxy = createServer().on("connect", ({ url }, socket) => {
        targets.push(url)
        socket.end("HTTP/1.1 403 Forbidden\r\n\r\n")
      })
      yield* Effect.acquireRelease(
        Effect.callback<void>((resume) => void proxy.listen(0, "127.0.0.1", () => resume(Effect.void))),
        () => Effect.sync(() => proxy.close())
      )
      const address = proxy.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      const { code } = yield* run("audit.ts", {
        env: { HEROKU_API_KEY: "any", HTTPS_PROXY: `http://127.0.0.1:${port}` }
      })
      assert.strictEqual(code, 1)
      assert.include(targets, "api.heroku.com:443")
    }))

  it.effect("circuit-breaker.ts counts authorizations", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* runAgainstSandbox("circuit-breaker.ts")
      assert.deepStrictEqual([code, stdout], [0, "2 authorizations\n"], stderr)
    }))

  it.effect("debug-logging.ts logs every request to standard error, without the token", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* runAgainstSandbox("debug-logging.ts")
      assert.deepStrictEqual([code, stdout], [0, "2 authorizations\n"])
      assert.match(stderr, /DEBUG .*Heroku list: success/)
      assert.notInclude(stderr, "HRKU")
    }))

  it.effect("create-token.ts prints only the token, also when a request is retried", () =>
    Effect.gen(function*() {
      const account = yield* HerokuAccount.HerokuAccount
      const faults = yield* FaultInjection.FaultInjection
      yield* faults.inject(FaultInjection.status(429, { headers: { "Retry-After": "1" } }), { operation: "create" })
      const { code, stderr, stdout } = yield* runAgainstSandbox("create-token.ts")
      assert.strictEqual(code, 0, stderr)
      const created = (yield* account.authorizations).find(({ description }) =>
        Option.contains(description, "build server")
      )
      assert.strictEqual(stdout, `${yield* tokenOf(created!.id)}\n`)
      yield* account.remove(created!.id)
    }))

  it.effect("create-token.ts prints errors to standard error", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* runAgainstSandbox("create-token.ts", {
        env: { HEROKU_API_KEY: "HRKU-wrong" }
      })
      assert.deepStrictEqual([code, stdout], [1, ""])
      assert.include(stderr, "Unauthorized: Invalid credentials provided")
    }))

  it.effect("revoke-expired.ts revokes expired authorizations and no others", () =>
    Effect.gen(function*() {
      const account = yield* HerokuAccount.HerokuAccount
      const [expired] = yield* account.put({ expiresIn: 0 })
      const { code, stderr, stdout } = yield* runAgainstSandbox("revoke-expired.ts")
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.strictEqual(stdout, `${expired!.id} is revoked\n1 expired authorizations are revoked\n`)
      assert.isTrue(Option.isNone(yield* account.get(expired!.id)))
      assert.strictEqual(yield* account.size, 2)
    }))

  it.effect(
    "rotate.ts continues after it was killed, and leaves one authorization whose token is in the file",
    () =>
      Effect.gen(function*() {
        const account = yield* HerokuAccount.HerokuAccount
        const faults = yield* FaultInjection.FaultInjection
        const directory = yield* tempDirectory
        const [old] = yield* account.put({ description: "build server" })
        const env = { AUTHORIZATION: old!.id, TOKEN_FILE: join(directory, "token") }
        const gate = yield* faults.hold({ operation: "update", afterActing: true })
        const killed = yield* Effect.forkChild(runAgainstSandbox("rotate.ts", { env }))
        yield* gate.arrived
        yield* Fiber.interrupt(killed)
        yield* gate.open
        const { code, stderr, stdout } = yield* runAgainstSandbox("rotate.ts", { env })
        assert.deepStrictEqual([code, stderr], [0, ""])
        const [, id = ""] = /^replaced by (\S+)\n$/.exec(stdout)!
        assert.strictEqual(readFileSync(env.TOKEN_FILE, "utf8"), yield* tokenOf(id))
        assert.isTrue(Option.isNone(yield* account.get(old!.id)))
        assert.deepStrictEqual(readdirSync(directory), ["token"])
        const successor = Option.getOrThrow(yield* account.get(id))
        assert.deepStrictEqual(successor.description, Option.some("build server"))
        yield* account.remove(id)
      }),
    several
  )

  it.effect(
    "rotate.ts removes the temporary file that an earlier run left",
    () =>
      Effect.gen(function*() {
        const account = yield* HerokuAccount.HerokuAccount
        const directory = yield* tempDirectory
        const [old] = yield* account.put({ description: "build server" })
        const env = { AUTHORIZATION: old!.id, TOKEN_FILE: join(directory, "token") }
        // The run cannot replace a directory, and ends after it has written the temporary file.
        mkdirSync(join(env.TOKEN_FILE, "full"), { recursive: true })
        const failed = yield* runAgainstSandbox("rotate.ts", { env })
        assert.deepStrictEqual([failed.code, readdirSync(directory).length], [1, 2], failed.stdout)
        rmSync(env.TOKEN_FILE, { recursive: true })
        const { code, stderr, stdout } = yield* runAgainstSandbox("rotate.ts", { env })
        assert.deepStrictEqual([code, stderr], [0, ""])
        assert.deepStrictEqual(readdirSync(directory), ["token"])
        assert.strictEqual(statSync(env.TOKEN_FILE).mode & 0o777, 0o600)
        const [, id = ""] = /^replaced by (\S+)\n$/.exec(stdout)!
        assert.strictEqual(readFileSync(env.TOKEN_FILE, "utf8"), yield* tokenOf(id))
        for (const { description, id } of yield* account.authorizations) {
          if (Option.exists(description, (text) => text.startsWith("build server"))) yield* account.remove(id)
        }
      }),
    several
  )

  it.effect("scheduled.ts prints its schedule and runs until it is stopped", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* runAgainstSandbox("scheduled.ts", {
        on: { text: "\n", act: (child) => child.kill("SIGINT") }
      })
      assert.deepStrictEqual([code, stderr], [130, ""])
      assert.strictEqual(stdout, "Revoking expired authorizations every night at 3:00 UTC\n")
    }))
})
