/**
 * Authorizations as an account stores them: Heroku's JSON, except that lifetimes are stored as the time they end.
 *
 * Secrets are in clear: records stay inside the account's closure.
 */
import { Authorization } from "@effect-heroku/core/Authorization"
import { maxLifetimeSeconds } from "@effect-heroku/core/AuthorizationEndpoints"
import * as Schema from "effect/Schema"
import { flat, type Random } from "./random.ts"

/** An authorization as Heroku's JSON has it. */
export type Wire = typeof Authorization.FromWire.Encoded

/** An access or refresh token. Times are in milliseconds; `null` means that it never expires. */
export interface TokenRecord {
  readonly id: string
  readonly token: string
  readonly expiresAt: number | null
  /** The lifetime that `regenerate` gives the next token. */
  readonly lifetime: number | null
  readonly version: number | undefined
}

/** An OAuth client. */
export interface ClientRecord {
  readonly id: string
  readonly name: string | undefined
  readonly redirectUri: string | undefined
  /** The secret that `update` requires; `null` accepts any. */
  readonly secret: string | null
  readonly privileged: boolean
}

/** A grant of the web flow. */
export interface GrantRecord {
  readonly id: string | undefined
  readonly code: string
  readonly expiresAt: number | null
}

/** An account, as Heroku's JSON has it. */
export type UserRecord = NonNullable<Wire["user"]>

/** An authorization. `undefined` is for keys that older payloads lack. */
export interface AuthorizationRecord {
  readonly id: string
  readonly description: string | undefined
  readonly scope: ReadonlyArray<string>
  readonly accessToken: TokenRecord | null
  readonly refreshToken: TokenRecord | null
  readonly client: ClientRecord | null
  readonly grant: GrantRecord | null
  readonly session: { readonly id: string } | null
  readonly user: UserRecord | undefined
  readonly createdAt: number
  readonly updatedAt: number
}

/** Heroku's times have no fractions of a second. */
export const wholeSecond = (millis: number): number => Math.floor(millis / 1000) * 1000

const expiryOf = (lifetime: number | null, now: number): number | null => lifetime === null ? null : now + lifetime

/** Creates a token in today's form. Older ones are bare UUIDs. */
export const makeToken = (random: Random, now: number, lifetime: number | null): TokenRecord => ({
  id: random.uuid(),
  token: flat("HRKU-", random.uuid()),
  expiresAt: expiryOf(lifetime, now),
  lifetime: usualLifetime(lifetime),
  version: undefined
})

/** The lifetime that a token was created with, inferred from the rest of it: of an expired one, 30 days. */
const usualLifetime = (remaining: number | null): number | null =>
  remaining === null || remaining > 0 ? remaining : 30 * 24 * 3_600_000

/** Creates a grant. That it can be exchanged for five minutes is inferred. */
export const makeGrant = (random: Random, now: number): GrantRecord => ({
  id: random.uuid(),
  code: random.uuid(),
  expiresAt: now + 300_000
})

// -----------------------------------------------------------------------------
// JSON
// -----------------------------------------------------------------------------

/** Returns the authorization as it is at `now`, as Heroku's JSON. */
export const toJson = (record: AuthorizationRecord, now: number): string => JSON.stringify(toWire(record, now))

/** Returns a list of authorizations as Heroku's JSON. */
export const listToJson = (records: ReadonlyArray<AuthorizationRecord>, now: number): string =>
  JSON.stringify(records.map((record) => toWire(record, now)))

// The order of the keys is Heroku's. Absent values are `null` where the published schema allows it, and left out otherwise.
const toWire = (record: AuthorizationRecord, now: number) => ({
  access_token: toWireToken(record.accessToken, now),
  client: record.client === null ? null : {
    id: record.client.id,
    name: record.client.name,
    redirect_uri: record.client.redirectUri
  },
  created_at: toWireTime(record.createdAt),
  description: record.description,
  grant: record.grant === null ? null : {
    code: record.grant.code,
    expires_in: secondsRemaining(record.grant.expiresAt, now) ?? undefined,
    id: record.grant.id
  },
  id: record.id,
  refresh_token: toWireToken(record.refreshToken, now),
  scope: record.scope,
  session: record.session,
  updated_at: toWireTime(record.updatedAt),
  user: record.user
})

const toWireToken = (record: TokenRecord | null, now: number) =>
  record === null ? null : {
    expires_in: secondsRemaining(record.expiresAt, now),
    id: record.id,
    token: record.token,
    version: record.version
  }

/** Rounded up, so that 0 means expired. */
const secondsRemaining = (expiresAt: number | null, now: number): number | null =>
  expiresAt === null ? null : Math.min(Math.max(0, Math.ceil((expiresAt - now) / 1000)), maxLifetimeSeconds)

// Heroku writes no fractions of a second. Seeds may have them.
const toWireTime = (millis: number): string => {
  const iso = new Date(millis).toISOString()
  return millis % 1000 === 0 ? `${iso.slice(0, -5)}Z` : iso
}

// -----------------------------------------------------------------------------
// Domain class
// -----------------------------------------------------------------------------

const decode = Schema.decodeUnknownSync(Authorization.FromWire)
const encode = Schema.encodeSync(Authorization.FromWire)

/** Returns the authorization as it is at `now`. */
export const toAuthorization = (record: AuthorizationRecord, now: number): Authorization => decode(toWire(record, now))

/**
 * Creates the record of an authorization that Heroku returned at `now`.
 *
 * @throws `SchemaError`
 */
export const fromAuthorization = (authorization: Authorization | Wire, now: number): AuthorizationRecord => {
  const wire = encode(authorization instanceof Authorization ? authorization : decode(authorization))
  return {
    id: wire.id,
    description: wire.description ?? undefined,
    scope: wire.scope,
    accessToken: fromWireToken(wire.access_token, now),
    refreshToken: fromWireToken(wire.refresh_token, now),
    client: wire.client
      ? {
        id: wire.client.id,
        name: wire.client.name ?? undefined,
        redirectUri: wire.client.redirect_uri ?? undefined,
        secret: null,
        privileged: false
      }
      : null,
    grant: wire.grant
      ? {
        id: wire.grant.id ?? undefined,
        code: wire.grant.code,
        expiresAt: expiryOf(toMillis(wire.grant.expires_in), now)
      }
      : null,
    session: wire.session ?? null,
    user: wire.user ?? undefined,
    createdAt: Date.parse(wire.created_at),
    updatedAt: Date.parse(wire.updated_at)
  }
}

const fromWireToken = (wire: Wire["access_token"], now: number): TokenRecord | null => {
  if (!wire) return null
  const lifetime = toMillis(wire.expires_in)
  return {
    id: wire.id,
    token: wire.token,
    expiresAt: expiryOf(lifetime, now),
    lifetime: usualLifetime(lifetime),
    version: wire.version ?? undefined
  }
}

const toMillis = (seconds: number | null | undefined): number | null =>
  seconds === null || seconds === undefined ? null : seconds * 1000
