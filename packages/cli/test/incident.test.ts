/** Runs the commands of the incident playbook, from its first to its last line. */
import { Authorization } from "@effect-heroku/core"
import { HerokuAccount } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import { daysAgo, layerFake, temporaryDirectory, token } from "./fixtures/cli.ts"
import { bundle, run, runOnTerminal } from "./fixtures/process.ts"

const program = { file: "", remove: () => {} }
beforeAll(async () => void Object.assign(program, await bundle()))
afterAll(() => program.remove())

/** The commands of the guide, by the heading above them. */
const guide = readFileSync(join(import.meta.dirname, "../../../docs/incident.md"), "utf8")
const steps = guide.split(/^## /m).slice(1).map((section) =>
  Array.from(section.matchAll(/^```sh\n(.*?)\n```$/gms), ([, commands = ""]) => commands.split("\n")).flat()
)

const id = (digit: number) => `0000000${digit}-0000-4000-8000-000000000000`
const layer = layerFake({
  seed: [
    { id: id(1), description: "deploys", createdAt: daysAgo(3) },
    { id: id(2), description: "laptop of a former colleague", createdAt: daysAgo(900) },
    { id: id(3), description: "not leaked", scope: ["read"] },
    { id: id(9), description: "the one to act with", accessToken: token }
  ]
})

it.live(
  "the commands of the incident playbook leave every leaked token dead",
  () =>
    Effect.gen(function*() {
      const account = yield* HerokuAccount.HerokuAccount
      const { address } = yield* HttpServer.HttpServer
      const directory = yield* temporaryDirectory
      mkdirSync(join(directory, "bin"))
      writeFileSync(
        join(directory, "bin/heroku-authorizations"),
        `#!/bin/sh\nexec ${process.execPath} ${program.file} "$@"\n`,
        { mode: 0o755 }
      )
      const env = {
        HEROKU_API_KEY: token,
        HEROKU_API_URL: HttpServer.formatAddress(address),
        PATH: `${join(directory, "bin")}:${process.env["PATH"]}`
      }
      const tokenOf = (authorization: string) =>
        Effect.map(
          account.get(authorization),
          (found) => Option.map(Option.flatMap(found, Authorization.accessToken), Redacted.value)
        )
      /** Runs a command as written, and confirms its questions. */
      const start = (command: string) =>
        Effect.promise(() => {
          let replied = 0
          return runOnTerminal(`cd ${directory}; ${command}`, {
            env,
            onOutput: (output, child) => {
              const asked = output.split("Type yes to go ahead: ").length - 1
              if (asked > replied) child.stdin.write("yes\n".repeat(asked - replied))
              replied = asked
            }
          })
        })
      const [setUp = [], save = [], find = [], rotate = [], revoke = [], verify = [], ...rest] = steps
      assert.deepStrictEqual(setUp.map((command) => command.split(" ")[0]), ["unset", "heroku", "export"])
      assert.deepStrictEqual(rest.flat(), [])

      const leaked = [Option.getOrThrow(yield* tokenOf(id(1))), Option.getOrThrow(yield* tokenOf(id(2)))]
      const log = leaked.map((leakedToken, index) => `GET /${index} Authorization: Bearer ${leakedToken}`)
      writeFileSync(join(directory, "leaked.txt"), ["a line of a log without a token", ...log].join("\n"))
      for (const command of [...save, ...find]) {
        const { code, stdout } = yield* start(command)
        assert.strictEqual(code, 0, `${command}\n${stdout}`)
      }
      assert.strictEqual(readFileSync(join(directory, "before.ndjson"), "utf8").trimEnd().split("\n").length, 4)
      assert.isTrue(existsSync(join(directory, "before.html")))

      writeFileSync(join(directory, "keep.txt"), id(1))
      assert.lengthOf(rotate, 1)
      for (const command of rotate) assert.strictEqual((yield* start(command)).code, 0, command)
      assert.deepStrictEqual(readdirSync(join(directory, "tokens")), [id(1), "index.json"])
      const delivered = readFileSync(join(directory, "tokens", id(1)), "utf8")
      assert.deepStrictEqual(yield* tokenOf(id(1)), Option.some(delivered))

      assert.lengthOf(revoke, 1)
      for (const command of revoke) {
        const { code, stdout } = yield* start(command)
        assert.strictEqual(code, 0, `${command}\n${stdout}`)
      }
      const live = yield* account.authorizations
      assert.deepStrictEqual(live.map((item): string => item.id), [id(1), id(3), id(9)])

      const [findAgain = "", report = "", tryOld = ""] = verify
      const { code, stdout } = yield* start(findAgain)
      assert.strictEqual(code, 1, stdout)
      assert.include(stdout, "2 tokens not found")
      assert.strictEqual((yield* start(report)).code, 0)
      const tried = (yield* start(tryOld)).stdout.trim().split(/\r?\n/)
      assert.lengthOf(tried, 2)
      for (const line of tried) assert.match(line, /^HRKU-[\w-]{7}… Heroku rejected the token: /)
      // A token that works gives another line.
      writeFileSync(join(directory, "leaked.txt"), token)
      assert.notInclude((yield* start(tryOld)).stdout, "rejected")
      for (const old of leaked) {
        const { code } = yield* Effect.promise(() =>
          run("heroku-authorizations", ["list"], { env: { ...env, HEROKU_API_KEY: old }, stdin: "" })
        )
        assert.strictEqual(code, 1)
      }
    }).pipe(Effect.provide(layer)),
  120_000
)
