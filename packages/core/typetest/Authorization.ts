/**
 * What must and must not compile of `Authorization` and `ListRange`: brands, names of types, secrets. Nothing here runs:
 * `pnpm check` compiles it.
 */
import {
  Authorization,
  AuthorizationId,
  type Client,
  type CreateAuthorization,
  expiresAt,
  type Grant,
  type Lifetime,
  type Session,
  type Token,
  type User
} from "@effect-heroku/core/Authorization"
import { Cursor } from "@effect-heroku/core/ListRange"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { expectTypeOf } from "vitest"

declare const authorization: Authorization

// -----------------------------------------------------------------------------
// Brands
// -----------------------------------------------------------------------------

expectTypeOf(AuthorizationId.make("~")).toEqualTypeOf<AuthorizationId>()
expectTypeOf(Cursor.make("id ]x..; max=10")).toEqualTypeOf<Cursor>()

// Branded, they are strings; strings are not they, and none is the other.
expectTypeOf<AuthorizationId>().toExtend<string>()
expectTypeOf<string>().not.toExtend<AuthorizationId>()
expectTypeOf<string>().not.toExtend<Cursor>()
expectTypeOf<AuthorizationId>().not.toExtend<Cursor>()
expectTypeOf<Cursor>().not.toExtend<AuthorizationId>()

// -----------------------------------------------------------------------------
// The domain class
// -----------------------------------------------------------------------------

expectTypeOf<Authorization["id"]>().toEqualTypeOf<AuthorizationId>()
expectTypeOf<Authorization["accessToken"]>().toEqualTypeOf<Option.Option<Token>>()
expectTypeOf<Authorization["refreshToken"]>().toEqualTypeOf<Option.Option<Token>>()
expectTypeOf<Authorization["client"]>().toEqualTypeOf<Option.Option<Client>>()
expectTypeOf<Authorization["grant"]>().toEqualTypeOf<Option.Option<Grant>>()
expectTypeOf<Authorization["session"]>().toEqualTypeOf<Option.Option<Session>>()
expectTypeOf<Authorization["user"]>().toEqualTypeOf<Option.Option<User>>()
expectTypeOf<Authorization["createdAt"]>().toEqualTypeOf<DateTime.Utc>()
expectTypeOf<Token["expiresIn"]>().toEqualTypeOf<Option.Option<Duration.Duration>>()

// Secrets are no strings.
expectTypeOf<Token["token"]>().toEqualTypeOf<Redacted.Redacted>()
expectTypeOf<Grant["code"]>().toEqualTypeOf<Redacted.Redacted>()
// @ts-expect-error
export const header = (token: Token): string => token.token

// @ts-expect-error what Heroku answered is not changed by accident
authorization.description = Option.none()
// @ts-expect-error an object that only looks like one is made an Authorization first
expiresAt({ id: "x" }, authorization.createdAt)

// -----------------------------------------------------------------------------
// Codecs
// -----------------------------------------------------------------------------

expectTypeOf(Schema.decodeUnknownSync(Authorization.FromWire)({})).toEqualTypeOf<Authorization>()
expectTypeOf<typeof Authorization.FromWire.Encoded>().toHaveProperty("access_token")
expectTypeOf<typeof Authorization.FromWire.Encoded>().not.toHaveProperty("accessToken")
expectTypeOf<typeof Lifetime.Type>().toEqualTypeOf<Duration.Duration>()
expectTypeOf<CreateAuthorization["expiresIn"]>().toEqualTypeOf<Duration.Duration | undefined>()
