/** The live layer over Node's sockets, and what it does for a `transformClient`. */
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import { serve } from "@effect-heroku/test-kit/httpServer"
import * as payloads from "@effect-heroku/test-kit/payloads"
import * as samples from "@effect-heroku/test-kit/samples"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { type Options, token } from "./fixtures/liveService.ts"

const { id } = samples
const info = AuthorizationService.use((service) => service.info(id))
const list = AuthorizationService.use((service) => service.list())
const longPage = samples.page(300, { description: "Schlüssel 🔑".repeat(20) })

const layerFor = (baseUrl: string, options?: Options) => NodeAuthorizationService.layer({ token, baseUrl, ...options })

describe("NodeAuthorizationService", () => {
  it.effect.each<[string, Layer.Layer<HttpClient.HttpClient>]>([
    ["undici", NodeHttpClient.layerUndici],
    ["node:http", NodeHttpClient.layerNodeHttp],
    ["fetch", NodeHttpClient.layerFetch]
  ])(
    "follows no redirect over %s, which could carry secrets to another server",
    ([, transport]) =>
      Effect.gen(function*() {
        const visited: Array<string> = []
        const elsewhere = yield* serve((request, response) => {
          visited.push(String(request.headers.authorization))
          response.end()
        })
        const baseUrl = yield* serve((_, response) => response.writeHead(307, { location: elsewhere }).end())
        const update = AuthorizationService.use((service) =>
          service.update(id, { client: { id: "c", secret: Redacted.make("client-secret") } })
        )
        const layer = Layer.provide(HttpAuthorizationService.layer({ token, baseUrl }), transport)
        const error = yield* Effect.flip(Effect.provide(update, layer))
        assert(error._tag === "UnexpectedStatus")
        assert.strictEqual(error.status, 307)
        assert.isEmpty(visited)
      })
  )
})

describe("transformClient", () => {
  type Transform = (client: HttpClient.HttpClient) => HttpClient.HttpClient

  it.effect.each<[string, Transform]>([
    ["in another fiber", HttpClient.transform((send) => Effect.flatMap(Effect.forkChild(send), Fiber.join))],
    [
      "with a time limit",
      HttpClient.transform(Effect.timeoutOrElse({ duration: "5 seconds", orElse: () => Effect.never }))
    ]
  ])("a late body is read when transformClient sends the request %s", ([, transform]) =>
    Effect.gen(function*() {
      let sendBody = () => {}
      const baseUrl = yield* serve((_, response) => {
        response.writeHead(200, { "content-type": "application/json" }).flushHeaders()
        sendBody = () => response.end(JSON.stringify(payloads.full))
      })
      const transformClient: Transform = (client) =>
        HttpClient.tap(transform(client), () =>
          Effect.gen(function*() {
            for (let turn = 0; turn < 50; turn++) yield* Effect.yieldNow
            sendBody()
          }))
      const authorization = yield* Effect.provide(info, layerFor(baseUrl, { transformClient }))
      assert.strictEqual(authorization.id, id)
    }))

  it.effect.each<[string, (options: HttpAuthorizationService.Options) => Layer.Layer<AuthorizationService>]>([
    ["Node's client", NodeAuthorizationService.layer],
    ["undici", (options) => Layer.provide(HttpAuthorizationService.layer(options), NodeHttpClient.layerUndici)]
  ])(
    "the connection of a response that transformClient left unread is closed, over %s",
    ([, layer]) =>
      Effect.gen(function*() {
        let requests = 0
        let onClose = () => {}
        const closed = new Promise<void>((resolve) => {
          onClose = resolve
        })
        const baseUrl = yield* serve((_, response) => {
          if (++requests > 1) {
            response.end(JSON.stringify(payloads.full))
          } else {
            response.on("close", onClose)
            response.writeHead(200).write("{")
          }
        })
        const transformClient: Transform = HttpClient.transform((send) => Effect.andThen(send, send))
        yield* Effect.andThen(info, Effect.promise(() => closed)).pipe(
          Effect.provide(layer({ token, baseUrl, transformClient }))
        )
        assert.strictEqual(requests, 2)
      })
  )

  it.effect("a response that transformClient returns twice can be read twice", () =>
    Effect.gen(function*() {
      const baseUrl = yield* serve((_, response) => response.end(JSON.stringify(longPage)))
      let cached: HttpClientResponse | undefined
      const transformClient: Transform = HttpClient.transform((send) =>
        cached === undefined
          ? Effect.tap(send, (response) =>
            Effect.sync(() => {
              cached = response
            }))
          : Effect.succeed(cached)
      )
      const pages = yield* Effect.provide(Effect.all([list, list]), layerFor(baseUrl, { transformClient }))
      assert.deepStrictEqual(pages.map(({ items }) => items.length), [300, 300])
      assert.deepStrictEqual(JSON.parse(yield* cached!.text), longPage)
    }))
})
