/**
 * What compiles of `AuthorizationService` and `AuthorizationEndpoints`, and what does not: the errors of each operation,
 * requirements, inputs. Nothing here runs: `pnpm check` compiles it.
 */
// @effect-diagnostics floatingEffect:off missingEffectError:off
import type { Authorization, AuthorizationId, Scope } from "@effect-heroku/core/Authorization"
import * as AuthorizationEndpoints from "@effect-heroku/core/AuthorizationEndpoints"
import type * as AuthorizationError from "@effect-heroku/core/AuthorizationError"
import {
  AuthorizationService,
  type Page,
  type Service,
  withTwoFactorCode
} from "@effect-heroku/core/AuthorizationService"
import type { Cursor } from "@effect-heroku/core/ListRange"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { expectTypeOf } from "vitest"

declare const service: Service
declare const id: AuthorizationId
declare const cursor: Cursor
declare const secret: Redacted.Redacted<string>

// -----------------------------------------------------------------------------
// The errors of each operation
// -----------------------------------------------------------------------------

type Common =
  | AuthorizationError.Unauthorized
  | AuthorizationError.Forbidden
  | AuthorizationError.TwoFactorRequired
  | AuthorizationError.InvalidParams
  | AuthorizationError.RateLimited
  | AuthorizationError.UnexpectedStatus
  | AuthorizationError.InvalidResponse
  | AuthorizationError.RequestFailed

type Named = Common | AuthorizationError.NotFound

expectTypeOf<AuthorizationError.CreateError>().toEqualTypeOf<Common>()
expectTypeOf<AuthorizationError.InfoError>().toEqualTypeOf<Named>()
expectTypeOf<AuthorizationError.UpdateError>().toEqualTypeOf<Named>()
expectTypeOf<AuthorizationError.RegenerateError>().toEqualTypeOf<Named>()
expectTypeOf<AuthorizationError.DeleteError>().toEqualTypeOf<Named>()
expectTypeOf<AuthorizationError.ListError>().toEqualTypeOf<Common>()
expectTypeOf<AuthorizationError.AuthorizationError>().toEqualTypeOf<Named>()

expectTypeOf<ReturnType<Service["create"]>>().toEqualTypeOf<Effect.Effect<Authorization, Common>>()
expectTypeOf<ReturnType<Service["info"]>>().toEqualTypeOf<Effect.Effect<Authorization, Named>>()
expectTypeOf<ReturnType<Service["update"]>>().toEqualTypeOf<Effect.Effect<Authorization, Named>>()
expectTypeOf<ReturnType<Service["regenerate"]>>().toEqualTypeOf<Effect.Effect<Authorization, Named>>()
expectTypeOf<ReturnType<Service["delete"]>>().toEqualTypeOf<Effect.Effect<Authorization, Named>>()
expectTypeOf<ReturnType<Service["list"]>>().toEqualTypeOf<Effect.Effect<Page, Common>>()
expectTypeOf<ReturnType<Service["pages"]>>().toEqualTypeOf<Stream.Stream<Page, Common>>()
expectTypeOf<ReturnType<Service["stream"]>>().toEqualTypeOf<Stream.Stream<Authorization, Common>>()

// `toEqualTypeOf` tells different types apart.
// @ts-expect-error
expectTypeOf<AuthorizationError.CreateError>().toEqualTypeOf<Named>()
// @ts-expect-error
expectTypeOf<AuthorizationError.CreateError>().toEqualTypeOf<any>()

expectTypeOf<Tags<ReturnType<typeof withoutNotFound>>>().toEqualTypeOf<Common["_tag"]>()
const withoutNotFound = () => Effect.catchTag(service.info(id), "NotFound", () => Effect.succeed("gone"))

expectTypeOf<Tags<ReturnType<typeof withoutRateLimited>>>().toEqualTypeOf<Exclude<Common["_tag"], "RateLimited">>()
const withoutRateLimited = () => Effect.catchTag(service.list(), "RateLimited", () => Effect.succeed("later"))

expectTypeOf<Tags<ReturnType<typeof withoutAny>>>().toEqualTypeOf<never>()
const withoutAny = () =>
  Effect.catchTags(service.delete(id), {
    NotFound: Effect.succeed,
    Unauthorized: Effect.succeed,
    Forbidden: Effect.succeed,
    TwoFactorRequired: Effect.succeed,
    InvalidParams: Effect.succeed,
    RateLimited: Effect.succeed,
    UnexpectedStatus: Effect.succeed,
    InvalidResponse: Effect.succeed,
    RequestFailed: Effect.succeed
  })

type Tags<T> = T extends Effect.Effect<infer _A, infer E, infer _R> ?
  E extends { readonly _tag: infer Tag } ? Tag : never
  : never

// A caught error leaves the type of a stream, too.
const streamWithoutUnauthorized = () => Stream.catchTag(service.stream(), "Unauthorized", () => Stream.empty)
expectTypeOf<ReturnType<typeof streamWithoutUnauthorized>>().toEqualTypeOf<
  Stream.Stream<Authorization, Exclude<Common, AuthorizationError.Unauthorized>>
>()

// A switch over the tags can be exhaustive, and each case has the fields of its error.
export const explain = (error: AuthorizationError.DeleteError): string => {
  switch (error._tag) {
    case "NotFound":
      return error.id
    case "InvalidParams":
      expectTypeOf(error.status).toEqualTypeOf<number | undefined>()
      expectTypeOf(error.field).toEqualTypeOf<Option.Option<string>>()
      return error.message
    case "RateLimited":
      expectTypeOf(error.retryAfter).toEqualTypeOf<Option.Option<Duration.Duration>>()
      return error.message
    case "RequestFailed":
      expectTypeOf(error.outcomeUnknown).toEqualTypeOf<boolean>()
      // @ts-expect-error without a response there is no status
      return String(error.status)
    case "Unauthorized":
    case "Forbidden":
    case "TwoFactorRequired":
    case "UnexpectedStatus":
    case "InvalidResponse":
      expectTypeOf(error.status).toEqualTypeOf<number>()
      return error.message
  }
}

// @ts-expect-error cases are missing
export const explainInPart = (error: AuthorizationError.DeleteError): string => {
  switch (error._tag) {
    case "NotFound":
      return error.id
  }
}

// `create` and `list` cannot fail with NotFound.
// @ts-expect-error
Effect.catchTag(service.create({ scope: ["global"] }), "NotFound", () => Effect.void)
// @ts-expect-error
Effect.catchTag(service.list(), "NotFound", () => Effect.void)

// -----------------------------------------------------------------------------
// Requirements
// -----------------------------------------------------------------------------

/** The requirement of the result of a member, which must be an effect or a stream. */
type Requirement<T> = T extends Effect.Effect<infer _A, infer _E, infer R> ? R
  : T extends Stream.Stream<infer _A, infer _E, infer R> ? R
  : "neither effect nor stream"

type Requirements = { readonly [K in keyof Service]: Requirement<ReturnType<Service[K]>> }

expectTypeOf<Requirements[keyof Service]>().toEqualTypeOf<never>()
expectTypeOf<Effect.Services<typeof AuthorizationService>>().toEqualTypeOf<AuthorizationService>()

const program = AuthorizationService.use((authorizations) => authorizations.info(id))
expectTypeOf<typeof program>().toEqualTypeOf<Effect.Effect<Authorization, Named, AuthorizationService>>()

// A second factor does not change the type of an effect.
expectTypeOf(service.delete(id).pipe(withTwoFactorCode(secret))).toEqualTypeOf<Effect.Effect<Authorization, Named>>()
// @ts-expect-error a code is a secret
service.delete(id).pipe(withTwoFactorCode("123456"))
declare const given: Option.Option<Redacted.Redacted>
service.delete(id).pipe(withTwoFactorCode(Effect.succeed(given)))

// -----------------------------------------------------------------------------
// Endpoints
// -----------------------------------------------------------------------------

declare const endpoints: AuthorizationEndpoints.Endpoints
expectTypeOf(AuthorizationEndpoints.make(endpoints)).toEqualTypeOf<Service>()
const { regenerate: _, ...incomplete } = endpoints
// @ts-expect-error an endpoint is missing
AuthorizationEndpoints.make(incomplete)
// @ts-expect-error an endpoint can only fail with the errors of its operation
AuthorizationEndpoints.make({ ...endpoints, create: () => Effect.fail("other") })
// @ts-expect-error `create` names no authorization
AuthorizationEndpoints.make({ ...endpoints, create: () => Effect.fail(notFound) })
declare const notFound: AuthorizationError.NotFound

declare const response: AuthorizationEndpoints.ErrorResponse
expectTypeOf(AuthorizationEndpoints.errorFromResponse("create", response)).toEqualTypeOf<Common>()
expectTypeOf(AuthorizationEndpoints.errorFromResponse("list", response)).toEqualTypeOf<Common>()
expectTypeOf(AuthorizationEndpoints.errorFromResponse("info", response, { id })).toEqualTypeOf<Named>()
expectTypeOf(AuthorizationEndpoints.errorFromResponse("delete", response)).toEqualTypeOf<Named>()
expectTypeOf(
  AuthorizationEndpoints.sendWithTwoFactorCode((_code: Option.Option<Redacted.Redacted>) => service.delete(id))
).toEqualTypeOf<Effect.Effect<Authorization, Named>>()

// -----------------------------------------------------------------------------
// Inputs
// -----------------------------------------------------------------------------

service.info(id)
// @ts-expect-error a string is not a branded id
service.info("01234567-89ab-cdef-0123-456789abcdef")
// @ts-expect-error
service.update("~", { description: "x" })
// @ts-expect-error
service.regenerate("~")
// @ts-expect-error
service.delete("~")
// @ts-expect-error a cursor is not an id
service.info(cursor)

service.create({ scope: ["read", "write-protected"] })
service.create({ scope: ["a-scope-of-tomorrow"] })
declare const scope: ReadonlyArray<Scope>
service.create({ scope })
// @ts-expect-error
service.create({})
// @ts-expect-error
service.create({ description: "no scope" })
// @ts-expect-error
service.create({ scope: "global" })
service.create({ scope: ["global"], expiresIn: "10 minutes" })
service.create({ scope: ["global"], expiresIn: Duration.days(30) })
service.create({ scope: ["global"], expiresIn: { hours: 1, minutes: 30 } })
service.create({ scope: ["global"], expiresIn: undefined })
// @ts-expect-error an unknown unit
service.create({ scope: ["global"], expiresIn: "1 fortnight" })
// @ts-expect-error a time is not a lifetime
service.create({ scope: ["global"], expiresIn: new Date() })
service.create({ scope: ["global"], description: undefined, team: undefined })
service.create({ scope: ["global"], team: "a-team" })
// @ts-expect-error
service.create({ scope: ["global"], descripton: "misspelt" })
// @ts-expect-error a client is an id
service.create({ scope: ["global"], client: { id: "x" } })

service.update(id, { client: { id: "x", secret } })
// @ts-expect-error secrets are Redacted
service.update(id, { client: { id: "x", secret: "s" } })
// @ts-expect-error
service.update(id, { client: { id: "x" } })
// @ts-expect-error scopes cannot be changed
service.update(id, { scope: ["global"] })

service.list()
service.list({ cursor, pageSize: 10, order: "desc", team: "a-team" })
service.stream({ cursor, concurrency: 4, onInvalid: ({ id, message }) => Effect.log(id, message) })
// @ts-expect-error `onInvalid` cannot fail: a listing has no error for it
service.stream({ onInvalid: () => Effect.fail("invalid") })
// @ts-expect-error cursors come from pages
service.list({ cursor: "id ]x..; max=10" })
// @ts-expect-error
service.pages({ order: "descending" })
// @ts-expect-error a page takes one request
service.list({ concurrency: 2 })

expectTypeOf<Page["items"]>().toEqualTypeOf<ReadonlyArray<Authorization>>()
expectTypeOf<Page["next"]>().toEqualTypeOf<Option.Option<Cursor>>()
