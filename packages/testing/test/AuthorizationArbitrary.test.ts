import { Authorization, AuthorizationId } from "@effect-heroku/core/Authorization"
import { AuthorizationError } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as ListRange from "@effect-heroku/core/ListRange"
import { operationNames } from "@effect-heroku/test-kit/operations"
import { validateTypes } from "@effect-heroku/test-kit/publishedSchema"
import * as AuthorizationArbitrary from "@effect-heroku/testing/AuthorizationArbitrary"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

it.effect.prop(
  "generated JSON matches the published schema and decodes",
  { wire: AuthorizationArbitrary.wire },
  ({ wire }) =>
    Effect.gen(function*() {
      const json: unknown = JSON.parse(JSON.stringify(wire))
      assert.deepStrictEqual(validateTypes(json), [])
      const authorization = yield* Schema.decodeUnknownEffect(Authorization.FromWire)(json)
      const again = yield* Schema.encodeEffect(Authorization.FromWire)(authorization)
      assert.isTrue(Equal.equals(yield* Schema.decodeUnknownEffect(Authorization.FromWire)(again), authorization))
    })
)

it.effect.prop(
  "generated authorizations can be seeds and are returned unchanged",
  { authorizations: Arbitrary.array(AuthorizationArbitrary.authorization, { maxLength: 5 }) },
  ({ authorizations: seed }) =>
    Effect.gen(function*() {
      const byId = new Map(seed.map((authorization) => [authorization.id, authorization]))
      const ids = [...byId.keys()].toSorted()
      const listed = yield* AuthorizationService.use((_) => Stream.runCollect(_.stream({ pageSize: 2 })))
      assert.deepStrictEqual(
        listed.map((one) => Equal.equals(one, byId.get(one.id))),
        ids.map(() => true)
      )
    }).pipe(Effect.provide(MemoryAuthorizationService.layer({ seed, clearTokens: true })))
)

it.effect.prop(
  "generated pages have every id once, in order",
  { page: AuthorizationArbitrary.page },
  ({ page: { items, next } }) =>
    Effect.sync(() => {
      const ids = items.map(({ id }) => id)
      assert.lengthOf(new Set(ids), ids.length)
      assert.include([ids.toSorted(), ids.toSorted().toReversed()].map((sorted) => sorted.join()), ids.join())
      assert.isTrue(Option.isNone(next) || Schema.is(ListRange.Cursor)(next.value))
    })
)

it.effect.prop("generated inputs are valid", {
  create: AuthorizationArbitrary.createAuthorization,
  update: AuthorizationArbitrary.updateAuthorization
}, ({ create, update }) =>
  Effect.gen(function*() {
    const service = yield* AuthorizationService
    // No generated client or team exists: Heroku rejects the input with 422 or 404, and no validation without a status.
    const isAccepted = <A>(call: Effect.Effect<A, { readonly _tag: string; readonly status?: number }>) =>
      Effect.match(call, {
        onSuccess: () => true,
        onFailure: ({ _tag, status }) => ["InvalidParams 422", "UnexpectedStatus 404"].includes(`${_tag} ${status}`)
      })
    assert.isTrue(yield* isAccepted(service.create(create)))
    assert.isTrue(yield* isAccepted(service.update(AuthorizationId.make("x"), update)))
  }).pipe(Effect.provide(MemoryAuthorizationService.layer({ seed: [{ id: "x" }] }))))

it.effect.prop(
  "generated errors survive JSON",
  { error: AuthorizationArbitrary.authorizationError },
  ({ error }) =>
    Effect.sync(() => {
      const codec = Schema.toCodecJson(AuthorizationError)
      const json: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(codec)(error)))
      assert.deepStrictEqual(Schema.decodeUnknownSync(codec)(json), error)
    })
)

/** Returns the distinct descriptions of generated values. */
const kindsOf = <A>(arbitrary: Arbitrary.Arbitrary<A>, describe: (value: A) => string) =>
  Effect.gen(function*() {
    const kinds = new Set<string>()
    yield* Arbitrary.checkEffect(arbitrary, (value) => {
      kinds.add(describe(value))
      return true
    }, { runs: 3000, seed: 1 })
    return [...kinds].toSorted()
  })

const operations = operationNames.toSorted()

it.effect("generated errors have every kind that each operation raises", () =>
  Effect.gen(function*() {
    const kinds = yield* kindsOf(AuthorizationArbitrary.authorizationError, ({ _tag, operation }) =>
      `${operation} ${_tag}`)
    const tags = [
      "Forbidden",
      "InvalidParams",
      "InvalidResponse",
      "NotFound",
      "RateLimited",
      "RequestFailed",
      "TwoFactorRequired",
      "Unauthorized",
      "UnexpectedStatus"
    ]
    assert.deepStrictEqual(
      kinds,
      operations.flatMap((operation) =>
        tags
          .filter((tag) =>
            tag !== "NotFound" || (operation !== "create" && operation !== "list")
          )
          .map((tag) => `${operation} ${tag}`)
      )
    )
  }))

it.effect("generated errors have every reason and every possible outcome", () =>
  Effect.gen(function*() {
    const reasons = yield* kindsOf(AuthorizationArbitrary.authorizationError, (error) =>
      error._tag === "RequestFailed" && error.operation === "create" ? `${error.reason} ${error.outcomeUnknown}` : "")
    assert.deepStrictEqual(reasons, [
      "",
      "body true",
      "certificate false",
      "certificate true",
      "connect false",
      "connect true",
      "connection true",
      "request false",
      "request true",
      "timeout true"
    ])
    const outcomes = yield* kindsOf(AuthorizationArbitrary.authorizationError, ({ operation, outcomeUnknown }) =>
      `${operation} ${outcomeUnknown}`)
    assert.deepStrictEqual(
      outcomes,
      operations.flatMap((operation) =>
        operation === "info" || operation === "list"
          ? [`${operation} false`]
          : [`${operation} false`, `${operation} true`]
      )
    )
  }))
