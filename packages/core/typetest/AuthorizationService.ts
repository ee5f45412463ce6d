/**
 * What must and must not compile of `AuthorizationService`: what each operation can raise, that no requirement leaks,
 * and which inputs are refused. Nothing here runs: `pnpm check` compiles it.
 */
// @effect-diagnostics floatingEffect:off
import type { Authorization, AuthorizationId, Grant, Scope, Token } from "@effect-heroku/core/Authorization"
import type * as AuthorizationError from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService, type Page, type Service } from "@effect-heroku/core/AuthorizationService"
import type { Cursor } from "@effect-heroku/core/ListRange"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type * as Stream from "effect/Stream"

// Two types are equal when not even a generic function can tell them apart; assignability would let `any` pass.
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false

declare const equal: <A, B>(isEqual: Equal<A, B>) => void
declare const service: Service
declare const id: AuthorizationId
declare const cursor: Cursor
declare const secret: Redacted.Redacted<string>

// -----------------------------------------------------------------------------
// What each operation can raise
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

equal<AuthorizationError.CreateError, Common>(true)
equal<AuthorizationError.InfoError, Named>(true)
equal<AuthorizationError.UpdateError, Named>(true)
equal<AuthorizationError.RegenerateError, Named>(true)
equal<AuthorizationError.DeleteError, Named>(true)
equal<AuthorizationError.ListError, Common>(true)
equal<AuthorizationError.AuthorizationError, Named>(true)

equal<ReturnType<Service["create"]>, Effect.Effect<Authorization, Common>>(true)
equal<ReturnType<Service["info"]>, Effect.Effect<Authorization, Named>>(true)
equal<ReturnType<Service["update"]>, Effect.Effect<Authorization, Named>>(true)
equal<ReturnType<Service["regenerate"]>, Effect.Effect<Authorization, Named>>(true)
equal<ReturnType<Service["delete"]>, Effect.Effect<Authorization, Named>>(true)
equal<ReturnType<Service["list"]>, Effect.Effect<Page, Common>>(true)
equal<ReturnType<Service["pages"]>, Stream.Stream<Page, Common>>(true)
equal<ReturnType<Service["stream"]>, Stream.Stream<Authorization, Common>>(true)

// The helper itself: it tells different types apart.
// @ts-expect-error
equal<AuthorizationError.CreateError, Named>(true)
// @ts-expect-error
equal<AuthorizationError.CreateError, any>(true)

equal<Tags<ReturnType<typeof withoutNotFound>>, Common["_tag"]>(true)
const withoutNotFound = () => Effect.catchTag(service.info(id), "NotFound", () => Effect.succeed("gone"))

equal<Tags<ReturnType<typeof withoutRateLimited>>, Exclude<Common["_tag"], "RateLimited">>(true)
const withoutRateLimited = () => Effect.catchTag(service.list(), "RateLimited", () => Effect.succeed("later"))

equal<Tags<ReturnType<typeof withoutAny>>, never>(true)
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

// Creating raises no NotFound: there is nothing to catch.
// @ts-expect-error
Effect.catchTag(service.create({ scope: ["global"] }), "NotFound", () => Effect.void)
// @ts-expect-error
Effect.catchTag(service.list(), "NotFound", () => Effect.void)

// -----------------------------------------------------------------------------
// Requirements
// -----------------------------------------------------------------------------

/** What running the result of a member requires; a member that is neither effect nor stream is an error here. */
type Requirement<T> = T extends Effect.Effect<infer _A, infer _E, infer R> ? R
  : T extends Stream.Stream<infer _A, infer _E, infer R> ? R
  : "neither effect nor stream"

type Requirements = { readonly [K in keyof Service]: Requirement<ReturnType<Service[K]>> }

equal<Requirements[keyof Service], never>(true)
equal<Effect.Services<typeof AuthorizationService>, AuthorizationService>(true)

const program = AuthorizationService.use((authorizations) => authorizations.info(id))
equal<typeof program, Effect.Effect<Authorization, Named, AuthorizationService>>(true)

// -----------------------------------------------------------------------------
// Inputs
// -----------------------------------------------------------------------------

service.info(id)
// @ts-expect-error an id is branded: a string from elsewhere is checked first
service.info("01234567-89ab-cdef-0123-456789abcdef")
// @ts-expect-error
service.update("~", { description: "x" })
// @ts-expect-error
service.regenerate("~")
// @ts-expect-error
service.delete("~")
// @ts-expect-error a cursor is no id
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
// @ts-expect-error a lifetime is a Duration: a number would not say of what
service.create({ scope: ["global"], expiresIn: 3600 })
service.create({ scope: ["global"], description: undefined })
// @ts-expect-error
service.create({ scope: ["global"], descripton: "misspelt" })
// @ts-expect-error clients are named by their id
service.create({ scope: ["global"], client: { id: "x" } })

service.update(id, { client: { id: "x", secret } })
// @ts-expect-error secrets are Redacted
service.update(id, { client: { id: "x", secret: "s" } })
// @ts-expect-error
service.update(id, { client: { id: "x" } })
// @ts-expect-error scopes cannot be changed
service.update(id, { scope: ["global"] })

service.list()
service.list({ cursor, pageSize: 10, order: "desc" })
service.stream({ cursor, concurrency: 4 })
// @ts-expect-error cursors come from pages
service.list({ cursor: "id ]x..; max=10" })
// @ts-expect-error
service.pages({ order: "descending" })
// @ts-expect-error one page is one request
service.list({ concurrency: 2 })

// -----------------------------------------------------------------------------
// Results
// -----------------------------------------------------------------------------

equal<Token["token"], Redacted.Redacted>(true)
equal<Grant["code"], Redacted.Redacted>(true)
equal<Page["items"], ReadonlyArray<Authorization>>(true)
equal<Page["next"], Option.Option<Cursor>>(true)
equal<Authorization["id"], AuthorizationId>(true)
