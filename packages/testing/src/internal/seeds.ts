/** Seeds, with which tests describe the content of an account, and the records created from them. */
import { Authorization, AuthorizationId, type Scope } from "@effect-heroku/core/Authorization"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { Random } from "./random.ts"
import {
  type AuthorizationRecord,
  type ClientRecord,
  decode,
  makeGrant,
  makeToken,
  toTime,
  toWholeSecond,
  type Wire
} from "./records.ts"

/** An OAuth client that exists from the start. Missing fields are generated. */
export interface ClientSeed {
  /** Its id. */
  readonly id?: string | undefined
  /** Its name. */
  readonly name?: string | undefined
  /** Where it sends users back to. */
  readonly redirectUri?: string | undefined
  /** The secret that `update` requires to transfer an authorization to this client. By default it accepts any. */
  readonly secret?: string | Redacted.Redacted | undefined
  /** Whether the client's authorizations may be regenerated. By default not. */
  readonly privileged?: boolean | undefined
}

/** The account that created an authorization. Missing fields are generated. */
export interface UserSeed {
  /** The account's id. */
  readonly id?: string | undefined
  /** The account's email address. */
  readonly email?: string | undefined
  /** The user's name. */
  readonly fullName?: string | undefined
}

/**
 * An authorization that exists from the start. Missing fields are generated: `{}` is a direct authorization with scope
 * `global` that never expires.
 */
export interface AuthorizationSeed {
  /** Its id. */
  readonly id?: string | undefined
  /** Its description. */
  readonly description?: string | undefined
  /** Its scope. By default `global`. */
  readonly scope?: ReadonlyArray<Scope> | undefined
  /** Counted from `observedAt`; zero or less has expired. By default it never expires. */
  readonly expiresIn?: Duration.Input | undefined
  /** The access token; `null` for none, as before a grant is exchanged. By default one is generated. */
  readonly accessToken?: string | Redacted.Redacted | null | undefined
  /** The refresh token. By default none. */
  readonly refreshToken?: string | Redacted.Redacted | undefined
  /** The client that obtained it. By default none: a direct authorization. */
  readonly client?: ClientSeed | undefined
  /** The grant of the web flow. By default none. */
  readonly grant?:
    | { readonly id?: string | undefined; readonly code?: string | Redacted.Redacted | undefined }
    | undefined
  /** The browser session of the web flow. By default none. */
  readonly session?: { readonly id?: string | undefined } | undefined
  /** By default the account itself. */
  readonly user?: UserSeed | undefined
  /** By default `observedAt`. */
  readonly createdAt?: DateTime.Utc | undefined
  /** By default `createdAt`. */
  readonly updatedAt?: DateTime.Utc | undefined
}

/** An authorization as Heroku's JSON, for example a saved response. */
export interface WireSeed extends Wire {}

/** Anything that an authorization can be created from. */
export type Seed = Authorization | AuthorizationSeed | WireSeed

export const toText = (secret: string | Redacted.Redacted): string =>
  Redacted.isRedacted(secret) ? Redacted.value(secret) : secret

export const toClient = (seed: ClientSeed, random: Random): ClientRecord => ({
  wire: {
    id: seed.id ?? random.uuid(),
    name: seed.name ?? "example",
    redirect_uri: seed.redirectUri ?? "https://example.com/auth/heroku/callback"
  },
  secret: seed.secret === undefined ? null : toText(seed.secret),
  privileged: seed.privileged ?? false
})

/** Creates a user; by default the example of the published schema. */
export const toUser = (seed: UserSeed, random: Random): NonNullable<Wire["user"]> => ({
  id: seed.id ?? random.uuid(),
  email: seed.email ?? "username@example.com",
  full_name: seed.fullName ?? "Tina Edmonds"
})

const encode = Schema.encodeSync(Authorization.FromWire)

const fromAuthorization = (seed: Authorization | WireSeed, observedAt: number): AuthorizationRecord => {
  const authorization = seed instanceof Authorization ? seed : decode(seed)
  const wire = {
    ...encode(authorization),
    created_at: toTime(DateTime.toEpochMillis(authorization.createdAt)),
    updated_at: toTime(DateTime.toEpochMillis(authorization.updatedAt))
  }
  return { wire, observedAt, client: wire.client ? { wire: wire.client, secret: null, privileged: false } : null }
}

/**
 * Creates the record of an authorization.
 *
 * @throws when the seed is invalid: a mistake in the test, which no layer's error type should contain.
 */
export const toRecord = (
  seed: Seed,
  account: NonNullable<Wire["user"]>,
  random: Random,
  observedAt: number
): AuthorizationRecord => {
  if (seed.id === "~") throw new TypeError("seed: ~ is not an id, it names the default authorization")
  if (seed instanceof Authorization || "created_at" in seed) return fromAuthorization(seed, observedAt)
  const { scope = ["global"] } = seed
  if (scope.length === 0) throw new TypeError("seed: scope must not be empty")
  const lifetime = Duration.toSeconds(Duration.fromInputUnsafe(seed.expiresIn ?? Duration.infinity))
  const token = (given: string | Redacted.Redacted | undefined) => {
    const generated = makeToken(random, Number.isFinite(lifetime) ? lifetime : null)
    return given === undefined ? generated : { ...generated, token: toText(given) }
  }
  const grant = ({ code, id }: NonNullable<AuthorizationSeed["grant"]>) => {
    const generated = makeGrant(random)
    return { ...generated, id: id ?? generated.id, code: code === undefined ? generated.code : toText(code) }
  }
  const createdAt = seed.createdAt === undefined
    ? toWholeSecond(observedAt)
    : toTime(DateTime.toEpochMillis(seed.createdAt))
  const client = seed.client === undefined ? null : toClient(seed.client, random)
  const wire: Wire = {
    access_token: seed.accessToken === null ? null : token(seed.accessToken),
    client: client && client.wire,
    created_at: createdAt,
    description: seed.description ?? "sample authorization",
    grant: seed.grant === undefined ? null : grant(seed.grant),
    id: AuthorizationId.make(seed.id ?? random.uuid()),
    refresh_token: seed.refreshToken === undefined ? null : token(seed.refreshToken),
    scope,
    session: seed.session === undefined ? null : { id: seed.session.id ?? random.uuid() },
    updated_at: seed.updatedAt === undefined ? createdAt : toTime(DateTime.toEpochMillis(seed.updatedAt)),
    user: seed.user === undefined ? account : toUser(seed.user, random)
  }
  return { wire, observedAt, client }
}
