/** How much of a body is read, and that nothing of it is lost. */
import { AuthorizationService, type InvalidAuthorization } from "@effect-heroku/core/AuthorizationService"
import { operations } from "@effect-heroku/test-kit/operations"
import * as samples from "@effect-heroku/test-kit/samples"
import { chunkedBody, json, scriptedClient } from "@effect-heroku/test-kit/scriptedClient"
import { recordSpans } from "@effect-heroku/test-kit/spans"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { inspect } from "node:util"
import { failureOf, noRetry, run, token } from "./fixtures/liveService.ts"

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

const list = AuthorizationService.use((service) => Effect.map(service.list(), ({ items }) => items))
const stream = AuthorizationService.use((service) => Stream.runCollect(service.stream()))

describe("error bodies", () => {
  it.live("an endless error body is left after its beginning", () =>
    Effect.gen(function*() {
      const { read, reply } = endless({ status: 503 })
      const error = yield* failureOf(operations.info, scriptedClient(reply), noRetry)
      assert.strictEqual(error._tag, "UnexpectedStatus")
      assert.isAtMost(read.mebibytes, 3)
    }))

  it.effect.each<[number, string]>([
    [65_536, "Too long."],
    [65_537, "Heroku returned status 503 for info, without a message"]
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
  it.live.each<[string, ResponseInit]>([
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
      const { body } = status.exit.value as { readonly body: Redacted.Redacted<Uint8Array> }
      assert.throws(() => Redacted.value(body), /Unable to get redacted value/)
    }))
})

describe("bodies of lists", () => {
  const uuid = (n: number) => samples.page(n + 1).at(-1)!.id

  /** Streams a list with this body: the sizes of the chunks, the ids, and the error that it ends with. */
  const streamOf = (body: string | Uint8Array<ArrayBuffer>) => {
    const client = scriptedClient(() => new Response(body))
    const chunks: Array<number> = []
    const ids: Array<string> = []
    const stream = AuthorizationService.use((service) =>
      Stream.runForEachArray(service.stream(), (items) =>
        Effect.sync(() => {
          chunks.push(items.length)
          ids.push(...items.map((item) => item.id))
        }))
    )
    return Effect.gen(function*() {
      const error = yield* Effect.option(failureOf(stream, client))
      const errorOfList = yield* Effect.option(failureOf(list, client))
      return { chunks, ids, error, errorOfList }
    })
  }

  it.effect("a stream decodes a long page in chunks of about a hundred authorizations", () =>
    Effect.gen(function*() {
      const { chunks, error, ids } = yield* streamOf(JSON.stringify(samples.page(1000)))
      assert.deepStrictEqual(ids, samples.page(1000).map((item) => item.id))
      assert.isTrue(Option.isNone(error))
      assert.isAtMost(Math.max(...chunks), 120)
      assert.isAtLeast(Math.min(...chunks.slice(0, -1)), 80)
    }))

  it.effect("a stream decodes a page as a whole when it is cut inside an authorization", () =>
    Effect.gen(function*() {
      const page = samples.page(3, { description: "},{".repeat(30_000) })
      const { chunks, ids } = yield* streamOf(JSON.stringify(page))
      assert.deepStrictEqual(ids, page.map((item) => item.id))
      assert.deepStrictEqual(chunks, [3])
    }))

  it.effect.each<[string, (text: string) => string]>([
    ["an authorization without id", (text) => text.replace(`"id":"${uuid(700)}"`, `"id":null`)],
    ["invalid JSON in the middle", (text) => text.replace(uuid(700), `${uuid(700)}"`)],
    ["a missing comma", (text) => text.replace(new RegExp(`(${uuid(700)}.*?\\}),\\{`), "$1{")],
    ["a missing end", (text) => text.slice(0, -1)],
    ["a missing second half", (text) => text.slice(0, text.indexOf(uuid(700)))],
    ["text after its end", (text) => `${text},{}`],
    ["a second list after it", (text) => text + text],
    ["a comma before its end", (text) => `${text.slice(0, -1)},]`]
  ])(
    "a stream of a page with %s emits what comes before it, and fails like list",
    ([, spoil]) =>
      Effect.gen(function*() {
        const { error, errorOfList, ids } = yield* streamOf(spoil(JSON.stringify(samples.page(1000))))
        assert(error._tag === "Some" && error.value._tag === "InvalidResponse")
        assert.deepStrictEqual(error, errorOfList)
        assert.isAbove(ids.length, 600)
        assert.deepStrictEqual(ids, samples.page(ids.length).map((item) => item.id))
        assert.isBelow(ids.length, 1000)
      })
  )

  it.effect.each<[string, object]>([
    ["short", {}],
    // Cut inside an authorization, so the whole page is decoded at once.
    ["ambiguous", { description: "},{".repeat(200) }]
  ])(
    "onInvalid gets the records of a long page that do not decode, with %s authorizations",
    ([, attributes]) =>
      Effect.gen(function*() {
        const page: Array<unknown> = samples.page(1000, attributes)
        page[3] = { ...samples.page(4)[3], access_token: { id: "x", token: 73657 } }
        page[700] = { ...samples.page(1)[0], id: null }
        page[701] = { ...samples.page(1)[0], id: Redacted.value(token) }
        page[999] = "73657"
        const invalid: Array<InvalidAuthorization> = []
        const ids = yield* run(
          AuthorizationService.use((service) =>
            Stream.runCollect(service.stream({ onInvalid: (record) => Effect.sync(() => void invalid.push(record)) }))
          ),
          scriptedClient(() => json(200, page))
        ).pipe(Effect.map((items) => items.map((item): string => item.id)))
        const others = samples.page(1000).filter((_, index) => ![3, 700, 701, 999].includes(index))
        assert.deepStrictEqual(ids, others.map((item) => item.id))
        assert.deepStrictEqual(
          invalid.map(({ id, message }) => [Option.getOrNull(id), message.replace(/^.*at /s, "")]),
          [
            [uuid(3), `[3]["access_token"]["token"]`],
            [null, `[700]["id"]`],
            [null, `[701]["id"]`],
            [null, "[999]"]
          ]
        )
        assert.notMatch(inspect(invalid, { depth: 9 }), /73657|HRKU/)
      })
  )

  it.effect("without onInvalid the error of a list names the id of the record, and its path in the page", () =>
    Effect.gen(function*() {
      const page: Array<unknown> = samples.page(300)
      page[250] = { ...samples.page(251)[250], created_at: "yesterday" }
      const error = yield* failureOf(list, scriptedClient(() => json(200, page)))
      assert.strictEqual(
        error.message,
        `The authorization ${uuid(250)} is not valid: must be a date and time at [250]["created_at"]`
      )
    }))

  it.effect("a stream of a body that is not a list fails like list, and emits nothing", () =>
    Effect.gen(function*() {
      const { error, errorOfList, ids } = yield* streamOf(JSON.stringify({ authorizations: samples.page(200) }))
      assert.isTrue(Option.isSome(error))
      assert.deepStrictEqual(error, errorOfList)
      assert.isEmpty(ids)
    }))

  it.effect("a stream decodes no more than is taken", () =>
    Effect.gen(function*() {
      const client = scriptedClient(() => new Response(`${JSON.stringify(samples.page(500)).slice(0, -1)}, invalid`))
      const taken = AuthorizationService.use((service) => Stream.runCollect(Stream.take(service.stream(), 3)))
      assert.lengthOf(yield* run(taken, client), 3)
    }))

  it.effect("a stream replaces bytes that are not UTF-8 like list", () =>
    Effect.gen(function*() {
      const text = new TextEncoder().encode(JSON.stringify(samples.page(200, { description: "~~~~" })))
      // The first of three bytes, without the others, at the end of each description.
      const bytes = text.map((byte, index) => byte === 0x7e && text[index + 1] !== 0x7e ? 0xe2 : byte)
      const client = scriptedClient(() => new Response(bytes))
      const descriptions = yield* Effect.forEach([stream, list], (call) =>
        Effect.map(run(call, client), (items) => items.map((item) => item.description)))
      assert.deepStrictEqual(descriptions[0], descriptions[1])
      assert.deepStrictEqual(descriptions[0]![0], Option.some("~~~\ufffd"))
    }))
})
