/** Many calls at once: connections, waiting calls, and a server that is down. */
import * as AuthorizationService from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import { hostileServer, respond, silence } from "@effect-heroku/test-kit/hostileServer"
import { serve } from "@effect-heroku/test-kit/httpServer"
import { operations } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { type MakeReply, scriptedClient, status } from "@effect-heroku/test-kit/scriptedClient"
import { nextTick, whileTimePasses } from "@effect-heroku/test-kit/testTime"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { flow } from "effect/Function"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import * as TestClock from "effect/testing/TestClock"
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { noRetry, token } from "./fixtures/liveService.ts"

describe("calls that wait for a connection", () => {
  it.effect("a call whose time limit expires while it waits for a connection was not sent", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([silence])
      const many = (count: number) =>
        Effect.forkChild(Effect.replicateEffect(Effect.flip(operations.create), count, { concurrency: "unbounded" }))
      yield* Effect.gen(function*() {
        const sent = yield* many(64)
        yield* server.until(({ received }) => received.length === 64)
        const waiting = yield* AuthorizationService.withTimeout("10 seconds")(many(6))
        yield* TestClock.adjust("10 seconds")
        const outcomes = (yield* Fiber.join(waiting)).map(({ outcomeUnknown }) => outcomeUnknown)
        assert.deepStrictEqual(outcomes, Array(6).fill(false))
        yield* Fiber.interrupt(sent)
      }).pipe(Effect.provide(NodeAuthorizationService.layer({ token, baseUrl: server.baseUrl, ...noRetry })))
      assert.lengthOf(server.received, 64)
    }))

  it.live("an interrupted call that waits for a connection is never sent, and frees its slot", () =>
    Effect.gen(function*() {
      const sockets: Array<() => void> = []
      const server = yield* hostileServer([(socket) => {
        sockets.push(() => respond(201, JSON.stringify(payloads.full))(socket))
      }])
      yield* Effect.gen(function*() {
        const first = yield* Effect.forkChild(
          Effect.replicateEffect(operations.create, 64, { concurrency: "unbounded" })
        )
        yield* server.until(({ received }) => received.length === 64)
        const waiting = yield* Effect.forkChild(
          Effect.replicateEffect(operations.create, 9, { concurrency: "unbounded" })
        )
        for (let tick = 0; tick < 20; tick++) yield* Effect.yieldNow
        yield* Fiber.interrupt(waiting)
        const last = yield* Effect.forkChild(operations.info)
        for (const send of sockets.splice(0)) send()
        yield* Fiber.join(first)
        yield* server.until(({ received }) => received.length === 65)
        yield* Fiber.interrupt(last)
        assert.deepStrictEqual(server.received.map((request) => request.slice(0, 4)), [
          ...Array(64).fill("POST"),
          "GET "
        ])
        const again = yield* Effect.forkChild(operations.create)
        yield* server.until(({ received }) => received.length === 66)
        yield* Fiber.interrupt(again)
      }).pipe(Effect.provide(NodeAuthorizationService.layer({ token, baseUrl: server.baseUrl, ...noRetry })))
    }))

  it.live(
    "20,000 interrupted calls that wait for a connection do not stop the next call",
    () =>
      Effect.gen(function*() {
        const server = yield* hostileServer([...Array(64).fill(silence), respond(201, JSON.stringify(payloads.full))])
        const many = (count: number) =>
          Effect.forkChild(Effect.replicateEffect(operations.create, count, { concurrency: "unbounded" }))
        yield* Effect.gen(function*() {
          const sent = yield* many(64)
          yield* server.until(({ received }) => received.length === 64)
          const waiting = yield* many(20_000)
          for (let tick = 0; tick < 20; tick++) yield* nextTick
          yield* Fiber.interrupt(waiting)
          const next = yield* Effect.forkChild(operations.create)
          yield* Fiber.interrupt(sent)
          yield* Fiber.join(next)
        }).pipe(Effect.provide(NodeAuthorizationService.layer({ token, baseUrl: server.baseUrl, ...noRetry })))
        assert.lengthOf(server.received, 65)
      }),
    120_000
  )
})

describe("file descriptors", () => {
  it.live.each(["info", "create"])(
    "2,000 calls of %s at once succeed with 256 file descriptors",
    (operation) =>
      Effect.gen(function*() {
        const server = yield* serve((request, response) => {
          response.writeHead(request.method === "POST" ? 201 : 200).end(JSON.stringify(payloads.full))
        })
        const worker = new URL("fixtures/loadWorker.ts", import.meta.url).pathname
        const limited = `ulimit -n 256 && exec "${process.execPath}" "${worker}" ${server} ${operation}`
        const { stderr, stdout } = yield* Effect.promise(() => promisify(execFile)("sh", ["-c", limited]))
        assert.strictEqual(stdout, "2000 success\n", stderr)
      }),
    180_000
  )
})

describe("circuit breakers", () => {
  const makeLayer = (client: ReturnType<typeof scriptedClient>) =>
    Layer.unwrap(
      Effect.map(
        CircuitBreaker.make({ tripPolicy: CircuitBreaker.consecutive(5), openDuration: "30 seconds" }),
        (breaker) =>
          HttpAuthorizationService.layer({
            token,
            transformClient: flow(
              HttpClient.transformResponse(Effect.timeout("20 seconds")),
              HttpClient.withCircuitBreaker({ breaker })
            )
          })
      )
    ).pipe(Layer.provide([client.layer, CircuitBreaker.layerStoreMemory()]))

  it.effect.each<[string, MakeReply]>([
    ["responds with 503", status(503)],
    ["is silent", () => Effect.never]
  ])(
    "1,000 calls against a server that %s send fewer than 1,200 requests with a circuit breaker",
    ([, reply]) =>
      Effect.gen(function*() {
        const client = scriptedClient(reply)
        const call = Effect.flip(AuthorizationService.AuthorizationService.use((service) => service.list()))
        const calls = Effect.replicateEffect(call, 1000, { concurrency: "unbounded" })
        yield* whileTimePasses(Effect.provide(calls, makeLayer(client)))
        assert.isBelow(client.sent.length, 1200)
      })
  )

  it.effect("an open circuit breaker means RequestFailed, is not retried, and leaves the outcome of a call known", () =>
    Effect.gen(function*() {
      const client = scriptedClient(status(503))
      yield* Effect.gen(function*() {
        for (let call = 0; call < 5; call++) yield* Effect.flip(operations.create)
        const error = yield* Effect.flip(operations.create)
        assert(error._tag === "RequestFailed")
        assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["request", false])
        assert.include(error.message, "circuit breaker of https://api.heroku.com is open")
        assert.lengthOf(client.sent, 5)
      }).pipe(Effect.provide(makeLayer(client)))
    }))

  it.effect("a timeout in transformClient means RequestFailed with reason timeout, and opens the circuit breaker", () =>
    Effect.gen(function*() {
      const client = scriptedClient(() => Effect.never)
      yield* Effect.gen(function*() {
        for (let call = 0; call < 5; call++) {
          const failing = yield* Effect.forkChild(Effect.flip(operations.create))
          yield* TestClock.adjust("20 seconds")
          const error = yield* Fiber.join(failing)
          assert(error._tag === "RequestFailed")
          assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["timeout", true])
          assert.strictEqual(error.message, "No complete response within the timeout of transformClient")
        }
        const error = yield* Effect.flip(operations.create)
        assert.include(error.message, "circuit breaker of https://api.heroku.com is open")
        assert.lengthOf(client.sent, 5)
      }).pipe(Effect.provide(makeLayer(client)))
    }))

  it.effect("a circuit breaker that opens during a call keeps the unknown outcome of its first attempt", () =>
    Effect.gen(function*() {
      const client = scriptedClient(status(503))
      const layer = makeLayer(client)
      const error = yield* Effect.gen(function*() {
        for (let call = 0; call < 4; call++) yield* Effect.flip(operations.create)
        return yield* whileTimePasses(Effect.flip(operations.update))
      }).pipe(Effect.provide(layer))
      assert(error._tag === "RequestFailed")
      assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["request", true])
    }))
})
