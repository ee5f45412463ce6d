/**
 * Heroku's JSON of an authorization: a plain schema, and a function each way between it and the fields of the domain class.
 *
 * One schema of transformations would be shorter, but takes 16 µs for an authorization beyond `JSON.parse`; this takes 4
 * (both compiled by `SchemaJITCompiler`, the machine of bench/results.md, Node 24, pages of 1,000).
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { isNullish } from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { lifetimeFromSeconds } from "./lifetime.ts"
import { AuthorizationId } from "./pathSegments.ts"

const optional = <S extends Schema.Constraint>(schema: S) => Schema.optional(Schema.NullOr(schema))

/** `key` is the schema of the keys without which an object is useless. */
const makeWireToken = <S extends Schema.Constraint>(key: S) =>
  Schema.Struct({
    id: key,
    token: key,
    expires_in: optional(Schema.Finite),
    version: optional(Schema.Finite)
  })

const makeWire = <S extends Schema.Constraint>(key: S) =>
  Schema.Struct({
    id: AuthorizationId,
    description: optional(Schema.String),
    scope: Schema.Array(Schema.String),
    access_token: optional(makeWireToken(key)),
    refresh_token: optional(makeWireToken(key)),
    client: optional(Schema.Struct({
      id: key,
      name: optional(Schema.String),
      redirect_uri: optional(Schema.String)
    })),
    grant: optional(Schema.Struct({
      id: optional(Schema.String),
      code: key,
      expires_in: optional(Schema.Finite)
    })),
    session: optional(Schema.Struct({ id: key })),
    user: optional(Schema.Struct({
      id: key,
      email: optional(Schema.String),
      full_name: optional(Schema.String)
    })),
    created_at: Schema.String,
    updated_at: Schema.String
  })

/**
 * The JSON of an authorization. Unknown keys are ignored. Heroku's published schema requires no key inside the objects: those
 * without an id, token or code decode to `None`.
 */
export const Wire = makeWire(optional(Schema.String))
export interface Wire extends Schema.Schema.Type<typeof Wire> {}

/** The JSON to which an authorization is encoded: its objects have an id, token or code. */
export interface Encoded extends Schema.Codec.Encoded<ReturnType<typeof makeWire<typeof Schema.String>>> {}

type WireToken = NonNullable<Wire["access_token"]>

/** The fields of the domain class. */
export interface Fields extends ReturnType<typeof toFields> {}

/** Maps valid JSON to the fields of the domain class, and checks its times, which a check in the schema would parse twice. */
export const fieldsFromWire = (wire: Wire): Exit.Exit<Fields, SchemaIssue.Issue> => {
  const createdAt = DateTime.make(wire.created_at)
  const updatedAt = DateTime.make(wire.updated_at)
  if (Option.isNone(createdAt)) return invalidTime("created_at")
  if (Option.isNone(updatedAt)) return invalidTime("updated_at")
  return Exit.succeed(toFields(wire, createdAt.value, updatedAt.value))
}

const invalidTime = (key: keyof Wire) =>
  Exit.fail(new SchemaIssue.Pointer([key], new SchemaIssue.InvalidValue({ message: "must be a date and time" })))

const toFields = (wire: Wire, createdAt: DateTime.Utc, updatedAt: DateTime.Utc) => ({
  id: wire.id,
  description: Option.fromNullishOr(wire.description),
  scope: wire.scope,
  accessToken: Option.flatMap(Option.fromNullishOr(wire.access_token), tokenFromWire),
  refreshToken: Option.flatMap(Option.fromNullishOr(wire.refresh_token), tokenFromWire),
  client: Option.flatMap(
    Option.fromNullishOr(wire.client),
    ({ id, name, redirect_uri }) =>
      isNullish(id) ? Option.none() : Option.some({
        id,
        name: Option.fromNullishOr(name),
        redirectUri: Option.fromNullishOr(redirect_uri)
      })
  ),
  grant: Option.flatMap(
    Option.fromNullishOr(wire.grant),
    ({ code, expires_in, id }) =>
      isNullish(code) ? Option.none() : Option.some({
        id: Option.fromNullishOr(id),
        code: redact(code, "grant code"),
        expiresIn: lifetime(expires_in)
      })
  ),
  session: Option.flatMap(
    Option.fromNullishOr(wire.session),
    ({ id }) => isNullish(id) ? Option.none() : Option.some({ id })
  ),
  user: Option.flatMap(
    Option.fromNullishOr(wire.user),
    ({ email, full_name, id }) =>
      isNullish(id) ? Option.none() : Option.some({
        id,
        email: Option.fromNullishOr(email),
        fullName: Option.fromNullishOr(full_name)
      })
  ),
  createdAt,
  updatedAt
})

const tokenFromWire = ({ expires_in, id, token, version }: WireToken) =>
  isNullish(id) || isNullish(token) ? Option.none() : Option.some({
    id,
    token: redact(token, "token"),
    expiresIn: lifetime(expires_in),
    version: Option.fromNullishOr(version)
  })

/** Creates a frozen secret: reactive stores such as Vue's leave frozen objects alone, and a `Proxy` of one cannot be read. */
export const redact = (secret: string, label: string): Redacted.Redacted =>
  Object.freeze(Redacted.make(secret, { label }))

const lifetime = (seconds: number | null | undefined): Option.Option<Duration.Duration> =>
  Option.map(Option.fromNullishOr(seconds), lifetimeFromSeconds)

/**
 * Maps the fields of the domain class to JSON that Heroku's published schema accepts: `null` only where it allows `null`,
 * and `undefined`, which JSON leaves out, elsewhere.
 */
export const wireFromFields = (fields: Fields): Encoded & Wire => ({
  id: fields.id,
  description: Option.getOrUndefined(fields.description),
  scope: fields.scope,
  access_token: Option.getOrNull(Option.map(fields.accessToken, wireFromToken)),
  refresh_token: Option.getOrNull(Option.map(fields.refreshToken, wireFromToken)),
  client: Option.getOrNull(Option.map(fields.client, ({ id, name, redirectUri }) => ({
    id,
    name: Option.getOrUndefined(name),
    redirect_uri: Option.getOrUndefined(redirectUri)
  }))),
  grant: Option.getOrNull(Option.map(fields.grant, ({ code, expiresIn, id }) => ({
    id: Option.getOrUndefined(id),
    code: Redacted.value(code),
    expires_in: Option.getOrUndefined(Option.map(expiresIn, Duration.toSeconds))
  }))),
  session: Option.getOrNull(fields.session),
  user: Option.getOrUndefined(Option.map(fields.user, ({ email, fullName, id }) => ({
    id,
    email: Option.getOrUndefined(email),
    full_name: Option.getOrNull(fullName)
  }))),
  created_at: DateTime.formatIso(fields.createdAt),
  updated_at: DateTime.formatIso(fields.updatedAt)
})

const wireFromToken = (
  { expiresIn, id, token, version }: Option.Option.Value<ReturnType<typeof tokenFromWire>>
): NonNullable<Encoded["access_token"]> => ({
  id,
  token: Redacted.value(token),
  expires_in: Option.getOrNull(Option.map(expiresIn, Duration.toSeconds)),
  version: Option.getOrUndefined(version)
})
