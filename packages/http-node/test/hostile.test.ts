/** The live layer over sockets, against a server that is as bad as servers, routers and networks get. */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import type { Operation } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import {
  flood,
  head,
  type HostileServer,
  hostileServer,
  raw,
  rawAndClose,
  rawAndReset,
  reset,
  respond,
  silence,
  type Step
} from "@effect-heroku/test-kit/hostileServer"
import { type Call, isIdempotent, isReadOnly, makeOperations, operationNames } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { runs } from "@effect-heroku/test-kit/runs"
import { nextTick } from "@effect-heroku/test-kit/testTime"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type { Socket } from "node:net"
import { gzipSync } from "node:zlib"
import { noRetry, type Options, token } from "./fixtures/liveService.ts"

const operations = makeOperations({
  create: { scope: ["global"], description: "Schlüssel 🔑" },
  update: { description: "Schlüssel 🔑" }
})

/** Two retries without delay. */
const quick: Options = { retry: { times: 2, baseDelay: 0, maxDelay: 0 } }

const layerFor = ({ baseUrl }: HostileServer, options: Options = quick) =>
  NodeAuthorizationService.layer({ token, baseUrl, ...options })

/** How a call to this server ends, as text. */
const outcome = (call: Call, server: HostileServer, options?: Options): Effect.Effect<string> =>
  Effect.map(
    Effect.result(Effect.provide(call, layerFor(server, options))),
    Result.match({
      onSuccess: () => "success",
      onFailure: (error) =>
        `${error._tag} ${error._tag === "RequestFailed" ? error.reason : error.status}${
          error._tag === "RequestFailed" && error.outcomeUnknown ? ", outcome unknown" : ""
        }`
    })
  )

const json = JSON.stringify(payloads.full)
const good = respond(200, json)
const goodFor = (name: Operation): Step =>
  name === "create" ? respond(201, json) : name === "list" ? respond(200, `[${json}]`) : good
const chunked = "Transfer-Encoding: chunked"
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
const sized = (bytes: number | string) => `Content-Length: ${bytes}`

describe("lost responses", () => {
  /** The head of a successful response. */
  const success = (name: Operation, ...headers: ReadonlyArray<string>) =>
    head(name === "create" ? 201 : 200, ...headers)

  it.live.each<[string, (name: Operation) => Step, string]>([
    ["the connection is reset", () => reset, "connection"],
    ["the connection is closed", () => rawAndClose(), "connection"],
    ["the status line is cut short", () => rawAndClose("HTTP/1.1 20"), "connection"],
    ["the headers are cut short", () => rawAndClose("HTTP/1.1 200 OK\r\nContent-Le"), "connection"],
    ["the response is not HTTP", () => rawAndClose("SSH-2.0-OpenSSH_9.9\r\n"), "connection"],
    ["the headers are endless", (name) => raw(success(name, `X: ${"x".repeat(100_000)}`)), "connection"],
    ["two lengths contradict", (name) => raw(success(name, sized(2), sized(3)), "{}"), "connection"],
    ["a length is negative", (name) => raw(success(name, sized(-1)), "{}"), "connection"],
    ["a length is not a number", (name) => raw(success(name, sized("many")), "{}"), "connection"],
    ["the protocol changes", () => raw(head(101, "Connection: upgrade", "Upgrade: other")), "connection"],
    ["a body of known length is closed early", (name) => rawAndClose(success(name, sized(1000)), `{"id":`), "body"],
    ["a body of known length is reset", (name) => rawAndReset(`${success(name, sized(1000))}{"id":`), "body"],
    ["a body in chunks is closed early", (name) => rawAndClose(success(name, chunked), chunk(json)), "body"],
    ["a body in chunks is reset", (name) => rawAndReset(success(name, chunked) + chunk(json)), "body"],
    ["a chunk has no length", (name) => raw(success(name, chunked), chunk(json.slice(0, 9)), "what\r\n"), "body"]
  ])("retries idempotent operations only when %s", ([, broken, reason]) =>
    Effect.gen(function*() {
      for (const name of operationNames) {
        const server = yield* hostileServer([broken(name)])
        assert.strictEqual(
          yield* outcome(operations[name], server),
          `RequestFailed ${reason}${isReadOnly(name) ? "" : ", outcome unknown"}`
        )
        assert.lengthOf(server.received, isIdempotent(name) ? 3 : 1, name)
      }
    }))

  it.live("no request is received when every connection is reset at once", () =>
    Effect.gen(function*() {
      for (const name of operationNames) {
        const server = yield* hostileServer([goodFor(name)], reset)
        const end = yield* outcome(operations[name], server)
        // The reset can arrive while the connection is made, which is certain, or just after.
        assert.match(end, /^RequestFailed connect/)
        assert.isAtMost(server.connections.opened, end.includes("outcome unknown") && !isIdempotent(name) ? 1 : 3)
        assert.deepStrictEqual(server.received, [])
      }
    }))

  it.live.each<[string, Layer.Layer<HttpClient.HttpClient>]>([
    ["undici", NodeHttpClient.layerUndiciOptions({ allowH2: false })],
    ["fetch", NodeHttpClient.layerFetch]
  ])(
    "does not send create again when a pooled connection turns out to be dead, over %s",
    ([, transport]) =>
      Effect.gen(function*() {
        for (const broken of [reset, rawAndClose(), rawAndClose(head(201, sized(1000)), "{")]) {
          const server = yield* hostileServer([good, broken, good])
          const both = Effect.gen(function*() {
            yield* operations.info
            // The connection is free a moment after the response was read.
            yield* nextTick
            return yield* Effect.flip(operations.create)
          })
          const layer = HttpAuthorizationService.layer({ token, baseUrl: server.baseUrl })
          const error = yield* Effect.provide(both, Layer.provide(layer, transport))
          assert(error._tag === "RequestFailed")
          assert.isTrue(error.outcomeUnknown)
          assert.deepStrictEqual([server.received.length, server.connections.opened], [2, 1])
        }
      })
  )

  it.live.each<[Operation, string, Step]>(operationNames.flatMap((name) => {
    const limited: [Operation, string, Step] = [name, "429", respond(429, "")]
    return isIdempotent(name)
      ? [limited, [name, "a reset", reset], [name, "503", respond(503, "")]] satisfies Array<[Operation, string, Step]>
      : [limited]
  }))("retries %s after %s with the same bytes", ([name, , failing]) =>
    Effect.gen(function*() {
      const server = yield* hostileServer([failing, failing, goodFor(name)])
      assert.strictEqual(yield* outcome(operations[name], server), "success")
      const [first, ...others] = server.received
      assert.deepStrictEqual(others, [first!, first!])
      assert.include(first, "authorization: Bearer HRKU-our-own-token\r\n")
      assert.strictEqual(
        first?.includes("Schl\\u00fcssel") || first?.includes("SchlÃ¼ssel"),
        /create|update/.test(name)
      )
    }))
})

describe("timeouts and interruptions", () => {
  const halfBody = raw(head(201, sized(1000)), `{"id":`)

  /** Starts a create that fails. The layer outlives the call, as in a program. */
  const start = (server: HostileServer, options: Options = {}, afterHead: Effect.Effect<void> = Effect.void) =>
    Effect.gen(function*() {
      const received = yield* Deferred.make<void>()
      const transformClient = HttpClient.tap(() => Effect.andThen(Deferred.succeed(received, undefined), afterHead))
      const context = yield* Layer.build(layerFor(server, { ...quick, ...options, transformClient }))
      const fiber = yield* Effect.forkChild(Effect.flip(Effect.provide(operations.create, context)))
      return { error: Fiber.join(fiber), head: Deferred.await(received) }
    })

  const callTimeout = { requestTimeout: "1 hour", timeout: "30 seconds" } as const

  it.effect.each<[string, Step, "request" | "head", Options, Effect.Effect<void>]>([
    ["requestTimeout without a response", silence, "request", {}, Effect.void],
    ["requestTimeout after half the headers", raw("HTTP/1.1 201 Created\r\nContent-"), "request", {}, Effect.void],
    ["requestTimeout after half a body", halfBody, "head", {}, Effect.void],
    ["requestTimeout in a body without end", raw(head(201, chunked), chunk("[")), "head", {}, Effect.void],
    ["requestTimeout while transformClient holds back the response", halfBody, "head", {}, Effect.never],
    ["timeout while transformClient holds back the response", halfBody, "head", callTimeout, Effect.never]
  ])("%s closes the connection and sends nothing more", ([, step, part, options, afterHead]) =>
    Effect.gen(function*() {
      const server = yield* hostileServer([step])
      const call = yield* start(server, options, afterHead)
      yield* server.until(({ received }) => received.length === 1)
      if (part === "head") yield* call.head
      yield* TestClock.adjust("30 seconds")
      const error = yield* call.error
      assert(error._tag === "RequestFailed")
      assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["timeout", true])
      yield* server.until(({ connections }) => connections.closed === 1)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual([server.received.length, server.connections.opened], [1, 1])
    }))

  it.effect("a stalled error body means the error of its status, and its connection is closed", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([raw(head(401, sized(1000)), `{"id":`)])
      const call = yield* start(server)
      yield* call.head
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* call.error)._tag, "Unauthorized")
      yield* server.until(({ connections }) => connections.closed === 1)
    }))

  it.effect("requestTimeout limits an error response that starts late and stalls", () =>
    Effect.gen(function*() {
      const sockets: Array<Socket> = []
      const server = yield* hostileServer([(socket) => sockets.push(socket)])
      const call = yield* start(server, noRetry)
      yield* server.until(() => sockets.length === 1)
      yield* TestClock.adjust("28 seconds")
      raw(head(404, sized(1000)), `{"id":`)(sockets[0]!)
      yield* call.head
      yield* TestClock.adjust("2 seconds")
      const error = yield* call.error
      assert.deepStrictEqual([error._tag, "reason" in error && error.reason], ["RequestFailed", "timeout"])
      yield* server.until(({ connections }) => connections.closed === 1)
    }))

  it.effect.each<Operation>(operationNames)(
    "an interrupted %s closes its connection and sends nothing more",
    (name) =>
      Effect.gen(function*() {
        const server = yield* hostileServer([silence])
        yield* Effect.gen(function*() {
          const call = yield* Effect.forkChild(operations[name])
          yield* server.until(({ received }) => received.length === 1)
          yield* Fiber.interrupt(call)
          yield* server.until(({ connections }) => connections.closed === 1)
          yield* TestClock.adjust("1 hour")
          assert.deepStrictEqual([server.received.length, server.connections.opened], [1, 1])
        }).pipe(Effect.provide(layerFor(server)))
      })
  )

  it.effect("an interrupted listing closes the connections of all pages that it prefetches", () =>
    Effect.gen(function*() {
      const uuid = (position: number) => `${position.toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`
      const page = (...positions: ReadonlyArray<number>) =>
        respond(
          206,
          JSON.stringify(positions.map((position) => ({ ...payloads.full, id: uuid(position) }))),
          `Next-Range: id ]${uuid(positions.at(-1)!)}..; max=2`
        )
      const server = yield* hostileServer([page(1, 2), page(3, 4), silence])
      yield* Effect.gen(function*() {
        const call = yield* Effect.forkChild(
          AuthorizationService.use((_) => Stream.runDrain(_.stream({ pageSize: 2, concurrency: 4 })))
        )
        yield* server.until(({ received }) => received.length === 4)
        yield* Fiber.interrupt(call)
        yield* server.until(({ connections: { closed, opened } }) => closed === opened)
      }).pipe(Effect.provide(layerFor(server)))
    }))
})

describe("responses", () => {
  const key = Buffer.from(JSON.stringify({ ...payloads.full, description: "🔑" }))
  const inKey = key.indexOf(0xf0) + 2

  it.live.each<[string, Step, string]>([
    ["a body split inside a character", (socket) => {
      socket.write(head(200, sized(key.length)))
      socket.write(key.subarray(0, inKey), () => setImmediate(() => socket.write(key.subarray(inKey))))
    }, "success"],
    ["chunks of one byte", raw(head(200, chunked), ...Array.from(json, chunk), "0\r\n\r\n"), "success"],
    ["a body that ends with the connection", rawAndClose(head(200), json), "success"],
    ["HTTP/1.0", rawAndClose(`HTTP/1.0 200 OK\r\n\r\n${json}`), "success"],
    [
      "interim responses before it",
      raw(head(102), head(103, "Link: </x>"), head(200, sized(json.length)), json),
      "success"
    ],
    ["JSON labelled as HTML", respond(200, json, "Content-Type: text/html"), "success"],
    ["HTML labelled as JSON", respond(200, "<html>", "Content-Type: application/json"), "InvalidResponse 200"],
    ["JSON null", respond(200, "null"), "InvalidResponse 200"],
    ["no body", respond(200, ""), "InvalidResponse 200"],
    ["arrays nested too deep", respond(200, "[".repeat(1e6) + "]".repeat(1e6)), "InvalidResponse 200"],
    ["text after the JSON", respond(200, `${json}!`), "InvalidResponse 200"],
    ["a body longer than its length", raw(head(200, sized(9)), json), "InvalidResponse 200"],
    ["a body cut short by the end of the connection", rawAndClose(head(200), json.slice(0, -9)), "InvalidResponse 200"],
    ["a body without length cut short by a reset", rawAndReset(head(200) + json.slice(0, -9)), "InvalidResponse 200"],
    ["a compressed body that was not requested", (socket) => {
      const bytes = gzipSync(json)
      raw(head(200, sized(bytes.length), "Content-Encoding: gzip"), bytes)(socket)
    }, "InvalidResponse 200"],
    ["bytes that are not UTF-8", raw(head(200, sized(3)), Uint8Array.of(0xff, 0xfe, 0xc0)), "InvalidResponse 200"],
    ["status 202", respond(202, json), "UnexpectedStatus 202"],
    ["status 204", raw(head(204)), "UnexpectedStatus 204"],
    ["status 206 outside a list", respond(206, json, "Next-Range: id ]a..; max=1"), "UnexpectedStatus 206"],
    ["status 302", respond(302, "", "Location: http://127.0.0.1:9/"), "UnexpectedStatus 302"],
    ["status 304", raw(head(304, "ETag: x")), "UnexpectedStatus 304"],
    ["status 600", respond(600, ""), "UnexpectedStatus 600"]
  ])("a response with %s is read once", ([, step, expected]) =>
    Effect.gen(function*() {
      const server = yield* hostileServer([step])
      assert.strictEqual(yield* outcome(operations.info, server), expected)
      assert.lengthOf(server.received, 1)
    }))

  it.live("an endless body is left after 64 MiB", () =>
    Effect.gen(function*() {
      const mebibyte = Buffer.alloc(1024 * 1024, "a")
      for (const headers of [[chunked], [sized(1e12)], []]) {
        const piece = headers[0] === chunked ? Buffer.from(chunk(mebibyte.toString())) : mebibyte
        const server = yield* hostileServer([flood(head(200, ...headers), piece)])
        yield* Effect.gen(function*() {
          assert.strictEqual(yield* outcome(operations.create, server), "UnexpectedStatus 200")
          assert.strictEqual(yield* Effect.map(Effect.flip(operations.info), (error) => error._tag), "InvalidResponse")
          yield* server.until(({ connections }) => connections.closed === 2)
        }).pipe(Effect.provide(layerFor(server)))
        assert.isBelow(server.bytesWritten, 128 * 1024 * 1024)
      }
    }))

  it.live("a compressed body is left after 64 MiB over a client that decompresses it", () =>
    Effect.gen(function*() {
      const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024, " "))
      const server = yield* hostileServer([
        raw(head(200, sized(bomb.length), "Content-Encoding: gzip"), bomb)
      ])
      const layer = HttpAuthorizationService.layer({ token, baseUrl: server.baseUrl })
      const error = yield* Effect.flip(
        Effect.provide(operations.info, Layer.provide(layer, NodeHttpClient.layerFetch))
      )
      assert(error._tag === "InvalidResponse")
      assert.match(error.message, /longer than/)
    }))
})

describe("error responses", () => {
  const said = JSON.stringify({ id: "some_id", message: "What Heroku said.", url: "https://devcenter.heroku.com/why" })

  it.live("an error has Heroku's message, and the request ids of every header", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([respond(409, said, "Request-Id: a,b", "Request-Id: c")])
      const error = yield* Effect.flip(Effect.provide(operations.info, layerFor(server)))
      assert(error._tag === "UnexpectedStatus")
      assert.deepStrictEqual([error.message, error.requestId], ["What Heroku said.", Option.some("a,b, c")])
    }))

  it.live.each<[string, Step]>([
    ["is empty", respond(401, "")],
    ["is null", respond(401, "null")],
    ["is a router's page", respond(401, "<html>Application error</html>", "Content-Type: application/json")],
    ["is not UTF-8", raw(head(401, sized(2)), Uint8Array.of(0xff, 0xfe))],
    ["is closed early", rawAndClose(head(401, sized(1000)), said.slice(0, 30))],
    ["is reset", rawAndReset(head(401, chunked) + chunk(said.slice(0, 30)))],
    ["has a chunk without length", raw(head(401, chunked), chunk("{"), "what\r\n")],
    ["never ends, and is long", flood(head(401, sized(1e12)), Buffer.alloc(1024 * 1024, "a"))]
  ])("an error response whose body %s means the error of its status", ([, step]) =>
    Effect.gen(function*() {
      for (const name of operationNames) {
        const server = yield* hostileServer([step])
        yield* Effect.gen(function*() {
          const error = yield* Effect.flip(operations[name])
          assert(error._tag === "Unauthorized")
          assert.match(error.message, new RegExp(`401 for ${name}`))
          assert.lengthOf(server.received, 1)
        }).pipe(Effect.provide(layerFor(server)))
      }
    }))

  it.live("an error body of hundreds of megabytes is left after its beginning", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([flood(head(500), Buffer.alloc(1024 * 1024, "a"))])
      yield* Effect.gen(function*() {
        yield* Effect.flip(operations.create)
        yield* server.until(({ connections }) => connections.closed === 1)
      }).pipe(Effect.provide(layerFor(server)))
      // The rest is in the buffers of the sockets.
      assert.isBelow(server.bytesWritten, 32 * 1024 * 1024)
    }))
})

describe("lists", () => {
  const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`
  const page = (ids: ReadonlyArray<number>, ...next: ReadonlyArray<string>): Step =>
    respond(
      next.length === 0 ? 200 : 206,
      JSON.stringify(ids.map((n) => ({ ...payloads.full, id: uuid(n) }))),
      ...next.map((range) => `Next-Range: ${range}`)
    )
  const after = (n: number) => `id ]${uuid(n)}..; max=1`
  const collect = AuthorizationService.use((_) => Stream.runCollect(_.stream({ pageSize: 1 })))

  it.live.each<[string, ReadonlyArray<Step>]>([
    ["has status 206 without Next-Range", [respond(206, `[${json}]`)]],
    ["has an empty Next-Range", [page([1], "")]],
    ["has an invalid Next-Range", [page([1], "bytes 0-499/1234")]],
    ["has a Next-Range for which the API returns 500", [page([1], "id ]..; max=1")]],
    ["has two Next-Ranges", [page([1], after(1), after(2))]],
    ["repeats its Next-Range", [page([1], after(1)), page([2], after(1))]],
    ["cycles through its Next-Ranges", [page([1], after(1)), page([2], after(2)), page([3], after(1))]],
    ["repeats a page", [page([1], after(1)), page([1], after(1))]],
    ["goes backwards", [page([2], after(2)), page([1])]],
    ["has a page that is null", [page([1], after(1)), respond(200, "null")]],
    ["has a page that is one authorization", [page([1], after(1)), respond(200, json)]]
  ])("a list that %s fails with InvalidResponse and sends no further request", ([, steps]) =>
    Effect.gen(function*() {
      const server = yield* hostileServer([...steps, page([9])])
      assert.match(yield* outcome(collect, server), /^InvalidResponse 20[06]$/)
      assert.isAtMost(server.received.length, steps.length + 1)
    }))

  it.live("a list continues after pages that failed, without losing or repeating an authorization", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([
        page([1], after(1)),
        reset,
        rawAndClose(head(206, chunked, `Next-Range: ${after(2)}`), chunk(`[${json}`)),
        page([2], after(2)),
        respond(503, "<html>"),
        page([3])
      ])
      const items = yield* Effect.provide(collect, layerFor(server))
      assert.deepStrictEqual(items.map((one) => one.id as string), [1, 2, 3].map(uuid))
      assert.deepStrictEqual(
        server.received.map((request) => /^range: (.*)\r$/m.exec(request)?.[1]),
        ["id ..; max=1", after(1), after(1), after(1), after(2), after(2)]
      )
    }))
})

describe("paths", () => {
  // dprint-ignore
  const Piece = Schema.Literals([
    ".", "..", "/", "\\", "?", "#", "%2e", "%2E%2E", "%2f", "\0", "\n", "\t", "\u007f", "\ud800", "\udc00", "@", ":", ";",
    "&", "=", "~", "a", " ", "é", "🔑", "\u2024", "\uff0e", "\uff0f"
  ])
  const ids = Arbitrary.array(Arbitrary.schema(Piece), { minLength: 0, maxLength: 6 })

  /** The request lines of every operation with this id; none when it is rejected. */
  const targets = (id: string) =>
    Effect.scoped(Effect.gen(function*() {
      const server = yield* hostileServer([good])
      const one = id as AuthorizationId
      yield* Effect.gen(function*() {
        const service = yield* AuthorizationService
        yield* Effect.exit(service.info(one))
        yield* Effect.exit(service.update(one, { description: "" }))
        yield* Effect.exit(service.delete(one))
        yield* Effect.exit(service.regenerate(one))
      }).pipe(Effect.provide(layerFor(server)))
      return server.received.map((request) => request.slice(0, request.indexOf("\r\n")))
    }))

  it.effect.prop("no id, whatever it contains, reaches another path", { ids }, ({ ids }) =>
    Effect.gen(function*() {
      const id = ids.join("")
      const requests = yield* targets(id)
      assert.strictEqual(requests.length, Schema.is(AuthorizationId)(id) ? 4 : 0)
      if (requests.length === 0) return
      const path = /^GET (\/oauth\/authorizations\/[^/?#]+) HTTP\/1\.1$/.exec(requests[0]!)?.[1]
      assert.isDefined(path)
      assert.strictEqual(decodeURIComponent(path.slice("/oauth/authorizations/".length)), id)
      // As a server that resolves dot segments reads it.
      assert.strictEqual(new URL(path, "http://heroku").pathname, path)
      assert.deepStrictEqual(requests, [
        `GET ${path} HTTP/1.1`,
        `PATCH ${path} HTTP/1.1`,
        `DELETE ${path} HTTP/1.1`,
        `POST ${path}/actions/regenerate-tokens HTTP/1.1`
      ])
    }), { arbitrary: { runs: runs(60) } })

  it.live("sends an id of 10,000 characters completely", () =>
    Effect.gen(function*() {
      const [request] = yield* targets("../".repeat(3334))
      assert.strictEqual(request, `GET /oauth/authorizations/${"..%2F".repeat(3334)} HTTP/1.1`)
    }))
})
