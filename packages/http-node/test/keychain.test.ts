/**
 * The keychain entry of `heroku login`. Each case runs in a process of its own, in which programs of the test stand for
 * those of the operating system: they record their arguments and print what the real ones print.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as PlatformError from "effect/PlatformError"
import { ChildProcessSpawner, make as makeSpawner } from "effect/process/ChildProcessSpawner"
import * as TestClock from "effect/testing/TestClock"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { readKeychain } from "../src/internal/keychain.ts"
import { findTokenIn } from "./fixtures/findToken.ts"

const account = "me@example.com"

interface Case {
  readonly platform: string
  readonly program: string
  /** The shell commands of the program. Without any, it is not installed. */
  readonly script?: string
  readonly netrc?: string
  /** The contents of `login.json`. With `undefined` it is a directory. */
  readonly login?: string | Uint8Array | undefined
  readonly env?: Readonly<Record<string, string>>
}

/** Returns the result of `HerokuCredentials.find` on such a machine, and the arguments that the program received. */
const findOn = ({ env = {}, netrc, platform, program, script, ...machine }: Case) =>
  Effect.gen(function*() {
    const { login } = { login: JSON.stringify({ account }), ...machine }
    const home = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "effect-heroku-keychain-"))),
      (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
    )
    mkdirSync(join(home, "data/heroku"), { recursive: true })
    mkdirSync(join(home, "bin"))
    if (login === undefined) mkdirSync(join(home, "data/heroku/login.json"))
    else writeFileSync(join(home, "data/heroku/login.json"), login)
    if (netrc !== undefined) writeFileSync(join(home, ".netrc"), netrc, { mode: 0o600 })
    const record = join(home, "arguments")
    if (script !== undefined) {
      const lines = ["#!/bin/sh", `printf '%s\\0' "$@" $HEROKU_KEYCHAIN_ACCOUNT > '${record}'`, script]
      writeFileSync(join(home, "bin", program), lines.join("\n"), { mode: 0o755 })
    }
    const found = yield* findTokenIn({
      HOME: home,
      PATH: join(home, "bin"),
      [platform === "win32" ? "LOCALAPPDATA" : "XDG_DATA_HOME"]: join(home, "data"),
      TEST_PLATFORM: platform,
      ...env
    })
    return { found, home, args: existsSync(record) ? readFileSync(record, "utf8").split("\0").slice(0, -1) : [] }
  })

const linux = { platform: "linux", program: "secret-tool" }
const windows = { platform: "win32", program: "powershell" }
const source = `the keychain entry of \`heroku login\` for ${account}`

describe("the keychain", () => {
  it.effect.each<[string, Case, ReadonlyArray<string>]>([
    [
      "macOS",
      { platform: "darwin", program: "security", script: "echo HRKU-keychain" },
      ["find-generic-password", "-a", account, "-s", "heroku-cli", "-w"]
    ],
    [
      "Linux",
      { ...linux, script: "printf HRKU-keychain" },
      ["lookup", "service", "heroku-cli", "account", account]
    ],
    [
      "Windows",
      { ...windows, script: "printf 'HRKU-keychain\\r\\n'" },
      ["-NoProfile", "-NonInteractive", "-Command"]
    ]
  ])("HerokuCredentials.find reads the keychain of %s before .netrc", ([, machine, args]) =>
    Effect.gen(function*() {
      const netrc = `machine api.heroku.com login ${account} password HRKU-netrc`
      const result = yield* findOn({ ...machine, netrc })
      assert.deepStrictEqual(result.found, {
        source,
        token: "HRKU-keychain",
        logs: [`Debug: The Heroku token comes from ${source}`]
      })
      assert.deepStrictEqual(result.args.slice(0, args.length), args)
    }))

  it.effect("the script for Windows reads the account from a variable, whatever characters it contains", () =>
    Effect.gen(function*() {
      const login = JSON.stringify({ account: "it's\"$(exit)@example.com" })
      const { args } = yield* findOn({ ...windows, script: "echo HRKU-1", login })
      const [script = "", passed] = args.slice(-2)
      assert.include(script, "$vault.Retrieve($env:HEROKU_KEYCHAIN_SERVICE, $env:HEROKU_KEYCHAIN_ACCOUNT)")
      assert.notInclude(script, "exit")
      assert.notInclude(script, "\"")
      assert.strictEqual(passed, "it's\"$(exit)@example.com")
    }))

  it.effect("the program for Windows is not looked for in the working directory", () =>
    Effect.gen(function*() {
      const script = `test "$PWD" = / && echo HRKU-1`
      const { found } = yield* findOn({ ...windows, script, env: { SystemRoot: "/" } })
      assert.strictEqual(found.token, "HRKU-1")
    }))

  it.effect("no shell reads the account", () =>
    Effect.gen(function*() {
      const login = JSON.stringify({ account: "$(exit 1)`exit 1`;\"'@example.com" })
      const { args } = yield* findOn({ ...linux, script: "printf HRKU-1", login })
      assert.strictEqual(args.at(-1), "$(exit 1)`exit 1`;\"'@example.com")
    }))

  const macOS = { platform: "darwin", program: "security" }

  it.effect.each<[string, Case, string]>([
    [
      "has no entry on macOS",
      { ...macOS, script: "echo not found >&2; exit 44" },
      "`security` found no keychain entry (exit code 44)"
    ],
    ["has no entry on Linux", { ...linux, script: "exit 1" }, "`secret-tool` found no keychain entry (exit code 1)"],
    ["has an empty entry", { ...linux, script: "echo" }, "`secret-tool` found no keychain entry"],
    [
      "prints part of an entry and fails",
      { ...linux, script: "printf HRKU; exit 1" },
      "`secret-tool` found no keychain entry (exit code 1)"
    ],
    ["is not installed", linux, "`secret-tool` is not installed"],
    ["does not exist on the operating system", { platform: "aix", program: "" }, "there is no keychain on aix"]
  ])(
    "HerokuCredentials.find lists what was tried when the keychain %s",
    ([, machine, problem]) =>
      Effect.gen(function*() {
        const { found, home } = yield* findOn(machine)
        assert.include(
          found.message,
          `No Heroku token: HEROKU_API_KEY is not set; ${problem}; ${home}/.netrc does not exist`
        )
        assert.include(found.message, `export HEROKU_API_KEY="$(heroku auth:token)"`)
        assert.notInclude(JSON.stringify(found), "HRKU")
      })
  )

  it.effect("HerokuCredentials.find falls back to .netrc for the same account when the keychain cannot be read", () =>
    Effect.gen(function*() {
      const netrc = `machine api.heroku.com login ${account} password HRKU-netrc`
      const { found, home } = yield* findOn({ ...linux, script: "exit 1", netrc })
      assert.deepStrictEqual([found.token, found.source], ["HRKU-netrc", `${home}/.netrc`])
    }))

  it.effect.each<[string, string, string]>([
    ["another account", "login other@example.com ", "other@example.com"],
    ["an unknown account", "", "an entry without login"]
  ])(
    "HerokuCredentials.find fails when the keychain cannot be read and .netrc belongs to %s",
    ([, login, other]) =>
      Effect.gen(function*() {
        const { found, home } = yield* findOn({
          ...linux,
          script: "exit 1",
          netrc: `machine api.heroku.com ${login}password HRKU-netrc`
        })
        assert.isUndefined(found.token)
        const parts = [account, other, `${home}/.netrc`, "secret-tool", `export HEROKU_API_KEY="$(heroku auth:token)"`]
        for (const part of parts) assert.include(found.message, part)
        assert.notInclude(JSON.stringify(found), "HRKU-")
      })
  )

  it.effect.each<[string, Partial<Case>]>([
    ["the base URL names another host", { env: { HEROKU_API_URL: "https://heroku.example.com" } }],
    ["login.json names no account", { login: "{}" }],
    ["HEROKU_API_KEY is set", { env: { HEROKU_API_KEY: "HRKU-env" } }],
    ["HEROKU_NETRC_WRITE is true", { env: { HEROKU_NETRC_WRITE: "true" } }]
  ])("HerokuCredentials.find does not open the keychain when %s", ([, machine]) =>
    Effect.gen(function*() {
      const { args, found } = yield* findOn({ ...linux, script: "printf HRKU-keychain", ...machine })
      assert.deepStrictEqual(args, [])
      assert.notStrictEqual(found.token, "HRKU-keychain")
    }))

  it.effect.each<[string, string | Uint8Array | undefined, string]>([
    ["is UTF-16", Buffer.from(JSON.stringify({ account }), "utf16le"), "is not UTF-8 text, save it as UTF-8"],
    ["is not an object", JSON.stringify(account), "names no account"],
    ["is empty", "", "names no account"],
    ["is a directory", undefined, "cannot be read (BadResource)"]
  ])(
    "HerokuCredentials.find warns that the token comes from .netrc when login.json %s",
    ([, login, problem]) =>
      Effect.gen(function*() {
        const netrc = "machine api.heroku.com login other@example.com password HRKU-netrc"
        const { found, home } = yield* findOn({ ...linux, login, netrc })
        assert.strictEqual(found.token, "HRKU-netrc")
        assert.strictEqual(
          found.logs[0],
          `Warn: ${home}/data/heroku/login.json ${problem}: the token comes from ${home}/.netrc, which may be older`
        )
      })
  )

  it.effect("a message about an account shows no control characters", () =>
    Effect.gen(function*() {
      const login = JSON.stringify({ account: "me\u001b[31m\u202e@example.com" })
      const { found } = yield* findOn({ ...linux, script: "exit 1", login, netrc: "machine api.heroku.com password b" })
      assert.include(found.message, "me[31m@example.com")
    }))

  it.effect("readKeychain stops after 30 seconds", () =>
    Effect.gen(function*() {
      let isStopped = false
      const spawn = () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => void (isStopped = true)))
      const fiber = yield* readKeychain({ platform: "linux", account }).pipe(
        Effect.provideService(ChildProcessSpawner, makeSpawner(spawn)),
        Effect.forkChild
      )
      yield* TestClock.adjust("29 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      const result = yield* Fiber.join(fiber)
      assert(result._tag === "Failure")
      assert.strictEqual(result.failure, "`secret-tool` did not read the keychain within 30 seconds")
      assert.isTrue(isStopped)
    }))

  it.effect("readKeychain returns why a program cannot be run", () =>
    Effect.gen(function*() {
      const error = PlatformError.systemError({ _tag: "PermissionDenied", module: "ChildProcess", method: "spawn" })
      const result = yield* readKeychain({ platform: "darwin", account }).pipe(
        Effect.provideService(ChildProcessSpawner, makeSpawner(() => Effect.fail(error)))
      )
      assert(result._tag === "Failure")
      assert.strictEqual(result.failure, "`security` cannot be run (PermissionDenied)")
    }))
})
