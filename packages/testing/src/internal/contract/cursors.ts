import { AuthorizationId } from "@effect-heroku/core/Authorization"
import { Cursor } from "@effect-heroku/core/ListRange"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { assertInvalid, createMany, idsOf, pageSizeFor, sorted, type Test } from "./test.ts"

export const cursors = (test: Test): void => {
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

  test("a listing misses no authorization while others are deleted", function*(service, before) {
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
