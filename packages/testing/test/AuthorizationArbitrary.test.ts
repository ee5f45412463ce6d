import {
  Authorization,
  AuthorizationId,
  Client,
  Grant,
  Lifetime,
  Scope,
  Session,
  Token,
  User
} from "@effect-heroku/core/Authorization"
import * as AuthorizationError from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as ListRange from "@effect-heroku/core/ListRange"
import { validateTypes } from "@effect-heroku/test-kit/publishedSchema"
import * as AuthorizationArbitrary from "@effect-heroku/testing/AuthorizationArbitrary"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as Stream from "effect/Stream"

const memory = MemoryAuthorizationService.layer().pipe(Layer.provideMerge(FaultInjection.layer))

/** The operation refuses the input before anything is called, and names the field. */
const assertRefused = (
  field: string,
  call: Effect.Effect<unknown, AuthorizationError.AuthorizationError, AuthorizationService>
) =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(call)
    assert(error._tag === "InvalidParams")
    assert.deepStrictEqual(error.field, Option.some(field))
    assert.deepStrictEqual(yield* FaultInjection.FaultInjection.use((_) => _.calls), [])
  }).pipe(Effect.provide(memory))

describe("valid values", () => {
  it.effect.prop(
    "ids are ids",
    { id: AuthorizationArbitrary.authorizationId },
    ({ id }) => Effect.sync(() => assert.isTrue(Schema.is(AuthorizationId)(id)))
  )

  it.effect.prop(
    "UUIDs are those of Heroku",
    { uuid: AuthorizationArbitrary.uuid },
    ({ uuid }) =>
      Effect.sync(() => assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/))
  )

  it.effect.prop(
    "JSON is what the published schema accepts, and decodes",
    { json: AuthorizationArbitrary.wire },
    ({ json }) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(validateTypes(json), [])
        const authorization = yield* Schema.decodeUnknownEffect(Authorization.FromWire)(json)
        const again = yield* Schema.encodeEffect(Authorization.FromWire)(authorization)
        assert.isTrue(Equal.equals(yield* Schema.decodeUnknownEffect(Authorization.FromWire)(again), authorization))
      })
  )

  it.effect.prop(
    "authorizations can be seeds, and come back as they are",
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
      }).pipe(Effect.provide(MemoryAuthorizationService.layer({ seed })))
  )

  it.effect.prop("parts are what their schemas say", {
    client: AuthorizationArbitrary.client,
    grant: AuthorizationArbitrary.grant,
    lifetime: AuthorizationArbitrary.lifetime,
    operation: AuthorizationArbitrary.operation,
    order: AuthorizationArbitrary.order,
    pageSize: AuthorizationArbitrary.pageSize,
    scope: AuthorizationArbitrary.scope,
    session: AuthorizationArbitrary.session,
    token: AuthorizationArbitrary.token,
    user: AuthorizationArbitrary.user
  }, (part) =>
    Effect.sync(() => {
      assert.isTrue(Schema.is(Client)(part.client))
      assert.isTrue(Schema.is(Grant)(part.grant))
      assert.isTrue(Schema.is(Lifetime)(part.lifetime))
      assert.isTrue(Schema.is(AuthorizationError.Operation)(part.operation))
      assert.isTrue(Schema.is(ListRange.Order)(part.order))
      assert.isTrue(Schema.is(ListRange.PageSize)(part.pageSize))
      assert.isTrue(Schema.is(Scope)(part.scope))
      assert.isTrue(Schema.is(Session)(part.session))
      assert.isTrue(Schema.is(Token)(part.token))
      assert.isTrue(Schema.is(User)(part.user))
    }))

  it.effect.prop(
    "ranges are written and read alike",
    { range: AuthorizationArbitrary.listRange },
    ({ range }) =>
      Effect.sync(() => {
        const { order, ...rest } = Option.getOrThrow(ListRange.parse(ListRange.format(range)))
        const { order: given, ...others } = range
        assert.deepStrictEqual(rest, others)
        // Ascending is the default, and is not written.
        assert.strictEqual(Option.getOrElse(order, () => "asc"), Option.getOrElse(given, () => "asc"))
      })
  )

  it.effect.prop("options, cursors and inputs are accepted", {
    options: AuthorizationArbitrary.listOptions,
    streamOptions: AuthorizationArbitrary.streamOptions,
    cursor: AuthorizationArbitrary.cursor,
    create: AuthorizationArbitrary.createAuthorization,
    update: AuthorizationArbitrary.updateAuthorization
  }, ({ create, cursor, options, streamOptions, update }) =>
    Effect.gen(function*() {
      const service = yield* AuthorizationService
      yield* service.list(options)
      yield* service.list({ cursor })
      yield* Stream.runDrain(service.stream(streamOptions))
      const { client: _, ...direct } = create
      const { id } = yield* service.create(direct)
      if (update.client === undefined) yield* service.update(id, update)
      else {
        // The client does not exist: Heroku says so, and no check of ours.
        const error = yield* Effect.flip(service.update(id, update))
        assert(error._tag === "InvalidParams")
        assert.strictEqual(error.status, 422)
      }
    }).pipe(Effect.provide(memory)))

  it.effect.prop(
    "pages have every id once, in order",
    { page: AuthorizationArbitrary.page },
    ({ page: { items, next } }) =>
      Effect.sync(() => {
        const ids = items.map(({ id }) => id)
        assert.lengthOf(new Set(ids), ids.length)
        assert.include([ids.toSorted(), ids.toSorted().toReversed()].map((sorted) => sorted.join()), ids.join())
        assert.isTrue(Option.isNone(next) || Schema.is(ListRange.Cursor)(next.value))
      })
  )

  /** A value of each kind that a generator makes, by what is said of it. */
  const kinds = <A>(arbitrary: Arbitrary.Arbitrary<A>, say: (value: A) => string) =>
    Effect.gen(function*() {
      const said = new Set<string>()
      yield* Arbitrary.checkEffect(arbitrary, (value) => {
        said.add(say(value))
        return true
      }, { runs: 3000, seed: 1 })
      return [...said].toSorted()
    })

  const operations = ["create", "delete", "info", "list", "regenerate", "update"]

  it.effect("errors come in every kind that each operation raises", () =>
    Effect.gen(function*() {
      const raised = yield* kinds(AuthorizationArbitrary.authorizationError, ({ _tag, operation }) =>
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
        raised,
        operations.flatMap((operation) =>
          tags.filter((tag) =>
            tag !== "NotFound" || (operation !== "create" && operation !== "list")
          )
            .map((tag) => `${operation} ${tag}`)
        )
      )
    }))

  it.effect("errors come with every reason, and both outcomes where they can be unknown", () =>
    Effect.gen(function*() {
      const outcomes = yield* kinds(AuthorizationArbitrary.authorizationError, (error) =>
        error._tag === "RequestFailed" && error.operation === "create" ? `${error.reason} ${error.outcomeUnknown}` : "")
      assert.deepStrictEqual(outcomes, [
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
      const afterwards = yield* kinds(AuthorizationArbitrary.authorizationError, (error) =>
        `${error.operation} ${error._tag === "RequestFailed" ? error.outcomeUnknown : error.afterUnknownOutcome}`)
      assert.deepStrictEqual(
        afterwards,
        operations.flatMap((operation) =>
          operation === "info" || operation === "list"
            ? [`${operation} false`]
            : [`${operation} false`, `${operation} true`]
        )
      )
    }))

  it.effect("users have different addresses and names, or no name", () =>
    Effect.gen(function*() {
      assert.isAbove((yield* kinds(AuthorizationArbitrary.user, ({ email }) => String(email))).length, 1)
      assert.isAbove((yield* kinds(AuthorizationArbitrary.user, ({ fullName }) => String(fullName))).length, 2)
    }))
})

describe("invalid values", () => {
  it.effect.prop(
    "JSON is refused where it is wrong",
    { invalid: AuthorizationArbitrary.invalidWire },
    ({ invalid: { field, value } }) =>
      Effect.sync(() => {
        // As it comes over the wire: what is undefined is absent.
        const json: unknown = JSON.parse(JSON.stringify(value))
        const result = Schema.decodeUnknownResult(Authorization.FromWire)(json)
        assert(Result.isFailure(result))
        const [issue] = SchemaIssue.makeFormatterStandardSchemaV1()(result.failure.issue).issues
        // A key that is wrong after it was renamed goes by its new name.
        const camel = (path: string) => path.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
        assert.strictEqual(camel(String(issue?.path?.join("."))), camel(field))
      })
  )

  it.effect.prop(
    "ids are refused",
    { id: AuthorizationArbitrary.invalidAuthorizationId },
    ({ id: { field, value } }) =>
      assertRefused(
        field,
        AuthorizationService.use((_) => _.delete(AuthorizationId.make(value, { disableChecks: true })))
      )
  )

  it.effect.prop(
    "inputs of create are refused",
    { input: AuthorizationArbitrary.invalidCreateAuthorization },
    ({ input }) => assertRefused(input.field, AuthorizationService.use((_) => _.create(input.value)))
  )

  it.effect.prop(
    "inputs of update are refused",
    { input: AuthorizationArbitrary.invalidUpdateAuthorization },
    ({ input }) =>
      assertRefused(input.field, AuthorizationService.use((_) => _.update(AuthorizationId.make("x"), input.value)))
  )

  it.effect.prop(
    "options are refused",
    { options: AuthorizationArbitrary.invalidListOptions },
    ({ options }) => assertRefused(options.field, AuthorizationService.use((_) => _.list(options.value)))
  )

  it.effect.prop(
    "options of streams are refused",
    { options: AuthorizationArbitrary.invalidStreamOptions },
    ({ options }) =>
      assertRefused(options.field, AuthorizationService.use((_) => Stream.runDrain(_.pages(options.value))))
  )

  it.effect("come with a concurrency that makes no sense", () =>
    Effect.gen(function*() {
      const fields = new Set<string>()
      yield* Arbitrary.checkEffect(AuthorizationArbitrary.invalidStreamOptions, ({ field }) => {
        fields.add(field)
        return true
      }, { runs: 100, seed: 1 })
      assert.sameMembers([...fields], ["concurrency", "cursor", "pageSize"])
    }))

  it.effect.prop("lifetimes and page sizes are none", {
    lifetime: AuthorizationArbitrary.invalidLifetime,
    pageSize: AuthorizationArbitrary.invalidPageSize
  }, ({ lifetime, pageSize }) =>
    Effect.sync(() => {
      assert.isFalse(Schema.is(Lifetime)(lifetime.value))
      assert.isFalse(Schema.is(ListRange.PageSize)(pageSize.value))
    }))

  it.effect.prop(
    "ranges are no ranges",
    { text: AuthorizationArbitrary.invalidListRange },
    ({ text }) => Effect.sync(() => assert.isTrue(Option.isNone(ListRange.parse(text))))
  )
})
