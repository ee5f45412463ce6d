/** Listing one request at a time: a listing ends complete, or with an error, whatever the server sends. */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import * as AuthorizationEndpoints from "@effect-heroku/core/AuthorizationEndpoints"
import { InvalidParams, InvalidResponse, type ListError, RequestFailed } from "@effect-heroku/core/AuthorizationError"
import type * as AuthorizationService from "@effect-heroku/core/AuthorizationService"
import * as ListRange from "@effect-heroku/core/ListRange"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { type Chunks, idsOf, type Page, respondInChunks, respondWith, uuid } from "./fixtures/scriptedEndpoints.ts"

const doesNotContinue = "Next-Range does not continue this listing"
const goesBackwards = "Next-Range goes backwards or repeats"
const repeats = "The list repeats an authorization"
const repeatsOrGoesBackwards = "The list repeats an authorization, or goes backwards"
const skips = "Next-Range skips authorizations after the last one of the page"

/** Returns the ids that a stream emits, and the error with which it fails. */
const collect = Effect.fnUntraced(
  function*(service: AuthorizationService.Service, options: AuthorizationService.StreamOptions) {
    const ids: Array<string> = []
    const listing = Stream.runForEach(service.stream(options), ({ id }) => Effect.sync(() => ids.push(id)))
    return { ids, error: yield* Effect.option(Effect.flip(listing)) }
  }
)

describe("pages and stream", () => {
  /** The options, the pages of the server, and the ranges requested after the first where they are not its Next-Ranges. */
  it.effect.each<[string, AuthorizationService.StreamOptions, ReadonlyArray<Page>, ReadonlyArray<string>?]>([
    ["an empty list", {}, [[[]]]],
    ["a Next-Range in Heroku's spelling, and pages without authorizations", { pageSize: 2 }, [
      [[uuid(1), uuid(2)], `id ]${uuid(2)}..; max=2,order=asc;`],
      [[], `id  ${uuid(3)}..;max=2;`],
      [[uuid(3)]]
    ]],
    ["pages that lost all their authorizations", { pageSize: 1 }, [
      [[uuid(1)], `id ]${uuid(1)}..; max=1`],
      [[], `id ]${uuid(5)}..; max=1`],
      [[uuid(6)], `id ]${uuid(6)}..; max=1`],
      [[], `id ]${uuid(7)}..; max=1`],
      [[uuid(8)]]
    ]],
    ["an empty first page", { pageSize: 1 }, [[[], `id ]${uuid(5)}..; max=1`], [[uuid(6)]]]],
    ["a first page without UUIDs", { pageSize: 1 }, [[["x"], `id ]${uuid(5)}..; max=1`], [[uuid(6)]]]],
    ["ids other than UUIDs in any order", {}, [
      [["b", "a", `x${uuid(2)}`, `x${uuid(1)}`, `${uuid(2)}x`, `${uuid(1)}x`, uuid(1)]]
    ]],
    ["a Next-Range that spells an id other than a UUID differently", { pageSize: 1 }, [
      [["x"], "id ]%78..; max=1"],
      [["y"]]
    ]],
    ["a Next-Range that starts after an id other than a UUID, before its last UUID", { pageSize: 2 }, [
      [[uuid(5), "!"], "id ]!..; max=2"],
      [["a"]]
    ]],
    ["a Next-Range that starts later and inclusively", { pageSize: 2 }, [
      [[uuid(1), uuid(2)], `id ${uuid(9)}..; max=2`],
      [[uuid(3)]]
    ], [`id ]${uuid(2)}..; max=2`]],
    ["a Next-Range without page size and order", { pageSize: 1, order: "desc" }, [
      [[uuid(9)], `id ]${uuid(9)}..`],
      [[uuid(8)], `id ]${uuid(8)}..; max=1`],
      [[uuid(7)]]
    ], [`id ]${uuid(9)}..; max=1, order=desc`, `id ]${uuid(8)}..; max=1, order=desc`]]
  ])("list, pages and stream return the whole of %s", ([, options, responses, ranges]) =>
    Effect.gen(function*() {
      const { calls, service } = respondWith(responses[0]!, ...responses, ...responses)
      const { pageSize = 1000, order } = options
      assert.deepStrictEqual(idsOf((yield* service.list(options)).items), responses[0]?.[0])
      const pages = yield* Stream.runCollect(service.pages(options))
      assert.deepStrictEqual(pages.map(({ items }) => idsOf(items)), responses.map(([ids]) => ids))
      assert.deepStrictEqual(pages.at(-1)?.next, Option.none())
      const { error, ids } = yield* collect(service, options)
      assert.deepStrictEqual([ids, error], [responses.flatMap(([ids]) => ids), Option.none()])
      const first = `id ..; max=${pageSize}${order === undefined ? "" : `, order=${order}`}`
      const rest = ranges ?? responses.flatMap(([, next]) => next ?? [])
      assert.deepStrictEqual(calls, [first, first, ...rest, first, ...rest])
    }))

  it.effect("a listing sends no request before it is pulled, and none beyond what is taken", () =>
    Effect.gen(function*() {
      const { calls, service } = respondWith(
        [[uuid(1)], `id ]${uuid(1)}..; max=1`],
        [[uuid(2)], `id ]${uuid(2)}..; max=1`]
      )
      const first = service.stream({ pageSize: 1 }).pipe(Stream.take(2))
      assert.deepStrictEqual(calls, [])
      assert.deepStrictEqual(idsOf(yield* Stream.runCollect(first)), [uuid(1), uuid(2)])
      assert.lengthOf(calls, 2)
    }))

  it.effect("a listing follows the Next-Range of a response with status 200", () =>
    Effect.gen(function*() {
      const { service } = respondInChunks(
        { chunks: [[uuid(1)]], next: `id ]${uuid(1)}..; max=1`, status: 200 },
        { chunks: [[uuid(2)]] }
      )
      assert.deepStrictEqual((yield* collect(service, { pageSize: 1 })).ids, [uuid(1), uuid(2)])
    }))

  const truncated = respondInChunks(...Array.from({ length: 4 }, () => ({ chunks: [[uuid(1)]], status: 206 }))).service

  it.effect.each<[string, Effect.Effect<unknown, ListError>]>([
    ["list", truncated.list()],
    ["pages", Stream.runDrain(truncated.pages())],
    ["stream", Stream.runDrain(truncated.stream())],
    ["stream with concurrency", Stream.runDrain(truncated.stream({ concurrency: 2 }))]
  ])("%s rejects a response with status 206 and no Next-Range", ([, call]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(call)
      assert(error instanceof InvalidResponse)
      assert.strictEqual(error.message, "The list is truncated (206) and has no Next-Range")
      assert.strictEqual(error.status, 206)
    }))

  const resume = `id ]${uuid(5)}..; max=1`
  const inclusiveStart = ListRange.Cursor.make(`id ${uuid(5)}..; max=1`)

  it.effect.each<[string, string, ReadonlyArray<Page>, AuthorizationService.ListOptions?]>([
    ["the same Next-Range again", goesBackwards, [[["x"], "id ]x..; max=1"], [["y"], "id ]x..; max=1"]]],
    ["a cycle of Next-Ranges", goesBackwards, [
      [["x"], "id ]x..; max=1"],
      [["y"], "id ]y..; max=1"],
      [["z"], "id ]x..; max=1"]
    ]],
    ["a Next-Range that goes backwards", goesBackwards, [[[uuid(5)], `id ]${uuid(4)}..; max=1`]]],
    ["a Next-Range that goes backwards inclusively", goesBackwards, [[[uuid(5)], `id ${uuid(4)}..; max=1`]]],
    ["a Next-Range that goes backwards in desc order", goesBackwards, [
      [[uuid(5)], `id ]${uuid(6)}..; max=1, order=desc`]
    ], { order: "desc" }],
    ["a Next-Range of bytes", doesNotContinue, [[[uuid(1)], "bytes 0-499"]]],
    ["a Next-Range without start", doesNotContinue, [[[uuid(1)], "id ..; max=1"]]],
    ["a Next-Range for which the API returns 500", doesNotContinue, [[[uuid(1)], "id ]..; max=1"]]],
    ["a Next-Range in the other order", doesNotContinue, [[[uuid(1)], `id ]${uuid(1)}..; max=1, order=desc`]]],
    ["a Next-Range with an end that was not requested", doesNotContinue, [
      [[uuid(1)], `id ]${uuid(1)}..${uuid(2)}; max=1`]
    ]],
    ["a Next-Range that no header can carry", doesNotContinue, [[["x"], "id ]\u20ac..; max=1"]]],
    ["a Next-Range that skips authorizations", skips, [[[uuid(1)], `id ]${uuid(3)}..; max=1`]]],
    ["a Next-Range that starts after another id than a UUID", skips, [[[uuid(1)], "id ]x..; max=1"]]],
    ["a Next-Range that starts with another id than a UUID", skips, [[[uuid(1)], `id }${uuid(1)}..; max=1`]]],
    ["two empty pages in a row", "The list continues without authorizations", [
      [[], "id ]x..; max=1"],
      [[], "id ]y..; max=1"]
    ]],
    ["a page that repeats the last authorization", repeatsOrGoesBackwards, [
      [[uuid(5)], resume],
      [[uuid(5), uuid(6)]]
    ]],
    ["a page that repeats an id other than a UUID", repeats, [[["x"], "id ]x..; max=1"], [["x"]]]],
    ["a page that goes backwards", repeatsOrGoesBackwards, [[[uuid(5)], resume], [[uuid(3)]]]],
    ["a page out of order", repeatsOrGoesBackwards, [[[uuid(2), uuid(1)]]]],
    ["a page that repeats an id in desc order", repeatsOrGoesBackwards, [[[uuid(2), uuid(2)]]], { order: "desc" }],
    ["a page that starts before its cursor", repeatsOrGoesBackwards, [[[uuid(4)]]], { cursor: inclusiveStart }],
    ["a page that repeats its first id", repeatsOrGoesBackwards, [[[uuid(5), uuid(5)]]], { cursor: inclusiveStart }]
  ])("a listing fails with InvalidResponse on %s: %s", ([, message, responses, options]) =>
    Effect.gen(function*() {
      const { calls, service } = respondWith(...responses)
      const error = yield* Effect.flip(Stream.runDrain(service.pages({ pageSize: 1, ...options })))
      assert(error instanceof InvalidResponse)
      assert.deepStrictEqual([error.operation, error.status, error.requestId, error.message], [
        "list",
        responses.at(-1)?.[1] === undefined ? 200 : 206,
        Option.some("request-1"),
        message
      ])
      assert.lengthOf(calls, responses.length)
    }))

  it.effect("an error of an endpoint reaches the caller unchanged", () =>
    Effect.gen(function*() {
      const failure = new RequestFailed({
        operation: "info",
        reason: "timeout",
        message: "No complete response within 30 seconds",
        outcomeUnknown: false
      })
      const { endpoints } = respondWith()
      const service = AuthorizationEndpoints.make({
        ...endpoints,
        info: () => Effect.fail(failure),
        list: () => Effect.fail(failure)
      })
      assert.strictEqual(yield* Effect.flip(service.info(AuthorizationId.make("x"))), failure)
      assert.strictEqual(yield* Effect.flip(service.list()), failure)
      assert.strictEqual(yield* Effect.flip(Stream.runDrain(service.stream())), failure)
    }))
})

describe("chunks of a response", () => {
  const invalid = AuthorizationEndpoints.invalidResponse({
    operation: "list",
    status: 200,
    message: "not JSON",
    requestId: Option.none()
  })
  const three = { chunks: [[uuid(1), uuid(2)], [uuid(3)], [uuid(4)]], next: `id ]${uuid(4)}..; max=4` }

  it.effect("list, pages and stream return all chunks of all responses in order", () =>
    Effect.gen(function*() {
      const { chunks, next } = three
      const rest: ReadonlyArray<Chunks> = [
        { chunks: [[]], next: `id ]${uuid(9)}..; max=4` },
        { chunks: [["x"], ["y", uuid(5)]] }
      ]
      const { calls, service } = respondInChunks(three, ...rest, three, three, ...rest)
      const { error, ids } = yield* collect(service, { pageSize: 4 })
      assert.deepStrictEqual([ids, error], [[...chunks.flat(), "x", "y", uuid(5)], Option.none()])
      assert.deepStrictEqual(calls, ["id ..; max=4", next, `id ]${uuid(9)}..; max=4`])
      const page = yield* service.list({ pageSize: 4 })
      assert.deepStrictEqual(idsOf(page.items), chunks.flat())
      const pages = yield* Stream.runCollect(service.pages({ pageSize: 4 }))
      assert.deepStrictEqual(pages[0], page)
      assert.deepStrictEqual(pages.map(({ items }) => items.length), [4, 0, 3])
    }))

  it.effect("a stream decodes no chunk beyond what is taken", () =>
    Effect.gen(function*() {
      const { calls, service, state } = respondInChunks({
        chunks: [[uuid(1)], [uuid(2)], invalid],
        next: `id ]${uuid(3)}..; max=4`
      })
      assert.lengthOf(yield* Stream.runCollect(Stream.take(service.stream({ pageSize: 4 }), 2)), 2)
      assert.strictEqual(state.chunksRead, 2)
      assert.lengthOf(calls, 1)
    }))

  it.effect.each<[string, string, number, Chunks]>([
    ["an invalid chunk", "not JSON", 2, { chunks: [[uuid(1)], [uuid(2)], invalid] }],
    ["a chunk that goes backwards", repeatsOrGoesBackwards, 1, { chunks: [[uuid(2)], [uuid(1)]] }],
    ["a chunk that repeats the last id", repeatsOrGoesBackwards, 1, { chunks: [[uuid(1)], [uuid(1)]] }],
    ["a chunk that repeats an id other than a UUID", repeats, 1, { chunks: [["x"], [uuid(1), "x"]] }],
    ["a Next-Range that goes backwards", goesBackwards, 2, {
      chunks: [[uuid(1)], [uuid(5)]],
      next: `id ]${uuid(4)}..; max=4`
    }],
    ["a Next-Range that skips authorizations before an empty chunk", skips, 2, {
      chunks: [[uuid(1)], [uuid(5)], []],
      next: `id ]${uuid(6)}..; max=4`
    }]
  ])(
    "a stream fails on %s (%s), after the chunks before it, and a page fails whole",
    ([, message, before, response]) =>
      Effect.gen(function*() {
        const { service } = respondInChunks(response, response)
        const { error, ids } = yield* collect(service, { pageSize: 4 })
        assert.deepStrictEqual(ids, response.chunks.slice(0, before).flatMap((chunk) => "_tag" in chunk ? [] : chunk))
        assert.deepStrictEqual(Option.map(error, (_) => [_._tag, _.message]), Option.some(["InvalidResponse", message]))
        assert.strictEqual((yield* Effect.flip(service.list({ pageSize: 4 }))).message, message)
      })
  )
})

describe("cursor", () => {
  const cursor = ListRange.Cursor.make(`id ]${uuid(5)}..; max=2, order=desc`)
  const inclusive = ListRange.Cursor.make(`id ${uuid(5)}..; max=2`)

  it.effect.each<AuthorizationService.ListOptions>([
    { cursor },
    { cursor, pageSize: 2, order: "desc" },
    { cursor: inclusive, order: "asc" }
  ])("a cursor resumes its listing with the options %j", (options) =>
    Effect.gen(function*() {
      const next = options.cursor === cursor ? uuid(4) : uuid(6)
      const { calls, service } = respondWith([[next]])
      assert.deepStrictEqual(idsOf((yield* service.list(options)).items), [next])
      assert.deepStrictEqual<ReadonlyArray<string | undefined>>(calls, [options.cursor])
    }))

  it.effect.each<[AuthorizationService.ListOptions, string]>([
    [{ cursor, pageSize: 3 }, "belongs to a listing with pageSize 2, not 3"],
    [{ cursor, order: "asc" }, "belongs to a listing in desc order, not asc"],
    [
      { cursor: ListRange.Cursor.make(`id ]${uuid(1)}..${uuid(5)}; max=2`) },
      "must not name the id at which a listing ends"
    ],
    [{ cursor: inclusive, order: "desc" }, "belongs to a listing in asc order, not desc"]
  ])("a cursor is rejected with the options of another listing: %j", ([options, problem]) =>
    Effect.gen(function*() {
      const { calls, service } = respondWith()
      const error = yield* Effect.flip(service.list(options))
      assert(error instanceof InvalidParams)
      assert.deepStrictEqual([error.field, error.message], [Option.some("cursor"), `cursor: ${problem}`])
      assert.lengthOf(calls, 0)
    }))

  it.effect("the cursor of a page keeps the page size of its listing when the server returns smaller pages", () =>
    Effect.gen(function*() {
      const { calls, service } = respondWith([[uuid(1)], `id ]${uuid(1)}..; max=1`], [[uuid(2)]])
      const { next } = yield* service.list({ pageSize: 1000 })
      yield* service.list({ pageSize: 1000, cursor: Option.getOrThrow(next) })
      assert.deepStrictEqual(calls, ["id ..; max=1000", `id ]${uuid(1)}..; max=1000`])
    }))

  it.effect.each<[string, ReadonlyArray<Page>]>([
    ["at once", [[[uuid(5), uuid(6)]]]],
    ["after an empty page", [[[], `id ${uuid(5)}..; max=2, order=asc`], [[uuid(5), uuid(6)]]]]
  ])("an inclusive cursor returns the authorization at its start %s", ([, responses]) =>
    Effect.gen(function*() {
      const { service } = respondWith(...responses)
      assert.deepStrictEqual((yield* collect(service, { cursor: inclusive })).ids, [uuid(5), uuid(6)])
    }))

  it.effect.each([1, 2])(
    "a listing from a cursor continues after a page that lost all its authorizations, with concurrency %d",
    (concurrency) =>
      Effect.gen(function*() {
        const { service } = respondWith([[], `id ]${uuid(3)}..; max=2, order=desc`], [[uuid(2)]])
        assert.deepStrictEqual((yield* collect(service, { cursor, concurrency })).ids, [uuid(2)])
      })
  )

  it.effect("a listing from a cursor at an id other than a UUID accepts UUIDs in any position after it", () =>
    Effect.gen(function*() {
      const { service } = respondWith([[], `id ]${uuid(1)}..; max=2`], [[uuid(2)]], [[uuid(1)]])
      const other = ListRange.Cursor.make("id ]x..; max=2")
      assert.deepStrictEqual((yield* collect(service, { cursor: other })).ids, [uuid(2)])
      assert.deepStrictEqual((yield* collect(service, { cursor: other })).ids, [uuid(1)])
    }))

  it.effect.each<[string, ListRange.Cursor, Page]>([
    ["ignores its start", cursor, [[uuid(9), uuid(8)], `id ]${uuid(8)}..; max=2, order=desc`]],
    ["repeats its inclusive start", inclusive, [[uuid(5), uuid(5)]]]
  ])("a listing from a cursor fails when the server %s", ([, cursor, page]) =>
    Effect.gen(function*() {
      const { service } = respondWith(page)
      assert.strictEqual((yield* Effect.flip(service.list({ cursor }))).message, repeatsOrGoesBackwards)
    }))
})
