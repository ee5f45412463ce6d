/**
 * An OAuth authorization: the domain class, its codec to and from Heroku's JSON, the inputs of `create` and `update`, and
 * helpers such as `expiresAt` and `accessToken`. Nothing here performs I/O.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaJITCompiler from "effect/schema/SchemaJITCompiler"
import * as SchemaGetter from "effect/SchemaGetter"
import { Lifetime, LifetimeInput } from "./internal/lifetime.ts"
import * as PathSegments from "./internal/pathSegments.ts"
import { compareToken } from "./internal/token.ts"
import * as WireFormat from "./internal/wire.ts"

/**
 * The id of an authorization: usually a UUID. `~` names the account's default authorization.
 *
 * **Details**
 *
 * Rejects ids that cannot be sent safely: empty strings, malformed Unicode, control characters (such as a trailing newline
 * from a file), and the dot segments `.` and `..`, which URL parsers resolve to another path even when percent-encoded.
 * Also rejects tokens (`HRKU-…`), without quoting them: `matchToken` finds the authorization of a token.
 */
export const AuthorizationId = PathSegments.AuthorizationId
export type AuthorizationId = typeof AuthorizationId.Type

/**
 * What an authorization may do: one of the six documented scopes, or any other string.
 *
 * @see https://devcenter.heroku.com/articles/oauth#scopes
 */
export const Scope = Schema.Union([
  Schema.Literals(["global", "identity", "read", "write", "read-protected", "write-protected"]),
  Schema.StringForLiteralAutocomplete
])
export type Scope = typeof Scope.Type

// The constructor copies a secret, and this check freezes the copy. `redact` in `internal/wire.ts` says why.
const Secret = Schema.Redacted(Schema.String).check(
  Schema.makeFilter((secret) => Object.isFrozen(Object.freeze(secret)))
)

// `Opaque` changes nothing at run time: with it an editor shows `Option<Token>` instead of every field.

/** An access or refresh token. */
export class Token extends Schema.Opaque<Token>()(Schema.Struct({
  /** The id of the token itself. */
  id: Schema.String,
  /** The bearer token. In lists it is masked with ten asterisks: see `matchToken`. */
  token: Secret,
  /** The remaining lifetime in whole seconds, counted from the response. `None`: it never expires. */
  expiresIn: Schema.Option(Lifetime),
  /** The version of the token, an integer. Heroku sends it for authorizations of teams. */
  version: Schema.Option(Schema.Finite)
})) {}

/** The OAuth client that an authorization was created for. */
export class Client extends Schema.Opaque<Client>()(Schema.Struct({
  /** The id by which `create` and `update` name the client. */
  id: Schema.String,
  /** The name that users see when they authorize the client. */
  name: Schema.Option(Schema.String),
  /** The URL to which users return after authorizing the client. */
  redirectUri: Schema.Option(Schema.String)
})) {}

/** The grant of a web-flow authorization. */
export class Grant extends Schema.Opaque<Grant>()(Schema.Struct({
  /** The id of the grant. `None` where Heroku does not send it. */
  id: Schema.Option(Schema.String),
  /** The code that the client exchanges for tokens. */
  code: Secret,
  /** The time left to exchange the code, in whole seconds, counted from the response. */
  expiresIn: Schema.Option(Lifetime)
})) {}

/** The browser session of a web-flow authorization. */
export class Session extends Schema.Opaque<Session>()(Schema.Struct({
  /** The id of the session. */
  id: Schema.String
})) {}

/** The account that an authorization belongs to. */
export class User extends Schema.Opaque<User>()(Schema.Struct({
  /** The id of the account. */
  id: Schema.String,
  /** The email address of the account. */
  email: Schema.Option(Schema.String),
  /** The name of the account's owner, where the account has one. */
  fullName: Schema.Option(Schema.String)
})) {}

/**
 * An OAuth authorization.
 *
 * **Details**
 *
 * Direct authorizations, created by hand or through the API, have no `client`. Web-flow authorizations have a `grant` and a
 * `session`, and no tokens before the grant is exchanged. Old payloads lack `description`, `session` and `user`. Tokens and
 * grant codes are `Redacted`.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization
 */
export class Authorization extends Schema.Class<Authorization>("@effect-heroku/core/Authorization")({
  /** The id by which operations name the authorization. */
  id: AuthorizationId,
  /** The description that identifies the authorization to its owner. */
  description: Schema.Option(Schema.String),
  /** The scopes: what the authorization may do. */
  scope: Schema.Array(Scope),
  /** The access token. `None` for a web-flow authorization whose grant has not been exchanged yet. */
  accessToken: Schema.Option(Token),
  /** The token that obtains a new access token. `None` for direct authorizations. */
  refreshToken: Schema.Option(Token),
  /** The OAuth client. `None` for direct authorizations. */
  client: Schema.Option(Client),
  /** The grant of the web flow. */
  grant: Schema.Option(Grant),
  /** The browser session of the web flow. */
  session: Schema.Option(Session),
  /** The account that the authorization belongs to. `None` in old payloads. */
  user: Schema.Option(User),
  /** The time of creation. */
  createdAt: Schema.DateTimeUtc,
  /** The time of the last change. */
  updatedAt: Schema.DateTimeUtc
}) {
  /**
   * The codec between Heroku's JSON (snake_case keys, ISO 8601 times, lifetimes in seconds) and `Authorization`.
   *
   * **Details**
   *
   * `null` and an absent key decode to `None`; unknown keys are ignored. A token without its id or text, a grant without its
   * code, and a client, session or user without its id also decode to `None`.
   *
   * **Gotchas**
   *
   * Encoding yields JSON that Heroku's published schema accepts, with the secrets in clear. Keep it away from logs.
   */
  static readonly FromWire = WireFormat.Wire.pipe(Schema.decodeTo(
    Schema.instanceOf(Authorization, { expected: "an Authorization" }),
    {
      // Valid fields need no second check by the constructor, which takes 5 µs.
      decode: SchemaGetter.transformEffect((wire) =>
        Effect.mapEager(
          WireFormat.fieldsFromWire(wire),
          (fields) => Object.assign(Object.create(Authorization.prototype), fields)
        )
      ),
      encode: SchemaGetter.transform(WireFormat.wireFromFields)
    }
  )) as Schema.Codec<Authorization, WireFormat.Encoded>
}

// Generated code decodes an authorization in 4 µs; the interpreter, which remains where `new Function` is blocked, takes 11.
SchemaJITCompiler.enable(Authorization.FromWire.ast)

/**
 * The input of `create`. Its encoding is the body of the request, apart from `team`, which belongs to the path.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization-create
 */
export const CreateAuthorization = Schema.Struct({
  /** One or more scopes: what the authorization may do. */
  scope: Schema.Array(Scope.check(Schema.isNonEmpty())).check(
    Schema.isMinLength(1, { message: "must contain at least one scope" })
  ),
  /** The description. Without one Heroku generates it. */
  description: Schema.optional(Schema.String),
  /** The lifetime of the access token, a whole number of seconds such as `"30 days"`. Without one it never expires. */
  expiresIn: Schema.optional(LifetimeInput),
  /** The id of the OAuth client to authorize. Without one the authorization is direct. */
  client: Schema.optional(Schema.NonEmptyString),
  /** The name or id of the team to create the authorization for. It cannot be combined with `client`. */
  team: Schema.optional(PathSegments.Team)
}).check(Schema.makeFilter(({ client, team }) =>
  client === undefined || team === undefined
    ? undefined
    : { path: ["client"], issue: "cannot be combined with a team" }
)).pipe(Schema.encodeKeys({ expiresIn: "expires_in" }))
export interface CreateAuthorization extends Schema.Schema.Type<typeof CreateAuthorization> {}

/** A client secret: decodes from a string, and accepts a `Redacted` with any label from callers. */
const ClientSecret = Schema.String.pipe(Schema.decodeTo(
  Schema.Redacted(Schema.String).check(
    Schema.makeFilter((secret) => Redacted.value(secret) !== "" || "must not be empty")
  ),
  {
    decode: SchemaGetter.transform((secret) => WireFormat.redact(secret, "client secret")),
    encode: SchemaGetter.transform(Redacted.value)
  }
))

/**
 * The input of `update`: a new `description`, a `client` that takes the authorization over, or both.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization-update
 */
export const UpdateAuthorization = Schema.Struct({
  /** The new description. */
  description: Schema.optional(Schema.String),
  /** The OAuth client that takes the authorization over, with its secret. */
  client: Schema.optional(Schema.Struct({ id: Schema.NonEmptyString, secret: ClientSecret }))
}).check(Schema.makeFilter(({ client, description }) =>
  description !== undefined || client !== undefined
    ? undefined
    : { path: ["description"], issue: "nothing to update: pass a description, a client, or both" }
))
export interface UpdateAuthorization extends Schema.Schema.Type<typeof UpdateAuthorization> {}

/** Returns the access token. `None` for a web-flow authorization whose grant has not been exchanged yet. */
export const accessToken = (authorization: Authorization): Option.Option<Redacted.Redacted> =>
  Option.map(authorization.accessToken, ({ token }) => token)

/**
 * Compares a token in clear with the access and refresh tokens of an authorization, which lists contain masked.
 *
 * **Details**
 *
 * - `"exact"`: the authorization has this token.
 * - `"masked"`: everything that a masked token shows equals this token. Other tokens can match it as well.
 * - `"unknown"`: a masked token shows nothing, or only the prefix of all tokens (`HRKU-AA`), so that it cannot be compared.
 * - `"none"`: the authorization does not have this token.
 *
 * The result is the first of these that applies to one of the two tokens.
 */
export const matchToken = (authorization: Authorization, token: Redacted.Redacted): TokenMatch => {
  const text = Redacted.value(token)
  const tokens = [authorization.accessToken, authorization.refreshToken].flatMap(Option.toArray)
  const matches = new Set(tokens.map(({ token }) => compareToken(Redacted.value(token), text)))
  return tokenMatches.find((match) => matches.has(match)) ?? "none"
}

const tokenMatches = ["exact", "masked", "unknown", "none"] as const

/** How a token compares with those of an authorization. */
export type TokenMatch = typeof tokenMatches[number]

/**
 * Returns when the access token expires: `expiresIn` counts from `observedAt`, the time of the response. `None` when the
 * token never expires, or when there is no access token.
 */
export const expiresAt = (authorization: Authorization, observedAt: DateTime.Utc): Option.Option<DateTime.Utc> =>
  authorization.accessToken.pipe(
    Option.flatMap((token) => token.expiresIn),
    Option.map((expiresIn) => DateTime.addDuration(observedAt, expiresIn))
  )

/** Returns whether the access token has expired at `now`, by default at `observedAt`. */
export const isExpired = (
  authorization: Authorization,
  observedAt: DateTime.Utc,
  now: DateTime.Utc = observedAt
): boolean => Option.exists(expiresAt(authorization, observedAt), (expiry) => DateTime.isLessThanOrEqualTo(expiry, now))

/** Returns whether an access token exists and never expires. */
export const neverExpires = (authorization: Authorization): boolean =>
  Option.exists(authorization.accessToken, (token) => Option.isNone(token.expiresIn))

/** Returns whether the authorization is direct: created without an OAuth client. */
export const isDirect = (authorization: Authorization): boolean => Option.isNone(authorization.client)

/** Returns whether the scope includes `global`, which allows everything that the account may do. */
export const hasGlobalScope = (authorization: Authorization): boolean => authorization.scope.includes("global")
