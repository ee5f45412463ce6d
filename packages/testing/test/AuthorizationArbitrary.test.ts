import {
  Authorization,
  AuthorizationId,
  Client,
  Grant,
  Scope,
  Session,
  Token,
  User
} from "@effect-heroku/core/Authorization"
import type { AuthorizationError } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as ListRange from "@effect-heroku/core/ListRange"
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
import { validateTypes } from "../../core/test/fixtures/publishedSchema.ts"

const memory = MemoryAuthorizationService.layer().pipe(Layer.provideMerge(FaultInjection.layer))

/** The operation refuses the input before anything is called, and names the field. */
const assertRefused = (field: string, call: Effect.Effect<unknown, AuthorizationError, AuthorizationService>) =>
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
    scope: AuthorizationArbitrary.scope,
    session: AuthorizationArbitrary.session,
    token: AuthorizationArbitrary.token,
    user: AuthorizationArbitrary.user
  }, (part) =>
    Effect.sync(() => {
      assert.isTrue(Schema.is(Client)(part.client))
      assert.isTrue(Schema.is(Grant)(part.grant))
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
    cursor: AuthorizationArbitrary.cursor,
    create: AuthorizationArbitrary.createAuthorization,
    update: AuthorizationArbitrary.updateAuthorization
  }, ({ create, cursor, options, update }) =>
    Effect.gen(function*() {
      const service = yield* AuthorizationService
      yield* service.list(options)
      yield* service.list({ cursor })
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

  it.effect("errors come in every kind", () =>
    Effect.gen(function*() {
      const tags = new Set<string>()
      yield* Arbitrary.checkEffect(AuthorizationArbitrary.authorizationError, ({ _tag }) => {
        tags.add(_tag)
        return true
      }, { runs: 500, seed: 1 })
      assert.sameMembers([...tags], [
        "Forbidden",
        "InvalidParams",
        "NotFound",
        "RateLimited",
        "RequestFailed",
        "TwoFactorRequired",
        "Unauthorized",
        "UnexpectedStatus"
      ])
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
    "ranges are no ranges",
    { text: AuthorizationArbitrary.invalidListRange },
    ({ text }) => Effect.sync(() => assert.isTrue(Option.isNone(ListRange.parse(text))))
  )
})
