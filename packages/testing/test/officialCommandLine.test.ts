/** The official command line, as a user runs it, against the fake API behind a real socket. */
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import { HerokuAccount } from "@effect-heroku/testing/HerokuAccount"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll } from "vitest"

const program = fileURLToPath(import.meta.resolve("heroku/bin/run.js"))
const token = `HRKU-AA${"t".repeat(58)}`
const own = "01234567-89ab-4def-8123-456789abcdef"
const other = "11234567-89ab-4def-8123-456789abcdef"

// A start of the program takes a second, and more on a busy machine.
const timeout = 120_000

const layer = FakeHeroku.layerServer({
  seed: [
    { id: own, description: "own", accessToken: token },
    { id: other, description: "other", expiresIn: "30 days" }
  ],
  user: { email: "me@example.com" },
  // A client that uses no token of an authorization is not accepted.
  token: "another-token"
}).pipe(
  Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0, gracefulShutdownTimeout: 0 }))
)

// The program writes its cache and the configuration of git to the home directory.
const home = mkdtempSync(join(tmpdir(), "heroku-"))
afterAll(() => rmSync(home, { recursive: true }))

/** Runs `heroku` with these arguments. */
const heroku = Effect.fnUntraced(function*(...args: Array<string>) {
  const url = HttpServer.formatAddress((yield* HttpServer.HttpServer).address)
  const { NODE_COMPILE_CACHE = "", PATH = "" } = process.env
  const env = {
    DISABLE_TELEMETRY: "true",
    HEROKU_API_KEY: token,
    HEROKU_HOST: url,
    HEROKU_PARTICLEBOARD_URL: url,
    HOME: home,
    NODE_COMPILE_CACHE,
    // About the plugins that are not installed.
    NODE_NO_WARNINGS: "1",
    NO_COLOR: "1",
    PATH
  }
  return yield* Effect.callback<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>(
    (resume) => {
      const child = spawn(process.execPath, [program, ...args], { env })
      const printed = { stdout: "", stderr: "" }
      child.stdout.on("data", (chunk) => printed.stdout += chunk)
      child.stderr.on("data", (chunk) => printed.stderr += chunk)
      child.on("close", (code) => resume(Effect.succeed({ code, ...printed })))
      return Effect.sync(() => child.kill("SIGKILL"))
    }
  )
})

/** Runs `heroku`, which must succeed, and returns what it printed. */
const succeed = (...args: Array<string>) =>
  Effect.map(heroku(...args), ({ code, stderr, stdout }) => {
    assert.strictEqual(code, 0, stderr)
    return stdout
  })

const tokenOf = (id: string) =>
  HerokuAccount.use((account) =>
    Effect.map(
      account.get(id),
      (found) => Redacted.value(Option.getOrThrow(Option.flatMap(found, (one) => one.accessToken)).token)
    )
  )

it.effect("heroku authorizations prints a table, and JSON with masked tokens", () =>
  Effect.gen(function*() {
    const [table, text] = yield* Effect.all([succeed("authorizations"), succeed("authorizations", "--json")], {
      concurrency: 2
    })
    assert.match(table, /other +\S+ +global\n.*own/)
    const listed: ReadonlyArray<{ readonly id: string; readonly access_token: { readonly token: string } }> = JSON
      .parse(
        text
      )
    assert.deepStrictEqual(listed.map(({ id }) => id), [other, own])
    for (const { access_token } of listed) assert.match(access_token.token, /^HRKU-AA[\w-]+\*{10}[\w-]+$/)
  }).pipe(Effect.provide(layer)), timeout)

it.effect(
  "heroku authorizations:create, info, update, rotate and revoke do what they print",
  () =>
    Effect.gen(function*() {
      const account = yield* HerokuAccount
      const created = JSON.parse(
        yield* succeed("authorizations:create", "--json", "-d", "build server", "-s", "read,write", "-e", "600")
      )
      assert.deepInclude(created, { description: "build server", scope: ["read", "write"] })
      assert.strictEqual(created.access_token.token, yield* tokenOf(created.id))
      const info = yield* succeed("authorizations:info", created.id)
      assert.match(info, /Description: build server\n(.*\n)*Token: +HRKU-AA[\w-]+\*{10}/)
      assert.include(yield* succeed("authorizations:update", created.id, "-d", "changed"), "changed")
      const rotated = yield* succeed("authorizations:rotate", created.id)
      assert.include(rotated, yield* tokenOf(created.id))
      assert.notInclude(rotated, created.access_token.token)
      yield* succeed("authorizations:revoke", created.id)
      assert.deepStrictEqual((yield* account.authorizations).map(({ id }) => id), [own, other])
    }).pipe(Effect.provide(layer)),
  timeout
)

it.effect(
  "heroku auth:logout ends the token that auth:whoami and auth:token use, and no other",
  () =>
    Effect.gen(function*() {
      const account = yield* HerokuAccount
      const outputs = yield* Effect.all([succeed("auth:whoami"), succeed("auth:token")], { concurrency: 2 })
      assert.deepStrictEqual(outputs, ["me@example.com\n", `${token}\n`])
      yield* succeed("auth:logout")
      assert.deepStrictEqual((yield* account.authorizations).map(({ id }) => id), [other])
      const { code, stderr } = yield* heroku("auth:whoami")
      assert.notStrictEqual(code, 0)
      assert.include(stderr, "Invalid credentials provided.")
    }).pipe(Effect.provide(layer)),
  timeout
)
