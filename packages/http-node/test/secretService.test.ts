/** The keychain of Linux: a real Secret Service, on a session bus that the test starts. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { findTokenIn, worker } from "./fixtures/findToken.ts"

const programs = ["dbus-run-session", "gnome-keyring-daemon", "secret-tool"]
const missing = programs.filter((program) => spawnSync(program, ["--version"]).error !== undefined)
// CI never skips: a missing program fails there.
const isSkipped = process.env["CI"] !== "true" && missing.length > 0
const skipNote = isSkipped ? ` (skipped: ${missing.join(", ")} not installed)` : ""

/** Starts a keyring with one entry, and then the program. */
const script = `
  printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null
  printf %s "$ENTRY_TOKEN" | secret-tool store --label="Heroku CLI" service heroku-cli account "$ENTRY_ACCOUNT"
  exec "$@"
`

const findWithEntry = (entryAccount: string, account: string) =>
  Effect.gen(function*() {
    const home = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "effect-heroku-keyring-"))),
      (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
    )
    mkdirSync(join(home, "data/heroku"), { recursive: true })
    mkdirSync(join(home, "run"), { mode: 0o700 })
    writeFileSync(join(home, "data/heroku/login.json"), JSON.stringify({ account }))
    return yield* findTokenIn(
      {
        HOME: home,
        PATH: process.env["PATH"] ?? "",
        XDG_DATA_HOME: join(home, "data"),
        XDG_RUNTIME_DIR: join(home, "run"),
        ENTRY_ACCOUNT: entryAccount,
        ENTRY_TOKEN: "HRKU-keyring"
      },
      ["dbus-run-session", "--", "sh", "-c", script, "sh", process.execPath, worker]
    )
  })

describe.skipIf(isSkipped)(`a Secret Service${skipNote}`, { timeout: 60_000 }, () => {
  it.effect("HerokuCredentials.find finds the token that secret-tool stored for the account of login.json", () =>
    Effect.gen(function*() {
      const { source, token } = yield* findWithEntry("me@example.com", "me@example.com")
      assert.strictEqual(token, "HRKU-keyring")
      assert.strictEqual(source, "the keychain entry of `heroku login` for me@example.com")
    }))

  it.effect("HerokuCredentials.find does not find the token that secret-tool stored for another account", () =>
    Effect.gen(function*() {
      const { message, token } = yield* findWithEntry("other@example.com", "me@example.com")
      assert.isUndefined(token)
      assert.include(message, "`secret-tool` found no keychain entry")
    }))
})
