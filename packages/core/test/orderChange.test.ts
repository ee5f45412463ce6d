/** Listings of a server that once responds in the other order or with other page sizes: complete, or an error. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as ListRange from "../src/ListRange.ts"
import { makeListServer, spreadIds } from "./fixtures/listServer.ts"

const ids = spreadIds(10).toSorted()
const other = { asc: "desc", desc: "asc" } as const

/** How one response differs: its number, its size and order, where it starts, and whether its Next-Range shows the order. */
const changes = [0, 1, 2, 3].flatMap((request) =>
  [1, 2, 5].flatMap((max) =>
    [true, false].flatMap((hides) => [
      { request, max, hides, reverses: true, ignoresStart: true },
      { request, max, hides, reverses: true, ignoresStart: false },
      { request, max, hides, reverses: false, ignoresStart: false }
    ])
  )
)

it.effect.each(
  (["asc", "desc"] as const).flatMap((order) =>
    [1, 2, 5].flatMap((pageSize) => [1, 4].map((concurrency) => ({ order, pageSize, concurrency })))
  )
)(
  "a listing with %j is complete or fails when one response has another order or page size",
  (options) =>
    Effect.gen(function*() {
      const expected: ReadonlyArray<string> = options.order === "asc" ? ids : ids.toReversed()
      let completed = 0
      for (const change of changes) {
        let request = 0
        const { service } = makeListServer(ids, {
          misread: (range) =>
            request++ === change.request
              ? {
                ...range,
                start: change.ignoresStart ? Option.none() : range.start,
                order: Option.some(change.reverses ? other[options.order] : options.order),
                max: Option.some(change.max)
              }
              : range,
          nextRange: (_, usual) =>
            change.hides
              ? ListRange.format({
                ...Option.getOrThrow(ListRange.parse(usual)),
                order: Option.none(),
                max: Option.none()
              })
              : usual
        })
        const pages = yield* Effect.result(Stream.runCollect(service.pages(options)))
        if (Result.isFailure(pages)) {
          assert.strictEqual(pages.failure._tag, "InvalidResponse")
        } else {
          completed++
          const listed = pages.success.flatMap(({ items }) => items.map(({ id }): string => id))
          assert.deepStrictEqual(listed, expected, JSON.stringify(change))
        }
      }
      assert.isAbove(completed, changes.length / 4)
    })
)

it.effect.each([1, 4])(
  "a listing with concurrency %d whose end is deleted after a page of one requests both pages again, and completes",
  (concurrency) =>
    Effect.gen(function*() {
      const { service, state } = makeListServer(ids, {
        change: (stored, request) => {
          if (request === 2) stored.splice(1)
        }
      })
      const listed = yield* Stream.runCollect(service.stream({ pageSize: 1, concurrency }))
      assert.deepStrictEqual(listed.map(({ id }): string => id), ids.slice(0, 1))
      if (concurrency === 1) assert.strictEqual(state.requests, 4)
    })
)
