import { AuthorizationId } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import type { Options } from "@effect-heroku/http-node/HttpAuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as payloads from "@effect-heroku/test-kit/payloads"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FileSystem from "effect/FileSystem"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Tracer from "effect/Tracer"
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import { inspect } from "node:util"

const id = AuthorizationId.make(payloads.full.id)
const info = AuthorizationService.use((_) => _.info(id))

/** A server of the test's own, behind a real socket; it is closed with everything that hangs on it. */
const serve = (handler: Http.RequestListener) =>
  Effect.acquireRelease(
    Effect.callback<Http.Server>((resume) => {
      const server = Http.createServer(handler)
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.callback<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
  ).pipe(Effect.map((server) => {
    const { port } = server.address() as AddressInfo
    return `http://127.0.0.1:${port}`
  }))

const layerFor = (baseUrl: string, options?: Partial<Options>) =>
  NodeAuthorizationService.layer({ token: Redacted.make("HRKU-mine"), baseUrl, ...options })

describe("layer", () => {
  it.effect("keeps nothing of a long page once it was read, though a tracer keeps the answer", () =>
    Effect.gen(function*() {
      const page = Array.from({ length: 300 }, (_, n) => ({
        ...payloads.full,
        id: `01234567-89ab-cdef-0123-${String(n).padStart(12, "0")}`,
        description: "Schlüssel 🔑".repeat(20)
      }))
      const text = JSON.stringify(page)
      const baseUrl = yield* serve((_, response) => {
        response.writeHead(200, { "content-length": Buffer.byteLength(text) }).end(text)
      })
      const bodies: Array<{ readonly reveal: () => string }> = []
      const tracer = Tracer.make({
        span(options) {
          const span = new Tracer.NativeSpan(options)
          const end = span.end.bind(span)
          span.end = (time, exit) => {
            const value: any = Exit.isSuccess(exit) ? exit.value : undefined
            if (options.name.startsWith("GET")) bodies.push(value.body)
            end(time, exit)
          }
          return span
        }
      })
      const { items } = yield* AuthorizationService.use((_) => _.list()).pipe(
        Effect.provide(layerFor(baseUrl)),
        Effect.withTracer(tracer)
      )
      assert.deepStrictEqual(items.map((item) => item.id), page.map((item) => item.id))
      assert.isTrue(items.every(({ description }) => Option.contains(description, page[0]!.description)))
      assert.deepStrictEqual(bodies.map((body) => body.reveal()), [""])
    }))

  it.effect.each<[string, (client: HttpClient.HttpClient) => HttpClient.HttpClient]>([
    ["in another fiber", HttpClient.transform((effect) => Effect.flatMap(Effect.forkChild(effect), Fiber.join))],
    [
      "with a time limit",
      HttpClient.transform((effect) =>
        Effect.timeoutOrElse(effect, {
          duration: "5 seconds",
          orElse: () => Effect.never
        })
      )
    ]
  ])(
    "reads an answer whose body comes late, to a request that a client of the user's sent %s",
    ([, transformClient]) =>
      Effect.gen(function*() {
        const answered = yield* Deferred.make<void>()
        const baseUrl = yield* serve((_, response) => {
          response.writeHead(200, { "content-type": "application/json" }).flushHeaders()
          Effect.runFork(
            Effect.andThen(Deferred.await(answered), Effect.sync(() => response.end(JSON.stringify(payloads.full))))
          )
        })
        const tell = (client: HttpClient.HttpClient) =>
          HttpClient.tap(client, () =>
            Effect.gen(function*() {
              for (let turn = 0; turn < 50; turn++) yield* Effect.yieldNow
              yield* Deferred.succeed(answered, undefined)
            }))
        const options = { transformClient: (client: HttpClient.HttpClient) => tell(transformClient(client)) }
        const authorization = yield* Effect.provide(info, layerFor(baseUrl, options))
        assert.strictEqual(authorization.id, id)
      })
  )

  it.effect.each<[string, (options: Options) => Layer.Layer<AuthorizationService>]>([
    ["our own transport", NodeAuthorizationService.layer],
    [
      "another transport",
      (options) => Layer.provide(HttpAuthorizationService.layer(options), NodeHttpClient.layerUndici)
    ]
  ])(
    "over %s, leaves no connection of an answer that a client of the user's did not read",
    ([, layer]) =>
      Effect.gen(function*() {
        let requests = 0
        const closed = yield* Deferred.make<void>()
        const baseUrl = yield* serve((_, response) => {
          if (++requests > 1) {
            response.end(JSON.stringify(payloads.full))
          } else {
            response.on("close", () => Effect.runFork(Deferred.succeed(closed, undefined)))
            response.writeHead(200).write("{")
          }
        })
        const twice = (client: HttpClient.HttpClient) =>
          HttpClient.transform(client, (effect) => Effect.andThen(effect, effect))
        yield* Effect.andThen(info, Deferred.await(closed)).pipe(
          Effect.provide(layer({ token: Redacted.make("HRKU-mine"), baseUrl, transformClient: twice }))
        )
        assert.strictEqual(requests, 2)
      })
  )

  it.effect("leaves a long answer as it is to a client of the user's that has it for others too", () =>
    Effect.gen(function*() {
      const page = Array.from({ length: 300 }, (_, n) => ({
        ...payloads.full,
        id: `00000000-0000-0000-0000-${String(n).padStart(12, "0")}`
      }))
      const baseUrl = yield* serve((_, response) => response.end(JSON.stringify(page)))
      let kept: HttpClientResponse | undefined
      const once = (client: HttpClient.HttpClient) =>
        HttpClient.transform(client, (send) =>
          kept === undefined
            ? Effect.tap(send, (response) =>
              Effect.sync(() => {
                kept = response
              }))
            : Effect.succeed(kept))
      const list = AuthorizationService.use((_) => _.list())
      const pages = yield* Effect.provide(Effect.all([list, list]), layerFor(baseUrl, { transformClient: once }))
      assert.deepStrictEqual(pages.map(({ items }) => items.length), [300, 300])
      assert.deepStrictEqual(JSON.parse(yield* kept!.text), page)
    }))

  it.effect("needs nothing else, and talks over a real socket", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const baseUrl = yield* serve((request, response) => {
        seen.push([request.method, request.url, request.headers.authorization, request.headers["transfer-encoding"]])
        response.setHeader("content-type", "application/json").end(JSON.stringify(payloads.full))
      })
      const authorization = yield* Effect.provide(info, layerFor(baseUrl))
      assert.strictEqual(authorization.id, id)
      assert.deepStrictEqual(seen, [["GET", `/oauth/authorizations/${id}`, "Bearer HRKU-mine", undefined]])
    }))

  it.effect("fails when nobody listens", () =>
    Effect.gen(function*() {
      const baseUrl = yield* Effect.scoped(serve(() => {}))
      const error = yield* Effect.flip(Effect.provide(info, layerFor(baseUrl, { retry: { times: 0 } })))
      assert(error._tag === "RequestFailed")
      assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["connect", false])
    }))

  it.effect.each<[string, Layer.Layer<HttpClient.HttpClient>]>([
    ["undici", NodeHttpClient.layerUndici],
    ["node:http", NodeHttpClient.layerNodeHttp],
    ["fetch", NodeHttpClient.layerFetch]
  ])("follows no redirect over %s, which could carry secrets away", ([, transport]) =>
    Effect.gen(function*() {
      const visited: Array<string> = []
      const elsewhere = yield* serve((request, response) => {
        visited.push(String(request.headers.authorization))
        response.end()
      })
      const baseUrl = yield* serve((_, response) => response.writeHead(307, { location: elsewhere }).end())
      const update = AuthorizationService.use((_) =>
        _.update(id, { client: { id: "c", secret: Redacted.make("client-secret") } })
      )
      const layer = HttpAuthorizationService.layer({ token: Redacted.make("HRKU-mine"), baseUrl })
      const error = yield* Effect.flip(Effect.provide(update, Layer.provide(layer, transport)))
      assert(error._tag === "UnexpectedStatus")
      assert.strictEqual(error.status, 307)
      assert.deepStrictEqual(visited, [])
    }))
})

describe("layerConfig", () => {
  /** The token that a request carries when the layer is built in this environment; or why it was not built. */
  const tokenIn = (env: Record<string, string>, config?: Config.Wrap<Options>) =>
    Effect.gen(function*() {
      const tokens: Array<string | undefined> = []
      const baseUrl = yield* serve((request, response) => {
        tokens.push(request.headers.authorization)
        response.end(JSON.stringify(payloads.full))
      })
      const provider = ConfigProvider.fromEnv({ env: { HEROKU_API_URL: baseUrl, ...env } })
      yield* Effect.provide(
        info,
        NodeAuthorizationService.layerConfig(config).pipe(Layer.provide(ConfigProvider.layer(provider)))
      )
      return tokens[0]
    })

  const home = (netrc?: string) =>
    Effect.gen(function*() {
      const fileSystem = yield* FileSystem.FileSystem
      const directory = yield* fileSystem.makeTempDirectoryScoped()
      if (netrc !== undefined) yield* fileSystem.writeFileString(`${directory}/.netrc`, netrc)
      return directory
    }).pipe(Effect.provide(NodeFileSystem.layer))

  const problemIn = (env: Record<string, string>) =>
    Effect.map(Effect.flip(tokenIn(env)), (error) => {
      assert.strictEqual(error._tag, "ConfigError")
      return error.message
    })

  it.effect("takes the token from HEROKU_API_KEY", () =>
    Effect.gen(function*() {
      const HOME = yield* home("machine api.heroku.com password HRKU-netrc")
      assert.strictEqual(yield* tokenIn({ HEROKU_API_KEY: "HRKU-env", HOME }), "Bearer HRKU-env")
    }))

  it.effect("else from ~/.netrc, also when HEROKU_API_KEY is empty", () =>
    Effect.gen(function*() {
      const HOME = yield* home("machine git.heroku.com password no\nmachine api.heroku.com login a password HRKU-netrc")
      assert.strictEqual(yield* tokenIn({ HOME }), "Bearer HRKU-netrc")
      assert.strictEqual(yield* tokenIn({ HOME, HEROKU_API_KEY: "" }), "Bearer HRKU-netrc")
      assert.strictEqual(yield* tokenIn({ HOME, HEROKU_API_KEY: " \t" }), "Bearer HRKU-netrc")
      assert.strictEqual(yield* tokenIn({ USERPROFILE: HOME }), "Bearer HRKU-netrc")
    }))

  it.effect("else from the file that NETRC names", () =>
    Effect.gen(function*() {
      const directory = yield* home("machine api.heroku.com password HRKU-named")
      assert.strictEqual(yield* tokenIn({ HOME: yield* home(), NETRC: `${directory}/.netrc` }), "Bearer HRKU-named")
    }))

  it.effect("says what to set when there is no token anywhere", () =>
    Effect.gen(function*() {
      const empty = yield* home()
      const other = yield* home("machine git.heroku.com password secret-1")
      const blank = yield* home(`machine api.heroku.com password ""`)
      const messages = [
        yield* problemIn({ HOME: empty }),
        yield* problemIn({ HOME: other }),
        yield* problemIn({}),
        yield* problemIn({ HOME: blank })
      ]
      for (const message of messages) {
        assert.match(message, /HEROKU_API_KEY/)
        assert.match(message, /heroku login/)
        assert.notMatch(message, /secret-1/)
      }
      assert.include(messages[0], `${empty}/.netrc does not exist`)
      assert.include(messages[1], "no password for machine api.heroku.com")
      assert.include(messages[2], "no home directory")
      assert.include(messages[3], "no password for machine api.heroku.com")
    }))

  it.effect("says so when the file cannot be read", () =>
    Effect.gen(function*() {
      const directory = yield* home()
      assert.include(yield* problemIn({ NETRC: directory }), `${directory} cannot be read`)
    }))

  it.effect("takes options from the configuration that it is given", () =>
    Effect.gen(function*() {
      const config = { token: Config.Redacted("MY_TOKEN"), baseUrl: Config.String("HEROKU_API_URL") }
      assert.strictEqual(yield* tokenIn({ MY_TOKEN: "HRKU-own" }, config), "Bearer HRKU-own")
      const error = yield* Effect.flip(tokenIn({}, config))
      assert.strictEqual(error._tag, "ConfigError")
      assert.include(error.message, "MY_TOKEN")
    }))

  it.effect.each<[string, Record<string, string>, string]>([
    ["a base URL that is none", { HEROKU_API_KEY: "HRKU-secret", HEROKU_API_URL: "heroku" }, "HEROKU_API_URL must be"],
    ["a token that no header can carry", { HEROKU_API_KEY: "HRKU-secret two" }, "The token in HEROKU_API_KEY must"]
  ])("says which variable holds %s", ([, env, message]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(tokenIn(env))
      assert(error._tag === "ConfigError")
      assert.include(error.message, message)
      assert.notInclude(inspect(error, { depth: null }), "HRKU")
    }))

  it.effect("takes no notice of space around the values of variables", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* tokenIn({ HEROKU_API_KEY: " HRKU-env\n" }), "Bearer HRKU-env")
    }))
})
