/** Where `layerConfig` finds the token and the base URL. */
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import { serve } from "@effect-heroku/test-kit/httpServer"
import { operations } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { json, scriptedClient } from "@effect-heroku/test-kit/scriptedClient"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import { inspect } from "node:util"

type Env = Readonly<Record<string, string>>

const layerEnv = (env: Env) => ConfigProvider.layer(ConfigProvider.fromEnv({ env }))

describe("HttpAuthorizationService.layerConfig", () => {
  /** URL and token of a request when the layer is built in this environment. */
  const sentIn = (env: Env) =>
    Effect.gen(function*() {
      const { layer, sent } = scriptedClient(() => json(200, []))
      const service = HttpAuthorizationService.layerConfig().pipe(Layer.provide(layer), Layer.provide(layerEnv(env)))
      yield* Effect.provide(operations.list, service)
      return [sent[0]?.url, sent[0]?.headers["authorization"]]
    })

  it.effect.each<[string, Env]>([
    ["https://api.heroku.com", {}],
    ["https://heroku.example.com", { HEROKU_API_URL: "https://heroku.example.com" }]
  ])(
    "HttpAuthorizationService.layerConfig sends the token in HEROKU_API_KEY to %s in the environment %j",
    ([url, env]) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* sentIn({ HEROKU_API_KEY: "HRKU-env", ...env }), [
          `${url}/oauth/authorizations`,
          "Bearer HRKU-env"
        ])
      })
  )

  it.effect("HttpAuthorizationService.layerConfig fails with a ConfigError that names HEROKU_API_KEY without a token", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(sentIn({}))
      assert(error._tag === "ConfigError")
      assert.include(error.message, "HEROKU_API_KEY")
    }))
})

describe("NodeAuthorizationService.layerConfig", () => {
  /** The token of a request when the layer is built in this environment. */
  const tokenIn = (env: Env, config?: Parameters<typeof NodeAuthorizationService.layerConfig>[0]) =>
    Effect.gen(function*() {
      const tokens: Array<string | undefined> = []
      const baseUrl = yield* serve((request, response) => {
        tokens.push(request.headers.authorization)
        response.end(JSON.stringify(payloads.full))
      })
      const layer = Layer.provide(
        NodeAuthorizationService.layerConfig(config),
        layerEnv({ HEROKU_API_URL: baseUrl, ...env })
      )
      yield* Effect.provide(operations.info, layer)
      return tokens[0]
    })

  /** A directory, with this file `.netrc` in it. */
  const makeHome = (netrc?: string) =>
    Effect.gen(function*() {
      const fileSystem = yield* FileSystem.FileSystem
      const directory = yield* fileSystem.makeTempDirectoryScoped()
      if (netrc !== undefined) yield* fileSystem.writeFileString(`${directory}/.netrc`, netrc)
      return directory
    }).pipe(Effect.provide(NodeFileSystem.layer))

  const netrc = "machine git.heroku.com password no\nmachine api.heroku.com login a password HRKU-netrc"

  it.effect.each<[string, string, (home: string) => Env]>([
    ["HEROKU_API_KEY", "HRKU-env", (HOME) => ({ HEROKU_API_KEY: "HRKU-env", HOME })],
    ["HEROKU_API_KEY, without the space around it", "HRKU-env", () => ({ HEROKU_API_KEY: " HRKU-env\n" })],
    ["~/.netrc", "HRKU-netrc", (HOME) => ({ HOME })],
    ["~/.netrc when HEROKU_API_KEY is empty", "HRKU-netrc", (HOME) => ({ HOME, HEROKU_API_KEY: "" })],
    ["~/.netrc when HEROKU_API_KEY is blank", "HRKU-netrc", (HOME) => ({ HOME, HEROKU_API_KEY: " \t" })],
    ["~/.netrc on Windows", "HRKU-netrc", (USERPROFILE) => ({ USERPROFILE })],
    ["the file in NETRC", "HRKU-netrc", (home) => ({ HOME: `${home}/nowhere`, NETRC: `${home}/.netrc` })]
  ])("NodeAuthorizationService.layerConfig finds the token in %s", ([, token, makeEnv]) =>
    Effect.gen(function*() {
      assert.strictEqual(yield* tokenIn(makeEnv(yield* makeHome(netrc))), `Bearer ${token}`)
    }))

  const advice = ["HEROKU_API_KEY", "heroku auth:token"]
  const noPassword = [...advice, "no password for machine api.heroku.com"]

  it.effect.each<[string, string | undefined, (home: string) => Env, (home: string) => ReadonlyArray<string>]>([
    ["no file", undefined, (HOME) => ({ HOME }), (home) => [...advice, `${home}/.netrc does not exist`]],
    ["no entry for Heroku", "machine git.heroku.com password HRKU-1", (HOME) => ({ HOME }), () => noPassword],
    ["an empty password", `machine api.heroku.com password ""`, (HOME) => ({ HOME }), () => noPassword],
    ["no home directory", undefined, () => ({}), () => [...advice, "no home directory"]],
    ["a file that cannot be read", undefined, (NETRC) => ({ NETRC }), (home) => [`${home} cannot be read`]],
    [
      "an invalid base URL",
      undefined,
      () => ({ HEROKU_API_KEY: "HRKU-secret", HEROKU_API_URL: "heroku" }),
      () => ["HEROKU_API_URL must be"]
    ],
    ["an invalid token", undefined, () => ({ HEROKU_API_KEY: "HRKU-secret two" }), () => [
      "The token in HEROKU_API_KEY must"
    ]]
  ])(
    "NodeAuthorizationService.layerConfig fails with a ConfigError that says what to change when there is %s",
    ([, content, makeEnv, parts]) =>
      Effect.gen(function*() {
        const home = yield* makeHome(content)
        const error = yield* Effect.flip(tokenIn(makeEnv(home)))
        assert(error._tag === "ConfigError")
        for (const part of parts(home)) assert.include(error.message, part)
        assert.notInclude(inspect(error, { depth: null }), "HRKU-")
      })
  )

  it.effect("NodeAuthorizationService.layerConfig reads the options of its argument", () =>
    Effect.gen(function*() {
      const config = { token: Config.Redacted("MY_TOKEN"), baseUrl: Config.String("HEROKU_API_URL") }
      assert.strictEqual(yield* tokenIn({ MY_TOKEN: "HRKU-own" }, config), "Bearer HRKU-own")
      const error = yield* Effect.flip(tokenIn({}, config))
      assert(error._tag === "ConfigError")
      assert.include(error.message, "MY_TOKEN")
    }))
})
