/**
 * Authorizations as an account stores them: Heroku's JSON as of the time that it was created or observed.
 *
 * Secrets are in clear: records stay inside the account's closure.
 */
import { Authorization } from "@effect-heroku/core/Authorization"
import * as Schema from "effect/Schema"
import { flat, type Random } from "./random.ts"

export type Wire = typeof Authorization.FromWire.Encoded
type WireToken = NonNullable<Wire["access_token"]>

export interface ClientRecord {
  readonly wire: NonNullable<Wire["client"]>
  /** The secret that `update` requires; `null` accepts any. */
  readonly secret: string | null
  readonly privileged: boolean
}

/** A team, and the ids of its authorizations in the order of the list. */
export interface TeamRecord {
  readonly id: string
  readonly name: string
  /** Whether the caller may manage the team's authorizations. */
  readonly manageTokens: boolean
  readonly ids: Array<string>
}

export interface AuthorizationRecord {
  readonly wire: Wire
  /** When the lifetimes in `wire` started, in milliseconds. */
  readonly observedAt: number
  readonly client: ClientRecord | null
  /** The team that it belongs to; `null`: the user. */
  readonly team: TeamRecord | null
}

/** Creates a token in today's form, of 65 characters, with its lifetime in seconds. Tokens of teams have a version. */
export const makeToken = (random: Random, lifetime: number | null, team: TeamRecord | null): WireToken => ({
  expires_in: lifetime,
  id: random.uuid(),
  token: flat("HRKU-AA", random.text(58)),
  ...(team && { version: 1 })
})

const asterisks = "*".repeat(10)

/** Returns whether a token is masked. */
export const isMasked = (token: string): boolean => token.includes(asterisks)

/** Masks the tokens of an authorization. How many characters Heroku shows is not documented. */
export const maskTokens = (record: AuthorizationRecord): AuthorizationRecord => {
  const mask = (token: WireToken): WireToken => {
    if (isMasked(token.token)) return token
    const { length } = token.token
    const [shownStart, shownEnd] = [Math.floor(length / 5), Math.floor(length / 16)]
    return {
      ...token,
      token: flat(token.token.slice(0, shownStart), asterisks, token.token.slice(length - shownEnd))
    }
  }
  const { access_token, refresh_token } = record.wire
  return {
    ...record,
    wire: {
      ...record.wire,
      access_token: access_token && mask(access_token),
      refresh_token: refresh_token && mask(refresh_token)
    }
  }
}

/** Returns whether a token is the access token of an authorization, and has not expired at `now`. */
export const isCurrentToken = ({ observedAt, wire }: AuthorizationRecord, token: string, now: number): boolean => {
  if (wire.access_token?.token !== token) return false
  const { expires_in } = wire.access_token
  return expires_in === null || expires_in === undefined || now - observedAt < expires_in * 1000
}

/** Creates a grant. That it can be exchanged for five minutes is inferred. */
export const makeGrant = (random: Random, lifetime = 300): NonNullable<Wire["grant"]> => ({
  code: random.uuid(),
  expires_in: lifetime,
  id: random.uuid()
})

/** Writes a time. Heroku writes no fractions of a second, but seeds may have them. */
export const toTime = (millis: number): string => new Date(millis).toISOString().replace(".000Z", "Z")

export const toWholeSecond = (millis: number): string => toTime(Math.floor(millis / 1000) * 1000)

/** Returns the authorization as it is at `now`, as Heroku's JSON. */
export const wireAt = ({ observedAt, wire }: AuthorizationRecord, now: number): Wire => {
  const countDown = <A extends { readonly expires_in?: number | null | undefined }>(part: A): A => {
    if (part.expires_in === null || part.expires_in === undefined) return part
    // Rounded up, so that 0 means expired.
    return { ...part, expires_in: Math.max(0, Math.ceil(part.expires_in - (now - observedAt) / 1000)) }
  }
  // The order of the keys is Heroku's.
  return {
    access_token: wire.access_token && countDown(wire.access_token),
    client: wire.client,
    created_at: wire.created_at,
    description: wire.description,
    grant: wire.grant && countDown(wire.grant),
    id: wire.id,
    refresh_token: wire.refresh_token && countDown(wire.refresh_token),
    scope: wire.scope,
    session: wire.session,
    updated_at: wire.updated_at,
    user: wire.user
  }
}

export const decode = Schema.decodeUnknownSync(Authorization.FromWire)

export const toAuthorization = (record: AuthorizationRecord, now: number): Authorization => decode(wireAt(record, now))
