/** Lists with `concurrency`: the same authorizations in the same order as page by page, whatever the ids and the server. */
import { Authorization } from "@effect-heroku/core/Authorization"
import { type InvalidResponse, invalidResponse, RequestFailed } from "@effect-heroku/core/AuthorizationError"
import type * as AuthorizationService from "@effect-heroku/core/AuthorizationService"
import * as ListRange from "@effect-heroku/core/ListRange"
import { onlyList } from "@effect-heroku/test-kit/onlyList"
import * as payloads from "@effect-heroku/test-kit/payloads"
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

const template = Schema.decodeUnknownSync(Authorization.FromWire)(payloads.direct)
const authorization = (id: string) => new Authorization({ ...template, id: id as Authorization["id"] })

interface Behaviour {
  /** What happens to the ids before a request is answered: authorizations come and go. */
  readonly change?: (ids: Array<string>, request: number) => void
  /** The range that the server makes of the one asked for. */
  readonly misread?: (range: ListRange.ListRange, request: number) => ListRange.ListRange
  /** Whether it answers without giving anything else a turn before. */
  readonly isImmediate?: boolean
  /** What comes before the answer. */
  readonly before?: (range: string, request: number) => Effect.Effect<void, RequestFailed>
  /** What the server makes of the ids of a page. */
  readonly spoil?: (range: ListRange.ListRange, page: Array<string>) => void
  /** The Next-Range of a page that goes on; `next` is the first id of the rest. */
  readonly nextRange?: (range: ListRange.ListRange, usual: string, next: string) => string
  /** What happens when an answer is read. */
  readonly onRead?: () => void
  /** What happens before a part of an answer is read. */
  readonly onPart?: (range: ListRange.ListRange, given: number) => Effect.Effect<void, InvalidResponse>
}

/**
 * A server of a list of ids, in code-unit order, that counts its requests. Streams read its answers in parts of so many
 * authorizations, or as a whole.
 */
const serverOf = (partSize: number) => (ids: ReadonlyArray<string>, behaviour: Behaviour = {}) => {
  const stored = [...new Set(ids)].toSorted()
  const state = { requests: 0, inFlight: 0, most: 0, read: 0 }
  const answer = (range: ListRange.ListRange): AuthorizationService.RangeAnswer => {
    const sign = Option.contains(range.order, "desc") ? -1 : 1
    const compare = (a: string, b: string) => sign * (a < b ? -1 : a > b ? 1 : 0)
    const max = Option.getOrElse(range.max, () => 200)
    const matching = stored.toSorted(compare).filter((id) =>
      (Option.isNone(range.start)
        || (range.start.value.exclusive
          ? compare(id, range.start.value.id) > 0
          : compare(id, range.start.value.id) >= 0))
      && !Option.exists(range.end, (end) => compare(id, end) > 0)
    )
    const page = matching.slice(0, max)
    const usual = ListRange.format({ ...range, start: Option.some({ id: page.at(-1) ?? "", exclusive: true }) })
    const nextRange = matching.length > max
      ? Option.some(behaviour.nextRange?.(range, usual, matching[max]!) ?? usual)
      : Option.none()
    behaviour.spoil?.(range, page)
    const read = () => {
      state.read++
      behaviour.onRead?.()
    }
    const items = Effect.sync(() => {
      read()
      return page.map(authorization)
    })
    let given = 0
    const nextPart = () =>
      Effect.suspend(() => {
        if (given === 0) read()
        const readPart = Effect.sync(() => {
          const items = page.slice(given, given + partSize).map(authorization)
          given += partSize
          return { items, isLast: given >= page.length }
        })
        return behaviour.onPart === undefined ? readPart : Effect.andThen(behaviour.onPart(range, given), readPart)
      })
    return {
      items,
      nextPart: partSize === Infinity ? undefined : nextPart,
      nextRange,
      status: 200,
      requestId: Option.none()
    }
  }
  const service = onlyList((text) =>
    Effect.gen(function*() {
      const request = ++state.requests
      state.most = Math.max(state.most, ++state.inFlight)
      if (behaviour.isImmediate !== true) yield* Effect.yieldNow
      if (behaviour.before !== undefined) yield* behaviour.before(text, request)
      behaviour.change?.(stored, request)
      const range = Option.getOrThrow(ListRange.parse(text))
      return answer(behaviour.misread?.(range, request) ?? range)
    }).pipe(Effect.ensuring(Effect.sync(() => state.inFlight--)))
  )
  return { service, state, stored }
}

const lost = Effect.fail(
  new RequestFailed({ operation: "list", reason: "connection", message: "lost", outcomeUnknown: false })
)

const startOf = ({ start }: ListRange.ListRange): string =>
  Option.match(start, { onNone: () => "", onSome: ({ id }) => id })

const collect = (service: AuthorizationService.Service, options: AuthorizationService.StreamOptions) =>
  Effect.map(Stream.runCollect(service.stream(options)), (items) => items.map(({ id }): string => id))

// -----------------------------------------------------------------------------
// Ids
// -----------------------------------------------------------------------------

const hex = (digits: number) => (n: number) => n.toString(16).padStart(digits, "0")
const uuid = (head: number, tail: number) =>
  `${hex(8)(head)}-${hex(12)(tail).slice(0, 4)}-4${hex(12)(tail).slice(4, 7)}-8${
    hex(12)(tail).slice(7, 10)
  }-000000000000`

const Head = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffffffff }))
const Small = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999 }))

const idsOf = <A, E>(schema: Schema.Codec<A, E>, toId: (value: A) => string) =>
  Arbitrary.map(
    Arbitrary.array(Arbitrary.schema(schema), { maxLength: 120 }),
    (values) => values.map(toId)
  )

const kinds = {
  "spread evenly": idsOf(Head, (n) => uuid(n, n)),
  "sharing a prefix": idsOf(Small, (n) => uuid(0x12345678, n)),
  "in clusters": idsOf(
    Schema.Tuple([Schema.Literals([0, 1, 0x7fffffff, 0xfffffff0]), Small]),
    ([head, n]) => uuid(head, n)
  ),
  "dense at first, then sparse": idsOf(
    Schema.Tuple([Schema.Boolean, Head]),
    ([dense, n]) => uuid(dense ? n % 997 : n, n)
  ),
  "not UUIDs": idsOf(Schema.Int, (n) => `key-${n}`),
  "UUIDs and others": idsOf(Schema.Tuple([Schema.Boolean, Head]), ([other, n]) => other ? `${hex(8)(n)}x` : uuid(n, n))
}

/** How many turns each answer takes: they come in any order. */
const delays = Arbitrary.array(
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 }))),
  { maxLength: 12 }
)

const settings = Arbitrary.schema(Schema.Struct({
  pageSize: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 20 })),
  order: ListRange.Order,
  concurrency: Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 16 }))
}))

const sorted = (ids: ReadonlyArray<string>, order: ListRange.Order) =>
  order === "asc" ? ids.toSorted() : ids.toSorted().toReversed()

// Deterministic, and as good as the UUIDs of Heroku.
const spread = (count: number) => Array.from({ length: count }, (_, n) => uuid(Math.imul(n + 1, 0x9e3779b1) >>> 0, n))

describe.each([
  ["as a whole", Infinity],
  ["in parts", 3]
])("concurrency, with answers read %s", (_, partSize) => {
  const server = serverOf(partSize)

  for (const [kind, ids] of Object.entries(kinds)) {
    it.effect.prop(
      `gives every authorization once and in order, with ids ${kind}`,
      { delays, ids, settings },
      ({ delays, ids, settings }) =>
        Effect.gen(function*() {
          const { service, state, stored } = server(ids, {
            before: (_, request) =>
              Effect.forEach(Array.from({ length: delays[request % delays.length] ?? 0 }), () => Effect.yieldNow, {
                discard: true
              })
          })
          if (partSize === Infinity) {
            const pages = yield* Stream.runCollect(service.pages(settings))
            assert.deepStrictEqual(
              pages.flatMap(({ items }) => items.map(({ id }): string => id)),
              sorted(stored, settings.order)
            )
            assert.isTrue(stored.length === 0 || pages.every(({ items }) => items.length > 0))
          } else {
            assert.deepStrictEqual(yield* collect(service, settings), sorted(stored, settings.order))
          }
          const needed = Math.max(1, Math.ceil(stored.length / settings.pageSize))
          assert.isAtMost(state.requests, 2 * needed)
          assert.isAtMost(state.most, settings.concurrency)
        }),
      { arbitrary: { runs: runs(200) } }
    )
  }

  it.effect.each(["asc", "desc"] as const)(
    "in %s order asks for hardly more pages than one by one, and has as many under way as asked for",
    (order) =>
      Effect.gen(function*() {
        const { service, state } = server(spread(20_000), { before: () => Effect.sleep("1 second") })
        const fiber = yield* Effect.forkChild(collect(service, { pageSize: 200, concurrency: 16, order }))
        yield* TestClock.adjust("1 minute")
        assert.lengthOf(yield* Fiber.join(fiber), 20_000)
        assert.strictEqual(state.most, 16)
        assert.isAtMost(state.requests, 120)
      })
  )

  /** How many pages have come that the consumer did not take, once nothing happens any more. */
  const waiting = (behaviour: Behaviour, consume: (page: number, last: string) => Effect.Effect<void>) =>
    Effect.gen(function*() {
      const { service, state } = server(spread(20_000), { before: () => Effect.sleep("1 second"), ...behaviour })
      let pages = 0
      yield* Effect.forkChild(
        Stream.runForEach(
          service.pages({ pageSize: 20, concurrency: 64 }),
          ({ items }) => consume(++pages, items.at(-1)!.id)
        )
      )
      yield* TestClock.adjust("5 minutes")
      return state.requests - state.inFlight - state.read
    })

  it.effect.each<[string, Behaviour]>([
    ["as Heroku's", {}],
    ["that starts at the next authorization", {
      nextRange: (range, _, next) => ListRange.format({ ...range, start: Option.some({ id: next, exclusive: false }) })
    }]
  ])(
    "has hardly a page waiting for a consumer that is slower, who waits for none, with a Next-Range %s",
    ([, behaviour]) =>
      Effect.gen(function*() {
        let taken = 0
        const pages = yield* waiting(behaviour, () => Effect.delay(Effect.sync(() => taken++), "3 seconds"))
        assert.isAtMost(pages, 2)
        // Of 100. The first pages come after one second each.
        assert.isAtLeast(taken, 97)
      })
  )

  it.effect("has as many pages under way as a consumer needs that is faster than they come, but not than all", () =>
    Effect.gen(function*() {
      let taken = 0
      const most: Array<number> = []
      const { service, state } = server(spread(20_000), { before: () => Effect.sleep("1 second") })
      yield* Effect.forkChild(
        Stream.runForEach(service.pages({ pageSize: 20, concurrency: 64 }), () => {
          most.push(state.requests - state.read)
          return Effect.delay(Effect.sync(() => taken++), "100 millis")
        })
      )
      yield* TestClock.adjust("1 minute")
      // Of 600, without the beginning.
      assert.isAtLeast(taken, 550)
      // Ten pages are read while one comes.
      assert.isAtMost(Math.max(...most.slice(400)), 20)
    }))

  it.effect("goes back to few pages ahead when the consumer gets slower", () =>
    Effect.gen(function*() {
      const pages = yield* waiting({ before: () => Effect.sleep("100 millis") }, (page) =>
        page < 200 ? Effect.void : page < 900 ? Effect.sleep("300 millis") : Effect.never)
      assert.isAtMost(pages, 6)
    }))

  it.effect("has enough pages for a consumer that takes many at once, and then none for a while", () =>
    Effect.gen(function*() {
      let taken = 0
      yield* waiting(
        { before: (_, request) => Effect.sleep(request % 10 === 0 ? "2 seconds" : "200 millis") },
        () => Effect.sleep(++taken % 20 === 0 ? "10 seconds" : 0)
      )
      // Of 600 in thirty pauses.
      assert.isAtLeast(taken, 580)
    }))

  it.effect("takes a server that is slower for a while for one reason to read further ahead, and not for many", () =>
    Effect.gen(function*() {
      const ahead: Array<number> = []
      const { service, state } = server(spread(20_000), {
        // Each of these comes later than the one before is read.
        before: (_, request) => Effect.sleep(request > 480 && request < 500 ? 2000 + 300 * (request - 480) : 1000)
      })
      yield* Effect.forkChild(
        Stream.runForEach(service.pages({ pageSize: 20, concurrency: 64 }), () => {
          ahead.push(state.requests - state.read)
          return Effect.sleep("100 millis")
        })
      )
      yield* TestClock.adjust("1 minute")
      assert.isAbove(ahead.length, 400)
      assert.isAtMost(Math.max(...ahead), 70)
    }))

  it.effect("has more pages waiting where the next one is late", () =>
    Effect.gen(function*() {
      const pages = yield* waiting({
        before: (_, request) => request === 300 ? Effect.never : Effect.sleep("1 second")
      }, () => Effect.void)
      assert.isAtLeast(pages, 120)
      assert.isAtMost(pages, 128)
    }))

  it.effect("asks for nothing more once a guess has failed, until the consumer comes there", () =>
    Effect.gen(function*() {
      let failedAt = Infinity
      const later: Array<string> = []
      yield* waiting({
        before: (range, request) =>
          Effect.gen(function*() {
            if ((yield* Clock.currentTimeMillis) > failedAt) later.push(range)
            yield* Effect.sleep(`${1 + request % 7} seconds`)
            if (request === 100) {
              failedAt = yield* Clock.currentTimeMillis
              return yield* lost
            }
          })
      }, () => failedAt < Infinity ? Effect.never : Effect.void)
      assert.isBelow(failedAt, Infinity)
      assert.deepStrictEqual(later, [])
    }))

  it.effect("is one span with those of all its requests in it, guessed or not", () =>
    Effect.gen(function*() {
      const { spans, tracer } = recordSpans()
      const { service, state } = server(spread(300))
      yield* Effect.withTracer(collect(service, { pageSize: 20, concurrency: 4 }), tracer)
      const [listing, ...requests] = spans
      assert.lengthOf(requests, state.requests)
      for (const { parent } of requests) assert.strictEqual(Option.getOrUndefined(parent), listing)
    }))

  it.effect.each([2, 3])("has no more than %d under way from the start", (concurrency) =>
    Effect.gen(function*() {
      const { service, state } = server(spread(300))
      yield* collect(service, { pageSize: 20, concurrency })
      assert.strictEqual(state.most, concurrency)
    }))

  it.effect("goes on guessing where ids get much sparser, and pages reach beyond several guesses", () =>
    Effect.gen(function*() {
      const dense = Array.from({ length: 500 }, (_, n) => uuid(n, n))
      const { service } = server([...dense, ...spread(2000)], { before: () => Effect.sleep("1 second") })
      const fiber = yield* Effect.forkChild(
        Effect.andThen(collect(service, { pageSize: 20, concurrency: 8 }), Clock.currentTimeMillis)
      )
      yield* TestClock.adjust("3 minutes")
      assert.isAtMost(yield* Fiber.join(fiber), 40_000)
    }))

  it.effect("asks for what guesses have left between them without waiting for the consumer to come there", () =>
    Effect.gen(function*() {
      // Dense and sparse by turns, so that guesses are too far apart again and again.
      const ids = spread(6000).filter((id, n) => n % 4 === 0 || Number.parseInt(id.slice(0, 2), 16) % 8 < 4)
      const { service } = server(ids, { before: () => Effect.sleep("1 second") })
      const fiber = yield* Effect.forkChild(
        Effect.andThen(collect(service, { pageSize: 20, concurrency: 8 }), Clock.currentTimeMillis)
      )
      yield* TestClock.adjust("3 minutes")
      // 188 pages.
      assert.isAtMost(yield* Fiber.join(fiber), 60_000)
    }))

  it.effect("with eight requests under way takes a quarter of the time", () =>
    Effect.gen(function*() {
      const { service } = server(spread(2000), { before: () => Effect.sleep("1 second") })
      const fiber = yield* Effect.forkChild(
        Effect.andThen(collect(service, { pageSize: 20, concurrency: 8 }), Clock.currentTimeMillis)
      )
      yield* TestClock.adjust("2 minutes")
      assert.isAtMost(yield* Fiber.join(fiber), 25_000)
    }))

  it.effect("gets to many requests under way by what is there, too, and not only by what was read", () =>
    Effect.gen(function*() {
      const { service } = server(spread(10_000), { before: () => Effect.sleep("1 second") })
      const fiber = yield* Effect.forkChild(
        Effect.andThen(collect(service, { pageSize: 20, concurrency: 64 }), Clock.currentTimeMillis)
      )
      yield* TestClock.adjust("1 minute")
      // 500 pages.
      assert.isAtMost(yield* Fiber.join(fiber), 16_000)
    }))

  it.effect("takes as little from a cursor in the middle of the list", () =>
    Effect.gen(function*() {
      const { service, stored } = server(spread(4000), { before: () => Effect.sleep("1 second") })
      const cursor = ListRange.Cursor.make(`id ]${stored[1999]}..; max=20`)
      const fiber = yield* Effect.forkChild(
        Effect.andThen(collect(service, { cursor, concurrency: 8 }), Clock.currentTimeMillis)
      )
      for (let second = 0; second < 120; second++) yield* TestClock.adjust("1 second")
      assert.isAtMost(yield* Fiber.join(fiber), 25_000)
    }))

  it.effect.each(["asc", "desc"] as const)(
    "in %s order guesses places after UUIDs, as a server writes them",
    (order) =>
      Effect.gen(function*() {
        const ranges: Array<string> = []
        const { service } = server(spread(300), { before: (range) => Effect.sync(() => ranges.push(range)) })
        yield* collect(service, { pageSize: 20, concurrency: 8, order })
        const form = /^id \][\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\.\.; max=20(?:, order=desc)?$/
        for (const range of ranges.slice(1)) assert.match(range, form)
        // Nor where nothing can be.
        const beyond = order === "asc" ? "f".repeat(8) : "0".repeat(8)
        assert.isFalse(ranges.some((range) => range.startsWith(`id ]${beyond}`)))
      })
  )

  it.effect("guesses nothing where the ids so far tell no distance", () =>
    Effect.gen(function*() {
      const { service, state } = server(["00000000-0000-0000-0000-000000000000", uuid(5, 5)])
      yield* collect(service, { pageSize: 1, concurrency: 8 })
      assert.strictEqual(state.requests, 2)
    }))

  it.effect("does not read beyond the end of a range that has one", () =>
    Effect.gen(function*() {
      const { service, state, stored } = server(spread(300))
      const cursor = ListRange.Cursor.make(`id ]${stored[19]}..${stored[219]}; max=20`)
      assert.deepStrictEqual(yield* collect(service, { cursor, concurrency: 8 }), stored.slice(20, 220))
      assert.strictEqual(state.requests, 10)
    }))

  it.effect.each<[string, (ids: ReadonlyArray<string>) => string]>([
    ["includes where it starts", (ids) => `id ${ids[20]}..; max=20`],
    ["starts after an id that is no UUID", (ids) => `id ]${ids[19]}x..; max=20`]
  ])("resumes from a cursor that %s", ([, toCursor]) =>
    Effect.gen(function*() {
      const { service, stored } = server(spread(300))
      const cursor = ListRange.Cursor.make(toCursor(stored))
      assert.deepStrictEqual(yield* collect(service, { cursor, concurrency: 8 }), stored.slice(20))
    }))

  it.effect("reads one by one where some ids are no UUIDs", () =>
    Effect.gen(function*() {
      const { service, state, stored } = server(spread(300).map((id, n) => n % 3 === 0 ? `${id}x` : id))
      assert.deepStrictEqual(yield* collect(service, { pageSize: 20, concurrency: 8 }), stored)
      assert.isAtMost(state.requests, 19)
    }))

  it.effect("a list that fits one page takes one request", () =>
    Effect.gen(function*() {
      const { service, state } = server(spread(10))
      yield* collect(service, { pageSize: 10, concurrency: 16 })
      assert.strictEqual(state.requests, 1)
    }))

  it.effect("resumes from the cursor of any page", () =>
    Effect.gen(function*() {
      const { service, stored } = server(spread(300))
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

  it.effect("does not read on when only the first are taken", () =>
    Effect.gen(function*() {
      const { service, state } = server(spread(300))
      yield* Stream.runDrain(Stream.take(service.stream({ pageSize: 20, concurrency: 8 }), 20))
      assert.strictEqual(state.requests, 1)
      yield* Stream.runDrain(Stream.take(service.pages({ pageSize: 20, concurrency: 8 }), 2))
      assert.isAtMost(state.requests, 5)
      assert.strictEqual(state.inFlight, 0)
    }))

  it.effect("reads the pages that it fetches ahead when they are wanted, and not before", () =>
    Effect.gen(function*() {
      const { service, state } = server(spread(3000), { before: () => Effect.sleep("1 second") })
      const pages = 7
      const fiber = yield* Effect.forkChild(
        Stream.runForEach(Stream.take(service.pages({ pageSize: 20, concurrency: 8 }), pages), () =>
          Effect.sync(() => {
            assert.isAtMost(state.read, pages)
          }))
      )
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      assert.isAbove(state.requests, pages)
      assert.strictEqual(state.read, pages)
    }))

  it.effect("reads no page before the requests are sent that were made meanwhile", () =>
    Effect.gen(function*() {
      let unsent = 0
      const unsentAtRead: Array<number> = []
      const { service } = server(spread(3000), {
        // As undici, which sends a request in the next turn.
        before: () =>
          Effect.callback((resume) => {
            unsent++
            setImmediate(() => {
              unsent--
              resume(Effect.void)
            })
          }),
        onRead: () => unsentAtRead.push(unsent)
      })
      yield* collect(service, { pageSize: 20, concurrency: 8 })
      assert.isAbove(unsentAtRead.length, 150)
      // But for the few that follow for sure, which are read as they come.
      assert.isAtMost(unsentAtRead.filter((count) => count > 0).length, 8)
    }))

  it.effect("fetches no further ahead of a slow consumer than twice as many pages as are under way", () =>
    Effect.gen(function*() {
      const { service, state } = server(spread(20_000))
      let consumed = 0
      yield* Stream.runForEach(
        Stream.take(service.pages({ pageSize: 20, concurrency: 4 }), 100),
        () =>
          Effect.gen(function*() {
            consumed++
            for (let n = 0; n < 100; n++) yield* Effect.yieldNow
            assert.isAtMost(state.requests, consumed + 8)
          })
      )
    }))

  it.effect("goes on fetching while the consumer is busy with a page", () =>
    Effect.gen(function*() {
      const { service, state } = server(spread(3000), { before: () => Effect.sleep("1 second") })
      let requests = 0
      const fiber = yield* Effect.forkChild(
        Stream.runForEach(
          Stream.drop(service.pages({ pageSize: 20, concurrency: 4 }), 20),
          () => Effect.andThen(Effect.sync(() => requests = state.requests), Effect.never)
        )
      )
      yield* TestClock.adjust("1 minute")
      assert.isAbove(requests, 20)
      assert.isAbove(state.requests, requests)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(state.inFlight, 0)
    }))

  // What the properties above have found, for mutants.
  it.effect.each([
    ["15e18210-0000-415e-8182", "0e0f0b89-0000-40e0-8f0b", "2992dd83-0000-4299-82dd"],
    ["12345678-0000-4000-8001", "12345678-0000-4000-8002", "12345678-0000-4000-8000"],
    ["7fffffff-0000-4000-8000", "00000001-0000-4000-8000", "00000001-0000-4000-8001"],
    ["00000000-0000-4000-8000", "00001229-0000-4000-8012", "18c8211c-0000-418c-8821"],
    ["00000001-0000-4000-8000", "7fffffff-0000-4000-8000", "fffffff0-0000-4000-8000"],
    ["00000000-0000-4000-8000", "00001c6b-0000-4000-801c", "000003b5-0000-4fff-8fff"],
    ["00000000-0000-4000-8000", "c45f28f6-0000-4c45-8f28", "40070511-0000-4400-8705"],
    ["7fffffff-0000-4000-8000", "7fffffff-0000-4000-8001", "00000000-0000-4000-8000"],
    ["00000000-0000-4000-8000", "00000001-0000-4000-8000", "003e55a5-0000-4003-8e55"]
  ])("costs three pages no more than six requests, and gives no empty page: %s", (heads) =>
    Effect.gen(function*() {
      for (const order of ["asc", "desc"] as const) {
        for (const concurrency of [3, 4, 6, 14, 16]) {
          const { service, state } = server(heads.map((head) => `${head}-000000000000`))
          const pages = yield* Stream.runCollect(service.pages({ pageSize: 1, order, concurrency }))
          assert.deepStrictEqual(pages.map(({ items }) => items.length), [1, 1, 1])
          assert.isAtMost(state.requests, 6)
        }
      }
    }))

  it.effect("takes the last page, too, from the guess that has it", () =>
    Effect.gen(function*() {
      const ids = spread(300)
      const lastOfPages = new Set<string>()
      const sure: Array<string> = []
      const { service } = server(ids, {
        before: (range) => {
          if ([...lastOfPages].some((id) => range.includes(id))) sure.push(range)
          return Effect.sleep("1 second")
        }
      })
      const fiber = yield* Effect.forkChild(
        Stream.runForEach(service.pages({ pageSize: 20, concurrency: 8 }), ({ items }) =>
          Effect.sync(() => lastOfPages.add(items.at(-1)!.id)))
      )
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      // The second, which there is no guess for yet.
      assert.lengthOf(sure, 1)
    }))

  it.effect("asks for nothing more once the list is complete, however long its last page is kept", () =>
    Effect.gen(function*() {
      // All at the beginning of the ids there can be: no guess is beyond their end. Places beyond the last are not answered.
      const ids = spread(100).map((id) => `0${id.slice(0, 7)}${id.slice(8)}`)
      const { service, state } = server(ids, {
        before: (range, n) => range > "id ]1" ? Effect.never : Effect.sleep(`${1 + n % 3} seconds`)
      })
      let atLast = 0
      const fiber = yield* Effect.forkChild(
        Stream.runForEach(service.pages({ pageSize: 20, concurrency: 4 }), ({ next }) =>
          Option.isSome(next)
            ? Effect.void
            : Effect.andThen(Effect.sync(() => atLast = state.requests), Effect.never))
      )
      for (let second = 0; second < 100; second++) yield* TestClock.adjust("1 second")
      assert.isAtMost(state.requests, 10)
      assert.deepStrictEqual([state.requests, state.inFlight], [atLast, 0])
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("lets no guess take the place of the page that follows for sure, also while a page is consumed", () =>
    Effect.gen(function*() {
      // Guesses are far beyond the second page, because the ids of the first lie far apart, as the last do.
      const ids = [
        ...spread(20).map((id) => `0${id.slice(1)}`).toSorted(),
        ...Array.from({ length: 205 }, (_, n) => uuid(2 ** 28, 256 * n)),
        ...spread(400).filter((id) => id > "2").toSorted()
      ]
      const lastOfPages = ids.filter((_, n) => n % 20 === 19)
      const guesses: Array<string> = []
      const { service } = server(ids, {
        before: (range) => {
          if (range.startsWith("id ..") || lastOfPages.some((id) => range.includes(id))) return Effect.sleep("1 second")
          guesses.push(range)
          return guesses.length === 1 ? Effect.sleep("2 seconds") : Effect.sleep("1 hour")
        }
      })
      let pages = 0
      const fiber = yield* Effect.forkChild(
        Stream.runForEach(
          service.pages({ pageSize: 20, concurrency: 2 }),
          () => Effect.andThen(Effect.sync(() => pages++), Effect.sleep("10 seconds"))
        )
      )
      for (let second = 0; second < 35; second++) yield* TestClock.adjust("1 second")
      assert.isAbove(guesses.length, 1)
      assert.strictEqual(pages, 4)
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("asks for the page that follows for sure before any guess", () =>
    Effect.gen(function*() {
      const ids = spread(300)
      const isSure: Array<boolean> = []
      const { service } = server(ids, {
        before: (range) => Effect.sync(() => isSure.push(ids.some((id) => range.includes(id))))
      })
      yield* Stream.runDrain(Stream.take(service.pages({ pageSize: 20, concurrency: 8 }), 3))
      assert.isTrue(isSure[1])
      assert.include(isSure.slice(2), false)
    }))

  it.effect("gets as far as one by one where few requests are left", () =>
    Effect.gen(function*() {
      const failure = new RequestFailed({
        operation: "list",
        reason: "timeout",
        message: "none left",
        outcomeUnknown: false
      })
      const { service } = server(spread(300), { before: (_, n) => n > 3 ? Effect.fail(failure) : Effect.void })
      let pages = 0
      const list = Stream.runForEach(
        service.pages({ pageSize: 20, concurrency: 4 }),
        () => Effect.sync(() => pages++)
      )
      assert.strictEqual(yield* Effect.flip(list), failure)
      assert.strictEqual(pages, 3)
    }))

  it.effect.each<[string, (usual: string, asked: string) => string]>([
    ["is none", () => "bytes 0-1"],
    ["has another order", (usual) => `${usual}, order=desc`],
    ["leads back", () => `id ]${uuid(1, 0)}..; max=20`],
    ["leads nowhere", (_, asked) => asked]
  ])("a guess whose Next-Range %s costs nothing but itself", ([, change]) =>
    Effect.gen(function*() {
      const ids = spread(300)
      const { service, state, stored } = server(ids, {
        nextRange: (range, usual) =>
          ["", ...ids].includes(startOf(range)) ? usual : change(usual, ListRange.format(range))
      })
      const options = { pageSize: 20, concurrency: 4 }
      assert.deepStrictEqual(yield* collect(service, options), stored)
      assert.isAbove(state.requests, 15)
      assert.isAtMost(state.requests, 19)
      assert.lengthOf(yield* Stream.runCollect(service.pages(options)), 15)
    }))

  it.effect("a guess that throws costs nothing but itself", () =>
    Effect.gen(function*() {
      const ids = spread(300)
      const { service, stored } = server(ids)
      const guessless = onlyList((range) => {
        if (!range.startsWith("id ..") && !ids.some((id) => range.includes(id))) throw new Error("no such place")
        const { max, start } = Option.getOrThrow(ListRange.parse(range))
        const cursor = Option.isSome(start) ? ListRange.Cursor.make(range) : undefined
        return Effect.map(
          service.list({ cursor, pageSize: Option.getOrUndefined(max) }),
          ({ items, next }) => ({
            items: Effect.succeed(items),
            nextRange: next,
            status: 200,
            requestId: Option.none()
          })
        )
      })
      assert.deepStrictEqual(yield* collect(guessless, { pageSize: 20, concurrency: 4 }), stored)
    }))

  it.effect.each([2, 3, 16])(
    "lists from a server that answers at once, with %d under way",
    (concurrency) =>
      Effect.gen(function*() {
        const { service, state, stored } = server(spread(3000), { isImmediate: true })
        assert.deepStrictEqual(yield* collect(service, { pageSize: 20, concurrency }), stored)
        // A place is guessed once.
        assert.isAtMost(state.requests, 175)
        assert.strictEqual(state.most, 1)
      })
  )

  it.effect("interrupting it interrupts every request", () =>
    Effect.gen(function*() {
      const arrived = yield* Deferred.make<void>()
      const { service, state } = server(spread(3000), {
        before: (_, request) =>
          request < 8 ? Effect.void : Effect.andThen(Deferred.succeed(arrived, undefined), Effect.never)
      })
      const fiber = yield* Effect.forkChild(collect(service, { pageSize: 20, concurrency: 8 }))
      yield* Deferred.await(arrived)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(state.inFlight, 0)
    }))

  it.effect.prop(
    "authorizations that come and go meanwhile cost none of the others, and none comes twice",
    { settings },
    ({ settings }) =>
      Effect.gen(function*() {
        const all = spread(400)
        const staying = all.filter((_, n) => n % 4 < 2)
        const { service } = server(all.filter((_, n) => n % 4 !== 3), {
          change: (ids, request) => {
            const leaving = ids.indexOf(all[request * 4 + 2] ?? "")
            if (leaving !== -1) ids.splice(leaving, 1)
            const coming = all[request * 4 + 3]
            if (coming !== undefined) ids.push(coming)
          }
        })
        const seen = yield* collect(service, settings)
        assert.deepStrictEqual(seen, sorted([...new Set(seen)], settings.order))
        assert.includeMembers(seen, staying)
      }),
    { arbitrary: { runs: runs(100) } }
  )

  it.effect("goes on one by one with a server that takes only its own ids for a start", () =>
    Effect.gen(function*() {
      const ids = spread(300)
      const known = new Set(ids)
      const { service, state, stored } = server(ids, {
        misread: (range) => ({ ...range, start: Option.filter(range.start, ({ id }) => known.has(id)) })
      })
      assert.deepStrictEqual(yield* collect(service, { pageSize: 20, concurrency: 8 }), stored)
      // Two guesses, and none after the answer to the first, which makes no sense.
      assert.strictEqual(state.requests, 17)
    }))

  it.effect("asks for no place twice where a server comes to take places for the beginning", () =>
    Effect.gen(function*() {
      const ids = spread(600)
      const known = new Set(ids)
      const ranges: Array<string> = []
      const { service, stored } = server(ids, {
        before: (range) => Effect.sync(() => ranges.push(range)),
        misread: (range, request) =>
          request > 12 ? { ...range, start: Option.filter(range.start, ({ id }) => known.has(id)) } : range
      })
      assert.deepStrictEqual(yield* collect(service, { pageSize: 20, concurrency: 8 }), stored)
      assert.lengthOf([...new Set(ranges)], ranges.length)
    }))

  it.effect.each<[string, (range: ListRange.ListRange, known: ReadonlySet<string>) => ListRange.ListRange]>([
    [
      "takes a place that it does not know for the end",
      (range, known) =>
        Option.exists(range.start, ({ id }) => !known.has(id))
          ? { ...range, start: Option.some({ id: "ffffffff-ffff-ffff-ffff-ffffffffffff", exclusive: true }) }
          : range
    ],
    ["takes a place that it does not know for one further on", (range, known) => ({
      ...range,
      start: Option.map(range.start, (start) => known.has(start.id) ? start : { ...start, id: `f${start.id.slice(1)}` })
    })]
  ])("loses nothing with a server that %s", ([, misread]) =>
    Effect.gen(function*() {
      const ids = spread(300)
      const known = new Set(ids)
      const { service, state, stored } = server(ids, { misread: (range) => misread(range, known) })
      assert.deepStrictEqual(yield* collect(service, { pageSize: 20, concurrency: 8 }), stored)
      assert.isAtMost(state.requests, 30)
    }))

  it.effect("a failed guess costs nothing but itself; a failure of the page that follows is the listing's", () =>
    Effect.gen(function*() {
      const ids = spread(300)
      const failure = new RequestFailed({
        operation: "list",
        reason: "timeout",
        message: "too slow",
        outcomeUnknown: false
      })
      const isGuess = (range: string) => !ids.some((id) => range.includes(id)) && !range.startsWith("id ..")
      const guessless = server(ids, { before: (range) => isGuess(range) ? Effect.fail(failure) : Effect.void })
      assert.lengthOf(yield* collect(guessless.service, { pageSize: 20, concurrency: 8 }), 300)
      const broken = server(ids, {
        before: (range, n) => n > 9 || (n > 3 && isGuess(range)) ? Effect.fail(failure) : Effect.void
      })
      const error = yield* Effect.flip(collect(broken.service, { pageSize: 20, concurrency: 8 }))
      assert.strictEqual(error, failure)
      assert.strictEqual(broken.state.inFlight, 0)
    }))
})

describe("a page that was guessed and is given out in parts", () => {
  const invalid = invalidResponse({
    operation: "list",
    status: 200,
    message: "The body is not what it should be",
    requestId: Option.none()
  })

  it.effect.prop(
    "ends complete or with an error",
    {
      delays,
      settings,
      fault: Arbitrary.schema(
        Schema.Literals(["goes backwards", "is invalid", "has other ids than UUIDs", "none"])
      )
    },
    ({ delays, fault, settings }) =>
      Effect.gen(function*() {
        const ids = spread(400)
        const isGuess = (range: ListRange.ListRange) => Option.exists(range.start, ({ id }) => !ids.includes(id))
        const { service, state, stored } = serverOf(3)(ids, {
          before: (_, request) =>
            Effect.forEach(Array.from({ length: delays[request % delays.length] ?? 0 }), () => Effect.yieldNow, {
              discard: true
            }),
          spoil: (range, page) => {
            if (fault === "goes backwards" && isGuess(range) && page.length > 10) page.push(...page.splice(5, 1))
            if (fault === "has other ids than UUIDs" && isGuess(range) && page.length > 10) page[10] = `${page[10]}x`
          },
          onPart: (range, given) =>
            fault === "is invalid" && isGuess(range) && given >= 6 ? Effect.fail(invalid) : Effect.void
        })
        const seen: Array<string> = []
        const error = yield* Stream.runForEach(service.stream(settings), ({ id }) => Effect.sync(() => seen.push(id)))
          .pipe(Effect.flip, Effect.option)
        const whole = sorted(stored, settings.order)
        if (Option.isSome(error)) {
          assert.strictEqual(error.value._tag, "InvalidResponse")
          assert.notStrictEqual(fault, "none")
        } else if (fault !== "has other ids than UUIDs") assert.deepStrictEqual(seen, whole)
        else assert.deepStrictEqual(seen.map((id) => id.slice(0, 36)), whole)
        assert.isAtMost(state.requests, 2 * Math.ceil(400 / settings.pageSize))
        assert.isAtMost(state.most, settings.concurrency)
        assert.strictEqual(state.inFlight, 0)
      }),
    { arbitrary: { runs: runs(200) } }
  )

  it.effect("leads to the same requests as one that is read as a whole", () =>
    Effect.gen(function*() {
      const requests = yield* Effect.forEach([Infinity, 3, 10], (partSize) =>
        Effect.gen(function*() {
          const { service, state } = serverOf(partSize)(spread(3000), { before: () => Effect.sleep("1 second") })
          const fiber = yield* Effect.forkChild(collect(service, { pageSize: 20, concurrency: 8 }))
          for (let second = 0; second < 60; second++) yield* TestClock.adjust("1 second")
          assert.lengthOf(yield* Fiber.join(fiber), 3000)
          return state.requests
        }))
      assert.deepStrictEqual(requests, Array.from({ length: 3 }, () => requests[0]))
    }))

  it.effect("fails as any other where its rest is invalid, and keeps what was before", () =>
    Effect.gen(function*() {
      const ids = spread(300)
      const { service, state, stored } = serverOf(3)(ids, {
        onPart: ({ start }, given) =>
          given >= 9 && Option.exists(start, ({ id }) => !ids.includes(id)) ? Effect.fail(invalid) : Effect.void
      })
      const seen: Array<string> = []
      const listing = Stream.runForEach(service.stream({ pageSize: 20, concurrency: 4 }), ({ id }) =>
        Effect.sync(() => seen.push(id)))
      assert.strictEqual(yield* Effect.flip(listing), invalid)
      assert.isAbove(seen.length, 20)
      assert.deepStrictEqual(seen, stored.slice(0, seen.length))
      assert.strictEqual(state.inFlight, 0)
    }))

  it.effect("lets others be fetched meanwhile, beyond itself", () =>
    Effect.gen(function*() {
      const starts: Array<string> = []
      /** Where the page starts that is given out, and how many requests were made before. */
      let current = { start: "", requests: 0 }
      const { service, state, stored } = serverOf(3)(spread(3000), {
        before: (range) => {
          starts.push(startOf(Option.getOrThrow(ListRange.parse(range))))
          return Effect.sleep("1 second")
        },
        onPart: (range, given) =>
          Effect.sync(() => {
            if (given === 0) current = { start: startOf(range), requests: starts.length }
          })
      })
      const fiber = yield* Effect.forkChild(
        Stream.runForEachArray(Stream.drop(service.stream({ pageSize: 20, concurrency: 8 }), 405), () => Effect.never)
      )
      yield* TestClock.adjust("2 minutes")
      const page = stored.filter((id) => id > current.start).slice(0, 20)
      const meanwhile = starts.slice(current.requests)
      assert.isAbove(meanwhile.length, 0)
      assert.deepStrictEqual(meanwhile.filter((start) => start < page.at(-1)!), [])
      // Of these nothing was read.
      assert.isAbove(state.requests, state.read + 8)
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("lets nothing more be asked for where the list ends with it", () =>
    Effect.gen(function*() {
      // All at the beginning of the ids there can be: no guess is beyond their end. Places beyond the last are not answered.
      const ids = spread(100).map((id) => `0${id.slice(0, 7)}${id.slice(8)}`).toSorted()
      const { service, state } = serverOf(3)(ids, {
        before: (range, n) => range > "id ]1" ? Effect.never : Effect.sleep(`${1 + n % 3} seconds`)
      })
      let atLast = 0
      let seen = 0
      const fiber = yield* Effect.forkChild(
        Stream.runForEachArray(service.stream({ pageSize: 20, concurrency: 4 }), (items) => {
          seen += items.length
          return seen <= 96
            ? Effect.void
            : Effect.andThen(Effect.sync(() => atLast = state.requests), Effect.never)
        })
      )
      for (let second = 0; second < 100; second++) yield* TestClock.adjust("1 second")
      assert.isAbove(atLast, 0)
      assert.isAtMost(state.requests, 10)
      assert.deepStrictEqual([state.requests, state.inFlight], [atLast, 0])
      yield* Fiber.interrupt(fiber)
    }))
})
