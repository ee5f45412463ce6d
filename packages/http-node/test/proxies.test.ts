/** Proxies in the environment: which are used, and what happens when one rejects a connection. */
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import { isOpensslMissing, makeCertificate, skipNote } from "@effect-heroku/test-kit/certificate"
import {
  type HostileServer,
  hostileServer,
  rawAndClose,
  reset,
  respond,
  silence,
  type Step,
  useTls
} from "@effect-heroku/test-kit/hostileServer"
import { serve } from "@effect-heroku/test-kit/httpServer"
import { operationNames, operations } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { startProxy } from "@effect-heroku/test-kit/proxy"
import { nextTick } from "@effect-heroku/test-kit/testTime"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type { AddressInfo } from "node:net"
import { createServer } from "node:tls"
import { inspect } from "node:util"
import { noRetry, type Options, token } from "./fixtures/liveService.ts"

const full = JSON.stringify(payloads.full)

type NodeOptions = Options & { readonly proxy?: boolean }

/** The layer as a program with these variables builds it. */
const layerIn = (env: Record<string, string>, options: NodeOptions = {}) =>
  NodeAuthorizationService.layer({ token, baseUrl: "https://api.heroku.test", ...options }).pipe(
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
  )

describe("proxies", () => {
  /** Starts a server behind a proxy, and returns what the proxy received of a call in an environment. */
  const requestsOf = (env: (proxy: string) => Record<string, string>, options: NodeOptions = {}) =>
    Effect.gen(function*() {
      const server = yield* serve((_, response) => response.end(full))
      const proxy = yield* startProxy(server)
      const baseUrl = String(options.baseUrl ?? "http://api.heroku.test").replace("SERVER", new URL(server).host)
      const layer = layerIn(env(proxy.host), { ...noRetry, allowHttp: true, ...options, baseUrl })
      const result = yield* Effect.result(Effect.provide(operations.info, layer))
      return { requests: proxy.requests, succeeded: result._tag === "Success" }
    })

  const url = `http://api.heroku.test/oauth/authorizations/${payloads.full.id}`

  it.live.each<[string, (proxy: string) => Record<string, string>, string]>([
    ["HTTP_PROXY", (proxy) => ({ HTTP_PROXY: `http://${proxy}` }), `GET ${url}`],
    ["http_proxy", (proxy) => ({ http_proxy: `http://${proxy}` }), `GET ${url}`],
    ["HTTP_PROXY with a slash at its end", (proxy) => ({ HTTP_PROXY: `http://${proxy}/` }), `GET ${url}`],
    ["HTTP_PROXY without a scheme", (proxy) => ({ HTTP_PROXY: proxy }), `GET ${url}`],
    [
      "HTTP_PROXY with credentials",
      (proxy) => ({ HTTP_PROXY: `http://us%40er:p%3Ass@${proxy}` }),
      `GET ${url} Basic ${Buffer.from("us@er:p:ss").toString("base64")}`
    ],
    [
      "HTTP_PROXY and a NO_PROXY that lists other hosts",
      (proxy) => ({ HTTP_PROXY: `http://${proxy}`, NO_PROXY: "roku.test,example.com, api.heroku.test:81,," }),
      `GET ${url}`
    ]
  ])("a request goes through the proxy in %s", ([, env, request]) =>
    Effect.gen(function*() {
      const { requests, succeeded } = yield* requestsOf(env)
      assert.deepStrictEqual([requests, succeeded], [[request], true])
    }))

  it.live.each<[string, Record<string, string>, NodeOptions]>([
    ["NO_PROXY is *", { NO_PROXY: "*" }, {}],
    ["NO_PROXY lists the host", { NO_PROXY: "example.com, api.heroku.test" }, {}],
    ["no_proxy lists the host", { no_proxy: "API.heroku.test" }, {}],
    ["NO_PROXY lists the domain", { NO_PROXY: "heroku.test" }, {}],
    ["NO_PROXY lists the domain with a dot", { NO_PROXY: ".heroku.test" }, {}],
    ["NO_PROXY lists the domain with a wildcard", { NO_PROXY: "*.heroku.test" }, {}],
    ["NO_PROXY lists the host and port", { NO_PROXY: "api.heroku.test:80" }, {}],
    ["the option proxy is false", {}, { proxy: false }],
    ["the server is on this machine", {}, { baseUrl: "http://SERVER" }]
  ])("no request goes through the proxy when %s", ([name, env, options]) =>
    Effect.gen(function*() {
      const { requests, succeeded } = yield* requestsOf((proxy) => ({ ...env, HTTP_PROXY: `http://${proxy}` }), options)
      // No other host than this machine exists in tests.
      assert.deepStrictEqual([requests, succeeded], [[], name.includes("machine")])
    }))

  it.effect.each<[string, string]>([
    ["HTTPS_PROXY", "socks5://127.0.0.1:1080"],
    ["https_proxy", "http://user:S3CR3T@"],
    ["HTTP_PROXY", "http://user:S3CR3T@host name"],
    ["HTTPS_PROXY", "http://user:S3CR3T%@127.0.0.1:8080"],
    ["HTTPS_PROXY", "http://user%zz:S3CR3T@127.0.0.1:8080"],
    ["HTTPS_PROXY", "http://deploy:1234/S3CR3T@127.0.0.1:8080"],
    ["HTTPS_PROXY", "http://deploy:1234?S3CR3T@127.0.0.1:8080"],
    ["HTTPS_PROXY", "http://deploy:1234#S3CR3T@127.0.0.1:8080"],
    ["https_proxy", "deploy:1234/S3CR3T@127.0.0.1:8080"]
  ])("every operation fails with InvalidParams naming %s when it is %s", ([field, value]) =>
    Effect.gen(function*() {
      for (const name of operationNames) {
        const error = yield* Effect.flip(Effect.provide(operations[name], layerIn({ [field]: value })))
        assert(error._tag === "InvalidParams")
        assert.match(error.message, new RegExp(`^${field}: must be the URL of an HTTP proxy`))
        assert.notMatch(inspect(error), /S3CR3T|deploy|1234/)
      }
    }))
})

describe("proxies without a tunnel", () => {
  const quick: Options = { retry: { times: 2, baseDelay: 0, maxDelay: 0 } }

  const failure = (server: HostileServer, call = operations.create, options = quick) => {
    const proxy = server.baseUrl.replace("://", "://user:S3CR3T@")
    return Effect.map(Effect.flip(Effect.provide(call, layerIn({ HTTPS_PROXY: proxy }, options))), (error) => {
      assert(error._tag === "RequestFailed")
      assert.notInclude(inspect(error), "S3CR3T")
      assert.include(error.message, ` the proxy ${server.baseUrl}`)
      return error
    })
  }

  it.live.each<[string, Step, string, number]>([
    ["responds with 403", respond(403, ""), "status 403", 1],
    ["responds with 407", respond(407, "", "Proxy-Authenticate: Basic realm=x"), "status 407", 1],
    ["responds with 429", respond(429, ""), "status 429", 3],
    ["responds with 502", respond(502, "<html>"), "status 502", 3],
    ["responds with something else than HTTP", rawAndClose("SSH-2.0-OpenSSH\r\n\r\n"), "ERR_PROXY_TUNNEL", 3],
    ["closes the connection", rawAndClose(), "ERR_PROXY_TUNNEL", 3],
    ["resets the connection", reset, "ECONNRESET", 3],
    ["opens the tunnel and closes it", rawAndClose("HTTP/1.1 200 OK\r\n\r\n"), "ECONNRESET", 3]
  ])(
    "a proxy that %s means reason connect, and nothing was sent",
    ([, step, code, attempts]) =>
      Effect.gen(function*() {
        for (const name of operationNames) {
          const server = yield* hostileServer([step])
          const error = yield* failure(server, operations[name])
          assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["connect", false])
          assert.include(error.message, `(${code})`)
          assert.lengthOf(server.received, attempts)
        }
      })
  )

  it.live("a silent proxy means a timeout in which nothing was sent, and its connection is closed", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([silence])
      yield* Effect.gen(function*() {
        const error = yield* Effect.flip(operations.create)
        assert(error._tag === "RequestFailed")
        assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["timeout", false])
        assert.include(error.message, `No complete response through the proxy ${server.baseUrl} within 1 seconds`)
        // The layer is still there.
        yield* server.until(({ connections }) => connections.closed === 1)
      }).pipe(Effect.provide(layerIn({ HTTPS_PROXY: server.baseUrl }, { ...noRetry, requestTimeout: "1 second" })))
    }))

  it.live("a timeout of a call while the proxy is silent leaves the outcome known", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([silence])
      const error = yield* failure(server, operations.create, { timeout: "1 second" })
      assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["timeout", false])
    }))

  it.live("of 70 concurrent creates through a proxy, 64 have a tunnel", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([silence])
      const calls = Effect.replicateEffect(operations.create, 70, { concurrency: "unbounded" })
      const fiber = yield* Effect.forkChild(Effect.provide(calls, layerIn({ HTTPS_PROXY: server.baseUrl })))
      yield* server.until(({ received }) => received.length === 64)
      // Time enough for a 65th connection.
      for (let tick = 0; tick < 20; tick++) yield* nextTick
      assert.strictEqual(server.connections.opened, 64)
      yield* Fiber.interrupt(fiber)
    }))
})

describe.skipIf(isOpensslMissing)(`tunnels${skipNote}`, () => {
  it.live.each<[string, string, NodeOptions]>([
    ["https://api.heroku.test or of the proxy PROXY", "HTTPS_PROXY", {}],
    ["the proxy PROXY", "HTTP_PROXY", { baseUrl: "http://api.heroku.test", allowHttp: true }]
  ])(
    "an untrusted certificate of a proxy is reported as that of %s",
    ([owner, variable, options]) =>
      Effect.gen(function*() {
        const server = createServer(makeCertificate()).on("tlsClientError", () => {})
        yield* Effect.acquireRelease(
          Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
          () => Effect.sync(() => server.close())
        )
        const proxy = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
        const error = yield* Effect.flip(Effect.provide(operations.create, layerIn({ [variable]: proxy }, options)))
        assert(error._tag === "RequestFailed")
        assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["certificate", false])
        assert.strictEqual(
          error.message,
          `The certificate of ${owner.replace("PROXY", proxy)} is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)`
        )
      })
  )

  it.live("requests to Heroku go through a tunnel of the proxy, which is reused for idempotent ones", () =>
    Effect.gen(function*() {
      useTls()
      const server = yield* hostileServer([respond(200, full), respond(200, full), respond(201, full)])
      const proxy = yield* startProxy(server.baseUrl)
      const call = AuthorizationService.use((service) => service.create({ scope: ["global"] }))
      yield* Effect.all([operations.info, operations.info, call]).pipe(
        Effect.provide(layerIn({ HTTPS_PROXY: `http://user:word@${proxy.host}` }))
      )
      const tunnel = `CONNECT api.heroku.test:443 Basic ${Buffer.from("user:word").toString("base64")}`
      assert.deepStrictEqual(proxy.requests, [tunnel, tunnel])
      assert.strictEqual(server.received.filter((request) => request.includes("Bearer HRKU")).length, 3)
    }))
})
