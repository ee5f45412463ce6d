/**
 * The OAuth authorization: the domain class, its codec to and from Heroku's JSON, the inputs of `create` and `update`,
 * and the questions people ask of one (when does it expire, does it reach everything).
 *
 * Nothing here does I/O. Errors are in `AuthorizationError.ts`, operations in `AuthorizationService.ts`.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import { NodeInspectSymbol } from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaTransformation from "effect/SchemaTransformation"

// -----------------------------------------------------------------------------
// Parts
// -----------------------------------------------------------------------------

/**
 * The id of an authorization: usually a UUID, but ids that are not UUIDs exist, and `~` names the account's default
 * authorization.
 *
 * **Details**
 *
 * Refused are ids that no request could carry safely: empty, not well-formed Unicode, with control characters (a
 * newline read along from a file), and the dot segments `.` and `..`, which URL parsers resolve to another path even
 * when they are percent-encoded.
 */
export const AuthorizationId = Schema.String.check(
  Schema.isNonEmpty({ message: "must not be empty" }),
  Schema.makeFilter((id) => id.trim() !== "" || "must not be blank"),
  Schema.makeFilter((id) => (id !== "." && id !== "..") || "must not be a dot segment: it would reach another path"),
  Schema.makeFilter((id) => !/[\p{Cc}\p{Cs}]/u.test(id) || "must be well-formed Unicode without control characters")
).pipe(Schema.brand("AuthorizationId"))
export type AuthorizationId = typeof AuthorizationId.Type

/**
 * What an authorization may do. Six scopes are documented; others occur, so any string is one.
 *
 * @see https://devcenter.heroku.com/articles/oauth#scopes
 */
export const Scope = Schema.Union([
  Schema.Literals(["global", "identity", "read", "write", "read-protected", "write-protected"]),
  Schema.String
])
export type Scope = "global" | "identity" | "read" | "write" | "read-protected" | "write-protected" | (string & {})

/** `null` and an absent key both decode to none; none is written as `null`. For attributes that the published schema lets be null. */
const nullable = <S extends Schema.Constraint>(schema: S) =>
  Schema.OptionFromOptionalNullOr(schema, { onNoneEncoding: null })

/** As `nullable`, but none is left out: for attributes that the published schema does not let be null. */
const omittable = <S extends Schema.Constraint>(schema: S) =>
  Schema.OptionFromOptionalNullOr(schema, { onNoneEncoding: "omit" })

/** A secret: `Redacted` with this label when decoded; a `Redacted` of any label is accepted from users. */
const secret = (label: string) =>
  Schema.String.pipe(Schema.decodeTo(Schema.Redacted(Schema.String), {
    decode: SchemaGetter.transform((value) => Redacted.make(value, { label })),
    encode: SchemaGetter.transform(Redacted.value)
  }))

const secondsTransformation = SchemaTransformation.transform<Duration.Duration, number>({
  decode: Duration.seconds,
  encode: Duration.toSeconds
})

/** The longest lifetime, in seconds: three thousand years, so that every expiry is a date that can be written. */
export const maxLifetimeSeconds = 100_000_000_000

const WholeSeconds = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: maxLifetimeSeconds }))

/**
 * A lifetime that Heroku can express: a duration of whole, non-negative, finitely many seconds. It declares its own wire
 * form because `Schema.Duration`'s generator makes infinite and sub-second durations, which no number of seconds encodes.
 */
export const Lifetime = Schema.declare(
  (u): u is Duration.Duration => Duration.isDuration(u) && Schema.is(WholeSeconds)(Duration.toSeconds(u)),
  {
    expected: "a Duration of whole seconds, zero or more",
    toCodec: () => Schema.link<Duration.Duration>()(WholeSeconds, secondsTransformation)
  }
)

/** `expires_in` of an input: seconds. */
const LifetimeFromSeconds = WholeSeconds.pipe(Schema.decodeTo(Lifetime, secondsTransformation))

/** A number of seconds as the nearest lifetime. One number out of range must not break a whole listing. */
export const lifetimeFromSeconds = (seconds: number): Duration.Duration =>
  Duration.seconds(Math.min(Math.max(0, Math.floor(seconds)), maxLifetimeSeconds))

/** `expires_in` of an answer: seconds that remain. */
const RemainingFromSeconds = Schema.Finite.pipe(Schema.decodeTo(
  Lifetime,
  SchemaTransformation.transform<Duration.Duration, number>({
    decode: lifetimeFromSeconds,
    encode: Duration.toSeconds
  })
))

// `Opaque` changes nothing at run time: with it an editor shows `Option<Token>`, and not every field of it.

/** An access or refresh token. */
export class Token extends Schema.Opaque<Token>()(
  Schema.Struct({
    /** The token's own id. */
    id: Schema.String,
    /** What is sent as the bearer token. In listings Heroku may mask it with asterisks. */
    token: secret("token"),
    /** How long it still works, in whole seconds, counted from Heroku's answer. None: for ever. */
    expiresIn: nullable(RemainingFromSeconds)
  }).pipe(Schema.encodeKeys({ expiresIn: "expires_in" }))
) {}

/** The OAuth client that obtained an authorization. */
export class Client extends Schema.Opaque<Client>()(
  Schema.Struct({
    /** The id by which `create` and `update` name it. */
    id: Schema.String,
    /** What it is called where people authorize it. */
    name: Schema.String,
    /** Where people are sent back to once they have. */
    redirectUri: Schema.String
  }).pipe(Schema.encodeKeys({ redirectUri: "redirect_uri" }))
) {}

/** The grant of an authorization that came about in the web flow. */
export class Grant extends Schema.Opaque<Grant>()(
  Schema.Struct({
    /** The grant's own id, which Heroku leaves out at times. */
    id: omittable(Schema.String),
    /** What the client exchanges for tokens. */
    code: secret("grant code"),
    /** How long it can be exchanged, in whole seconds, counted from Heroku's answer. */
    expiresIn: omittable(RemainingFromSeconds)
  }).pipe(Schema.encodeKeys({ expiresIn: "expires_in" }))
) {}

/** The browser session that an authorization belongs to. */
export class Session extends Schema.Opaque<Session>()(Schema.Struct({
  /** The session's own id. */
  id: Schema.String
})) {}

/** The account that gave the authorization. */
export class User extends Schema.Opaque<User>()(
  Schema.Struct({
    /** The account's id. */
    id: Schema.String,
    /** The account's address. */
    email: omittable(Schema.String),
    /** The person's name, where the account has one. */
    fullName: nullable(Schema.String)
  }).pipe(Schema.encodeKeys({ fullName: "full_name" }))
) {}

// -----------------------------------------------------------------------------
// Authorization
// -----------------------------------------------------------------------------

/**
 * An OAuth authorization.
 *
 * **Details**
 *
 * `client` is none for authorizations made directly (by hand or through the API), `grant` and `session` are there for
 * those of the web flow, whose `accessToken` and `refreshToken` can be none. Older payloads lack `description`,
 * `session` and `user`. Tokens and grant codes are `Redacted`; in listings Heroku may mask them with asterisks.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization
 */
export class Authorization extends Schema.Class<Authorization>("@effect-heroku/core/Authorization")({
  /** What operations name it by. */
  id: AuthorizationId,
  /** What people recognise it by. */
  description: omittable(Schema.String),
  /** What it may do. */
  scope: Schema.Array(Scope) as Schema.Codec<ReadonlyArray<Scope>>,
  /** The token that requests are made with. None: of the web flow, before the grant was exchanged. */
  accessToken: nullable(Token),
  /** The token that gets a new access token. None for direct ones. */
  refreshToken: nullable(Token),
  /** The OAuth client that it was made for. None: it was made directly, by hand or through the API. */
  client: nullable(Client),
  /** The grant of the web flow. */
  grant: nullable(Grant),
  /** The browser session of the web flow. */
  session: nullable(Session),
  /** Whose account it reaches. None in old payloads. */
  user: omittable(User),
  /** When it was made. */
  createdAt: Schema.DateTimeUtcFromString,
  /** When it was last changed. */
  updatedAt: Schema.DateTimeUtcFromString
}) {
  /** Asks for what is made when it is asked for (see `AuthorizationDecoder.ts`), so that it shows. */
  [NodeInspectSymbol](): this {
    void [this.accessToken, this.refreshToken, this.grant]
    return this
  }

  /**
   * The codec between Heroku's JSON and `Authorization`: snake_case keys, ISO 8601 times, lifetimes in seconds.
   *
   * **Details**
   *
   * `null` and absent both decode to none; unknown keys are ignored. Encoding gives JSON that Heroku's published schema
   * accepts, with the secrets in clear: keep it away from logs.
   */
  static readonly FromWire = this.pipe(Schema.encodeKeys({
    accessToken: "access_token",
    refreshToken: "refresh_token",
    createdAt: "created_at",
    updatedAt: "updated_at"
  }))
}

// -----------------------------------------------------------------------------
// Inputs
// -----------------------------------------------------------------------------

/**
 * The input of `create`.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization-create
 */
export const CreateAuthorization = Schema.Struct({
  /** What it may do: one scope or more. */
  scope: Schema.Array(Schema.NonEmptyString).check(
    Schema.isMinLength(1, { message: "must name one scope or more" })
  ) as Schema.Codec<ReadonlyArray<Scope>>,
  /** What people will recognise it by. Without it Heroku makes one up. */
  description: Schema.optional(Schema.String),
  /** How long its token works, in whole seconds. Without it, for ever. */
  expiresIn: Schema.optional(LifetimeFromSeconds),
  /** The id of the OAuth client to authorize. Without it the authorization is a direct one. */
  client: Schema.optional(Schema.NonEmptyString)
}).pipe(Schema.encodeKeys({ expiresIn: "expires_in" }))
export interface CreateAuthorization extends Schema.Schema.Type<typeof CreateAuthorization> {}

/**
 * The input of `update`: a new `description`, the `client` (with its secret) that takes the authorization over, or both.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization-update
 */
export const UpdateAuthorization = Schema.Struct({
  /** The new description. */
  description: Schema.optional(Schema.String),
  /** The client that takes the authorization over, with its secret. */
  client: Schema.optional(Schema.Struct({
    id: Schema.NonEmptyString,
    secret: secret("client secret").check(
      Schema.makeFilter((redacted) => Redacted.value(redacted) !== "" || "must not be empty")
    )
  }))
}).check(Schema.makeFilter(({ client, description }) =>
  description !== undefined || client !== undefined
    ? undefined
    : { path: ["description"], issue: "nothing to change: give a description, a client, or both" }
))
export interface UpdateAuthorization extends Schema.Schema.Type<typeof UpdateAuthorization> {}

// -----------------------------------------------------------------------------
// Questions
// -----------------------------------------------------------------------------

/**
 * When the access token expires, given when Heroku answered (`observedAt`): `expiresIn` counts from there. None when it
 * never expires, or when there is no access token.
 */
export const expiresAt = (authorization: Authorization, observedAt: DateTime.Utc): Option.Option<DateTime.Utc> =>
  authorization.accessToken.pipe(
    Option.flatMap((token) => token.expiresIn),
    Option.map((expiresIn) => DateTime.addDuration(observedAt, expiresIn))
  )

/** Whether the access token has expired at `now`, by default the moment it was observed. */
export const isExpired = (
  authorization: Authorization,
  observedAt: DateTime.Utc,
  now: DateTime.Utc = observedAt
): boolean => Option.exists(expiresAt(authorization, observedAt), (expiry) => DateTime.isLessThanOrEqualTo(expiry, now))

/** Whether an access token exists and has no expiry. */
export const neverExpires = (authorization: Authorization): boolean =>
  Option.exists(authorization.accessToken, (token) => Option.isNone(token.expiresIn))

/** Whether it was made directly, and not for an OAuth client. Only these can be regenerated without privilege. */
export const isDirect = (authorization: Authorization): boolean => Option.isNone(authorization.client)

/** Whether the scope includes `global`: all that the account itself may do. */
export const hasGlobalScope = (authorization: Authorization): boolean => authorization.scope.includes("global")
