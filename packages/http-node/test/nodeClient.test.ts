/** The connections of `NodeAuthorizationService`, against real sockets. */
import type { AuthorizationError } from "@effect-heroku/core/AuthorizationError"
import type { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import { hostileServer, respond, silence } from "@effect-heroku/test-kit/hostileServer"
import { operations } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { nextTick } from "@effect-heroku/test-kit/testTime"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import { createServer } from "node:net"

const layerFor = (
  baseUrl: string,
  options: Partial<Parameters<typeof NodeAuthorizationService.layer>[0]> = { retry: { times: 0 } }
) => NodeAuthorizationService.layer({ token: Redacted.make("HRKU-mine"), baseUrl, ...options })

const full = respond(200, JSON.stringify(payloads.full))
const created = respond(201, JSON.stringify(payloads.full))

/** Runs a call, and waits until its connection is back in the pool. */
const call = <A>(effect: Effect.Effect<A, AuthorizationError, AuthorizationService>) => Effect.andThen(effect, nextTick)

describe("connections", () => {
  it.effect("reads, updates and deletes share a connection", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([full])
      yield* Effect.gen(function*() {
        for (const operation of [operations.info, operations.update, operations.delete, operations.info]) {
          yield* call(operation)
        }
      }).pipe(Effect.provide(layerFor(server.baseUrl)))
      assert.deepStrictEqual([server.received.length, server.connections.opened], [4, 1])
    }))

  it.effect("create and regenerate each open a connection, although one is idle, and close it", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([full, created, full, full])
      yield* Effect.gen(function*() {
        yield* call(operations.info)
        yield* call(operations.create)
        yield* call(operations.regenerate)
        yield* server.until(({ connections }) => connections.closed === 2)
        yield* call(operations.info)
      }).pipe(Effect.provide(layerFor(server.baseUrl)))
      assert.deepStrictEqual([server.received.length, server.connections.opened], [4, 3])
      assert.deepStrictEqual(
        server.received.map((request) => /^connection: (.*)\r$/im.exec(request)?.[1]),
        ["keep-alive", "close", "close", "keep-alive"]
      )
    }))

  it.effect("a connection that died while it was idle costs a read one retry, and a create nothing", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([full, (socket) => socket.resetAndDestroy(), full, created])
      const options = { retry: { times: 1, baseDelay: 0, maxDelay: 0 } }
      yield* Effect.gen(function*() {
        yield* call(operations.info)
        yield* call(operations.info)
        yield* call(operations.create)
      }).pipe(Effect.provide(layerFor(server.baseUrl, options)))
      assert.lengthOf(server.received, 4)
    }))

  it.effect("idle connections are closed with the layer", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([full])
      yield* call(operations.info).pipe(Effect.provide(layerFor(server.baseUrl)))
      yield* server.until(({ connections }) => connections.closed === 1)
    }))

  it.effect.each(["info", "create"] as const)(
    "of 70 concurrent calls of %s, 64 have a connection",
    (name) =>
      Effect.gen(function*() {
        const server = yield* hostileServer([silence])
        const calls = yield* Effect.forkChild(
          Effect.all(Array.from({ length: 70 }, () => operations[name]), { concurrency: "unbounded" }).pipe(
            Effect.provide(layerFor(server.baseUrl))
          )
        )
        yield* server.until(({ received }) => received.length === 64)
        for (let tick = 0; tick < 20; tick++) yield* nextTick
        assert.deepStrictEqual([server.received.length, server.connections.opened], [64, 64])
        yield* Fiber.interrupt(calls)
        yield* server.until(({ connections }) => connections.closed === 64)
      })
  )

  it.effect("of 70 concurrent creates, each has a connection of its own", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([created])
      yield* Effect.all(Array.from({ length: 70 }, () => operations.create), { concurrency: "unbounded" }).pipe(
        Effect.provide(layerFor(server.baseUrl))
      )
      assert.deepStrictEqual([server.received.length, server.connections.opened], [70, 70])
    }))
})

describe("failures", () => {
  it.effect.each<
    [string, (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest, string]
  >([
    ["a header with a line break", HttpClientRequest.setHeader("x-extra", "a\r\nb: S3CR3T"), "ERR_INVALID_CHAR"],
    ["a header whose name has a space", HttpClientRequest.setHeader("x extra", "S3CR3T"), "ERR_INVALID_HTTP_TOKEN"],
    ["a URL of another protocol", HttpClientRequest.setUrl("ftp://127.0.0.1/"), "ERR_INVALID_PROTOCOL"]
  ])("%s, set by transformClient, fails before anything is sent", ([, change, code]) =>
    Effect.gen(function*() {
      const server = yield* hostileServer([full])
      const error = yield* Effect.flip(operations.create).pipe(
        Effect.provide(layerFor(server.baseUrl, { transformClient: HttpClient.mapRequest(change) }))
      )
      assert(error._tag === "RequestFailed")
      assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["request", false])
      assert.strictEqual(error.message, `The request could not be written (${code})`)
      assert.strictEqual(server.connections.opened, 0)
    }))

  it.effect("a host of several addresses that all refuse the connection was not connected", () =>
    Effect.gen(function*() {
      const port = yield* Effect.callback<number>((resume) => {
        const server = createServer().listen(0, "127.0.0.1", () => {
          const address = server.address()
          server.close(() => resume(Effect.succeed(typeof address === "object" ? address!.port : 0)))
        })
      })
      const error = yield* Effect.flip(operations.create).pipe(Effect.provide(layerFor(`http://localhost:${port}`)))
      assert(error._tag === "RequestFailed")
      assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["connect", false])
      assert.include(error.message, "(ECONNREFUSED)")
    }))
})
