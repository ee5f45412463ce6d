/**
 * What compiles of `Authorization` and `ListRange`, and what does not: brands, names of types, secrets, inputs. Nothing here
 * runs: `pnpm check` compiles it.
 */
import {
  accessToken,
  Authorization,
  AuthorizationId,
  type Client,
  CreateAuthorization,
  expiresAt,
  type Grant,
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

// Branded types extend string. A string extends neither, and neither extends the other.
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
expectTypeOf<Client["name"]>().toEqualTypeOf<Option.Option<string>>()
expectTypeOf<Client["redirectUri"]>().toEqualTypeOf<Option.Option<string>>()
expectTypeOf<Token["expiresIn"]>().toEqualTypeOf<Option.Option<Duration.Duration>>()
expectTypeOf<Token["version"]>().toEqualTypeOf<Option.Option<number>>()

// Secrets are not strings.
expectTypeOf<Token["token"]>().toEqualTypeOf<Redacted.Redacted>()
expectTypeOf<Grant["code"]>().toEqualTypeOf<Redacted.Redacted>()
expectTypeOf(accessToken(authorization)).toEqualTypeOf<Option.Option<Redacted.Redacted>>()
// @ts-expect-error
export const header = (token: Token): string => token.token

// @ts-expect-error an authorization is read-only
authorization.description = Option.none()
// @ts-expect-error an object that looks like an authorization is not one
expiresAt({ id: "x" }, authorization.createdAt)

// -----------------------------------------------------------------------------
// Codecs and inputs
// -----------------------------------------------------------------------------

expectTypeOf(Schema.decodeUnknownSync(Authorization.FromWire)({})).toEqualTypeOf<Authorization>()
expectTypeOf<typeof Authorization.FromWire.Encoded>().toHaveProperty("access_token")
expectTypeOf<typeof Authorization.FromWire.Encoded>().not.toHaveProperty("accessToken")

expectTypeOf<CreateAuthorization["expiresIn"]>().toEqualTypeOf<Duration.Input | undefined>()
expectTypeOf(Schema.encodeSync(CreateAuthorization)({ scope: ["global"], expiresIn: "10 minutes" }).expires_in)
  .toEqualTypeOf<number | undefined>()
