/** Where `HerokuCredentials` finds the token: variables and `.netrc`. The keychain has tests of its own. */
import * as HerokuCredentials from "@effect-heroku/http-node/HerokuCredentials"
import { captureLogs } from "@effect-heroku/test-kit/logs"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import manifest from "../package.json" with { type: "json" }
import { findTokenIn, worker } from "./fixtures/findToken.ts"

type Env = Readonly<Record<string, string>>

/** A directory that is deleted after the test, with these files in it. */
const makeHome = (files: Readonly<Record<string, string | Uint8Array>> = {}) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const directory = mkdtempSync(join(tmpdir(), "effect-heroku-home-"))
      for (const [name, contents] of Object.entries(files)) {
        mkdirSync(join(directory, name, ".."), { recursive: true })
        writeFileSync(join(directory, name), contents, { mode: 0o600 })
      }
      return directory
    }),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
  )

/** Returns the result of `find` with this configuration, and the log lines. */
const findWith = Effect.fnUntraced(function*(
  provider: ConfigProvider.ConfigProvider,
  options?: HerokuCredentials.FindOptions
) {
  const { layer, lines } = captureLogs("Debug")
  const { source, token } = yield* HerokuCredentials.find(options).pipe(
    Effect.provideService(ConfigProvider.ConfigProvider, provider),
    Effect.provide(layer)
  )
  return { source, token: Redacted.value(token), lines }
})

const findIn = (env: Env, options?: HerokuCredentials.FindOptions) => findWith(ConfigProvider.fromEnv({ env }), options)

const netrc = "machine api.heroku.com login me@example.com password HRKU-netrc\n"

describe("HerokuCredentials.find", () => {
  it.effect.each<[string, string, (home: string) => Env]>([
    [".netrc in HOME", ".netrc", (HOME) => ({ HOME })],
    [".netrc in USERPROFILE", ".netrc", (USERPROFILE) => ({ USERPROFILE })],
    ["_netrc in USERPROFILE", "_netrc", (USERPROFILE) => ({ USERPROFILE })],
    ["the file in NETRC", "other", (home) => ({ HOME: `${home}/nowhere`, NETRC: `${home}/other` })]
  ])("HerokuCredentials.find finds the token in %s", ([, name, makeEnv]) =>
    Effect.gen(function*() {
      const home = yield* makeHome({ [name]: netrc })
      assert.deepStrictEqual(yield* findIn(makeEnv(home)), {
        source: join(home, name),
        token: "HRKU-netrc",
        lines: [`Debug: The Heroku token comes from ${join(home, name)}`]
      })
    }))

  it.effect("HerokuCredentials.find prefers HEROKU_API_KEY to .netrc", () =>
    Effect.gen(function*() {
      const HOME = yield* makeHome({ ".netrc": netrc })
      assert.deepStrictEqual(yield* findIn({ HOME, HEROKU_API_KEY: " HRKU-env\n", HEROKU_API_TOKEN: "HRKU-other" }), {
        source: "HEROKU_API_KEY",
        token: "HRKU-env",
        lines: ["Debug: The Heroku token comes from HEROKU_API_KEY"]
      })
    }))

  it.effect("HerokuCredentials.find warns when only HEROKU_API_TOKEN is set", () =>
    Effect.gen(function*() {
      const HOME = yield* makeHome({ ".netrc": netrc })
      const { lines, token } = yield* findIn({ HOME, HEROKU_API_TOKEN: "HRKU-other" })
      assert.strictEqual(token, "HRKU-netrc")
      assert.deepStrictEqual(lines.slice(0, 1), [
        "Warn: HEROKU_API_TOKEN is set, but the variable for the token is HEROKU_API_KEY"
      ])
      assert.notInclude(lines.join(), "HRKU-")
    }))

  it.effect("HerokuCredentials.find never returns the token of another host than that of the base URL", () =>
    Effect.gen(function*() {
      const HOME = yield* makeHome({ ".netrc": `${netrc}machine heroku.example.com password HRKU-example\n` })
      const HEROKU_API_URL = "https://heroku.example.com"
      assert.strictEqual((yield* findIn({ HOME, HEROKU_API_URL })).token, "HRKU-example")
      assert.strictEqual((yield* findIn({ HOME }, { baseUrl: new URL(HEROKU_API_URL) })).token, "HRKU-example")
      for (const other of ["https://example.com", "https://api.heroku.com.example.com", "http://127.0.0.1:4567"]) {
        const error = yield* Effect.flip(findIn({ HOME, HEROKU_API_URL: other }))
        assert.include(error.message, `.netrc has no password for machine ${new URL(other).host}`)
        assert.include(error.message, "the keychain entry of `heroku login` is for api.heroku.com only")
        assert.include(error.message, `Set HEROKU_API_KEY to an access token for ${new URL(other).host}`)
      }
    }))

  it.effect("HerokuCredentials.find prefers the entry with the port of the base URL", () =>
    Effect.gen(function*() {
      const HOME = yield* makeHome({
        ".netrc": "machine localhost password HRKU-1\nmachine localhost:80 password HRKU-2"
      })
      assert.strictEqual((yield* findIn({ HOME, HEROKU_API_URL: "https://localhost:80" })).token, "HRKU-2")
      assert.strictEqual((yield* findIn({ HOME, HEROKU_API_URL: "https://localhost:81" })).token, "HRKU-1")
    }))

  it.effect.each(["environment", "nested", "file"])(
    "HerokuCredentials.find looks in the home directory of the process when the configuration is of the kind %j",
    (kind) =>
      Effect.gen(function*() {
        const HOME = yield* makeHome({ ".netrc": netrc })
        assert.strictEqual((yield* findTokenIn({ HOME, TEST_CONFIG: kind })).token, "HRKU-netrc")
      })
  )

  it.effect("HerokuCredentials.find reads no variable of the process when the configuration has a home directory", () =>
    Effect.gen(function*() {
      const HOME = yield* makeHome()
      const error = yield* Effect.flip(findIn({ HOME }))
      assert.include(error.message, `${HOME}/.local/share/heroku/login.json does not exist; ${HOME}/.netrc does not`)
    }))

  it.effect("HerokuCredentials.find says so when there is no home directory", () =>
    Effect.gen(function*() {
      const { message } = yield* findTokenIn({})
      assert.include(message, "there is no home directory in which to look for login.json")
      assert.include(message, "there is no home directory in which to look for .netrc")
    }))

  it.effect.each<[string, Uint8Array]>([
    ["little-endian", Buffer.from(`\ufeff${netrc}`, "utf16le")],
    ["big-endian", Buffer.from(`\ufeff${netrc}`, "utf16le").swap16()]
  ])(
    "HerokuCredentials.find fails with a message about the encoding when .netrc is %s UTF-16",
    ([, contents]) =>
      Effect.gen(function*() {
        const HOME = yield* makeHome({ ".netrc": contents })
        const error = yield* Effect.flip(findIn({ HOME }))
        assert.include(error.message, `${HOME}/.netrc is not UTF-8 text, save it as UTF-8`)
      })
  )

  it.effect("HerokuCredentials.find reads a .netrc that begins with a byte order mark", () =>
    Effect.gen(function*() {
      const HOME = yield* makeHome({ ".netrc": `\ufeff${netrc}` })
      assert.strictEqual((yield* findIn({ HOME })).token, "HRKU-netrc")
    }))

  it.effect("HerokuCredentials.find warns about a .netrc that other users can read", () =>
    Effect.gen(function*() {
      const HOME = yield* makeHome({ ".netrc": netrc })
      chmodSync(join(HOME, ".netrc"), 0o640)
      const { lines, token } = yield* findIn({ HOME })
      assert.strictEqual(token, "HRKU-netrc")
      assert.strictEqual(
        lines[0],
        `Warn: Other users can access the token in ${HOME}/.netrc. Run: chmod 600 ${HOME}/.netrc`
      )
    }))

  it.effect.each<[string, Readonly<Record<string, string>>, (home: string) => Env, (home: string) => string]>([
    [
      "no file",
      {},
      () => ({}),
      (home) => `${home}/data/heroku/login.json does not exist; ${home}/.netrc does not exist`
    ],
    [
      "a login.json that is not JSON",
      { "data/heroku/login.json": "{" },
      () => ({}),
      () => "login.json names no account"
    ],
    [
      "a login.json without account",
      { "data/heroku/login.json": `{"account":""}` },
      () => ({}),
      () => "login.json names no account"
    ],
    [
      "HEROKU_NETRC_WRITE",
      { "data/heroku/login.json": `{"account":"me"}` },
      () => ({ HEROKU_NETRC_WRITE: "True" }),
      () => "HEROKU_NETRC_WRITE turns the keychain off"
    ],
    ["a file that cannot be read", {}, (NETRC) => ({ NETRC }), (home) => `${home} cannot be read`],
    [
      "another data directory",
      {},
      (home) => ({ HEROKU_DATA_DIR: `${home}/own` }),
      (home) => `${home}/own/login.json does not exist`
    ]
  ])(
    "HerokuCredentials.find lists what was tried when there is %s",
    ([, files, makeEnv, part]) =>
      Effect.gen(function*() {
        const HOME = yield* makeHome(files)
        const error = yield* Effect.flip(findIn({ HOME, XDG_DATA_HOME: `${HOME}/data`, ...makeEnv(HOME) }))
        assert.strictEqual(error._tag, "ConfigError")
        assert.include(error.message, "No Heroku token: HEROKU_API_KEY is not set; ")
        assert.include(error.message, part(HOME))
        assert.include(error.message, `export HEROKU_API_KEY="$(heroku auth:token)"`)
      })
  )

  it.effect("HerokuCredentials.find fails with a message when the runtime cannot load modules for files", () =>
    Effect.gen(function*() {
      const hook = `
        import { registerHooks } from "node:module"
        const resolve = (specifier, context, next) => {
          if (specifier === "node:fs") throw new Error("no files")
          return next(specifier, context)
        }
        registerHooks({ resolve })
      `
      const url = `data:text/javascript,${encodeURIComponent(hook)}`
      const { message } = yield* findTokenIn({}, [process.execPath, "--import", url, worker])
      assert.include(message, "No Heroku token: HEROKU_API_KEY is not set, and this runtime cannot read files")
    }))

  it("package.json leaves the module that reads files out of bundles for browsers", () => {
    const file = "internal/storedCredentials"
    assert.isTrue(existsSync(join(import.meta.dirname, `../src/${file}.ts`)))
    assert.deepStrictEqual(manifest.browser, { [`./dist/${file}.js`]: false, [`./src/${file}.ts`]: false })
  })

  it.effect("HerokuCredentials.find returns credentials that nothing prints", () =>
    Effect.gen(function*() {
      const found = yield* HerokuCredentials.find().pipe(
        Effect.provideService(
          ConfigProvider.ConfigProvider,
          ConfigProvider.fromEnv({ env: { HEROKU_API_KEY: "HRKU-secret" } })
        )
      )
      assert.notInclude(inspect(found, { depth: null, showHidden: true }) + JSON.stringify(found), "HRKU-")
    }))

  it.effect("HerokuCredentials.layer provides the token that HerokuCredentials.find finds", () =>
    Effect.gen(function*() {
      const { source, token } = yield* HerokuCredentials.HerokuCredentials
      assert.deepStrictEqual([source, Redacted.value(token)], ["HEROKU_API_KEY", "HRKU-env"])
    }).pipe(
      Effect.provide(HerokuCredentials.layer()),
      Effect.provideService(
        ConfigProvider.ConfigProvider,
        ConfigProvider.fromEnv({ env: { HEROKU_API_KEY: "HRKU-env" } })
      )
    ))
})
