/** The variables that `layerConfig` reads, over Node's client and over other clients. */
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import { serve } from "@effect-heroku/test-kit/httpServer"
import { captureLogs } from "@effect-heroku/test-kit/logs"
import { operations } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { json, scriptedClient } from "@effect-heroku/test-kit/scriptedClient"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { inspect } from "node:util"

type Env = Readonly<Record<string, string>>

const layerEnv = (env: Env) => ConfigProvider.layer(ConfigProvider.fromEnv({ env }))

const layers = {
  NodeAuthorizationService: NodeAuthorizationService.layerConfig,
  HttpAuthorizationService: (...[overrides]: Parameters<typeof NodeAuthorizationService.layerConfig>) =>
    Layer.provide(HttpAuthorizationService.layerConfig(overrides), FetchHttpClient.layer)
}

/** A directory, with these files in it. */
const makeHome = (files: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function*() {
    const fileSystem = yield* FileSystem.FileSystem
    const directory = yield* fileSystem.makeTempDirectoryScoped()
    for (const [name, text] of Object.entries(files)) yield* fileSystem.writeFileString(`${directory}/${name}`, text)
    return directory
  }).pipe(Effect.provide(NodeFileSystem.layer))

const netrc = "machine api.heroku.com login a password HRKU-other\nmachine 127.0.0.1 login b password HRKU-netrc"

describe.each(["NodeAuthorizationService", "HttpAuthorizationService"] as const)("%s.layerConfig", (name) => {
  /** The token that a request carries when the layer is built in this environment. */
  const tokenIn = Effect.fnUntraced(function*(env: Env, overrides?: Parameters<(typeof layers)[typeof name]>[0]) {
    const tokens: Array<string | undefined> = []
    const baseUrl = yield* serve((request, response) => {
      tokens.push(request.headers.authorization)
      response.end(JSON.stringify(payloads.full))
    })
    const layer = Layer.provide(layers[name](overrides), layerEnv({ HEROKU_API_URL: baseUrl, ...env }))
    yield* Effect.provide(operations.info, layer)
    return tokens[0]
  })

  it.effect.each<[string, string, (home: string) => Env]>([
    ["HEROKU_API_KEY", "HRKU-env", (HOME) => ({ HEROKU_API_KEY: "HRKU-env", HOME })],
    ["HEROKU_API_KEY, without the space around it", "HRKU-env", () => ({ HEROKU_API_KEY: " HRKU-env\r\n" })],
    ["~/.netrc", "HRKU-netrc", (HOME) => ({ HOME })],
    ["~/.netrc when HEROKU_API_KEY is empty", "HRKU-netrc", (HOME) => ({ HOME, HEROKU_API_KEY: "" })],
    ["~/.netrc when HEROKU_API_KEY is blank", "HRKU-netrc", (HOME) => ({ HOME, HEROKU_API_KEY: " \t" })]
  ])(`${name}.layerConfig finds the token in %s`, ([, token, makeEnv]) =>
    Effect.gen(function*() {
      const home = yield* makeHome({ ".netrc": netrc })
      assert.strictEqual(yield* tokenIn(makeEnv(home)), `Bearer ${token}`)
    }))

  it.effect(`${name}.layerConfig ignores the space around HEROKU_API_URL`, () =>
    Effect.gen(function*() {
      const baseUrl = yield* serve((_, response) => response.end(JSON.stringify(payloads.full)))
      yield* tokenIn({ HEROKU_API_KEY: "HRKU-env", HEROKU_API_URL: ` ${baseUrl}\n` })
    }))

  it.effect.each<[string, Env, ReadonlyArray<string>]>([
    ["no token", {}, ["HEROKU_API_KEY is not set", ".netrc does not exist", "heroku auth:token"]],
    ["an invalid base URL", { HEROKU_API_KEY: "HRKU-secret", HEROKU_API_URL: "heroku" }, ["HEROKU_API_URL must be"]],
    ["an invalid base URL and no token", { HEROKU_API_URL: "heroku" }, ["HEROKU_API_URL must be"]],
    ["a base URL without TLS", { HEROKU_API_KEY: "HRKU-secret", HEROKU_API_URL: "http://sandbox:4567" }, [
      "HEROKU_API_URL must begin with https:// unless HEROKU_ALLOW_HTTP is 1"
    ]],
    ["an invalid token", { HEROKU_API_KEY: "HRKU-secret two" }, ["The token in HEROKU_API_KEY must"]]
  ])(
    `${name}.layerConfig fails with a ConfigError that says what to change when there is %s`,
    ([, env, parts]) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(tokenIn({ HOME: yield* makeHome(), ...env }))
        assert(error._tag === "ConfigError")
        for (const part of parts) assert.include(error.message, part)
        assert.notInclude(inspect(error, { depth: null }), "HRKU-")
      })
  )

  it.effect(`${name}.layerConfig sends the token of an override`, () =>
    Effect.gen(function*() {
      const overrides = { token: Config.Redacted("MY_TOKEN") }
      assert.strictEqual(
        yield* tokenIn({ MY_TOKEN: "HRKU-own", HEROKU_API_KEY: "HRKU-env" }, overrides),
        "Bearer HRKU-own"
      )
      const error = yield* Effect.flip(tokenIn({}, overrides))
      assert(error._tag === "ConfigError")
      assert.include(error.message, "MY_TOKEN")
    }))

  it.effect(`${name}.layerConfig runs the effect that an override gives as the token`, () =>
    Effect.gen(function*() {
      const overrides = { token: Config.succeed(Effect.succeed(Redacted.make("HRKU-read"))) }
      assert.strictEqual(yield* tokenIn({ HEROKU_API_KEY: "HRKU-env" }, overrides), "Bearer HRKU-read")
    }))

  it.effect(`${name}.layerConfig still finds the token and the base URL when an override sets another option`, () =>
    Effect.gen(function*() {
      const HOME = yield* makeHome({ ".netrc": netrc })
      const overrides = { requestTimeout: Config.Duration("TIMEOUT"), retry: { times: Config.succeed(0) } }
      assert.strictEqual(yield* tokenIn({ HOME, TIMEOUT: "10 seconds" }, overrides), "Bearer HRKU-netrc")
      const error = yield* Effect.flip(tokenIn({ HOME: yield* makeHome(), TIMEOUT: "10 seconds" }, overrides))
      assert(error._tag === "ConfigError")
      assert.include(error.message, "HEROKU_API_KEY is not set")
    }))

  it.effect(`${name}.layerConfig names an override that is invalid`, () =>
    Effect.gen(function*() {
      for (
        const [field, overrides] of [
          ["requestTimeout", { requestTimeout: Config.succeed(0) }],
          ["baseUrl", { baseUrl: Config.succeed("http://sandbox:4567") }]
        ] as const
      ) {
        const error = yield* Effect.flip(tokenIn({ HEROKU_API_KEY: "HRKU-env" }, overrides))
        assert(error._tag === "ConfigError")
        assert.include(error.message, `${field} must`)
      }
    }))
})

describe("HttpAuthorizationService.layerConfig", () => {
  /** The first request that is sent when the layer is built in this environment, and the error of its response, if any. */
  const sentIn = Effect.fnUntraced(function*(
    env: Env,
    response = json(200, []),
    overrides?: Parameters<typeof HttpAuthorizationService.layerConfig>[0]
  ) {
    const { layer, sent } = scriptedClient(() => response)
    const { layer: layerLogs, lines } = captureLogs("Debug")
    const service = HttpAuthorizationService.layerConfig(overrides).pipe(Layer.provide([layer, layerEnv(env)]))
    const result = yield* operations.list.pipe(Effect.provide(service), Effect.result, Effect.provide(layerLogs))
    return { url: sent[0]?.url, token: sent[0]?.headers["authorization"], result, lines }
  })

  it.effect.each<[string, Env]>([
    ["https://api.heroku.com", {}],
    ["https://api.heroku.com", { HEROKU_API_URL: " " }],
    ["https://heroku.example.com", { HEROKU_API_URL: "https://heroku.example.com" }],
    ["http://sandbox:4567", { HEROKU_API_URL: "http://sandbox:4567", HEROKU_ALLOW_HTTP: "1" }],
    ["http://sandbox:4567", { HEROKU_API_URL: "http://sandbox:4567", HEROKU_ALLOW_HTTP: "True\n" }]
  ])(
    "HttpAuthorizationService.layerConfig sends requests to %s in the environment %j",
    ([url, env]) =>
      Effect.gen(function*() {
        const sent = yield* sentIn({ HEROKU_API_KEY: "HRKU-env", ...env })
        assert.deepStrictEqual([sent.url, sent.token], [`${url}/oauth/authorizations`, "Bearer HRKU-env"])
      })
  )

  it.effect.each(["0", "", "no"])(
    "HttpAuthorizationService.layerConfig rejects plain HTTP when HEROKU_ALLOW_HTTP is %j",
    (value) =>
      Effect.gen(function*() {
        const env = { HEROKU_API_KEY: "HRKU-env", HEROKU_API_URL: "http://sandbox:4567", HEROKU_ALLOW_HTTP: value }
        const { result, url } = yield* sentIn(env)
        assert(result._tag === "Failure")
        assert.strictEqual(result.failure._tag, "ConfigError")
        assert.isUndefined(url)
      })
  )

  it.effect("HttpAuthorizationService.layerConfig finds the token for the host of an overriding base URL", () =>
    Effect.gen(function*() {
      const HOME = yield* makeHome({ ".netrc": `${netrc}\nmachine heroku.example.com password HRKU-example` })
      const overrides = { baseUrl: Config.succeed("https://heroku.example.com") }
      const { token, url } = yield* sentIn({ HOME, HEROKU_API_URL: "https://127.0.0.1" }, json(200, []), overrides)
      assert.deepStrictEqual([token, url], ["Bearer HRKU-example", "https://heroku.example.com/oauth/authorizations"])
    }))

  const unauthorized = () => json(401, { id: "unauthorized", message: "Invalid credentials provided." })

  it.effect.each<[string, string, (home: string) => Env, (home: string) => string]>([
    ["the variable", "Invalid credentials provided.", () => ({ HEROKU_API_KEY: "HRKU-env" }), () => "HEROKU_API_KEY"],
    ["the file", "Invalid credentials provided.", (HOME) => ({ HOME }), (home) => `${home}/.netrc`]
  ])(
    "the error of a rejected token names %s that the token comes from",
    ([, message, makeEnv, source]) =>
      Effect.gen(function*() {
        const home = yield* makeHome({ ".netrc": netrc.replace("127.0.0.1", "heroku.example.com") })
        const env = { HEROKU_API_URL: "https://heroku.example.com", ...makeEnv(home) }
        const { lines, result } = yield* sentIn(env, unauthorized())
        assert(result._tag === "Failure" && result.failure._tag === "Unauthorized")
        assert.strictEqual(result.failure.message, `${message} The token comes from ${source(home)}.`)
        assert.include(lines, `Debug: The Heroku token comes from ${source(home)}`)
        assert.notInclude(inspect([result, lines], { depth: null }), "HRKU-")
      })
  )

  it.effect("the error of a rejected token names its source when Heroku sends no message", () =>
    Effect.gen(function*() {
      const { result } = yield* sentIn({ HEROKU_API_KEY: "HRKU-env" }, new Response(null, { status: 401 }))
      assert(result._tag === "Failure" && result.failure._tag === "Unauthorized")
      assert.strictEqual(result.failure.message, "Heroku rejected the token. The token comes from HEROKU_API_KEY.")
    }))

  it.effect("the error of a rejected token names no source when the program chose the token", () =>
    Effect.gen(function*() {
      const { result } = yield* sentIn({ MY_TOKEN: "HRKU-own" }, unauthorized(), { token: Config.Redacted("MY_TOKEN") })
      assert(result._tag === "Failure" && result.failure._tag === "Unauthorized")
      assert.strictEqual(result.failure.message, "Invalid credentials provided.")
    }))

  it.effect("errors other than a rejected token name no source", () =>
    Effect.gen(function*() {
      const { result } = yield* sentIn({ HEROKU_API_KEY: "HRKU-env" }, json(403, { id: "forbidden", message: "No." }))
      assert(result._tag === "Failure" && result.failure._tag === "Forbidden")
      assert.strictEqual(result.failure.message, "No.")
    }))
})
