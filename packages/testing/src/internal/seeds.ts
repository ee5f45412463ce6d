/** Seeds, with which tests describe the content of an account, and the records created from them. */
import { Authorization, AuthorizationId, type Scope } from "@effect-heroku/core/Authorization"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Random from "./random.ts"
import {
  type AuthorizationRecord,
  type ClientRecord,
  decode,
  makeGrant,
  makeToken,
  type TeamRecord,
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

/** A team that exists from the start, with authorizations of its own. */
export interface TeamSeed {
  /** Its name. */
  readonly name: string
  /** Its id. By default generated from the name. */
  readonly id?: string | undefined
  /**
   * Whether the account's user may manage its authorizations: the team has the feature `team-tokens`, and the user the
   * capability `manage_tokens`. By default true.
   */
  readonly manageTokens?: boolean | undefined
  /** How many authorizations are generated for it. By default 0. */
  readonly count?: number | undefined
}

/**
 * An authorization that exists from the start. Missing fields are generated: `{}` is a direct authorization with scope
 * `global` that never expires.
 */
export interface AuthorizationSeed {
  /** Its id. */
  readonly id?: string | undefined
  /** Its description. By default the client's name, or `sample authorization`. */
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
  /** The name or id of the team that it belongs to. By default it is the user's. */
  readonly team?: string | undefined
}

/** An authorization as Heroku's JSON, for example a saved response. */
export interface WireSeed extends Wire {
  /** The name or id of the team that it belongs to. By default it is the user's. */
  readonly team?: string | undefined
}

/** Anything that an authorization can be created from. */
export type Seed = Authorization | AuthorizationSeed | WireSeed

export const toText = (secret: string | Redacted.Redacted): string =>
  Redacted.isRedacted(secret) ? Redacted.value(secret) : secret

export const toClient = (seed: ClientSeed, random: Random.Random): ClientRecord => ({
  wire: {
    id: seed.id ?? random.uuid(),
    name: seed.name ?? "example",
    redirect_uri: seed.redirectUri ?? "https://example.com/auth/heroku/callback"
  },
  secret: seed.secret === undefined ? null : toText(seed.secret),
  privileged: seed.privileged ?? false
})

export const toTeam = ({ id, manageTokens = true, name }: TeamSeed): TeamRecord => ({
  id: id ?? Random.make(name, "team").uuid(),
  name,
  manageTokens,
  ids: []
})

/** Creates a user; by default the example of the published schema. */
export const toUser = (seed: UserSeed, random: Random.Random): NonNullable<Wire["user"]> => ({
  id: seed.id ?? random.uuid(),
  email: seed.email ?? "username@example.com",
  full_name: seed.fullName ?? "Tina Edmonds"
})

/** The description of a direct authorization that was created without one. */
export const directDescription = "Long-lived user authorization"

const encode = Schema.encodeSync(Authorization.FromWire)

const fromAuthorization = (authorization: Authorization): Wire => ({
  ...encode(authorization),
  created_at: toTime(DateTime.toEpochMillis(authorization.createdAt)),
  updated_at: toTime(DateTime.toEpochMillis(authorization.updatedAt))
})

/** Checks the JSON and returns it as it is: a copy would double the memory of a large account. */
const fromJson = (seed: WireSeed): Wire => {
  decode(seed)
  return seed
}

/**
 * Creates the record of an authorization.
 *
 * @throws when the seed is invalid: a mistake in the test, which no layer's error type should contain.
 */
export const toRecord = (
  seed: Seed,
  account: NonNullable<Wire["user"]>,
  random: Random.Random,
  observedAt: number,
  team: TeamRecord | null
): AuthorizationRecord => {
  if (seed.id === "~") throw new TypeError("seed: ~ is not an id, it names the default authorization")
  if (seed instanceof Authorization || "created_at" in seed) {
    const wire = seed instanceof Authorization ? fromAuthorization(seed) : fromJson(seed)
    const client = wire.client ? { wire: wire.client, secret: null, privileged: false } : null
    return { wire, observedAt, client, team }
  }
  const { scope = ["global"] } = seed
  if (scope.length === 0) throw new TypeError("seed: scope must not be empty")
  const lifetime = Duration.toSeconds(Duration.fromInputUnsafe(seed.expiresIn ?? Duration.infinity))
  const token = (given: string | Redacted.Redacted | undefined) => {
    const generated = makeToken(random, Number.isFinite(lifetime) ? lifetime : null, team)
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
    description: seed.description ?? client?.wire.name ?? "sample authorization",
    grant: seed.grant === undefined ? null : grant(seed.grant),
    id: AuthorizationId.make(seed.id ?? random.uuid()),
    refresh_token: seed.refreshToken === undefined ? null : token(seed.refreshToken),
    scope,
    session: seed.session === undefined ? null : { id: seed.session.id ?? random.uuid() },
    updated_at: seed.updatedAt === undefined ? createdAt : toTime(DateTime.toEpochMillis(seed.updatedAt)),
    // A team's authorization has no user. That is inferred.
    user: seed.user === undefined ? team === null ? account : null : toUser(seed.user, random)
  }
  return { wire, observedAt, client, team }
}
