/** The connections of `NodeAuthorizationService`: pooled for idempotent requests, a fresh one for every POST. */
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import { hostileServer, respond, type Step } from "@effect-heroku/test-kit/hostileServer"
import { serve } from "@effect-heroku/test-kit/httpServer"
import { operations } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { nextTick } from "@effect-heroku/test-kit/testTime"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { noRetry, type Options, token } from "./fixtures/liveService.ts"

const layerFor = ({ baseUrl }: { readonly baseUrl: string }, options?: Options) =>
  NodeAuthorizationService.layer({ token, baseUrl, ...options })

const body = JSON.stringify(payloads.full)

const success = (request: IncomingMessage, response: ServerResponse) => {
  const isList = request.method === "GET" && request.url === "/oauth/authorizations"
  const isCreate = request.method === "POST" && request.url === "/oauth/authorizations"
  response.writeHead(isCreate ? 201 : 200).end(isList ? `[${body}]` : body)
}

describe("connections", () => {
  it.live("every POST opens a connection, and all other requests share one", () =>
    Effect.gen(function*() {
      const sockets: Array<Socket> = []
      const used: Array<string> = []
      const baseUrl = yield* serve((request, response) => {
        if (!sockets.includes(request.socket)) sockets.push(request.socket)
        used.push(`${request.method} ${sockets.indexOf(request.socket)}`)
        success(request, response)
      })
      const { create, delete: remove, info, list, regenerate, update } = operations
      yield* Effect.forEach([info, list, create, update, create, regenerate, remove, info], (call) =>
        Effect.andThen(call, nextTick)).pipe(Effect.provide(layerFor({ baseUrl })))
      assert.deepStrictEqual(used, [
        "GET 0",
        "GET 0",
        "POST 1",
        "PATCH 0",
        "POST 2",
        "POST 3",
        "DELETE 0",
        "GET 0"
      ])
    }))

  it.live.each(["info", "create"] as const)(
    "at most 64 connections are open for concurrent calls of %s",
    (operation) =>
      Effect.gen(function*() {
        const waiting: Array<() => void> = []
        const open = new Set<Socket>()
        const baseUrl = yield* serve((request, response) => {
          open.add(request.socket)
          request.socket.once("close", () => open.delete(request.socket))
          waiting.push(() => success(request, response))
        })
        yield* Effect.gen(function*() {
          const calls = Effect.replicateEffect(operations[operation], 150, { concurrency: "unbounded" })
          const fiber = yield* Effect.forkChild(calls)
          while (waiting.length < 64) yield* nextTick
          // Time enough for a 65th connection.
          for (let tick = 0; tick < 100; tick++) yield* nextTick
          assert.strictEqual(open.size, 64)
          assert.lengthOf(waiting, 64)
          let responded = 0
          while (fiber.pollUnsafe() === undefined) {
            for (; responded < waiting.length; responded++) waiting[responded]!()
            yield* nextTick
            assert.isAtMost(open.size, 64)
          }
          assert.lengthOf(yield* Fiber.join(fiber), 150)
        }).pipe(Effect.provide(layerFor({ baseUrl })))
      })
  )

  it.live("the connections are closed with the layer", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([respond(200, body), respond(201, body)])
      yield* Effect.andThen(operations.info, operations.create).pipe(Effect.provide(layerFor(server)))
      yield* server.until(({ connections }) => connections.opened === 2 && connections.closed === 2)
    }))
})

describe("idle connections that the server closes while the process is frozen", () => {
  const pooled: Array<Socket> = []
  const keepOpen: Step = (socket) => {
    pooled.push(socket)
    respond(200, body)(socket)
  }
  /** Fills the pool, and closes its connection: the client sends the next request before it can notice. */
  const closeIdle = operations.info.pipe(
    Effect.andThen(nextTick),
    Effect.andThen(Effect.sync(() => pooled.at(-1)!.destroy()))
  )

  it.live("a create succeeds without retry when every pooled connection is dead", () =>
    Effect.gen(function*() {
      const rounds = [1, 2, 3, 4]
      const server = yield* hostileServer(rounds.flatMap(() => [keepOpen, respond(201, body)]))
      yield* Effect.forEach(rounds, () => Effect.andThen(closeIdle, operations.create)).pipe(
        Effect.provide(layerFor(server, noRetry))
      )
      assert.lengthOf(server.received, 8)
    }))

  it.live("an info over a dead connection fails, and succeeds with a retry", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([keepOpen])
      const error = yield* Effect.flip(Effect.andThen(closeIdle, operations.info)).pipe(
        Effect.provide(layerFor(server, noRetry))
      )
      assert.deepStrictEqual([error._tag, "reason" in error && error.reason], ["RequestFailed", "connection"])
      yield* Effect.andThen(closeIdle, operations.info).pipe(
        Effect.provide(layerFor(server, { retry: { times: 1, baseDelay: 0 } }))
      )
    }))
})
