import { Authorization, AuthorizationId } from "@effect-heroku/core/Authorization"
import {
  type InvalidResponse,
  invalidResponse,
  type ListError,
  RequestFailed
} from "@effect-heroku/core/AuthorizationError"
import * as AuthorizationService from "@effect-heroku/core/AuthorizationService"
import * as ListRange from "@effect-heroku/core/ListRange"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { recordSpans } from "@effect-heroku/test-kit/spans"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

const decode = Schema.decodeUnknownSync(Authorization.FromWire)
const authorization = (id: string) => decode({ ...payloads.full, id })
const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`

/** Endpoints that count their calls; `answer` says what a range gets. */
const scripted = (answer: (range: string, call: number) => Partial<AuthorizationService.RangeAnswer>) => {
  const calls: Array<string> = []
  const one = (name: string) => () =>
    Effect.sync(() => {
      calls.push(name)
      return authorization(uuid(1))
    })
  const service = AuthorizationService.make({
    create: one("create"),
    info: one("info"),
    update: one("update"),
    regenerate: one("regenerate"),
    delete: one("delete"),
    list: (range) =>
      Effect.sync(() => {
        calls.push(range)
        return {
          items: Effect.succeed([]),
          nextRange: Option.none(),
          status: 200,
          requestId: Option.some("request-1"),
          ...answer(range, calls.length)
        }
      })
  })
  return { service, calls }
}

/** Answers each range in turn; a call too many dies. */
const pagesOf = (...answers: ReadonlyArray<readonly [ids: ReadonlyArray<string>, next?: string]>) =>
  scripted((_, call) => {
    const page = answers[call - 1]
    assert.isDefined(page, "one request too many")
    return {
      items: Effect.succeed(page[0].map(authorization)),
      nextRange: Option.fromUndefinedOr(page[1]),
      status: 206
    }
  })

const ids = (items: ReadonlyArray<Authorization>): ReadonlyArray<string> => items.map(({ id }) => id)

const leadsBack = "Next-Range leads back"
const unreadable = "Next-Range is not a range that the list can go on with"
const repeats = "The list repeats an authorization, or goes backwards"

describe("input", () => {
  const { calls, service } = scripted(() => ({}))
  const id = AuthorizationId.make(uuid(1))
  const bad = (text: string) => text as AuthorizationId
  const wiped = Redacted.make("gone")
  Redacted.wipeUnsafe(wiped)

  it.effect.each(
    [
      ["info", "id", service.info(bad(""))],
      ["info", "id", service.info(bad(".."))],
      ["update", "id", service.update(bad("\ud800"), { description: "x" })],
      ["update", "description", service.update(id, {})],
      ["update", "client.secret", service.update(id, { client: { id: "c", secret: Redacted.make("") } })],
      ["regenerate", "id", service.regenerate(bad("."))],
      ["delete", "id", service.delete(bad("a\n"))],
      ["info", "id", service.info([uuid(1)] as never)],
      // What the types forbid, as a JavaScript program may do it.
      ["create", "scope", service.create({ scope: [] as never })],
      ["create", "expiresIn", service.create({ scope: ["global"], expiresIn: Duration.seconds(-1) })],
      ["create", "expiresIn", service.create({ scope: ["global"], expiresIn: Duration.millis(1) })],
      ["create", "input", service.create(undefined as never)],
      ["list", "pageSize", service.list({ pageSize: 0 })],
      ["list", "pageSize", service.list({ pageSize: 1001 })],
      ["list", "pageSize", service.list({ pageSize: 2.5 })],
      ["list", "order", service.list({ order: "up" as never })],
      ["list", "cursor", service.list({ cursor: "garbage" as ListRange.Cursor })],
      ["list", "options", service.list(7 as never)],
      ["list", "concurrency", Stream.runDrain(service.pages({ concurrency: 0 }))],
      ["list", "concurrency", Stream.runDrain(service.pages({ concurrency: 1.5 }))],
      ["list", "pageSize", Stream.runDrain(service.stream({ pageSize: -1 }))]
    ] as const
  )("%s refuses what is wrong with its %s, before any request", ([operation, field, call]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip<unknown, { readonly _tag: string }, never>(call)
      assert(error._tag === "InvalidParams" && "field" in error && "message" in error && "operation" in error)
      assert.deepStrictEqual(error.field, Option.some(field))
      assert.strictEqual(error.operation, operation)
      assert.include(String(error.message), field)
      assert.notProperty(error, "status")
      assert.deepStrictEqual(calls, [])
    }))

  it.effect("says how many requests may be under way at once", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Stream.runDrain(service.pages({ concurrency: 0 })))
      assert.strictEqual(error.message, "concurrency: must be a whole number, one or more")
    }))

  it.effect("refuses what cannot be read", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(service.update(id, { client: { id: "c", secret: wiped } }))
      assert(error._tag === "InvalidParams")
      assert.deepStrictEqual([error.field, error.message], [Option.some("input"), "input: cannot be read"])
      assert.deepStrictEqual(calls, [])
    }))

  it.effect("does not quote a secret that it refuses", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        service.update(id, { client: { id: "c", secret: "hunter2" as never } })
      )
      assert.notInclude(JSON.stringify(error) + String(error), "hunter2")
    }))
})

describe("pages", () => {
  it.effect("follows Next-Range, verbatim, until a page has none", () =>
    Effect.gen(function*() {
      const ranges = [`id ]${uuid(2)}..; max=2,order=asc;`, `id  ${uuid(3)}..;max=2;`] as const
      const { calls, service } = pagesOf([[uuid(1), uuid(2)], ranges[0]], [[], ranges[1]], [[uuid(3)]])
      const pages = yield* Stream.runCollect(service.pages({ pageSize: 2 }))
      assert.deepStrictEqual(pages.map((page) => ids(page.items)), [[uuid(1), uuid(2)], [], [uuid(3)]])
      assert.deepStrictEqual(calls, ["id ..; max=2", ...ranges])
    }))

  it.effect("fetches nothing before it is pulled, and no page more than is taken", () =>
    Effect.gen(function*() {
      const { calls, service } = pagesOf([[uuid(1)], `id ]${uuid(1)}..; max=1`], [[uuid(2)], `id ]${uuid(2)}..; max=1`])
      const first = service.stream({ pageSize: 1 }).pipe(Stream.take(2))
      assert.deepStrictEqual(calls, [])
      assert.deepStrictEqual(ids(yield* Stream.runCollect(first)), [uuid(1), uuid(2)])
      assert.lengthOf(calls, 2)
    }))

  it.effect("starts again when it is run again", () =>
    Effect.gen(function*() {
      const { calls, service } = scripted((range) =>
        range === "id ..; max=1"
          ? { items: Effect.succeed([authorization("x")]), nextRange: Option.some("id ]x..; max=1") }
          : { items: Effect.succeed([authorization("y")]) }
      )
      const stream = service.stream({ pageSize: 1 })
      yield* Stream.runDrain(stream)
      assert.deepStrictEqual(ids(yield* Stream.runCollect(stream)), ["x", "y"])
      assert.lengthOf(calls, 4)
    }))

  it.effect("follows a Next-Range that writes an id that is no UUID in another way", () =>
    Effect.gen(function*() {
      const { calls, service } = pagesOf([["x"], "id ]%78..; max=1"], [["y"]])
      yield* Stream.runDrain(service.pages({ pageSize: 1 }))
      assert.deepStrictEqual(calls, ["id ..; max=1", "id ]%78..; max=1"])
    }))

  it.effect("asks for what Next-Range leaves out, so that the server does not go on with its defaults", () =>
    Effect.gen(function*() {
      const { calls, service } = pagesOf([[uuid(9)], `id ]${uuid(9)}..`], [[uuid(8)], `id ]${uuid(8)}..; max=1`], [[]])
      yield* Stream.runDrain(service.pages({ pageSize: 1, order: "desc" }))
      assert.deepStrictEqual(calls, [
        "id ..; max=1, order=desc",
        `id ]${uuid(9)}..; max=1, order=desc`,
        `id ]${uuid(8)}..; max=1, order=desc`
      ])
    }))

  it.effect("keeps its page size when the server gives smaller pages, so that a cursor fits its own listing", () =>
    Effect.gen(function*() {
      const { calls, service } = pagesOf([[uuid(1)], `id ]${uuid(1)}..; max=1`], [[uuid(2)]])
      const { next } = yield* service.list({ pageSize: 1000 })
      yield* service.list({ pageSize: 1000, cursor: Option.getOrThrow(next) })
      assert.deepStrictEqual(calls, ["id ..; max=1000", `id ]${uuid(1)}..; max=1000`])
    }))

  it.effect("an empty list is one empty, complete page", () =>
    Effect.gen(function*() {
      const { service } = pagesOf([[]])
      assert.deepStrictEqual(yield* Stream.runCollect(service.pages()), [{ items: [], next: Option.none() }])
    }))

  it.effect("a page that lost all its authorizations meanwhile does not end the list", () =>
    Effect.gen(function*() {
      const { service } = pagesOf(
        [[uuid(1)], `id ]${uuid(1)}..; max=1`],
        [[], `id ]${uuid(5)}..; max=1`],
        [[uuid(6)], `id ]${uuid(6)}..; max=1`],
        [[], `id ]${uuid(7)}..; max=1`],
        [[uuid(8)]]
      )
      assert.deepStrictEqual(ids(yield* Stream.runCollect(service.stream({ pageSize: 1 }))), [
        uuid(1),
        uuid(6),
        uuid(8)
      ])
    }))

  it.effect("a list goes on whose first page lost all its authorizations, or has no UUIDs", () =>
    Effect.gen(function*() {
      for (const first of [[], ["x"]]) {
        const { service } = pagesOf([first, `id ]${uuid(5)}..; max=1`], [[uuid(6)]])
        assert.deepStrictEqual(ids(yield* Stream.runCollect(service.stream({ pageSize: 1 }))), [...first, uuid(6)])
      }
    }))

  it.effect("ids that are not UUIDs come in whatever order the server has", () =>
    Effect.gen(function*() {
      const others = ["b", "a", `x${uuid(2)}`, `x${uuid(1)}`, `${uuid(2)}x`, `${uuid(1)}x`]
      const { service } = pagesOf([[...others, uuid(1)]])
      assert.deepStrictEqual(ids((yield* service.list()).items), [...others, uuid(1)])
    }))

  it.effect("goes on after its last one where Next-Range begins further on, and includes where it begins", () =>
    Effect.gen(function*() {
      const { calls, service } = pagesOf([[uuid(1), uuid(2)], `id ${uuid(9)}..; max=2`], [[uuid(3)]])
      const all = yield* Stream.runCollect(service.stream({ pageSize: 2 }))
      assert.deepStrictEqual(ids(all), [uuid(1), uuid(2), uuid(3)])
      assert.strictEqual(calls.at(-1), `id ]${uuid(2)}..; max=2`)
    }))

  const resume = `id ]${uuid(5)}..; max=1`

  it.effect.each<[string, ReturnType<typeof pagesOf>, number, string]>([
    ["the same Next-Range again", pagesOf([["x"], "id ]x..; max=1"], [["y"], "id ]x..; max=1"]), 2, leadsBack],
    [
      "a circle of Next-Ranges",
      pagesOf([["x"], "id ]x..; max=1"], [["y"], "id ]y..; max=1"], [["z"], "id ]x..; max=1"]),
      3,
      leadsBack
    ],
    ["a Next-Range that leads back", pagesOf([[uuid(5)], `id ]${uuid(4)}..; max=1`]), 1, leadsBack],
    ["a Next-Range that leads back, inclusively", pagesOf([[uuid(5)], `id ${uuid(4)}..; max=1`]), 1, leadsBack],
    ["a Next-Range that cannot be read", pagesOf([[uuid(1)], "bytes 0-499"]), 1, unreadable],
    ["a Next-Range without start", pagesOf([[uuid(1)], "id ..; max=1"]), 1, unreadable],
    ["a Next-Range that makes the API answer 500", pagesOf([[uuid(1)], "id ]..; max=1"]), 1, unreadable],
    ["a Next-Range in the other order", pagesOf([[uuid(1)], `id ]${uuid(1)}..; max=1, order=desc`]), 1, unreadable],
    [
      "a Next-Range that skips authorizations",
      pagesOf([[uuid(1)], `id ]${uuid(3)}..; max=1`]),
      1,
      "Next-Range skips authorizations after the last one of the page"
    ],
    [
      "a Next-Range that begins after what is no UUID",
      pagesOf([[uuid(1)], "id ]x..; max=1"]),
      1,
      "Next-Range skips authorizations after the last one of the page"
    ],
    [
      "a Next-Range that begins with what is no UUID",
      pagesOf([[uuid(1)], `id }${uuid(1)}..; max=1`]),
      1,
      "Next-Range skips authorizations after the last one of the page"
    ],
    [
      "a Next-Range with an end that nobody asked for",
      pagesOf([[uuid(1)], `id ]${uuid(1)}..${uuid(2)}; max=1`]),
      1,
      unreadable
    ],
    [
      "one empty page after another",
      pagesOf([[], "id ]x..; max=1"], [[], "id ]y..; max=1"]),
      2,
      "The list goes on and on without authorizations"
    ],
    ["a page that repeats the last authorization", pagesOf([[uuid(5)], resume], [[uuid(5), uuid(6)]]), 2, repeats],
    [
      "a page that repeats an id that is no UUID",
      pagesOf([["x"], "id ]x..; max=1"], [["x"]]),
      2,
      "The list repeats an authorization"
    ],
    ["a page that goes backwards", pagesOf([[uuid(5)], resume], [[uuid(3)]]), 2, repeats],
    ["a page out of order", pagesOf([[uuid(2), uuid(1)]]), 1, repeats]
  ])("ends with InvalidResponse on %s", ([, { calls, service }, requests, message]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Stream.runDrain(service.pages({ pageSize: 1 })))
      assert(error._tag === "InvalidResponse")
      assert.deepStrictEqual([error.operation, error.status, error.requestId, error.message], [
        "list",
        206,
        Option.some("request-1"),
        message
      ])
      assert.lengthOf(calls, requests)
    }))
})

describe("an answer that is read in parts", () => {
  type Parts = ReadonlyArray<ReadonlyArray<string> | InvalidResponse>

  /** Answers each range with parts. Whole they are not read. */
  const partsOf = (...answers: ReadonlyArray<readonly [parts: Parts, next?: string | undefined]>) => {
    const state = { read: 0, asked: new Set<number>() }
    const list = scripted((_, call) => {
      const answer = answers[call - 1]
      assert.isDefined(answer, "one request too many")
      const [parts, next] = answer
      let index = 0
      return {
        items: Effect.die(new Error("read whole")),
        nextPart: (about) =>
          Effect.suspend(() => {
            state.read++
            state.asked.add(about)
            const part = parts[index++]
            assert.isDefined(part, "read beyond its end")
            return "_tag" in part
              ? Effect.fail(part)
              : Effect.succeed({ items: part.map(authorization), isLast: index === parts.length })
          }),
        nextRange: Option.fromUndefinedOr(next),
        status: 206
      }
    })
    return { ...list, state }
  }

  const invalid = invalidResponse({ operation: "list", status: 200, message: "no JSON", requestId: Option.none() })

  const collected = Effect.fnUntraced(function*(service: AuthorizationService.Service) {
    const seen: Array<string> = []
    const error = yield* Stream.runForEach(
      service.stream({ pageSize: 4 }),
      ({ id }) => Effect.sync(() => seen.push(id))
    )
      .pipe(Effect.flip, Effect.option)
    return [seen, Option.map(error, ({ message }) => message)] as const
  })

  it.effect("is the same to a stream, one part after the other", () =>
    Effect.gen(function*() {
      const { calls, service } = partsOf(
        [[[uuid(1), uuid(2)], [uuid(3)], [uuid(4)]], `id ]${uuid(4)}..; max=4`],
        [[[]], `id ]${uuid(9)}..; max=4`],
        [[["x"], ["y", uuid(5)]]]
      )
      assert.deepStrictEqual(yield* collected(service), [
        [uuid(1), uuid(2), uuid(3), uuid(4), "x", "y", uuid(5)],
        Option.none()
      ])
      assert.deepStrictEqual(calls, ["id ..; max=4", `id ]${uuid(4)}..; max=4`, `id ]${uuid(9)}..; max=4`])
    }))

  it.effect("is read no further than somebody takes", () =>
    Effect.gen(function*() {
      const { calls, service, state } = partsOf([[[uuid(1)], [uuid(2)], invalid], `id ]${uuid(3)}..; max=4`])
      assert.lengthOf(yield* Stream.runCollect(Stream.take(service.stream({ pageSize: 4 }), 2)), 2)
      assert.strictEqual(state.read, 2)
      assert.lengthOf(calls, 1)
    }))

  it.effect("is read in parts of some twenty", () =>
    Effect.gen(function*() {
      for (const concurrency of [undefined, 1, 16]) {
        const { service, state } = partsOf([[[uuid(1)], [uuid(2)], [uuid(3)]]])
        assert.lengthOf(yield* Stream.runCollect(service.stream({ concurrency })), 3)
        assert.deepStrictEqual([...state.asked], [20])
      }
    }))

  it.effect.each<[string, Parts, string | undefined, number, string]>([
    ["a part that is invalid", [[uuid(1)], [uuid(2)], invalid], undefined, 2, "no JSON"],
    ["a part that goes back", [[uuid(2)], [uuid(1)]], undefined, 1, repeats],
    ["a part that repeats the last of the one before", [[uuid(1)], [uuid(1)]], undefined, 1, repeats],
    ["a part that repeats what is no UUID", [["x"], [uuid(1), "x"]], undefined, 1, "The list repeats an authorization"],
    ["a Next-Range that leads back", [[uuid(1)], [uuid(5)]], `id ]${uuid(4)}..; max=4`, 1, leadsBack],
    [
      "a Next-Range that skips what comes after the last part",
      [[uuid(1)], [uuid(5)]],
      `id ]${uuid(6)}..; max=4`,
      1,
      "Next-Range skips authorizations after the last one of the page"
    ],
    [
      "a Next-Range that skips what comes after the last part but one, when the last is empty",
      [[uuid(1)], [uuid(5)], []],
      `id ]${uuid(6)}..; max=4`,
      2,
      "Next-Range skips authorizations after the last one of the page"
    ],
    ["a Next-Range that is none", [[uuid(1)], [uuid(5)]], "bytes 0-1", 1, unreadable]
  ])(
    "ends with InvalidResponse at %s, and gives what was before",
    ([, parts, next, before, message]) =>
      Effect.gen(function*() {
        const { service } = partsOf([parts, next])
        const given = parts.slice(0, before).flatMap((part) => "_tag" in part ? [] : part)
        assert.deepStrictEqual(yield* collected(service), [given, Option.some(message)])
      })
  )

  it.effect("is read whole for a page", () =>
    Effect.gen(function*() {
      const { service } = scripted(() => ({
        items: Effect.succeed([authorization(uuid(1))]),
        nextPart: () => Effect.die(new Error("read in parts"))
      }))
      assert.lengthOf((yield* service.list()).items, 1)
      assert.lengthOf(yield* Stream.runCollect(service.pages()), 1)
    }))
})

describe("cursor", () => {
  const cursor = ListRange.Cursor.make(`id ]${uuid(5)}..; max=2, order=desc`)

  it.effect("resumes with the page size and order of its listing", () =>
    Effect.gen(function*() {
      const { calls, service } = pagesOf([[uuid(4)]])
      assert.deepStrictEqual(ids((yield* service.list({ cursor })).items), [uuid(4)])
      assert.deepStrictEqual(calls, [cursor])
    }))

  it.effect("comes out of a page as text that JSON keeps", () =>
    Effect.gen(function*() {
      const { service } = pagesOf([[uuid(1)], `id ]${uuid(1)}..; max=1`])
      const { next } = yield* service.list({ pageSize: 1 })
      const stored = JSON.stringify(Option.getOrThrow(next))
      assert.strictEqual(
        yield* Schema.decodeUnknownEffect(ListRange.Cursor)(JSON.parse(stored)),
        Option.getOrThrow(next)
      )
    }))

  it.effect("takes the page size and order of its listing for no others", () =>
    Effect.gen(function*() {
      const { calls, service } = pagesOf([[]])
      yield* service.list({ cursor, pageSize: 2, order: "desc" })
      assert.deepStrictEqual(calls, [cursor])
    }))

  it.effect("that includes where it starts gets what is there", () =>
    Effect.gen(function*() {
      const { service } = pagesOf([[uuid(5), uuid(6)]])
      const inclusive = ListRange.Cursor.make(`id ${uuid(5)}..; max=2`)
      assert.deepStrictEqual(ids((yield* service.list({ cursor: inclusive })).items), [uuid(5), uuid(6)])
    }))

  it.effect("that includes where it starts still does after an empty page", () =>
    Effect.gen(function*() {
      const { service } = pagesOf([[], `id ${uuid(5)}..; max=2, order=asc`], [[uuid(5), uuid(6)]])
      const inclusive = ListRange.Cursor.make(`id ${uuid(5)}..; max=2`)
      assert.deepStrictEqual(
        ids(yield* Stream.runCollect(service.stream({ cursor: inclusive }))),
        [uuid(5), uuid(6)]
      )
    }))

  it.effect.each([1, 2])(
    "goes on after a page that lost all its authorizations meanwhile, with %d under way",
    (concurrency) =>
      Effect.gen(function*() {
        const { service } = pagesOf([[], `id ]${uuid(3)}..; max=2, order=desc`], [[uuid(2)]])
        assert.deepStrictEqual(ids(yield* Stream.runCollect(service.stream({ cursor, concurrency }))), [uuid(2)])
      })
  )

  it.effect.each(
    [
      [{ pageSize: 3 }, "comes from a listing in pages of 2, not 3"],
      [{ order: "asc" }, "comes from a listing in desc order, not asc"]
    ] as const
  )("is refused with %j, which is not its listing's", ([options, problem]) =>
    Effect.gen(function*() {
      const { calls, service } = pagesOf()
      const error = yield* Effect.flip(service.list({ cursor, ...options }))
      assert(error._tag === "InvalidParams")
      assert.deepStrictEqual([error.field, error.message], [Option.some("cursor"), `cursor: ${problem}`])
      assert.lengthOf(calls, 0)
    }))

  it.effect("notices a server that ignores where it starts", () =>
    Effect.gen(function*() {
      const { service } = pagesOf([[uuid(9), uuid(8)], `id ]${uuid(8)}..; max=2, order=desc`])
      assert.strictEqual((yield* Effect.flip(service.list({ cursor })))._tag, "InvalidResponse")
    }))
})

describe("spans", () => {
  it.effect("each operation has one of its name, and each page one", () =>
    Effect.gen(function*() {
      const { spans, tracer } = recordSpans()
      const { service } = pagesOf([[], "id ]x..; max=1"], [[]], [[]])
      const id = AuthorizationId.make("x")
      yield* Effect.gen(function*() {
        yield* Stream.runDrain(service.pages({ pageSize: 1 }))
        yield* Stream.runDrain(service.stream({ pageSize: 1 }))
        yield* service.create({ scope: ["global"] })
        yield* service.info(id)
        yield* service.update(id, { description: "" })
        yield* service.regenerate(id)
        yield* service.delete(id)
      }).pipe(Effect.withTracer(tracer))
      assert.deepStrictEqual(
        spans.map(({ name }) => name),
        ["pages", "list", "list", "stream", "list", "create", "info", "update", "regenerate", "delete"].map((name) =>
          `AuthorizationService.${name}`
        )
      )
    }))

  it.effect.each(["pages", "stream"] as const)(
    "of %s is that of a whole listing, and its requests are part of it",
    (name) =>
      Effect.gen(function*() {
        const { spans, tracer } = recordSpans()
        const listings = () => spans.flatMap((span) => span.name === `AuthorizationService.${name}` ? [span] : [])
        const outcomes = () => listings().map(({ status }) => status._tag === "Ended" ? status.exit._tag : status._tag)
        const { service } = pagesOf(
          [[uuid(1)], `id ]${uuid(1)}..; max=1`],
          [[uuid(1)], `id ]${uuid(1)}..; max=1`],
          [[uuid(2)]],
          [[uuid(1)], `id ]${uuid(1)}..; max=1`],
          [[uuid(1)]]
        )
        const listing = (pageSize: number): Stream.Stream<unknown, ListError> => service[name]({ pageSize })
        const seen = yield* Effect.gen(function*() {
          yield* Stream.runDrain(Stream.take(listing(1), 1))
          const afterwards = Stream.fromEffect(Effect.sync(outcomes))
          const seen = yield* Stream.runLast(Stream.concat(listing(1), afterwards))
          yield* Effect.flip(Stream.runDrain(listing(1)))
          yield* Effect.flip(Stream.runDrain(listing(0)))
          return seen
        }).pipe(Effect.withTracer(tracer))
        assert.deepStrictEqual(seen, Option.some(["Success", "Success"]))
        assert.deepStrictEqual(outcomes(), ["Success", "Success", "Failure", "Failure"])
        assert.deepStrictEqual(
          spans.flatMap(({ name, parent }) =>
            name === "AuthorizationService.list"
              ? [listings().findIndex((span) => span === Option.getOrUndefined(parent))]
              : []
          ),
          [0, 1, 1, 2, 2]
        )
      })
  )

  it.effect("of a listing ends with it, however long its scope lasts", () =>
    Effect.gen(function*() {
      const { spans, tracer } = recordSpans()
      const { service } = pagesOf([[uuid(1)], `id ]${uuid(1)}..; max=1`], [[uuid(1)]], [[uuid(1)]])
      const statusAfter = (pulls: number) =>
        Effect.gen(function*() {
          spans.length = 0
          const pull = yield* Stream.toPull(service.stream({ pageSize: 1, concurrency: 2 }))
          for (let n = 0; n < pulls; n++) yield* Effect.exit(pull)
          const status = spans[0]!.status
          return status._tag === "Ended" ? status.exit._tag : status._tag
        }).pipe(Effect.scoped, Effect.withTracer(tracer))
      assert.strictEqual(yield* statusAfter(2), "Failure")
      assert.strictEqual(yield* statusAfter(1), "Started")
      assert.strictEqual(spans[0]?.status._tag, "Ended")
    }))

  it.effect("says which authorization it is about, or which range of the list", () =>
    Effect.gen(function*() {
      const { spans, tracer } = recordSpans()
      const { service } = scripted(() => ({}))
      const id = AuthorizationId.make("x")
      yield* Effect.gen(function*() {
        yield* service.create({ scope: ["global"] })
        yield* service.list({ pageSize: 1 })
        yield* service.info(id)
        yield* service.update(id, { description: "" })
        yield* service.regenerate(id)
        yield* service.delete(id)
      }).pipe(Effect.withTracer(tracer))
      assert.deepStrictEqual(
        spans.map(({ attributes }) => Object.fromEntries(attributes)),
        [
          {},
          { "heroku.range": "id ..; max=1" },
          ...Array.from({ length: 4 }, () => ({ "heroku.authorization.id": "x" }))
        ]
      )
    }))
})

describe("errors", () => {
  it.effect("of an endpoint come out unchanged", () =>
    Effect.gen(function*() {
      const failure = new RequestFailed({
        operation: "info",
        reason: "timeout",
        message: "No complete answer within 30 seconds",
        outcomeUnknown: false
      })
      const { service } = scripted(() => ({}))
      const broken = AuthorizationService.make({
        ...service,
        info: () => Effect.fail(failure),
        list: () => Effect.fail(failure)
      })
      assert.strictEqual(yield* Effect.flip(broken.info(AuthorizationId.make("x"))), failure)
      assert.strictEqual(yield* Effect.flip(Stream.runDrain(broken.stream())), failure)
    }))
})
