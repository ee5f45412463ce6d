/**
 * The behaviour that every implementation of `AuthorizationService` must show, as a suite to run on your own layer.
 *
 * Only what can be seen through the service is here; what a request looks like on the wire is not. Time is the real one,
 * so that a layer may wait: for a server in another process, or before it tries again.
 */
import { AuthorizationId, type CreateAuthorization } from "@effect-heroku/core/Authorization"
import type { AuthorizationError } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService, type Page, type Service } from "@effect-heroku/core/AuthorizationService"
import { Cursor } from "@effect-heroku/core/ListRange"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { inspect } from "node:util"

/** What the suite may be told. */
export interface Options {
  /** How long each test may take. By default as long as any test of the runner's; a server far away needs more. */
  readonly timeout?: Duration.Input | undefined
  /**
   * An OAuth client that exists, and its secret. Only with it the suite shows what `create` and `update` do for a client.
   */
  readonly client?: { readonly id: string; readonly secret: Redacted.Redacted } | undefined
}

/**
 * Declares a suite of tests named `name`. Each builds `layer` anew. The account may have authorizations: the tests leave
 * them alone, and delete what they made.
 *
 * **Gotchas**
 *
 * Nobody else may change the account meanwhile. One of the tests makes 201 authorizations, ten at a time; all together
 * make about a thousand requests.
 *
 * **Example**
 *
 * ```ts
 * AuthorizationContract.suite("a layer that counts what is deleted", layer)
 * ```
 */
export const suite = (name: string, layer: Layer.Layer<AuthorizationService, unknown>, options?: Options): void => {
  const timeout = options?.timeout === undefined
    ? undefined
    : Duration.toMillis(Duration.fromInputUnsafe(options.timeout))
  const test: Test = (sentence, body) =>
    it.live(sentence, () => Effect.provide(AuthorizationService.use((service) => run(service, body)), layer), timeout)

  // oxlint-disable-next-line vitest/valid-title -- the caller names the suite
  describe(name, () => {
    describe("create", () => {
      test("fills in what the input leaves out", (service) =>
        Effect.gen(function*() {
          const made = yield* service.create({ scope: ["global"] })
          assert.deepStrictEqual(made.scope, ["global"])
          assert.isTrue(Option.exists(made.description, (description) => description !== ""))
          const token = Option.getOrThrow(made.accessToken)
          assert.isNotEmpty(Redacted.value(token.token))
          assert.deepStrictEqual(token.expiresIn, Option.none())
          assert.isTrue(Option.isNone(made.client))
          assert.isTrue(Option.isNone(made.grant))
          assert.deepStrictEqual(made.createdAt, made.updatedAt)
        }))

      test("takes what the input says", (service) =>
        Effect.gen(function*() {
          const made = yield* service.create({
            scope: ["read", "write-protected", "a scope to come"],
            description: "nächtlich \"quoted\" 🌙",
            expiresIn: Duration.hours(2)
          })
          assert.deepStrictEqual(made.scope, ["read", "write-protected", "a scope to come"])
          assert.deepStrictEqual(made.description, Option.some("nächtlich \"quoted\" 🌙"))
          assertRemaining(made, Duration.hours(2))
        }))

      test("takes an empty description, and a lifetime of nothing", (service) =>
        Effect.gen(function*() {
          const made = yield* service.create({ scope: ["read"], description: "", expiresIn: Duration.zero })
          assert.deepStrictEqual(made.description, Option.some(""))
          assertRemaining(made, Duration.zero)
        }))

      test("makes another authorization each time", (service) =>
        Effect.gen(function*() {
          const one = yield* service.create({ scope: ["read"], description: "twin" })
          const other = yield* service.create({ scope: ["read"], description: "twin" })
          assert.notStrictEqual(one.id, other.id)
          assert.notStrictEqual(secret(one), secret(other))
        }))

      test("refuses an input that no request should carry", (service, before) =>
        Effect.gen(function*() {
          const refused = (input: CreateAuthorization) => Effect.flip(service.create(input))
          assertInvalid(yield* refused(unchecked({ scope: [] })), "create", "scope")
          assertInvalid(yield* refused({ scope: [""] }), "create", "scope")
          for (const expiresIn of [Duration.seconds(-1), Duration.millis(1500), Duration.infinity]) {
            assertInvalid(yield* refused({ scope: ["read"], expiresIn }), "create", "expiresIn")
          }
          assertInvalid(yield* refused({ scope: ["read"], client: "" }), "create", "client")
          assert.deepStrictEqual(idsOf(yield* Stream.runCollect(service.pages())), before)
        }))

      test("for a client that does not exist fails, and makes nothing", (service, before) =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(service.create({ scope: ["read"], client: missing }))
          assert.notStrictEqual(error._tag, "RequestFailed")
          assert.deepStrictEqual(idsOf(yield* Stream.runCollect(service.pages())), before)
        }))
    })

    describe("info", () => {
      test("answers what create made", (service) =>
        Effect.gen(function*() {
          const made = yield* service.create({ scope: ["identity"], description: "made", expiresIn: Duration.hours(1) })
          yield* service.create({ scope: ["read"] })
          const read = yield* service.info(made.id)
          assert.deepStrictEqual(facts(read), facts(made))
          assertRemaining(read, Duration.hours(1))
        }))

      test("of one that does not exist is NotFound, and names it", (service) =>
        Effect.gen(function*() {
          assertNotFound(yield* Effect.flip(service.info(missing)), "info", missing)
        }))
    })

    describe("update", () => {
      test("changes the description and nothing else", (service) =>
        Effect.gen(function*() {
          const made = yield* service.create({ scope: ["read"], description: "before" })
          const updated = yield* service.update(made.id, { description: "after" })
          assert.deepStrictEqual(facts(updated), { ...facts(made), description: Option.some("after") })
          const read = yield* service.info(made.id)
          assert.deepStrictEqual(facts(read), facts(updated))
          assert.deepStrictEqual(read.updatedAt, updated.updatedAt)
          assert.isTrue(DateTime.isGreaterThanOrEqualTo(updated.updatedAt, made.updatedAt))
        }))

      test("takes an empty description for one", (service) =>
        Effect.gen(function*() {
          const made = yield* service.create({ scope: ["read"], description: "before" })
          assert.deepStrictEqual((yield* service.update(made.id, { description: "" })).description, Option.some(""))
        }))

      test("of one that does not exist is NotFound, and names it", (service) =>
        Effect.gen(function*() {
          assertNotFound(yield* Effect.flip(service.update(missing, { description: "x" })), "update", missing)
        }))

      test("refuses an input that changes nothing, or no request should carry", (service) =>
        Effect.gen(function*() {
          const { id } = yield* service.create({ scope: ["read"] })
          assertInvalid(yield* Effect.flip(service.update(id, {})), "update", "description")
          const client = { id: "", secret: Redacted.make("s") }
          assertInvalid(yield* Effect.flip(service.update(id, { client })), "update", "client.id")
        }))

      test("to a client that does not exist fails, and changes nothing", (service) =>
        Effect.gen(function*() {
          const made = yield* service.create({ scope: ["read"], description: "before" })
          const client = { id: missing, secret: Redacted.make("no secret of anybody") }
          const error = yield* Effect.flip(service.update(made.id, { description: "after", client }))
          assert.notStrictEqual(error._tag, "RequestFailed")
          assert.deepStrictEqual(facts(yield* service.info(made.id)), facts(made))
        }))
    })

    describe("regenerate", () => {
      test("replaces the tokens, and keeps the rest", (service) =>
        Effect.gen(function*() {
          const made = yield* service.create({ scope: ["read"], expiresIn: Duration.hours(3) })
          const once = yield* service.regenerate(made.id)
          const twice = yield* service.regenerate(made.id)
          assert.strictEqual(once.id, made.id)
          assert.strictEqual(new Set([secret(made), secret(once), secret(twice)]).size, 3)
          assert.deepStrictEqual(once.scope, made.scope)
          assert.deepStrictEqual(once.description, made.description)
          assertRemaining(twice, Duration.hours(3))
          assert.isTrue(DateTime.isGreaterThanOrEqualTo(once.updatedAt, made.updatedAt))
          assert.isTrue(DateTime.isGreaterThanOrEqualTo(twice.updatedAt, once.updatedAt))
          const read = yield* service.info(made.id)
          assert.deepStrictEqual(read.updatedAt, twice.updatedAt)
          assert.notStrictEqual(secret(read), secret(made))
          assert.deepStrictEqual(facts(read), facts(twice))
        }))

      test("of one that does not exist is NotFound, and names it", (service) =>
        Effect.gen(function*() {
          assertNotFound(yield* Effect.flip(service.regenerate(missing)), "regenerate", missing)
        }))
    })

    describe("delete", () => {
      test("answers what it deleted, which is then gone", (service, before) =>
        Effect.gen(function*() {
          const made = yield* service.create({ scope: ["read"], description: "doomed" })
          const kept = yield* service.create({ scope: ["read"] })
          assert.deepStrictEqual(facts(yield* service.delete(made.id)), facts(made))
          assertNotFound(yield* Effect.flip(service.info(made.id)), "info", made.id)
          assertNotFound(yield* Effect.flip(service.delete(made.id)), "delete", made.id)
          assert.deepStrictEqual(idsOf(yield* Stream.runCollect(service.pages())), sorted([...before, kept.id]))
        }))
    })

    describe("list", () => {
      test("is complete, and of an empty account one empty page", (service, before) =>
        Effect.gen(function*() {
          const pages = yield* Stream.runCollect(service.pages())
          assert.deepStrictEqual(idsOf(pages), before)
          assert.isTrue(Option.isNone(pages.at(-1)!.next))
          if (before.length > 0) return
          const empty: Page = { items: [], next: Option.none() }
          assert.deepStrictEqual(pages, [empty])
          assert.deepStrictEqual(yield* service.list(), empty)
          assert.deepStrictEqual(yield* Stream.runCollect(service.stream()), [])
        }))

      test("comes in pages of the size asked for, the last one shorter", (service, before) =>
        Effect.gen(function*() {
          yield* createMany(service, 5)
          const total = before.length + 5
          let pageSize = pageSizeFor(total)
          while (total % pageSize === 0) pageSize++
          const pages = yield* Stream.runCollect(service.pages({ pageSize }))
          const sizes = pages.map(({ items }) => items.length)
          assert.deepStrictEqual(sizes, [...sizes.slice(1).map(() => pageSize), total % pageSize])
          assert.deepStrictEqual(pages.map(({ next }) => Option.isSome(next)), sizes.map((size) => size === pageSize))
        }))

      test("that ends with a full page ends there", (service, before) =>
        Effect.gen(function*() {
          const { length } = yield* createMany(service, 10 - (before.length % 5))
          const pageSize = (before.length + length) / 5
          const pages = yield* Stream.runCollect(service.pages({ pageSize }))
          assert.deepStrictEqual(pages.map(({ items }) => items.length), Array.from({ length: 5 }, () => pageSize))
        }))

      test(
        "comes in pages of 1 to 1000, and of 1000 when nothing is said",
        (service, before) =>
          Effect.gen(function*() {
            const made = yield* createMany(service, 201)
            const all = sorted([...before, ...made])
            const first = yield* service.list()
            assert.deepStrictEqual(idsOf([first]), all.slice(0, 1000))
            assert.deepStrictEqual(idsOf([yield* service.list({ pageSize: 1000 })]), all.slice(0, 1000))
            assert.deepStrictEqual(idsOf([yield* service.list({ pageSize: 1 })]), all.slice(0, 1))
            const [page] = yield* Stream.runCollect(Stream.take(service.pages(), 1))
            assert.deepStrictEqual(page && idsOf([page]), all.slice(0, 1000))
            const last = yield* service.list({ pageSize: 1, order: "desc" })
            assert.deepStrictEqual(idsOf([last]), all.slice(-1))
          })
      )

      test("is in order of the ids, ascending unless asked otherwise", (service, before) =>
        Effect.gen(function*() {
          const ids = sorted([...before, ...yield* createMany(service, 25)])
          const pageSize = pageSizeFor(ids.length)
          assert.deepStrictEqual(idsOf(yield* Stream.runCollect(service.pages({ pageSize }))), ids)
          assert.deepStrictEqual(idsOf(yield* Stream.runCollect(service.pages({ pageSize, order: "asc" }))), ids)
          const descending = yield* Stream.runCollect(service.pages({ pageSize, order: "desc" }))
          assert.deepStrictEqual(idsOf(descending), ids.toReversed())
        }))

      test("holds the authorizations themselves", (service) =>
        Effect.gen(function*() {
          const made = yield* service.create({ scope: ["read", "x"], description: "listed" })
          const listed = (yield* Stream.runCollect(service.stream())).filter(({ id }) => id === made.id)
          assert.deepStrictEqual(listed.map(facts), [facts(made)])
          const pages = yield* Stream.runCollect(service.pages())
          const paged = pages.flatMap(({ items }) => items).filter(({ id }) => id === made.id)
          assert.deepStrictEqual(paged.map(facts), [facts(made)])
          const { items } = yield* service.list()
          assert.deepStrictEqual(items.map(facts), pages[0]?.items.map(facts))
        }))

      test(
        "as a stream is the pages one after another, whatever the concurrency",
        (service, before) =>
          Effect.gen(function*() {
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
      )

      test("can be left at any point, and read again", (service, before) =>
        Effect.gen(function*() {
          const ids = sorted([...before, ...yield* createMany(service, 5)])
          const stream = service.stream({ pageSize: 2 })
          for (let taken = 0; taken <= 5; taken++) {
            const some = yield* stream.pipe(Stream.take(taken), Stream.runCollect)
            assert.deepStrictEqual(some.map(({ id }) => id), ids.slice(0, taken))
          }
        }))

      test("is fetched as it is pulled", (service, before) =>
        Effect.gen(function*() {
          const made = sorted(yield* createMany(service, 6))
          const last = AuthorizationId.make(made.at(-1)!)
          // Deleted when the first page is there; a page that was fetched ahead would still have it.
          const pageSize = pageSizeFor(before.length + 6)
          const seen = yield* service.pages({ pageSize }).pipe(
            Stream.mapEffect((page) => Effect.as(Effect.ignore(service.delete(last)), page)),
            Stream.runCollect
          )
          assert.deepStrictEqual(idsOf(seen), sorted([...before, ...made.slice(0, -1)]))
        }))

      test("is fetched as it is pulled, also as a stream", (service, before) =>
        Effect.gen(function*() {
          const made = sorted(yield* createMany(service, 6))
          const last = AuthorizationId.make(made.at(-1)!)
          const seen = yield* service.stream({ pageSize: pageSizeFor(before.length + 6) }).pipe(
            Stream.mapEffect(({ id }, index) =>
              index === 0 ? Effect.as(Effect.ignore(service.delete(last)), id) : Effect.succeed(id)
            ),
            Stream.runCollect
          )
          assert.deepStrictEqual(seen, sorted([...before, ...made.slice(0, -1)]))
        }))

      test("goes on exactly where a cursor was left, in any process", (service, before) =>
        Effect.gen(function*() {
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
        }))

      test("refuses a cursor of a listing in other pages or another order", (service) =>
        Effect.gen(function*() {
          yield* createMany(service, 3)
          const cursor = Option.getOrThrow((yield* service.list({ pageSize: 2 })).next)
          assertInvalid(yield* Effect.flip(service.list({ cursor, pageSize: 3 })), "list", "cursor")
          assertInvalid(yield* Effect.flip(service.list({ cursor, order: "desc" })), "list", "cursor")
          const streamed = Stream.runCollect(service.stream({ cursor, pageSize: 1 }))
          assertInvalid(yield* Effect.flip(streamed), "list", "cursor")
        }))

      test("refuses options that do not make sense", (service) =>
        Effect.gen(function*() {
          for (const pageSize of [0, -1, 1001, 1.5, Number.NaN]) {
            assertInvalid(yield* Effect.flip(service.list({ pageSize })), "list", "pageSize")
            assertInvalid(yield* Effect.flip(Stream.runCollect(service.pages({ pageSize }))), "list", "pageSize")
          }
          const concurrency = Stream.runCollect(service.stream({ concurrency: 0 }))
          assertInvalid(yield* Effect.flip(concurrency), "list", "concurrency")
          const cursor = service.list({ cursor: unchecked("id ]..; max=2") })
          assertInvalid(yield* Effect.flip(cursor), "list", "cursor")
        }))

      test("loses nothing to deletions while it is read", (service, before) =>
        Effect.gen(function*() {
          const made = sorted(yield* createMany(service, 6))
          const all = sorted([...before, ...made])
          // A first page up to the second of ours, which the cursor then stands at.
          const first = yield* service.list({ pageSize: Math.min(all.indexOf(made[1]!) + 1, 1000) })
          const deleted = [made[0]!, made[1]!, made[3]!]
          for (const id of deleted) yield* service.delete(AuthorizationId.make(id))
          const rest = yield* Stream.runCollect(service.pages({ cursor: Option.getOrThrow(first.next) }))
          assert.deepStrictEqual(idsOf(rest), all.slice(first.items.length).filter((id) => !deleted.includes(id)))
        }))
    })

    describe("ids", () => {
      test("that no request can carry are refused by every operation", (service) =>
        Effect.gen(function*() {
          for (const text of ["", ".", "..", "\ud800", "a\nb"]) {
            const id = AuthorizationId.make(text, { disableChecks: true })
            assertInvalid(yield* Effect.flip(service.info(id)), "info", "id")
            assertInvalid(yield* Effect.flip(service.update(id, { description: "x" })), "update", "id")
            assertInvalid(yield* Effect.flip(service.regenerate(id)), "regenerate", "id")
            assertInvalid(yield* Effect.flip(service.delete(id)), "delete", "id")
          }
        }))

      test("reach what they name and no other path", (service, before) =>
        Effect.gen(function*() {
          const made = yield* service.create({ scope: ["read"], description: "untouched" })
          const ids = [
            `${made.id}/`,
            `/${made.id}`,
            `${made.id}/actions/regenerate-tokens`,
            `${made.id}?x=1`,
            `${made.id}#x`,
            `${made.id};x`,
            `${made.id} `,
            `x/../${made.id}`,
            `x\\..\\${made.id}`,
            "../../account",
            "../authorizations",
            "%2e%2e",
            "a%2Fb",
            "a+b",
            "größe 🌙",
            "//example.com/",
            "https://example.com/"
          ]
          for (const text of ids) {
            const id = AuthorizationId.make(text)
            assertNotFound(yield* Effect.flip(service.info(id)), "info", text)
            assertNotFound(yield* Effect.flip(service.update(id, { description: "x" })), "update", text)
            assertNotFound(yield* Effect.flip(service.regenerate(id)), "regenerate", text)
            assertNotFound(yield* Effect.flip(service.delete(id)), "delete", text)
          }
          const left = yield* Stream.runCollect(service.stream())
          assert.deepStrictEqual(left.map(({ id }) => id), sorted([...before, made.id]))
          assert.deepStrictEqual(facts(yield* service.info(made.id)), facts(made))
        }))

      test(
        "of which ~ is that of the default authorization, if there is one",
        (service, before) =>
          Effect.gen(function*() {
            const outcome = yield* Effect.result(service.info(AuthorizationId.make("~")))
            if (Result.isFailure(outcome)) assertNotFound(outcome.failure, "info", "~")
            else assert.include(before, outcome.success.id)
            assert.deepStrictEqual(idsOf(yield* Stream.runCollect(service.pages())), before)
          })
      )
    })

    const client = options?.client
    if (client !== undefined) describeClient(test, client)

    describe("secrets", () => {
      test("are in nothing that is printed", (service) =>
        Effect.gen(function*() {
          const made = yield* service.create({ scope: ["read"], expiresIn: Duration.hours(1) })
          const token = secret(made)
          const clientSecret = "the-client-secret-of-this-test"
          const client = { id: "no-such-client", secret: Redacted.make(clientSecret) }
          const values: Array<unknown> = [
            made,
            yield* service.info(made.id),
            yield* service.list(),
            yield* Stream.runCollect(service.stream()),
            yield* Effect.exit(service.update(made.id, { client })),
            yield* Effect.exit(service.update(made.id, { description: unchecked(1), client })),
            yield* Effect.exit(service.update(missing, { description: "x", client })),
            yield* Effect.exit(service.info(missing)),
            service
          ]
          const regenerated = yield* service.regenerate(made.id)
          const last = yield* service.delete(made.id)
          const gone = yield* Effect.exit(service.regenerate(made.id))
          for (const value of [...values, regenerated, last, gone]) {
            for (const text of printed(value)) {
              assert.notInclude(text, token)
              assert.notInclude(text, secret(regenerated))
              assert.notInclude(text, clientSecret)
            }
          }
        }))
    })
  })
}

/** Declares a test, and gives it the service and the ids that are there before it. */
type Test = (
  sentence: string,
  body: (service: Service, before: ReadonlyArray<string>) => Effect.Effect<void, unknown>
) => void

const describeClient = (test: Test, client: NonNullable<Options["client"]>): void => {
  describe("a client", () => {
    test("gets a grant from create, and no token before it has exchanged it", (service) =>
      Effect.gen(function*() {
        const made = yield* service.create({ scope: ["read"], description: "granted", client: client.id })
        assert.deepStrictEqual(Option.map(made.client, ({ id }) => id), Option.some(client.id))
        assert.isTrue(Option.isNone(made.accessToken))
        assert.isNotEmpty(Redacted.value(Option.getOrThrow(made.grant).code))
        assert.deepStrictEqual(made.description, Option.some("granted"))
        assert.deepStrictEqual(facts(yield* service.info(made.id)), facts(made))
      }))

    test("that shows its secret gets what update hands it, described anew or not", (service) =>
      Effect.gen(function*() {
        for (const description of [undefined, "after"]) {
          const made = yield* service.create({ scope: ["read"], description: "before" })
          const updated = yield* service.update(made.id, {
            client,
            ...(description === undefined ? undefined : { description })
          })
          assert.deepStrictEqual(Option.map(updated.client, ({ id }) => id), Option.some(client.id))
          assert.deepStrictEqual(facts(updated), {
            ...facts(made),
            description: Option.some(description ?? "before"),
            client: updated.client
          })
          assert.deepStrictEqual(facts(yield* service.info(made.id)), facts(updated))
        }
      }))

    test("that shows another secret gets nothing", (service) =>
      Effect.gen(function*() {
        const made = yield* service.create({ scope: ["read"], description: "before" })
        const wrong = { id: client.id, secret: Redacted.make(`not ${Redacted.value(client.secret)}`) }
        const error = yield* Effect.flip(service.update(made.id, { description: "after", client: wrong }))
        assert.notStrictEqual(error._tag, "RequestFailed")
        assert.deepStrictEqual(facts(yield* service.info(made.id)), facts(made))
      }))
  })
}

// -----------------------------------------------------------------------------
// What the tests say in their own words
// -----------------------------------------------------------------------------

type Authorization = Effect.Success<ReturnType<Service["info"]>>

const missing = AuthorizationId.make("01234567-89ab-cdef-0123-456789abcdef")

/** Runs a test on an account as it is before, and deletes what the test made. */
const run = (service: Service, body: Parameters<Test>[1]): Effect.Effect<void, unknown> =>
  Effect.gen(function*() {
    const before = idsOf(yield* Stream.runCollect(service.pages()))
    const made = new Set<AuthorizationId>()
    const recording: Service = {
      ...service,
      create: (input) => Effect.tap(service.create(input), ({ id }) => Effect.sync(() => made.add(id))),
      delete: (id) => Effect.tap(service.delete(id), ({ id }) => Effect.sync(() => made.delete(id)))
    }
    const cleanUp = Effect.suspend(() =>
      Effect.forEach([...made], (id) => Effect.ignore(service.delete(id)), { concurrency: 10, discard: true })
    )
    yield* Effect.ensuring(body(recording, before), cleanUp)
  })

/** Pages of an account of any size: a handful, because a real one allows only so many requests. */
const pageSizeFor = (total: number): number => Math.min(Math.max(2, Math.ceil(total / 5)), 999)

const sorted = (ids: ReadonlyArray<string>): ReadonlyArray<string> => ids.toSorted()

/** A value of a type that it does not have, as callers without a compiler hand in. */
const unchecked = <A>(value: unknown): A => value as A

const createMany = (service: Service, count: number) =>
  Effect.forEach(
    Array.from({ length: count }, (_, index) => index),
    (index) => Effect.map(service.create({ scope: ["read"], description: `number ${index}` }), ({ id }) => id),
    { concurrency: 10 }
  )

const idsOf = (pages: ReadonlyArray<Page>): ReadonlyArray<string> =>
  pages.flatMap(({ items }) => items.map(({ id }) => id))

const secret = ({ accessToken }: Authorization): string => Redacted.value(Option.getOrThrow(accessToken).token)

/** What stays the same from one answer to the next: not what counts down, nor tokens, which can be masked. */
const facts = (authorization: Authorization) => ({
  id: authorization.id,
  description: authorization.description,
  scope: authorization.scope,
  accessToken: Option.map(authorization.accessToken, ({ id }) => id),
  refreshToken: Option.map(authorization.refreshToken, ({ id }) => id),
  client: authorization.client,
  session: authorization.session,
  user: authorization.user,
  createdAt: authorization.createdAt
})

/** At most `lifetime` remains, and not much less: the suite does not take a quarter of an hour. */
const assertRemaining = ({ accessToken }: Authorization, lifetime: Duration.Duration): void => {
  const seconds = Duration.toSeconds(Option.getOrThrow(Option.getOrThrow(accessToken).expiresIn))
  assert.isAtMost(seconds, Duration.toSeconds(lifetime))
  assert.isAtLeast(seconds, Duration.toSeconds(lifetime) - 900)
}

const assertNotFound = (error: AuthorizationError, operation: AuthorizationError["operation"], id: string): void => {
  assert.strictEqual(error._tag, "NotFound")
  if (error._tag !== "NotFound") return
  assert.strictEqual(error.operation, operation)
  assert.strictEqual(error.status, 404)
  assert.strictEqual(error.id, id)
  assert.deepStrictEqual(error.errorId, Option.some("not_found"))
  assert.isFalse(error.afterUnknownOutcome)
}

const assertInvalid = (error: AuthorizationError, operation: AuthorizationError["operation"], field: string): void => {
  assert.strictEqual(error._tag, "InvalidParams")
  if (error._tag !== "InvalidParams") return
  assert.strictEqual(error.operation, operation)
  assert.isUndefined(error.status, "refused before a request")
  // A member of an array is named after it, as `scope.0`.
  assert.strictEqual(Option.getOrElse(error.field, () => "").replace(/\.\d+$/, ""), field)
}

const printed = (value: unknown): ReadonlyArray<string> => [
  String(value),
  JSON.stringify(value) ?? "",
  inspect(value, { depth: Infinity, showHidden: true }),
  ...(Exit.isExit(value) && Exit.isFailure(value) ? [Cause.pretty(value.cause)] : [])
]
