/** Listing with `concurrency`: the same authorizations in the same order as page by page, whatever the ids and the server. */
import { RequestFailed } from "@effect-heroku/core/AuthorizationError"
import type * as AuthorizationService from "@effect-heroku/core/AuthorizationService"
import * as ListRange from "@effect-heroku/core/ListRange"
import { runs } from "@effect-heroku/test-kit/runs"
import { recordSpans } from "@effect-heroku/test-kit/spans"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { type Behaviour, makeListServer, spreadIds, startOf, uuid } from "./fixtures/listServer.ts"

const hex8 = (n: number) => n.toString(16).padStart(8, "0")
const Head = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffffffff }))
const Small = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999 }))

const idsOf = <A, E>(schema: Schema.Codec<A, E>, toId: (value: A) => string) =>
  Arbitrary.map(Arbitrary.array(Arbitrary.schema(schema), { maxLength: 120 }), (values) => values.map(toId))

const distributions = {
  "spread evenly": idsOf(Head, (n) => uuid(n, n)),
  "sharing a prefix": idsOf(Small, (n) => uuid(0x12345678, n)),
  "in clusters": idsOf(
    Schema.Tuple([Schema.Literals([0, 1, 0x7fffffff, 0xfffffff0]), Small]),
    ([head, n]) => uuid(head, n)
  ),
  "dense at first and sparse later": idsOf(
    Schema.Tuple([Schema.Boolean, Head]),
    ([dense, n]) => uuid(dense ? n % 997 : n, n)
  ),
  "that are no UUIDs": idsOf(Schema.Int, (n) => `key-${n}`),
  "of UUIDs and others": idsOf(
    Schema.Tuple([Schema.Boolean, Head]),
    ([other, n]) => other ? `${hex8(n)}x` : uuid(n, n)
  )
}

/** How many event-loop ticks each response takes: responses arrive in any order. */
const delays = Arbitrary.array(
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 }))),
  { maxLength: 12 }
)

const delayBy = (delays: ReadonlyArray<number>): NonNullable<Behaviour["before"]> => (_, request) =>
  Effect.forEach(Array.from({ length: delays[request % delays.length] ?? 0 }), () => Effect.yieldNow, { discard: true })

const settings = Arbitrary.schema(Schema.Struct({
  pageSize: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 20 })),
  order: ListRange.Order,
  concurrency: Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 16 }))
}))

const sorted = (ids: ReadonlyArray<string>, order: ListRange.Order) =>
  order === "asc" ? ids.toSorted() : ids.toSorted().toReversed()

const collect = (service: AuthorizationService.Service, options: AuthorizationService.StreamOptions) =>
  Effect.map(Stream.runCollect(service.stream(options)), (items) => items.map(({ id }): string => id))

const maxRequests = (count: number, { concurrency, pageSize }: { concurrency: number; pageSize: number }) =>
  2 * Math.max(1, Math.ceil(count / pageSize)) + 2 * concurrency

const failure = new RequestFailed({
  operation: "list",
  reason: "connection",
  message: "reset",
  outcomeUnknown: false
})

const aSecond: Behaviour = { before: () => Effect.sleep("1 second") }

/** Lists everything, and returns how many seconds that takes where every request takes one. */
const secondsToList = (ids: ReadonlyArray<string>, options: AuthorizationService.StreamOptions) =>
  Effect.gen(function*() {
    const { service } = makeListServer(ids, aSecond)
    const fiber = yield* Effect.forkChild(
      Effect.andThen(
        collect(service, options),
        (listed) => Effect.map(Clock.currentTimeMillis, (now) => ({ listed: listed.length, seconds: now / 1000 }))
      )
    )
    yield* TestClock.adjust("10 minutes")
    return yield* Fiber.join(fiber)
  })

describe("segments", () => {
  for (const [name, ids] of Object.entries(distributions)) {
    it.effect.prop(
      `a parallel listing returns every authorization once and in order, with ids ${name}`,
      { chunkSize: Small, delays, ids, settings },
      ({ chunkSize, delays, ids, settings }) =>
        Effect.gen(function*() {
          const behaviour = { before: delayBy(delays), chunkSize: 1 + chunkSize % 7 }
          const { service, state, stored } = makeListServer(ids, behaviour)
          assert.deepStrictEqual(yield* collect(service, settings), sorted(stored, settings.order))
          assert.isAtMost(state.requests, maxRequests(stored.length, settings))
          assert.isAtMost(state.maxInFlight, settings.concurrency)
          assert.strictEqual(state.inFlight, 0)

          const pages = yield* Stream.runCollect(service.pages(settings))
          assert.deepStrictEqual(
            pages.flatMap(({ items }) => items.map(({ id }): string => id)),
            sorted(stored, settings.order)
          )
          assert.deepStrictEqual(
            pages.map(({ next }) => Option.isNone(next)),
            pages.map((_, n) => n === pages.length - 1)
          )
          assert.isTrue(stored.length === 0 || pages.every(({ items }) => items.length > 0))
          assert.isTrue(pages.every(({ items }) => items.length <= settings.pageSize))
        }),
      { arbitrary: { runs: runs(100) } }
    )
  }

  it.effect.prop(
    "a parallel listing loses and repeats nothing while authorizations are created and deleted",
    { settings },
    ({ settings }) =>
      Effect.gen(function*() {
        const all = spreadIds(160)
        const staying = all.filter((_, n) => n % 4 < 2)
        const { service } = makeListServer(all.filter((_, n) => n % 4 !== 3), {
          change: (ids, request) => {
            const deleted = ids.indexOf(all[request * 4 + 2] ?? "")
            if (deleted !== -1) ids.splice(deleted, 1)
            const created = all[request * 4 + 3]
            if (created !== undefined) ids.push(created)
          }
        })
        const seen = yield* collect(service, settings)
        assert.deepStrictEqual(seen, sorted([...new Set(seen)], settings.order))
        assert.includeMembers(seen, staying)
      }),
    { arbitrary: { runs: runs(60) } }
  )

  it.effect.prop(
    "a parallel listing from a server that corrupts prefetched pages ends complete or with an error",
    {
      delays,
      settings,
      fault: Arbitrary.schema(Schema.Literals(["goes backwards", "is invalid", "has other ids than UUIDs", "none"]))
    },
    ({ delays, fault, settings }) =>
      Effect.gen(function*() {
        const ids = spreadIds(160)
        const isEstimated = (range: ListRange.ListRange) => Option.exists(range.start, ({ id }) => !ids.includes(id))
        const { service, state, stored } = makeListServer(ids, {
          chunkSize: 3,
          before: delayBy(delays),
          corrupt: (range, page) => {
            if (!isEstimated(range) || page.length <= 10) return
            if (fault === "goes backwards") page.push(...page.splice(5, 1))
            if (fault === "has other ids than UUIDs") page[10] = `${page[10]}x`
          },
          isInvalidChunk: (range, offset) => fault === "is invalid" && isEstimated(range) && offset >= 6
        })
        const seen: Array<string> = []
        const error = yield* Stream.runForEach(service.stream(settings), ({ id }) => Effect.sync(() => seen.push(id)))
          .pipe(Effect.flip, Effect.option)
        const whole = sorted(stored, settings.order)
        if (Option.isSome(error)) {
          assert.strictEqual(error.value._tag, "InvalidResponse")
          assert.notStrictEqual(fault, "none")
        } else if (fault === "has other ids than UUIDs") {
          assert.deepStrictEqual(seen.map((id) => id.slice(0, 36)), whole)
        } else assert.deepStrictEqual(seen, whole)
        assert.isAtMost(state.requests, maxRequests(160, settings))
        assert.isAtMost(state.maxInFlight, settings.concurrency)
        assert.strictEqual(state.inFlight, 0)
      }),
    { arbitrary: { runs: runs(60) } }
  )

  it.effect("a list of one page takes one request", () =>
    Effect.gen(function*() {
      const { service, state } = makeListServer(spreadIds(10))
      yield* collect(service, { pageSize: 10, concurrency: 16 })
      assert.strictEqual(state.requests, 1)
    }))

  const dense = Array.from({ length: 5000 }, (_, n) => uuid(n, n))
  const middle = ListRange.Cursor.make(`id ]${spreadIds(8000).toSorted()[3999]}..; max=1000`)

  it.effect.each<[string, number, AuthorizationService.StreamOptions, number, ReadonlyArray<string>]>([
    ["a list of 14 pages", 2, { concurrency: 16 }, 14_000, spreadIds(14_000)],
    ["a list of 40 pages", 4, { concurrency: 16 }, 40_000, spreadIds(40_000)],
    ["a list of 100 pages", 9, { concurrency: 16 }, 100_000, spreadIds(100_000)],
    ["the second half of a list of 8 pages", 2, { cursor: middle, concurrency: 8 }, 4000, spreadIds(8000)],
    ["a list of 125 pages whose ids become much sparser", 40, { pageSize: 200, concurrency: 16 }, 25_000, [
      ...dense,
      ...spreadIds(20_000)
    ]]
  ])(
    "a parallel listing of %s takes at most %i round trips",
    ([, roundTrips, options, count, ids]) =>
      Effect.gen(function*() {
        const { listed, seconds } = yield* secondsToList(ids, options)
        assert.strictEqual(listed, count)
        assert.isAtMost(seconds, roundTrips)
      })
  )

  it.effect.each(["asc", "desc"] as const)(
    "a parallel listing in %s order uses its whole concurrency and hardly more requests than pages",
    (order) =>
      Effect.gen(function*() {
        const { service, state } = makeListServer(spreadIds(50_000), aSecond)
        const fiber = yield* Effect.forkChild(collect(service, { pageSize: 500, concurrency: 16, order }))
        yield* TestClock.adjust("1 minute")
        assert.lengthOf(yield* Fiber.join(fiber), 50_000)
        assert.strictEqual(state.maxInFlight, 16)
        assert.isAtMost(state.requests, 120)
      })
  )

  it.effect.each(["asc", "desc"] as const)(
    "prefetched ranges in %s order start after UUIDs that can exist",
    (order) =>
      Effect.gen(function*() {
        const ranges: Array<string> = []
        const { service } = makeListServer(spreadIds(300), { before: (range) => Effect.sync(() => ranges.push(range)) })
        yield* collect(service, { pageSize: 20, concurrency: 8, order })
        const form = /^id \][\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\.\.; max=20(?:, order=desc)?$/
        for (const range of ranges.slice(1)) assert.match(range, form)
        const beyond = order === "asc" ? "f".repeat(8) : "0".repeat(8)
        assert.isFalse(ranges.some((range) => range.startsWith(`id ]${beyond}`)))
      })
  )

  it.effect("a parallel listing prefetches nothing where the first page shows no distance between ids", () =>
    Effect.gen(function*() {
      const { service, state } = makeListServer(["00000000-0000-0000-0000-000000000000", uuid(5, 5)])
      yield* collect(service, { pageSize: 1, concurrency: 8 })
      assert.strictEqual(state.requests, 2)
    }))

  it.effect("a parallel listing continues after an empty first page", () =>
    Effect.gen(function*() {
      const corrupt: Behaviour["corrupt"] = (range, page) => startOf(range) === "" && page.splice(0)
      const { service, stored } = makeListServer(spreadIds(60), { corrupt })
      assert.deepStrictEqual(yield* collect(service, { pageSize: 20, concurrency: 4 }), stored.slice(20))
    }))

  it.effect.each<[string, (ids: ReadonlyArray<string>) => string]>([
    ["an inclusive start", (ids) => `id ${ids[20]}..; max=20`],
    ["a start other than a UUID", (ids) => `id ]${ids[19]}x..; max=20`]
  ])("a parallel listing resumes from a cursor with %s", ([, toCursor]) =>
    Effect.gen(function*() {
      const { service, state, stored } = makeListServer(spreadIds(300))
      const cursor = ListRange.Cursor.make(toCursor(stored))
      assert.deepStrictEqual(yield* collect(service, { cursor, concurrency: 8 }), stored.slice(20))
      assert.isAtMost(state.requests, 16)
    }))

  it.effect("a parallel listing resumes from the cursor of any of its pages", () =>
    Effect.gen(function*() {
      const { service, stored } = makeListServer(spreadIds(300), { chunkSize: 1 })
      const options = { pageSize: 20, concurrency: 4, order: "desc" } as const
      const pages = yield* Stream.runCollect(service.pages(options))
      let before = 0
      for (const { items, next } of pages) {
        before += items.length
        if (Option.isNone(next)) continue
        const rest = yield* collect(service, { cursor: next.value, concurrency: 4 })
        assert.deepStrictEqual(rest, sorted(stored, "desc").slice(before))
      }
      assert.strictEqual(before, 300)
    }))

  it.effect("a parallel listing fetches one page when only the first authorizations are taken", () =>
    Effect.gen(function*() {
      const { service, state } = makeListServer(spreadIds(300))
      yield* Stream.runDrain(Stream.take(service.stream({ pageSize: 20, concurrency: 8 }), 20))
      assert.strictEqual(state.requests, 1)
      assert.strictEqual(state.inFlight, 0)
    }))

  it.effect("a parallel listing holds at most `concurrency` unread responses for a slow consumer", () =>
    Effect.gen(function*() {
      const { service, state } = makeListServer(spreadIds(20_000))
      let consumed = 0
      yield* Stream.runForEach(
        Stream.take(service.pages({ pageSize: 20, concurrency: 4 }), 100),
        () =>
          Effect.gen(function*() {
            consumed++
            for (let n = 0; n < 100; n++) yield* Effect.yieldNow
            assert.isAtMost(state.requests - state.read, 5)
          })
      )
      assert.strictEqual(consumed, 100)
    }))

  it.effect("a parallel listing is one span that contains those of its requests", () =>
    Effect.gen(function*() {
      const { spans, tracer } = recordSpans()
      const { service, state } = makeListServer(spreadIds(300))
      yield* Effect.withTracer(collect(service, { pageSize: 20, concurrency: 4 }), tracer)
      const [listing, ...requests] = spans
      assert.lengthOf(requests, state.requests)
      for (const { parent } of requests) {
        assert.strictEqual(Option.getOrUndefined(parent)?.spanId, listing?.spanId)
      }
    }))

  it.effect("interrupting a parallel listing interrupts every request in flight", () =>
    Effect.gen(function*() {
      const arrived = yield* Deferred.make<void>()
      const { service, state } = makeListServer(spreadIds(3000), {
        before: (_, request) =>
          request < 8 ? Effect.void : Effect.andThen(Deferred.succeed(arrived, undefined), Effect.never)
      })
      const fiber = yield* Effect.forkChild(collect(service, { pageSize: 20, concurrency: 8 }))
      yield* Deferred.await(arrived)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(state.inFlight, 0)
    }))

  it.effect("a complete listing interrupts the requests that are still in flight", () =>
    Effect.gen(function*() {
      // All ids are at the start of the space of UUIDs. Requests beyond them get no response.
      const ids = spreadIds(100).map((id) => `0${id.slice(0, 7)}${id.slice(8)}`)
      const { service, state, stored } = makeListServer(ids, {
        before: (range, n) => range > "id ]1" ? Effect.never : Effect.sleep(`${1 + n % 3} seconds`)
      })
      const fiber = yield* Effect.forkChild(collect(service, { pageSize: 20, concurrency: 4 }))
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual(yield* Fiber.join(fiber), stored)
      assert.strictEqual(state.inFlight, 0)
    }))

  describe("with a server that handles estimated starts wrongly", () => {
    const ids = spreadIds(300)
    const known = new Set(ids)
    const options = { pageSize: 20, concurrency: 8 }
    const isKnown = (range: ListRange.ListRange) => ["", ...ids].includes(startOf(range))
    const isKnownText = (range: string) => range.startsWith("id ..") || ids.some((id) => range.includes(id))
    const movedTo = (range: ListRange.ListRange, id: string): ListRange.ListRange =>
      isKnown(range) ? range : { ...range, start: Option.some({ id, exclusive: true }) }

    it.effect.each<[string, Behaviour]>([
      ["ignores them", {
        misread: (range) => ({ ...range, start: Option.filter(range.start, ({ id }) => known.has(id)) })
      }],
      ["takes them for the end", { misread: (range) => movedTo(range, "ffffffff-ffff-ffff-ffff-ffffffffffff") }],
      ["moves them further on", { misread: (range) => movedTo(range, `f${startOf(range).slice(1)}`) }],
      ["skips the first authorization after them", { corrupt: (range, page) => !isKnown(range) && page.shift() }],
      ["returns an invalid authorization after them", { isInvalidChunk: (range) => !isKnown(range) }],
      ["rejects them", { before: (range) => isKnownText(range) ? Effect.void : Effect.fail(failure) }],
      ["fails with a defect", { before: (range) => isKnownText(range) ? Effect.void : Effect.die("unknown start") }],
      ["throws synchronously", { isThrown: (range) => !isKnownText(range) }],
      ["returns a Next-Range of another unit", { nextRange: (range, usual) => isKnown(range) ? usual : "bytes 0-1" }],
      ["returns a Next-Range in another order", {
        nextRange: (range, usual) => isKnown(range) ? usual : `${usual}, order=desc`
      }],
      ["returns a Next-Range that goes backwards", {
        nextRange: (range, usual) => isKnown(range) ? usual : `id ]${uuid(1, 0)}..; max=20`
      }],
      ["returns the requested range as Next-Range", {
        nextRange: (range, usual) => isKnown(range) ? usual : ListRange.format(range)
      }]
    ])("a parallel listing stays complete when the server %s", ([, behaviour]) =>
      Effect.gen(function*() {
        const { service, state, stored } = makeListServer(ids, behaviour)
        assert.deepStrictEqual(yield* collect(service, options), stored)
        assert.isAtMost(state.requests, maxRequests(300, options))
        assert.isAtMost(state.maxInFlight, 8)
      }))

    it.effect("a parallel listing wastes at most twice its concurrency where no segment matches", () =>
      Effect.gen(function*() {
        const { service, state } = makeListServer(ids, { misread: (range) => movedTo(range, uuid(0xfffffff0, 0)) })
        yield* collect(service, options)
        assert.isAtMost(state.requests, 15 + 2 * 8)
      }))
  })

  it.effect("a parallel listing fails with the error of the page that follows, after the pages before it", () =>
    Effect.gen(function*() {
      const { service, state, stored } = makeListServer(spreadIds(300), {
        before: (_, n) => n > 3 ? Effect.fail(failure) : Effect.void
      })
      const seen: Array<string> = []
      const listing = Stream.runForEach(
        service.stream({ pageSize: 20, concurrency: 4 }),
        ({ id }) => Effect.sync(() => seen.push(id))
      )
      assert.strictEqual(yield* Effect.flip(listing), failure)
      assert.isAtLeast(seen.length, 20)
      assert.deepStrictEqual(seen, stored.slice(0, seen.length))
      assert.strictEqual(state.inFlight, 0)
    }))
})
