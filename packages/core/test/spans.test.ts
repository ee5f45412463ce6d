/** Every operation and every listing has a span. */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import type { ListError } from "@effect-heroku/core/AuthorizationError"
import * as ListRange from "@effect-heroku/core/ListRange"
import { recordSpans } from "@effect-heroku/test-kit/spans"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { respondWith, uuid } from "./fixtures/scriptedEndpoints.ts"

const twoPages = [[[uuid(1)], `id ]${uuid(1)}..; max=1`], [[uuid(2)]]] as const

describe("spans", () => {
  it.effect("each operation has a span with the id or the range, and a listing contains those of its requests", () =>
    Effect.gen(function*() {
      const { spans, tracer, tree } = recordSpans()
      const { service } = respondWith([[]], ...twoPages, [[]])
      const id = AuthorizationId.make("x")
      yield* Effect.gen(function*() {
        yield* service.create({ scope: ["global"] })
        yield* service.info(id)
        yield* service.update(id, { description: "" })
        yield* service.regenerate(id)
        yield* service.delete(id)
        yield* service.list({ pageSize: 1 })
        yield* Stream.runDrain(service.pages({ pageSize: 1 }))
        yield* Stream.runDrain(service.stream())
      }).pipe(Effect.withTracer(tracer))
      assert.deepStrictEqual(tree().map((line) => line.replaceAll("AuthorizationService.", "")), [
        "create",
        "info",
        "update",
        "regenerate",
        "delete",
        "list",
        "pages",
        "pages > list",
        "pages > list",
        "stream",
        "stream > list"
      ])
      assert.deepStrictEqual(spans.map(({ attributes }) => Object.fromEntries(attributes)), [
        {},
        ...Array.from({ length: 4 }, () => ({ "heroku.authorization.id": "x" })),
        { "heroku.range": "id ..; max=1" },
        {},
        { "heroku.range": "id ..; max=1" },
        { "heroku.range": `id ]${uuid(1)}..; max=1` },
        {},
        { "heroku.range": "id ..; max=1000" }
      ])
    }))

  it.effect.each([{ pageSize: 0 }, { concurrency: 0 }, {
    cursor: ListRange.Cursor.make("x", { disableChecks: true })
  }])(
    "list with the invalid options %j has a span, and none for a request",
    (options) =>
      Effect.gen(function*() {
        const { spans, tracer, tree } = recordSpans()
        const { service } = respondWith()
        const error = yield* Effect.flip(service.list(options)).pipe(Effect.withTracer(tracer))
        assert.strictEqual(error._tag, "InvalidParams")
        assert.deepStrictEqual(tree(), ["AuthorizationService.list"])
        assert.strictEqual(spans[0]?.attributes.size, 0)
      })
  )

  it.effect("the span of an operation with an invalid id, which may be a token, does not contain it", () =>
    Effect.gen(function*() {
      const { spans, tracer } = recordSpans()
      const { service } = respondWith()
      const token = AuthorizationId.make("HRKU-1", { disableChecks: true })
      yield* Effect.flip(service.info(token)).pipe(Effect.withTracer(tracer))
      assert.deepStrictEqual(spans.map(({ attributes, name }) => [name, attributes.size]), [
        ["AuthorizationService.info", 0]
      ])
    }))

  it.effect.each(["pages", "stream"] as const)(
    "the span of %s covers one run of the listing",
    (name) =>
      Effect.gen(function*() {
        const { spans, tracer } = recordSpans()
        const listings = () => spans.filter((span) => span.name === `AuthorizationService.${name}`)
        const outcomes = () => listings().map(({ status }) => status._tag === "Ended" ? status.exit._tag : status._tag)
        const { service } = respondWith(twoPages[0], ...twoPages, twoPages[0], [[uuid(1)]])
        const listing = (pageSize: number): Stream.Stream<unknown, ListError> => service[name]({ pageSize })
        const seen = yield* Effect.gen(function*() {
          yield* Stream.runDrain(Stream.take(listing(1), 1))
          const next = Stream.fromEffect(Effect.sync(outcomes))
          const seen = yield* Stream.runLast(Stream.concat(listing(1), next))
          yield* Effect.flip(Stream.runDrain(listing(1)))
          yield* Effect.flip(Stream.runDrain(listing(0)))
          return seen
        }).pipe(Effect.withTracer(tracer))
        assert.deepStrictEqual(seen, Option.some(["Success", "Success"]))
        assert.deepStrictEqual(outcomes(), ["Success", "Success", "Failure", "Failure"])
        const parents = spans.filter(({ name }) => name === "AuthorizationService.list")
          .map(({ parent }) => listings().findIndex((span) => span === Option.getOrUndefined(parent)))
        assert.deepStrictEqual(parents, [0, 1, 1, 2, 2])
      })
  )

  it.effect.each([1, 2])(
    "the span of a listing with concurrency %d ends with it, or with its scope",
    (concurrency) =>
      Effect.gen(function*() {
        const { spans, tracer } = recordSpans()
        const statusAfter = (pulls: number) =>
          Effect.gen(function*() {
            spans.length = 0
            const { service } = respondWith(twoPages[0], ...Array.from({ length: 9 }, () => [[uuid(1)]] as const))
            const pull = yield* Stream.toPull(service.stream({ pageSize: 1, concurrency }))
            for (let n = 0; n < pulls; n++) yield* Effect.exit(pull)
            const status = spans[0]!.status
            return status._tag === "Ended" ? status.exit._tag : status._tag
          }).pipe(Effect.scoped, Effect.withTracer(tracer))
        assert.strictEqual(yield* statusAfter(2), "Failure")
        assert.strictEqual(yield* statusAfter(1), "Started")
        assert.strictEqual(spans[0]?.status._tag, "Ended")
      })
  )
})
