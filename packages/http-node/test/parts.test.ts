/** Streams of long pages, which are read part by part: the same as a page that is read as a whole. */
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { runs } from "@effect-heroku/test-kit/runs"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { vi } from "vitest"

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`

/** A list as Heroku writes it, with more members in each. */
const listOf = (count: number, more: (n: number) => object = () => ({})): Array<Record<string, unknown>> =>
  Array.from({ length: count }, (_, n) => ({ ...payloads.full, ...more(n), id: uuid(n) }))

/** Runs an effect with a service whose every answer has this body. */
const withBody = (
  body: string | Uint8Array<ArrayBuffer>,
  headers?: Readonly<Record<string, string>>,
  answers: Array<HttpClientResponse.HttpClientResponse> = []
) =>
<A, E>(self: Effect.Effect<A, E, AuthorizationService>): Effect.Effect<A, E> => {
  const client = HttpClient.make((request) =>
    Effect.sync(() => {
      const answer = HttpClientResponse.fromWeb(request, new Response(body, { headers: { ...headers } }))
      answers.push(answer)
      return answer
    })
  )
  const service = Layer.provide(
    HttpAuthorizationService.layer({ token: Redacted.make("HRKU-our-own-token") }),
    Layer.succeed(HttpClient.HttpClient, client)
  )
  return Effect.provide(self, service)
}

/** What a stream gives before it ends, and how it ends. */
const streamedBy = Effect.fnUntraced(function*(concurrency: number) {
  const { stream } = yield* AuthorizationService
  const parts: Array<number> = []
  const seen: Array<string> = []
  const error = yield* Stream.runForEachArray(stream({ concurrency }), (items) =>
    Effect.sync(() => {
      parts.push(items.length)
      for (const one of items) seen.push(facts(one))
    })).pipe(Effect.flip, Effect.option)
  return { parts, seen, error }
})

const streamed = streamedBy(1)

const facts = ({ accessToken, description, id }: Readonly<Record<string, any>>): string =>
  JSON.stringify([id, Option.getOrNull(description), Redacted.value(Option.getOrThrow<any>(accessToken).token)])

const listed = AuthorizationService.use(({ list }) => list())

describe("a long page", () => {
  it.effect.each<[string, string, number | string | undefined]>([
    ["as short as can be", "", undefined],
    ["with spaces", "", 2],
    ["with tabs behind empty lines", "\r\n \n", "\t"],
    ["behind a byte order mark", "\uFEFF", undefined]
  ])(
    "laid out %s is given out in parts of some twenty authorizations",
    ([, before, indent]) =>
      Effect.gen(function*() {
        for (const concurrency of [1, 2]) {
          const { error, parts, seen } = yield* streamedBy(concurrency)
          assert.isTrue(Option.isNone(error))
          assert.lengthOf(seen, 1000)
          assert.isAtMost(Math.max(...parts), 40)
          // The last one may be shorter.
          assert.isAtLeast(Math.min(...parts.slice(0, -1)), 10)
        }
      }).pipe(withBody(before + JSON.stringify(listOf(1000), null, indent)))
  )

  it.effect("that says how long it is comes in parts as well", () => {
    const text = JSON.stringify(listOf(1000))
    return Effect.gen(function*() {
      const { parts, seen } = yield* streamed
      assert.lengthOf(seen, 1000)
      assert.isAtMost(Math.max(...parts), 40)
    }).pipe(withBody(text, { "Content-Length": String(text.length) }))
  })

  it.effect("is never read whole", () =>
    Effect.gen(function*() {
      const read = vi.spyOn(JSON, "parse")
      assert.lengthOf((yield* streamed).seen, 1000)
      const lengths = read.mock.calls.map(([text]) => text.length)
      read.mockRestore()
      assert.isAtMost(Math.max(...lengths), 20 * 1024)
    }).pipe(withBody(JSON.stringify(listOf(1000)))))

  it.effect("stays with whoever else has it", () => {
    const text = JSON.stringify(listOf(1000))
    const answers: Array<HttpClientResponse.HttpClientResponse> = []
    return Effect.gen(function*() {
      assert.lengthOf((yield* streamed).seen, 1000)
      const bytes = yield* answers[0]!.arrayBuffer
      assert.strictEqual(new TextDecoder().decode(bytes), text)
    }).pipe(withBody(text, { "Content-Length": String(text.length) }, answers))
  })

  const awkward = [
    "},{",
    "} , {",
    "},\n  {",
    `"},{"`,
    "\\",
    `\\"},{`,
    "[{",
    "}]",
    "é",
    "😀",
    "\uFEFF",
    "\u2028",
    "x".repeat(300)
  ] as const
  const descriptions = Arbitrary.array(
    Arbitrary.schema(Schema.Array(Schema.Literals(awkward))),
    { minLength: 1, maxLength: 40 }
  )
  const layout = Arbitrary.schema(Schema.Struct({
    indent: Schema.Literals([0, 2, "\t"]),
    before: Schema.Literals(["", "\uFEFF", "\r\n "]),
    nested: Schema.Boolean
  }))

  it.effect.prop(
    "is the same in parts as it is whole, whatever is in it and however it is laid out",
    { descriptions, layout },
    ({ descriptions, layout: { before, indent, nested } }) => {
      const list = listOf(150, (n) => ({
        description: descriptions[n % descriptions.length]!.join(""),
        // As Heroku may write more than it did.
        ...(nested && n % 7 === 0 ? { history: [{ at: n }, { at: n + 1, "},{": [{}, {}] }] } : {})
      }))
      return Effect.gen(function*() {
        const { items } = yield* listed
        const { error, seen } = yield* streamed
        assert.isTrue(Option.isNone(error))
        assert.deepStrictEqual(seen, items.map(facts))
        assert.lengthOf(seen, 150)
      }).pipe(withBody(before + JSON.stringify(list, null, indent)))
    },
    { arbitrary: { runs: runs(100) } }
  )

  it.effect("is whole where it cannot be cut", () => {
    // Wherever it is cut, that is within a string, or deeper than between two authorizations.
    const list = listOf(150, () => ({ description: "},{".repeat(100), more: Array.from({ length: 300 }, () => ({})) }))
    return Effect.gen(function*() {
      const { error, parts, seen } = yield* streamed
      assert.isTrue(Option.isNone(error))
      assert.deepStrictEqual(seen, (yield* listed).items.map(facts))
      assert.deepStrictEqual(parts, [150])
    }).pipe(withBody(JSON.stringify(list)))
  })

  it.effect.each<[string, (text: string) => string]>([
    ["an authorization without id", (text) => text.replace(`"id":"${uuid(700)}"`, `"id":null`)],
    ["no JSON in the middle", (text) => text.replace(uuid(700), `${uuid(700)}"`)],
    ["no comma between two", (text) => text.replace(new RegExp(`(${uuid(700)}.*?\\}),\\{`), "$1{")],
    ["the end cut off", (text) => text.slice(0, -1)],
    ["the second half cut off", (text) => text.slice(0, text.indexOf(uuid(700)))],
    ["something after its end", (text) => `${text},{}`],
    ["a second list after it", (text) => text + text],
    ["a comma before its end", (text) => `${text.slice(0, -1)},]`]
  ])("with %s gives what comes before, and fails with what is wrong with the whole", ([, spoil]) => {
    const text = spoil(JSON.stringify(listOf(1000)))
    return Effect.gen(function*() {
      const { error, seen } = yield* streamed
      const ofWhole = yield* Effect.flip(listed)
      assert(ofWhole._tag === "InvalidResponse")
      assert.deepStrictEqual(error, Option.some(ofWhole))
      assert.isAbove(seen.length, 600)
      assert.isBelow(seen.length, 1000)
      assert.isTrue(seen.every((one, n) => one.includes(uuid(n))))
    }).pipe(withBody(text))
  })

  it.effect("that is no list fails as it does whole", () =>
    Effect.gen(function*() {
      const { error, seen } = yield* streamed
      assert.deepStrictEqual(error, Option.some(yield* Effect.flip(listed)))
      assert.lengthOf(seen, 0)
    }).pipe(withBody(JSON.stringify({ authorizations: listOf(200) }))))

  it.effect("is read no further than somebody takes", () =>
    Effect.gen(function*() {
      const { stream } = yield* AuthorizationService
      const first = yield* Stream.runCollect(Stream.take(stream(), 3))
      assert.deepStrictEqual(first.map(({ id }): string => id), [uuid(0), uuid(1), uuid(2)])
    }).pipe(withBody(`${JSON.stringify(listOf(500)).slice(0, -1)}, no more of it`)))

  it.effect("of nothing but spaces is empty", () =>
    Effect.gen(function*() {
      const { error, parts } = yield* streamed
      assert.deepStrictEqual([error, parts], [Option.none(), []])
    }).pipe(withBody(`[${" ".repeat(100_000)}]`)))

  it.effect("with bytes that are no text is the same in parts as it is whole", () => {
    const list = new TextEncoder().encode(JSON.stringify(listOf(200, () => ({ description: "~~~~" }))))
    // A beginning of three bytes, of which the rest is missing, up to the end of each description.
    const bytes = list.map((byte, index) => byte === 0x7e && list[index + 1] !== 0x7e ? 0xe2 : byte)
    return Effect.gen(function*() {
      assert.deepStrictEqual((yield* streamed).seen, (yield* listed).items.map(facts))
    }).pipe(withBody(bytes))
  })
})
