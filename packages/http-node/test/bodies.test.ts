/** How much of a body is read, and that nothing of it is lost. */
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import { operations } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import * as samples from "@effect-heroku/test-kit/samples"
import { chunkedBody, scriptedClient } from "@effect-heroku/test-kit/scriptedClient"
import { recordSpans } from "@effect-heroku/test-kit/spans"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { failureOf, noRetry, run } from "./fixtures/liveService.ts"

/** A body of mebibytes that ends only after 256 of them, lest a client that reads everything takes the machine's memory. */
const endless = (init: ResponseInit) => {
  const read = { mebibytes: 0 }
  const reply = () =>
    new Response(
      new ReadableStream({
        pull: (controller) => {
          if (read.mebibytes === 256) return controller.close()
          read.mebibytes++
          controller.enqueue(new Uint8Array(1024 * 1024).fill(0x61))
        }
      }),
      init
    )
  return { read, reply }
}

describe("error bodies", () => {
  it.effect("an endless error body is left after its beginning", () =>
    Effect.gen(function*() {
      const { read, reply } = endless({ status: 503 })
      const error = yield* failureOf(operations.info, scriptedClient(reply), noRetry)
      assert.strictEqual(error._tag, "UnexpectedStatus")
      assert.isAtMost(read.mebibytes, 3)
    }))

  it.effect.each<[number, string]>([
    [65_536, "Too long."],
    [65_537, "Heroku answered info with status 503 and no message"]
  ])(
    "an error body of %i bytes has the message %j: at most 64 KiB are read",
    ([bytes, message]) =>
      Effect.gen(function*() {
        const text = JSON.stringify({ message: "Too long.", filler: "" })
        const body = new TextEncoder().encode(text.replace(/""/, `"${"x".repeat(bytes - text.length)}"`))
        const client = scriptedClient(
          chunkedBody([body.subarray(0, 50_000), body.subarray(50_000)], "close", { status: 503 })
        )
        assert.strictEqual((yield* failureOf(operations.info, client, noRetry)).message, message)
      })
  )
})

describe("bodies of successful responses", () => {
  it.effect.each<[string, ResponseInit]>([
    ["no length", { status: 200 }],
    // The length of the compressed body says nothing.
    ["a short compressed length", { headers: { "Content-Encoding": "gzip", "Content-Length": "100" } }]
  ])("a body with %s is rejected after 64 MiB", ([, init]) =>
    Effect.gen(function*() {
      const { read, reply } = endless(init)
      const { spans, tracer } = recordSpans()
      const error = yield* Effect.withTracer(failureOf(operations.info, scriptedClient(reply)), tracer)
      assert(error._tag === "InvalidResponse")
      assert.strictEqual(error.message, "The body is longer than 67108864 bytes")
      assert.isAtMost(read.mebibytes, 67)
      const attempt = spans.find(({ kind }) => kind === "client")
      assert.strictEqual(attempt?.attributes.get("error.type"), "InvalidResponse")
    }))

  it.effect("a body in chunks of one byte is decoded completely", () =>
    Effect.gen(function*() {
      const bytes = new TextEncoder().encode(JSON.stringify({ ...payloads.full, description: "Schlüssel 🔑" }))
      const client = scriptedClient(chunkedBody(Array.from(bytes, (byte) => new Uint8Array([byte]))))
      const authorization = yield* run(AuthorizationService.use((service) => service.info(samples.id)), client)
      assert.deepStrictEqual(authorization.description, Option.some("Schlüssel 🔑"))
    }))

  const list = AuthorizationService.use((service) => Effect.map(service.list(), ({ items }) => items))
  const stream = AuthorizationService.use((service) => Stream.runCollect(service.stream()))

  it.effect.each<[string, boolean, typeof list]>([
    ["list reads a long page with a length", true, list],
    ["list reads a long page without a length", false, list],
    ["stream reads a long page with a length", true, stream],
    ["stream reads a long page without a length", false, stream]
  ])("%s completely, and releases its memory", ([, hasLength, call]) =>
    Effect.gen(function*() {
      const page = samples.page(300, { description: "Schlüssel 🔑".repeat(20) })
      const bytes = new TextEncoder().encode(JSON.stringify(page))
      // Chunks of a size that cuts characters.
      const chunks = Array.from(
        { length: Math.ceil(bytes.length / 7001) },
        (_, n) => bytes.slice(n * 7001, (n + 1) * 7001)
      )
      const headers = hasLength ? { "Content-Length": String(bytes.length) } : {}
      const { spans, tracer } = recordSpans()
      const items = yield* run(call, scriptedClient(chunkedBody(chunks, "close", { headers }))).pipe(
        Effect.withTracer(tracer)
      )
      assert.deepStrictEqual(items.map((item): string => item.id), page.map((item) => item.id))
      assert.isTrue(items.every(({ description }) => Option.contains(description, page[0]!.description)))
      // Tracers keep the response that a span ended with.
      const status = spans.find(({ name }) => name.startsWith("GET"))?.status
      assert(status?._tag === "Ended" && Exit.isSuccess(status.exit))
      assert.strictEqual((status.exit.value as { readonly body: { readonly reveal: () => string } }).body.reveal(), "")
    }))
})
