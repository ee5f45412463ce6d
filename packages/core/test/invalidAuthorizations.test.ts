/** Records of a list that do not decode: without `onInvalid` a listing fails at the first one, with it the others remain. */
import type { InvalidAuthorization, Service, StreamOptions } from "@effect-heroku/core/AuthorizationService"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { makeListServer, spreadIds } from "./fixtures/listServer.ts"
import { idsOf, invalid, respondInChunks, uuid } from "./fixtures/scriptedEndpoints.ts"

/** Lists with each method, and returns the ids, the invalid records, and the error. */
const collect = Effect.fnUntraced(function*(service: Service, options: StreamOptions = {}) {
  const ids: Array<string> = []
  const reported: Array<string | undefined> = []
  const onInvalid = ({ id }: InvalidAuthorization) => Effect.sync(() => void reported.push(Option.getOrUndefined(id)))
  const listing = service.stream({ onInvalid, ...options }).pipe(
    Stream.runForEach(({ id }) => Effect.sync(() => void ids.push(id)))
  )
  const error = yield* Effect.option(Effect.flip(listing))
  return { ids, reported, error: Option.getOrUndefined(error) }
})

const [id1, id2, id3, id4] = [uuid(1), uuid(2), uuid(3), uuid(4)]

describe("invalid records of a list", () => {
  const response = { chunks: [[id1, invalid(id2), id3, invalid(undefined)], [id4]] }

  it.effect("list, pages and stream leave them out and report each to onInvalid, in order", () =>
    Effect.gen(function*() {
      const { service } = respondInChunks(response, response, response)
      const reported: Array<InvalidAuthorization> = []
      const options = { onInvalid: (invalid: InvalidAuthorization) => Effect.sync(() => void reported.push(invalid)) }
      assert.deepStrictEqual(idsOf((yield* service.list(options)).items), [id1, id3, id4])
      const pages = yield* Stream.runCollect(service.pages(options))
      assert.deepStrictEqual(pages.map(({ items }) => idsOf(items)), [[id1, id3, id4]])
      assert.deepStrictEqual(idsOf(yield* Stream.runCollect(service.stream(options))), [id1, id3, id4])
      const once = [
        { id: Option.some(id2), message: "is broken" },
        { id: Option.none(), message: "is broken" }
      ]
      assert.deepStrictEqual(reported, [...once, ...once, ...once])
    }))

  it.effect("without onInvalid, list and pages fail, and stream emits what precedes the record and fails", () =>
    Effect.gen(function*() {
      const { service } = respondInChunks(response, response, response)
      const message = `The authorization ${id2} is not valid: is broken`
      const { error, ids } = yield* collect(service, { onInvalid: undefined })
      assert.deepStrictEqual(ids, [id1])
      for (
        const failure of [
          error!,
          yield* Effect.flip(service.list()),
          yield* Effect.flip(Stream.runDrain(service.pages()))
        ]
      ) {
        assert(failure._tag === "InvalidResponse")
        assert.deepStrictEqual([failure.message, failure.status, failure.requestId], [
          message,
          200,
          Option.some("request-1")
        ])
      }
    }))

  it.effect("the error of a record without id says so", () =>
    Effect.gen(function*() {
      const { service } = respondInChunks({ chunks: [[invalid(undefined)]] })
      const error = yield* Effect.flip(service.list())
      assert.strictEqual(error.message, "An authorization is not valid: is broken")
    }))

  it.effect.each<[string, ReadonlyArray<string | InvalidAuthorization>, string]>([
    ["with an id", [id1, invalid(id2)], `id ]${id2}..; max=2`],
    ["without an id", [id1, invalid(undefined)], `id ]${id2}..; max=2`],
    ["without an id, alone", [invalid(undefined)], `id ]${id2}..; max=2`]
  ])("a listing continues after a page whose last record is invalid, %s", ([, chunk, next]) =>
    Effect.gen(function*() {
      const { calls, service } = respondInChunks({ chunks: [chunk], next }, {
        chunks: [[invalid(id3)]],
        next: `id ]${id3}..; max=2`
      }, {
        chunks: [[id4]]
      })
      const { error, ids, reported } = yield* collect(service, { pageSize: 2 })
      assert.isUndefined(error)
      assert.deepStrictEqual(ids, [...chunk.filter((item) => typeof item === "string"), id4])
      assert.lengthOf(reported, 2)
      assert.lengthOf(calls, 3)
    }))

  it.effect.each<[string, ReadonlyArray<string | InvalidAuthorization>, string | undefined, string]>([
    ["repeats an id", [id1, invalid(id1)], undefined, "The list repeats an authorization, or goes backwards"],
    ["goes backwards", [invalid(id2), id1], undefined, "The list repeats an authorization, or goes backwards"],
    [
      "is followed by a gap",
      [id1, invalid(id2)],
      `id ]${id3}..; max=2`,
      "Next-Range skips authorizations after the last one of the page"
    ]
  ])("a listing with onInvalid fails when an invalid record %s", ([, chunk, next, message]) =>
    Effect.gen(function*() {
      const { service } = respondInChunks({ chunks: [chunk], next })
      assert.strictEqual((yield* collect(service, { pageSize: 2 })).error?.message, message)
    }))

  it.effect.each([1, 2, 5, 16])(
    "a listing with concurrency %d reports each invalid record once, and emits all others in order",
    (concurrency) =>
      Effect.gen(function*() {
        const ids = spreadIds(1000)
        const broken = new Set(ids.filter((_, n) => n % 7 === 0 || n % 100 < 12))
        const { service, state, stored } = makeListServer(ids, { isBroken: (id) => broken.has(id) })
        const { error, ids: listed, reported } = yield* collect(service, { pageSize: 20, concurrency })
        assert.isUndefined(error)
        assert.deepStrictEqual(listed, stored.filter((id) => !broken.has(id)))
        assert.deepStrictEqual(reported, stored.filter((id) => broken.has(id)))
        assert.isAtMost(state.requests, 2 * 50 + 2 * concurrency)
      })
  )

  it.effect("a parallel listing fails at the first invalid record without onInvalid, after all that precede it", () =>
    Effect.gen(function*() {
      const ids = spreadIds(1000)
      const { service, stored } = makeListServer(ids, { isBroken: (id) => id === stored[555] })
      const { error, ids: listed } = yield* collect(service, { pageSize: 20, concurrency: 8, onInvalid: undefined })
      assert.strictEqual(error?.message, `The authorization ${stored[555]} is not valid: is broken`)
      assert.deepStrictEqual(listed, stored.slice(0, 555))
    }))

  it.effect("a parallel listing reports records without id once", () =>
    Effect.gen(function*() {
      const ids = spreadIds(1000)
      const { service, stored } = makeListServer(ids, {
        isBroken: (id) => id === stored[100] || id === stored[555],
        withoutId: true
      })
      const { error, ids: listed, reported } = yield* collect(service, { pageSize: 20, concurrency: 8 })
      assert.isUndefined(error)
      assert.deepStrictEqual(listed, stored.filter((_, n) => n !== 100 && n !== 555))
      assert.deepStrictEqual(reported, [undefined, undefined])
    }))

  it.effect("onInvalid must be a function", () =>
    Effect.gen(function*() {
      const { service } = respondInChunks()
      const error = yield* Effect.flip(service.list({ onInvalid: "log" as never }))
      assert(error._tag === "InvalidParams")
      assert.deepStrictEqual(error.field, Option.some("onInvalid"))
    }))
})
