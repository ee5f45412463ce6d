/**
 * Our own transport, over real sockets, beside the one of Effect that it takes the place of: what a user's
 * `transformClient` sees of an answer is the same.
 */
import {
  flood,
  head,
  hostileServer,
  raw,
  rawAndClose,
  reset,
  respond as answer,
  silence,
  type Step
} from "@effect-heroku/test-kit/hostileServer"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Cookies from "effect/http/Cookies"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as UrlParams from "effect/http/UrlParams"
import type * as Layer from "effect/Layer"
import * as References from "effect/References"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type { Socket } from "node:net"
import { inspect } from "node:util"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { vi } from "vitest"
import { exchangeOf, isOwnResponse, isTimeOver, takeBody } from "../src/internal/own.ts"
import * as Transport from "../src/internal/transport.ts"

setFlagsFromString("--expose-gc")
const collectGarbage: (options?: { readonly type: "minor" }) => void = runInNewContext("gc")
/** As V8 does it every few milliseconds: what has survived it twice gets old, and is looked at only when everything is. */
const collectYoungGarbage = () => collectGarbage({ type: "minor" })

const chunked = "Transfer-Encoding: chunked"
const sized = (bytes: number) => `Content-Length: ${bytes}`

type Ask<A, E = HttpClientError> = (response: HttpClientResponse) => Effect.Effect<A, E>

/** Waits until something holds, two seconds at most: what is given back meanwhile may hide memory that was taken. */
const soon = (holds: () => boolean): Effect.Effect<void> =>
  Effect.gen(function*() {
    const end = performance.now() + 2000
    while (!holds() && performance.now() < end) {
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)))
    }
  })

/** What becomes of a request over our transport. */
const over = <A>(
  request: HttpClientRequest.HttpClientRequest,
  ask: Ask<A>,
  transport: Layer.Layer<HttpClient.HttpClient> = Transport.layer
): Effect.Effect<A, HttpClientError> =>
  Effect.flatMap(HttpClient.execute(request), ask).pipe(
    Effect.provide(transport),
    // As in the live layer: Effect's transport would add headers of its own.
    Effect.provideService(HttpClient.TracerDisabledWhen, () => true)
  )

const text: Ask<string> = (response) => response.text
/** As the live layer reads it: how long it is. */
const take: Ask<number> = (response) => {
  assert(isOwnResponse(response))
  return Effect.map(response[takeBody], ({ byteLength }) => byteLength)
}
const pieces: Ask<ReadonlyArray<Uint8Array>> = (response) => Stream.runCollect(response.stream)

/** The tag of the error and its code, if it has one. */
const failure = (error: HttpClientError): string => {
  const cause: unknown = "cause" in error.reason ? error.reason.cause : undefined
  return typeof cause === "object" && cause !== null && "code" in cause
    ? `${error.reason._tag} ${String(cause.code)}`
    : error.reason._tag
}

describe("an answer", () => {
  const form = "name=Deploy%20key&scope=read"
  const parts: Record<string, readonly [Step, Ask<unknown>]> = {
    "its status": [answer(418, ""), ({ status }) => Effect.succeed(status)],
    "its headers": [
      answer(200, "", "Request-Id: a", "X-Two: 1", "X-Two: 2"),
      ({ headers }) => Effect.succeed({ ...headers })
    ],
    "its cookies": [
      answer(200, "", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2"),
      ({ cookies }) => Effect.succeed(Cookies.toRecord(cookies))
    ],
    "no cookies": [answer(200, ""), ({ cookies }) => Effect.succeed(Cookies.toRecord(cookies))],
    "its text": [answer(200, "Schlüssel 🔑"), text],
    "its text, in chunks that cut a character": [
      raw(head(200, chunked), "1\r\n", Uint8Array.of(0xc3), "\r\n1\r\n", Uint8Array.of(0xbc), "\r\n0\r\n\r\n"),
      text
    ],
    "its text, without the mark of its encoding": [answer(200, "\ufeff{}"), text],
    "its text, asked for twice": [
      answer(200, "once"),
      (response) => Effect.all([response.text, response.text])
    ],
    "its text, where there is none": [answer(200, ""), text],
    "its JSON": [answer(200, `{"a":[1]}`), ({ json }) => json],
    "its JSON, where there is none": [answer(200, ""), ({ json }) => json],
    "its JSON, which is none": [answer(200, "<html>"), ({ json }) => json],
    "its bytes": [
      answer(200, "bytes"),
      ({ arrayBuffer }) => Effect.map(arrayBuffer, (buffer) => [...new Uint8Array(buffer)])
    ],
    "a form": [
      answer(200, form, "Content-Type: application/x-www-form-urlencoded"),
      ({ formData }) => Effect.map(formData, (data) => Object.fromEntries(data))
    ],
    "parameters": [
      answer(200, form),
      ({ urlParamsBody }) => Effect.map(urlParamsBody, (params) => UrlParams.toRecord(params))
    ],
    "the JSON of a status that fetch does not know": [answer(999, "{}"), ({ json }) => json],
    "its text, after its pieces were taken": [
      answer(200, "all of it"),
      (response) => Effect.andThen(pieces(response), response.text)
    ],
    "what it is piped into": [answer(200, ""), (response) => Effect.succeed(response.pipe(({ status }) => status + 1))],
    "its pieces": [
      answer(200, "all of it"),
      (response) => Effect.map(pieces(response), (all) => Buffer.concat(all).toString())
    ],
    "its pieces, where there are none": [
      answer(204, ""),
      (response) => Effect.map(pieces(response), (all) => all.length)
    ],
    "a connection to take over, which was not asked for": [answer(200, ""), ({ upgrade }) => upgrade],
    "where it came from": [answer(200, ""), ({ url }) => Effect.succeed(url.replace(/:\d+/, ""))],
    "how it is printed": [
      answer(200, ""),
      (response) => Effect.succeed(inspect(response, { depth: 5 }).replaceAll(/:\d{4,5}/g, ""))
    ],
    "a body that is cut short": [rawAndClose(head(200, sized(100)), "{"), text],
    "pieces of a body that is cut short": [rawAndClose(head(200, sized(100)), "{"), pieces],
    "a connection that breaks": [reset, text],
    "an answer that is no HTTP": [rawAndClose("SSH-2.0\r\n"), text],
    "its status and its text, with a hint before it": [
      raw(head(103, "Link: x"), head(200, sized(2)), "ok"),
      (response) => Effect.map(response.text, (text) => [response.status, text])
    ]
  }

  it.effect.each(Object.entries(parts))(
    "gives %s as Effect's transport does",
    ([, [step, ask]]) =>
      Effect.gen(function*() {
        const server = yield* hostileServer([step])
        const request = HttpClientRequest.get(`${server.baseUrl}/some/path?a=b#c`)
        const outcome = (transport: Layer.Layer<HttpClient.HttpClient>) =>
          Effect.match(over(request, ask, transport), { onFailure: failure, onSuccess: (value) => ({ value }) })
        assert.deepStrictEqual(yield* outcome(Transport.layer), yield* outcome(NodeHttpClient.layerUndici))
      })
  )

  it.effect("of many megabytes comes whole, as text and in pieces", () =>
    Effect.gen(function*() {
      const long = "0123456789".repeat(500_000)
      const server = yield* hostileServer([answer(200, long)])
      const request = HttpClientRequest.get(server.baseUrl)
      assert.isTrue((yield* over(request, text)) === long)
      const read = yield* over(request, pieces)
      assert.isAbove(read.length, 1)
      assert.isTrue(Buffer.concat(read).toString() === long)
    }))

  it.effect.each<[string, Ask<string>]>([
    ["as text", text],
    ["in pieces", (response) => Effect.map(pieces(response), (all) => Buffer.concat(all).toString())]
  ])("that was left alone for a while, and held back, comes whole %s", ([, ask]) =>
    Effect.gen(function*() {
      for (const size of [70_000, 200_000, 5_000_000]) {
        const server = yield* hostileServer([raw(head(200, sized(size)) + "x".repeat(size))])
        const read = yield* over(HttpClientRequest.get(server.baseUrl), (response) =>
          Effect.gen(function*() {
            yield* server.until(({ bytesWritten }) => bytesWritten >= Math.min(size, 200_000))
            for (let turn = 0; turn < 100; turn++) yield* Effect.yieldNow
            return yield* ask(response)
          }))
        assert.lengthOf(read, size)
      }
    }))

  it.effect("in very many pieces comes in fewer, when it waited to be read", () =>
    Effect.gen(function*() {
      const count = 2000
      const server = yield* hostileServer([raw(head(200, chunked), "1\r\nx\r\n".repeat(count), "0\r\n\r\n")])
      const read = yield* over(HttpClientRequest.get(server.baseUrl), pieces)
      assert.strictEqual(Buffer.concat(read).length, count)
      assert.isBelow(read.length, count / 2)
    }))

  it.effect("is read by two at once", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([answer(200, "twice")])
      const both = yield* over(
        HttpClientRequest.get(server.baseUrl),
        (response) => Effect.all([response.text, response.text], { concurrency: 2 })
      )
      assert.deepStrictEqual(both, ["twice", "twice"])
    }))

  it.effect("gives its bytes as a copy, and itself only to who takes it", () =>
    Effect.gen(function*() {
      const long = "x".repeat(200_000)
      for (
        const step of [
          answer(200, long),
          raw(head(200, chunked), `${long.length.toString(16)}\r\n${long}\r\n0\r\n\r\n`)
        ]
      ) {
        const server = yield* hostileServer([step])
        const read = yield* over(HttpClientRequest.get(server.baseUrl), (response) =>
          Effect.gen(function*() {
            assert(isOwnResponse(response))
            new Uint8Array(yield* response.arrayBuffer).fill(0)
            return [yield* response.text, new TextDecoder().decode(yield* response[takeBody]), yield* response.text]
          }))
        assert.deepStrictEqual(read, [long, long, ""])
      }
    }))

  it.effect("is empty to who takes it where there is none, and that of others is not", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([answer(200, ""), answer(200, ""), answer(200, "of another")])
      const request = HttpClientRequest.get(server.baseUrl)
      assert.strictEqual(yield* over(request, take), 0)
      assert.strictEqual(yield* over(request, text), "")
      assert.strictEqual(yield* over(request, text), "of another")
    }))

  it.effect("that says it will be very long gets no more room than it takes", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([raw(head(200, sized(2 ** 29)), "{")])
      collectGarbage()
      const before = process.memoryUsage().arrayBuffers
      const fiber = yield* Effect.forkChild(over(HttpClientRequest.get(server.baseUrl), text))
      const room = () => process.memoryUsage().arrayBuffers - before
      yield* soon(() => room() >= 1024 * 1024)
      assert.lengthOf(server.received, 1)
      assert.isBelow(room(), 16 * 1024 * 1024)
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("that takes a while keeps nothing but what came of it", () =>
    Effect.gen(function*() {
      const count = 20
      const begun = "x".repeat(60_000)
      const server = yield* hostileServer(
        Array.from({ length: count }, () => raw(head(200, sized(begun.length + 1)), begun))
      )
      const read = over(HttpClientRequest.get(server.baseUrl), text)
      // Else it may come meanwhile, and less would be there than before.
      collectGarbage()
      // What is loaded with the first stays.
      const first = yield* Effect.forkChild(read)
      const arrived = (bytes: number) => soon(() => process.memoryUsage().arrayBuffers >= bytes)
      const before = process.memoryUsage().arrayBuffers
      const others = yield* Effect.forEach(Array.from({ length: count - 1 }), () => Effect.forkChild(read))
      yield* arrived(before + 0.8 * (count - 1) * begun.length)
      // Until the last has come.
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 50)))
      yield* server.until(() => server.received.length === count)
      const kept = () => process.memoryUsage().arrayBuffers - before
      collectGarbage()
      // V8 gives some of it back a moment later, from a thread of its own.
      yield* soon(() => kept() < count * begun.length * 1.5)
      assert.isBelow(kept(), count * begun.length * 1.5)
      yield* Fiber.interruptAll([first, ...others])
    }))

  it.effect("that was waited for keeps nothing once it is read", () =>
    Effect.gen(function*() {
      const count = 20
      const long = "x".repeat(60_000)
      const waiting: Array<Socket> = []
      const server = yield* hostileServer([(socket) => waiting.push(socket)])
      const client = yield* HttpClient.HttpClient
      const readAll = Effect.gen(function*() {
        const fibers = yield* Effect.forEach(
          Array.from({ length: count }, () => HttpClientRequest.get(server.baseUrl)),
          (request) => Effect.forkChild(Effect.flatMap(client.execute(request), take))
        )
        yield* server.until(() => waiting.length === count)
        collectYoungGarbage()
        collectYoungGarbage()
        for (const socket of waiting.splice(0)) answer(200, long)(socket)
        yield* Fiber.joinAll(fibers)
        collectYoungGarbage()
        collectYoungGarbage()
      })
      yield* readAll
      const before = process.memoryUsage().arrayBuffers
      yield* readAll
      yield* readAll
      assert.isBelow(process.memoryUsage().arrayBuffers - before, 5 * long.length)
    }).pipe(Effect.provide(Transport.layer), Effect.provideService(HttpClient.TracerDisabledWhen, () => true)))

  it.effect("is not had in pieces once its text was taken: that is an error, and no empty body", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([answer(200, "all of it")])
      const error = yield* Effect.flip(
        over(HttpClientRequest.get(server.baseUrl), (response) => Effect.andThen(response.text, pieces(response)))
      )
      assert.strictEqual(failure(error), "DecodeError")
    }))

  it.effect("that nobody reads is not taken", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([flood(head(200), new Uint8Array(64 * 1024))])
      yield* over(HttpClientRequest.get(server.baseUrl), () =>
        Effect.gen(function*() {
          // Until no more of it is taken, and what fits the buffers of two sockets is under way.
          let [before, quiet] = [-1, 0]
          while (quiet < 100 && server.bytesWritten < 64 * 1024 * 1024) {
            quiet = server.bytesWritten === before ? quiet + 1 : 0
            before = server.bytesWritten
            yield* Effect.yieldNow
          }
          assert.isBelow(server.bytesWritten, 32 * 1024 * 1024)
        }))
    }))

  it.effect("is taken no faster than it is read, and left when enough was read", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([flood(head(200), new Uint8Array(64 * 1024))])
      const first = yield* over(
        HttpClientRequest.get(server.baseUrl),
        (response) => Stream.runCollect(Stream.take(response.stream, 1))
      )
      assert.lengthOf(first, 1)
      yield* server.until(({ connections }) => connections.closed === 1)
      // What fits the buffers of two sockets.
      assert.isBelow(server.bytesWritten, 32 * 1024 * 1024)
    }))
})

describe("a request", () => {
  it.effect.each<[string, (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest]>([
    ["without a body", (request) => request],
    ["with text", HttpClientRequest.bodyText("Schlüssel")],
    ["with a stream", HttpClientRequest.bodyStream(Stream.make(new TextEncoder().encode("piece by piece")))],
    ["with parameters", HttpClientRequest.setUrlParams({ a: "1 2" })],
    ["with headers", HttpClientRequest.setHeaders({ "X-Some": "thing", range: "id ..; max=10" })]
  ])("%s is sent as Effect's transport does", ([, change]) =>
    Effect.gen(function*() {
      const server = yield* hostileServer([answer(200, "")])
      const request = change(HttpClientRequest.patch(`${server.baseUrl}/a/b`))
      yield* over(request, text)
      yield* over(request, text, NodeHttpClient.layerUndici)
      // One names the headers in the order that they were given; both send the same.
      const [ours, theirs] = server.received.map((bytes) => bytes.split("\r\n").toSorted())
      assert.deepStrictEqual(ours, theirs)
    }))

  it.effect("goes where its URL leads, also when others went elsewhere before", () =>
    Effect.gen(function*() {
      const [one, other] = yield* Effect.all([hostileServer([answer(200, "")]), hostileServer([answer(200, "")])])
      const paths = ["/a/b", "/a/b", "/a/../c", "/a/%2e%2e/d", "/a b", "/a?b=1&c", "/a#b", "//a", "/\u00fc", ""]
      // One after the other, and not by turns: who was asked last is known.
      for (const { baseUrl } of [one, other]) {
        for (const path of paths) {
          const { url } = yield* over(HttpClientRequest.get(`${baseUrl}${path}`), Effect.succeed)
          assert.strictEqual(url, new URL(`${baseUrl}${path}`).href.split("#", 1)[0])
        }
      }
      const request = HttpClientRequest.get(`${one.baseUrl}/a`)
      const { url } = yield* over(HttpClientRequest.setHash(request, "b"), Effect.succeed)
      assert.strictEqual(url, request.url)
      yield* over(HttpClientRequest.setUrlParam(request, "b", "1"), text)
      const asked = (received: ReadonlyArray<string>) => received.map((bytes) => bytes.split(" ", 2)[1])
      const expected = paths.map((path) => {
        const { pathname, search } = new URL(`${one.baseUrl}${path}`)
        return pathname + search
      })
      assert.deepStrictEqual(asked(one.received), [...expected, "/a", "/a?b=1"])
      assert.deepStrictEqual(asked(other.received), expected)
    }))

  it.effect("that no URL can be made of is not sent", () =>
    Effect.gen(function*() {
      const request = HttpClientRequest.get("http://")
      const error = yield* Effect.flip(over(request, text))
      assert.strictEqual(error.reason._tag, "InvalidUrlError")
      assert.strictEqual(error.request.url, request.url)
    }))

  it.effect("that undici refuses fails", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([answer(200, "")])
      const request = HttpClientRequest.get(server.baseUrl).pipe(HttpClientRequest.setHeader("x", "a\nb"))
      assert.strictEqual(
        yield* Effect.map(Effect.flip(over(request, text)), failure),
        "TransportError UND_ERR_INVALID_ARG"
      )
      assert.deepStrictEqual(server.received, [])
    }))

  it.effect("with a body that cannot be kept goes to Effect's transport", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([answer(200, "taken")])
      const form = new FormData()
      form.set("name", "value")
      const request = HttpClientRequest.post(server.baseUrl).pipe(
        HttpClientRequest.setBody(HttpBody.formData(form))
      )
      assert.strictEqual(yield* over(request, text), "taken")
      assert.include(server.received[0], "multipart/form-data")
    }))
})

describe("the connection is closed", () => {
  const interrupted = <A>(step: Step, ask: Ask<A>, reached: "request" | "asked") =>
    Effect.gen(function*() {
      const server = yield* hostileServer([step])
      const asked = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(
        over(
          HttpClientRequest.get(server.baseUrl),
          (response) => Effect.andThen(Deferred.succeed(asked, undefined), ask(response))
        )
      )
      yield* (reached === "request" ? server.until(({ received }) => received.length === 1) : Deferred.await(asked))
      yield* Fiber.interrupt(fiber)
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause))
      yield* server.until(({ connections }) => connections.closed === 1)
    })

  it.effect("by an interruption before the answer", () => interrupted(silence, text, "request"))

  it.effect("by an interruption between the answer's head and its body", () =>
    interrupted(raw(head(200, sized(2))), () => Effect.never, "asked"))

  it.effect("by an interruption while the text is read", () =>
    interrupted(raw(head(200, sized(2)), "a"), text, "asked"))

  it.effect("by an interruption while pieces are read", () =>
    interrupted(raw(head(200, sized(2)), "a"), pieces, "asked"))

  it.effect("when the fiber ends that sent the request, and nobody read the answer", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([raw(head(200, sized(2)), "a")])
      yield* Effect.gen(function*() {
        const client = yield* HttpClient.HttpClient
        const sending = yield* Effect.forkChild(client.get(server.baseUrl))
        const { status } = yield* Fiber.join(sending)
        assert.strictEqual(status, 200)
        yield* server.until(({ connections }) => connections.closed === 1)
      }).pipe(Effect.provide(Transport.layer))
    }))

  it.effect("with the layer, and not before", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([answer(200, "")])
      yield* Effect.gen(function*() {
        const client = yield* HttpClient.HttpClient
        for (let n = 0; n < 5; n++) yield* Effect.flatMap(client.get(server.baseUrl), text)
        // Undici rests a connection for a moment, and in the meantime takes another.
        assert.deepStrictEqual(server.connections, { opened: 2, closed: 0 })
      }).pipe(Effect.provide(Transport.layer))
      yield* server.until(({ connections }) => connections.closed === 2)
    }))
})

describe("a whole exchange", () => {
  const exchange = <A, E>(
    request: HttpClientRequest.HttpClientRequest,
    ask: Ask<A, E>,
    limit: Duration.Input = "1 minute"
  ) =>
    Effect.gen(function*() {
      const whole = exchangeOf(yield* HttpClient.HttpClient)
      assert(whole !== undefined)
      return yield* whole(request, Duration.fromInputUnsafe(limit), ask)
    })

  it.effect("sends what a request says, and gives what is made of the answer", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([answer(200, "all of it")])
      const request = HttpClientRequest.post(`${server.baseUrl}/a`).pipe(HttpClientRequest.bodyText("body"))
      assert.strictEqual(yield* exchange(request, text), "all of it")
      assert.match(server.received[0]!, /^POST \/a HTTP\/1.1\r\n(?:.*\r\n)+\r\nbody$/)
    }).pipe(Effect.provide(Transport.layer)))

  it.effect("takes no other bodies than bytes", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([answer(200, "")])
      const request = HttpClientRequest.post(server.baseUrl).pipe(
        HttpClientRequest.setBody(HttpBody.formData(new FormData()))
      )
      assert.strictEqual(yield* Effect.map(Effect.flip(exchange(request, text)), failure), "EncodeError")
      assert.deepStrictEqual(server.received, [])
    }).pipe(Effect.provide(Transport.layer)))

  const stalls: Record<string, readonly [Step, Ask<unknown>]> = {
    "there is no answer": [silence, text],
    "the answer's head is not complete": [raw("HTTP/1.1 200 OK\r\n"), text],
    "the text is not complete": [raw(head(200, sized(2)), "a"), text],
    "the body is not complete that is taken": [raw(head(200, sized(2)), "a"), take],
    "a piece is waited for": [raw(head(200, chunked), "1\r\na\r\n"), pieces]
  }

  it.effect.each(Object.entries(stalls))(
    "is over when its time is, and %s",
    ([, [step, ask]]) =>
      Effect.gen(function*() {
        const server = yield* hostileServer([step])
        const fiber = yield* Effect.forkChild(Effect.flip(exchange(HttpClientRequest.get(server.baseUrl), ask)))
        yield* server.until(({ received }) => received.length === 1)
        yield* TestClock.adjust("59 seconds")
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("1 second")
        assert.isTrue(isTimeOver(yield* Fiber.join(fiber)))
        yield* server.until(({ connections }) => connections.closed === 1)
      }).pipe(Effect.provide(Transport.layer))
  )

  it.live("is never sent when its time is over before there is a connection", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([answer(200, "whole")])
      const atOnce = vi.spyOn(globalThis, "setTimeout").mockImplementationOnce((act: () => void) => {
        queueMicrotask(act)
        return setImmediate(() => {}) as never
      })
      const late = yield* Effect.flip(exchange(HttpClientRequest.get(`${server.baseUrl}/late`), text))
      atOnce.mockRestore()
      assert.isTrue(isTimeOver(late))
      assert.strictEqual(yield* exchange(HttpClientRequest.get(`${server.baseUrl}/after`), text), "whole")
      assert.isFalse(server.received.some((bytes) => bytes.includes("/late")))
    }).pipe(Effect.provide(Transport.layer)))

  it.live.each(["60 days", "Infinity"] as const)(
    "does not end at once with a limit of %s",
    (limit) =>
      Effect.gen(function*() {
        const server = yield* hostileServer([silence])
        const fiber = yield* Effect.forkChild(exchange(HttpClientRequest.get(server.baseUrl), text, limit))
        yield* server.until(({ received }) => received.length === 1)
        yield* Effect.sleep("20 millis")
        assert.isUndefined(fiber.pollUnsafe())
        yield* Fiber.interrupt(fiber)
      }).pipe(Effect.provide(Transport.layer))
  )

  it.live("is over when its time is, by the machine's clock", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([silence])
      const error = yield* Effect.flip(exchange(HttpClientRequest.get(server.baseUrl), text, "50 millis"))
      assert.isTrue(isTimeOver(error))
    }).pipe(Effect.provide(Transport.layer)))

  it.live("leaves no timer, however it ends", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([
        answer(200, "whole"),
        answer(200, "refused"),
        raw(head(200, sized(2)), "a")
      ])
      const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length
      const request = HttpClientRequest.get(server.baseUrl)
      const before = timers()
      assert.strictEqual(yield* exchange(request, text, "1 hour"), "whole")
      assert.strictEqual(yield* Effect.flip(exchange(request, () => Effect.fail("no"), "1 hour")), "no")
      const fiber = yield* Effect.forkChild(exchange(request, text, "1 hour"))
      yield* server.until(({ received }) => received.length === 3)
      yield* Fiber.interrupt(fiber)
      // Those of undici are for a second or so.
      yield* soon(() => timers() <= before)
      assert.isAtMost(timers(), before)
    }).pipe(Effect.provide(Transport.layer)))

  it.live("leaves no timer, wherever it is interrupted", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([answer(200, "whole")])
      const whole = exchange(HttpClientRequest.get(server.baseUrl), text, "1 hour")
      const context = yield* Effect.context<HttpClient.HttpClient>()
      const made = vi.spyOn(globalThis, "setTimeout")
      const cleared = vi.spyOn(globalThis, "clearTimeout")
      for (let ops = 3; ops < 40; ops++) {
        const fiber = Effect.runForkWith(context)(Effect.provideService(whole, References.MaxOpsBeforeYield, ops))
        yield* Fiber.interrupt(fiber)
      }
      const timers = made.mock.results.filter((_, call) => made.mock.calls[call]![1] === 3_600_000)
      const left = timers.filter(({ value }) => !cleared.mock.calls.some(([timer]) => timer === value))
      made.mockRestore()
      cleared.mockRestore()
      assert.isAbove(timers.length, 10)
      assert.lengthOf(left, 0)
    }).pipe(Effect.provide(Transport.layer)))

  it.effect("is not had of a client that was made of ours", () =>
    Effect.gen(function*() {
      const client = yield* HttpClient.HttpClient
      assert.isDefined(exchangeOf(client))
      for (
        const other of [
          { ...client, postprocess: client.postprocess },
          Object.assign(Object.create(client), { postprocess: client.postprocess }),
          new Proxy(client, {}),
          HttpClient.mapRequest(client, (request) => request)
        ]
      ) assert.isUndefined(exchangeOf(other))
    }).pipe(Effect.provide(Transport.layer)))

  it.effect.each<[string, Ask<unknown>]>([
    ["was not read", () => Effect.void],
    ["was read in part", (response) => Stream.runCollect(Stream.take(response.stream, 1))],
    ["was refused", () => Effect.die("refused")]
  ])("closes the connection on which more of an answer could come that %s", ([, ask]) =>
    Effect.gen(function*() {
      const server = yield* hostileServer([raw(head(200, sized(2)), "a")])
      yield* Effect.exit(exchange(HttpClientRequest.get(server.baseUrl), ask))
      yield* server.until(({ connections }) => connections.closed === 1)
    }).pipe(Effect.provide(Transport.layer)))
})

describe("undici", () => {
  it.effect("is loaded whole where it has its connections elsewhere", () =>
    Effect.gen(function*() {
      vi.doMock("undici/lib/dispatcher/agent.js", () => {
        throw new Error("There is no such file")
      })
      vi.resetModules()
      const { layer } = yield* Effect.promise(() => import("../src/internal/transport.ts"))
      const server = yield* hostileServer([answer(200, "all the same")])
      assert.strictEqual(yield* over(HttpClientRequest.get(server.baseUrl), text, layer), "all the same")
    }).pipe(Effect.ensuring(Effect.sync(() => {
      vi.doUnmock("undici/lib/dispatcher/agent.js")
      vi.resetModules()
    }))))
})

describe("a request that waits for a connection", () => {
  it.effect("is never sent once it was interrupted", () =>
    Effect.gen(function*() {
      // One connection for each request under way: the first attempt at one is refused, as nobody accepts it.
      const server = yield* hostileServer([answer(200, "")])
      const port = Number(new URL(server.baseUrl).port)
      yield* Effect.gen(function*() {
        const client = yield* HttpClient.HttpClient
        const fiber = yield* Effect.forkChild(client.get(`http://127.0.0.1:${port}/interrupted`))
        yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        yield* Effect.flatMap(client.get(`http://127.0.0.1:${port}/after`), text)
      }).pipe(Effect.provide(Transport.layer))
      assert.isFalse(server.received.some((bytes) => bytes.includes("/interrupted")))
    }))
})
