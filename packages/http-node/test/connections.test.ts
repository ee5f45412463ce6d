/** The connections of `NodeAuthorizationService`: pooled for idempotent requests, a fresh one for every POST. */
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import { hostileServer, respond, silence, type Step } from "@effect-heroku/test-kit/hostileServer"
import { serve } from "@effect-heroku/test-kit/httpServer"
import { operations } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { nextTick } from "@effect-heroku/test-kit/testTime"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { Socket } from "node:net"
import { noRetry, type Options, token } from "./fixtures/liveService.ts"

const layerFor = ({ baseUrl }: { readonly baseUrl: string }, options: Options = noRetry) =>
  NodeAuthorizationService.layer({ token, baseUrl, ...options })

const full = respond(200, JSON.stringify(payloads.full))
const created = respond(201, JSON.stringify(payloads.full))

const { create, delete: remove, info, regenerate, update } = operations

describe("connections", () => {
  it.live("every POST opens a connection and closes it, and all other requests share one", () =>
    Effect.gen(function*() {
      const sockets: Array<Socket> = []
      const step = (write: Step): Step => (socket) => {
        sockets.push(socket)
        write(socket)
      }
      const server = yield* hostileServer([full, created, full, full, full, full].map(step))
      yield* Effect.forEach([info, create, update, regenerate, remove, info], (call) => Effect.andThen(call, nextTick))
        .pipe(
          Effect.andThen(server.until(({ connections }) => connections.closed === 2)),
          Effect.provide(layerFor(server))
        )
      const distinct = [...new Set(sockets)]
      assert.deepStrictEqual(
        server.received.map((request, index) => {
          const [, connection] = /^connection: (.*)\r$/im.exec(request) ?? []
          return `${request.slice(0, request.indexOf(" "))} ${distinct.indexOf(sockets[index]!)} ${connection}`
        }),
        [
          "GET 0 keep-alive",
          "POST 1 close",
          "PATCH 0 keep-alive",
          "POST 2 close",
          "DELETE 0 keep-alive",
          "GET 0 keep-alive"
        ]
      )
      yield* server.until(({ connections }) => connections.closed === 3)
    }))

  it.live.each(["info", "create"] as const)(
    "of 70 concurrent calls of %s, 64 have a connection",
    (operation) =>
      Effect.gen(function*() {
        const server = yield* hostileServer([silence])
        const calls = Effect.replicateEffect(operations[operation], 70, { concurrency: "unbounded" })
        const fiber = yield* Effect.forkChild(Effect.provide(calls, layerFor(server)))
        yield* server.until(({ received }) => received.length === 64)
        // Time enough for a 65th connection.
        for (let tick = 0; tick < 20; tick++) yield* nextTick
        assert.deepStrictEqual([server.received.length, server.connections.opened], [64, 64])
        yield* Fiber.interrupt(fiber)
        yield* server.until(({ connections }) => connections.closed === 64)
      })
  )

  it.live("of 70 concurrent creates, each has its own connection", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([created])
      const calls = Effect.replicateEffect(create, 70, { concurrency: "unbounded" })
      yield* Effect.provide(calls, layerFor(server))
      assert.deepStrictEqual([server.received.length, server.connections.opened], [70, 70])
    }))
})

describe("idle connections that the server closes while the process is frozen", () => {
  const pooled: Array<Socket> = []
  const keepOpen: Step = (socket) => {
    pooled.push(socket)
    full(socket)
  }
  /** Fills the pool, and closes its connection: the client sends the next request before it can notice. */
  const closeIdle = info.pipe(
    Effect.andThen(nextTick),
    Effect.andThen(Effect.sync(() => pooled.at(-1)!.destroy()))
  )

  it.live("creates succeed without retry when every pooled connection is dead", () =>
    Effect.gen(function*() {
      const rounds = [1, 2, 3, 4]
      const server = yield* hostileServer(rounds.flatMap(() => [keepOpen, created]))
      yield* Effect.forEach(rounds, () => Effect.andThen(closeIdle, create)).pipe(Effect.provide(layerFor(server)))
      assert.lengthOf(server.received, 8)
    }))

  it.live("an info over a dead connection fails, and succeeds with a retry", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([keepOpen])
      const call = Effect.andThen(closeIdle, info)
      const error = yield* Effect.flip(call).pipe(Effect.provide(layerFor(server)))
      assert.deepStrictEqual([error._tag, "reason" in error && error.reason], ["RequestFailed", "connection"])
      yield* Effect.provide(call, layerFor(server, { retry: { times: 1, baseDelay: 0 } }))
    }))
})

describe("requests that are not sent", () => {
  type Change = (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest

  it.live.each<[string, Change, string]>([
    ["a header with a line break", HttpClientRequest.setHeader("x-extra", "a\r\nb: S3CR3T"), "ERR_INVALID_CHAR"],
    ["a header whose name has a space", HttpClientRequest.setHeader("x extra", "S3CR3T"), "ERR_INVALID_HTTP_TOKEN"],
    ["a URL of another protocol", HttpClientRequest.setUrl("ftp://127.0.0.1/"), "ERR_INVALID_PROTOCOL"]
  ])("%s, set by transformClient, fails before anything is sent", ([, change, code]) =>
    Effect.gen(function*() {
      const server = yield* hostileServer([full])
      const transformClient = HttpClient.mapRequest(change)
      const error = yield* Effect.flip(Effect.provide(create, layerFor(server, { ...noRetry, transformClient })))
      assert(error._tag === "RequestFailed")
      assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["request", false])
      assert.strictEqual(error.message, `The request could not be written (${code})`)
      assert.strictEqual(server.connections.opened, 0)
    }))

  it.live("create fails with reason connect when no address of the host accepts the connection", () =>
    Effect.gen(function*() {
      const closed = yield* Effect.scoped(serve(() => {}))
      const baseUrl = closed.replace("127.0.0.1", "localhost")
      const error = yield* Effect.flip(Effect.provide(create, layerFor({ baseUrl })))
      assert(error._tag === "RequestFailed")
      assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["connect", false])
      assert.include(error.message, "(ECONNREFUSED)")
    }))
})
