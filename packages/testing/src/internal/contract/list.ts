import { AuthorizationId } from "@effect-heroku/core/Authorization"
import type { Page } from "@effect-heroku/core/AuthorizationService"
import { Cursor } from "@effect-heroku/core/ListRange"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { assertInvalid, createMany, facts, idsOf, pageSizeFor, sorted, type Test, unchecked } from "./test.ts"

export const list = (test: Test): void => {
  test("pages contains every authorization; an empty account has one empty page", function*(service, before) {
    const pages = yield* Stream.runCollect(service.pages())
    assert.deepStrictEqual(idsOf(pages), before)
    assert.isTrue(Option.isNone(pages.at(-1)!.next))
    if (before.length > 0) return
    const empty: Page = { items: [], next: Option.none() }
    assert.deepStrictEqual(pages, [empty])
    assert.deepStrictEqual(yield* service.list(), empty)
    assert.deepStrictEqual(yield* Stream.runCollect(service.stream()), [])
  })

  test("every page but the last has the requested size", function*(service, before) {
    yield* createMany(service, 5)
    const total = before.length + 5
    let pageSize = pageSizeFor(total)
    while (total % pageSize === 0) pageSize++
    const pages = yield* Stream.runCollect(service.pages({ pageSize }))
    const sizes = pages.map(({ items }) => items.length)
    assert.deepStrictEqual(sizes, [...sizes.slice(1).map(() => pageSize), total % pageSize])
    assert.deepStrictEqual(pages.map(({ next }) => Option.isSome(next)), sizes.map((size) => size === pageSize))
  })

  test("a listing whose last page is full has no empty page after it", function*(service, before) {
    const { length } = yield* createMany(service, 10 - (before.length % 5))
    const pageSize = (before.length + length) / 5
    const pages = yield* Stream.runCollect(service.pages({ pageSize }))
    assert.deepStrictEqual(pages.map(({ items }) => items.length), Array.from({ length: 5 }, () => pageSize))
  })

  test("list accepts page sizes from 1 to 1000 and uses 1000 by default", function*(service, before) {
    const created = yield* createMany(service, 201)
    const all = sorted([...before, ...created])
    assert.deepStrictEqual(idsOf([yield* service.list()]), all.slice(0, 1000))
    assert.deepStrictEqual(idsOf([yield* service.list({ pageSize: 1000 })]), all.slice(0, 1000))
    assert.deepStrictEqual(idsOf([yield* service.list({ pageSize: 1 })]), all.slice(0, 1))
    const pages = yield* Stream.runCollect(Stream.take(service.pages(), 1))
    assert.deepStrictEqual(idsOf(pages), all.slice(0, 1000))
    assert.deepStrictEqual(idsOf([yield* service.list({ pageSize: 1, order: "desc" })]), all.slice(-1))
  })

  test("pages are sorted by id, ascending by default", function*(service, before) {
    const ids = sorted([...before, ...yield* createMany(service, 25)])
    const pageSize = pageSizeFor(ids.length)
    assert.deepStrictEqual(idsOf(yield* Stream.runCollect(service.pages({ pageSize }))), ids)
    assert.deepStrictEqual(idsOf(yield* Stream.runCollect(service.pages({ pageSize, order: "asc" }))), ids)
    const descending = yield* Stream.runCollect(service.pages({ pageSize, order: "desc" }))
    assert.deepStrictEqual(idsOf(descending), ids.toReversed())
  })

  test("list, pages and stream contain the authorizations that create returned", function*(service) {
    const created = yield* service.create({ scope: ["read", "x"], description: "listed" })
    const streamed = (yield* Stream.runCollect(service.stream())).filter(({ id }) => id === created.id)
    assert.deepStrictEqual(streamed.map(facts), [facts(created)])
    const pages = yield* Stream.runCollect(service.pages())
    const paged = pages.flatMap(({ items }) => items).filter(({ id }) => id === created.id)
    assert.deepStrictEqual(paged.map(facts), [facts(created)])
    const { items } = yield* service.list()
    assert.deepStrictEqual(items.map(facts), pages[0]?.items.map(facts))
  })

  test("stream emits the authorizations of all pages in order, whatever the concurrency", function*(service, before) {
    yield* createMany(service, 7)
    const pageSize = pageSizeFor(before.length + 7)
    for (const order of ["asc", "desc"] as const) {
      const pages = yield* Stream.runCollect(service.pages({ pageSize, order }))
      for (const concurrency of [1, 4]) {
        const streamed = yield* Stream.runCollect(service.stream({ pageSize, order, concurrency }))
        assert.deepStrictEqual(streamed.map(({ id }) => id), idsOf(pages))
      }
    }
  })

  test("a stream can be stopped anywhere and run again", function*(service, before) {
    const ids = sorted([...before, ...yield* createMany(service, 5)])
    const stream = service.stream({ pageSize: 2 })
    for (let taken = 0; taken <= 5; taken++) {
      const some = yield* stream.pipe(Stream.take(taken), Stream.runCollect)
      assert.deepStrictEqual(some.map(({ id }) => id), ids.slice(0, taken))
    }
  })

  test("pages requests a page when it is pulled", function*(service, before) {
    const created = sorted(yield* createMany(service, 6))
    const last = AuthorizationId.make(created.at(-1)!)
    // Deleted once the first page is there. A page that was requested ahead would still have it.
    const pages = yield* service.pages({ pageSize: pageSizeFor(before.length + 6) }).pipe(
      Stream.mapEffect((page) => Effect.as(Effect.ignore(service.delete(last)), page)),
      Stream.runCollect
    )
    assert.deepStrictEqual(idsOf(pages), sorted([...before, ...created.slice(0, -1)]))
  })

  test("stream requests a page when it is pulled", function*(service, before) {
    const created = sorted(yield* createMany(service, 6))
    const last = AuthorizationId.make(created.at(-1)!)
    const streamed = yield* service.stream({ pageSize: pageSizeFor(before.length + 6) }).pipe(
      Stream.mapEffect(({ id }, index) =>
        index === 0 ? Effect.as(Effect.ignore(service.delete(last)), id) : Effect.succeed(id)
      ),
      Stream.runCollect
    )
    assert.deepStrictEqual(streamed, sorted([...before, ...created.slice(0, -1)]))
  })

  test("list, pages and stream reject invalid options before a request", function*(service) {
    for (const pageSize of [0, -1, 1001, 1.5, Number.NaN]) {
      assertInvalid(yield* Effect.flip(service.list({ pageSize })), "list", "pageSize")
      assertInvalid(yield* Effect.flip(Stream.runCollect(service.pages({ pageSize }))), "list", "pageSize")
    }
    const concurrency = Stream.runCollect(service.stream({ concurrency: 0 }))
    assertInvalid(yield* Effect.flip(concurrency), "list", "concurrency")
    const cursor = service.list({ cursor: unchecked("id ]..; max=2") })
    assertInvalid(yield* Effect.flip(cursor), "list", "cursor")
  })

  test("a stored cursor resumes a listing where it stopped", function*(service, before) {
    yield* createMany(service, 5)
    const pageSize = pageSizeFor(before.length + 5)
    for (const order of ["asc", "desc"] as const) {
      const pages = yield* Stream.runCollect(service.pages({ pageSize, order }))
      for (const [index, { next }] of pages.entries()) {
        if (Option.isNone(next)) continue
        const stored: unknown = JSON.parse(JSON.stringify(next.value))
        const cursor = yield* Schema.decodeUnknownEffect(Cursor)(stored)
        const rest = pages.slice(index + 1)
        assert.deepStrictEqual(idsOf(yield* Stream.runCollect(service.pages({ cursor }))), idsOf(rest))
        assert.deepStrictEqual(idsOf([yield* service.list({ cursor })]), idsOf(rest.slice(0, 1)))
        const streamed = yield* Stream.runCollect(service.stream({ cursor, pageSize, order }))
        assert.deepStrictEqual(streamed.map(({ id }) => id), idsOf(rest))
      }
    }
  })

  test("a cursor is rejected with another page size or order than its own", function*(service) {
    yield* createMany(service, 3)
    const cursor = Option.getOrThrow((yield* service.list({ pageSize: 2 })).next)
    assertInvalid(yield* Effect.flip(service.list({ cursor, pageSize: 3 })), "list", "cursor")
    assertInvalid(yield* Effect.flip(service.list({ cursor, order: "desc" })), "list", "cursor")
    const streamed = Stream.runCollect(service.stream({ cursor, pageSize: 1 }))
    assertInvalid(yield* Effect.flip(streamed), "list", "cursor")
  })

  test("a listing misses no authorization if others are deleted while it runs", function*(service, before) {
    const created = sorted(yield* createMany(service, 6))
    const all = sorted([...before, ...created])
    // The first page ends with the second of ours, which the cursor then names.
    const first = yield* service.list({ pageSize: Math.min(all.indexOf(created[1]!) + 1, 1000) })
    const deleted = [created[0]!, created[1]!, created[3]!]
    for (const id of deleted) yield* service.delete(AuthorizationId.make(id))
    const rest = yield* Stream.runCollect(service.pages({ cursor: Option.getOrThrow(first.next) }))
    assert.deepStrictEqual(idsOf(rest), all.slice(first.items.length).filter((id) => !deleted.includes(id)))
  })
}
