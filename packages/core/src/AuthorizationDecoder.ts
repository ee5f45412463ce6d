/**
 * Decodes authorizations from Heroku's JSON, as `Authorization.FromWire` does and several times as fast: a listing of
 * hundreds of thousands would spend most of its time in the schema.
 *
 * What an authorization is, the schema alone says. Each authorization goes the quick way first, which takes only what it
 * knows for certain to be valid; the schema decides about everything else, and words every error. A property test shows
 * that both give the same.
 */
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Authorization from "./Authorization.ts"
import { isUuid } from "./internal/uuid.ts"

const decodeOne = Schema.decodeUnknownResult(Authorization.Authorization.FromWire)
const decodeMany = Schema.decodeUnknownResult(Schema.Array(Authorization.Authorization.FromWire))

/** One authorization. */
export const authorization = (json: unknown): Result.Result<Authorization.Authorization, Schema.SchemaError> => {
  const quick = quickly(json)
  return quick === undefined ? decodeOne(json) : Result.succeed(quick)
}

/** A list of authorizations. */
export const authorizations = (
  json: unknown
): Result.Result<ReadonlyArray<Authorization.Authorization>, Schema.SchemaError> => {
  if (!Array.isArray(json)) return decodeMany(json)
  const decoded: Array<Authorization.Authorization> = []
  for (const item of json) {
    const result = authorization(item)
    // Once more as a list, for an error that says which one it is.
    if (Result.isFailure(result)) return decodeMany(json)
    decoded.push(result.success)
  }
  return Result.succeed(decoded)
}

// -----------------------------------------------------------------------------
// The quick way
// -----------------------------------------------------------------------------

/** What is certainly an authorization; undefined where the schema has to decide. */
const quickly = (json: unknown): Authorization.Authorization | undefined => {
  if (!isObject(json)) return undefined
  const { created_at, id, updated_at } = json
  if (typeof id !== "string" || !isUuid(id)) return undefined
  const description = optionalString(json["description"])
  const scope = strings(json["scope"])
  const accessToken = nullable(json["access_token"], toToken)
  const refreshToken = nullable(json["refresh_token"], toToken)
  const client = nullable(json["client"], toClient)
  const grant = nullable(json["grant"], toGrant)
  const session = nullable(json["session"], toSession)
  const user = nullable(json["user"], toUser)
  const createdAt = time(created_at)
  // Most were never changed.
  const updatedAt = updated_at === created_at ? createdAt : time(updated_at)
  if (
    description === undefined || scope === undefined || accessToken === undefined || refreshToken === undefined
    || client === undefined || grant === undefined || session === undefined || user === undefined
    || createdAt === undefined || updatedAt === undefined
  ) return undefined
  // The constructor would check it all again.
  return Object.assign(Object.create(Authorization.Authorization.prototype), {
    id,
    description,
    scope,
    accessToken,
    refreshToken,
    client,
    grant,
    session,
    user,
    createdAt,
    updatedAt
  })
}

type Members = Readonly<Record<string, unknown>>

/** A part that may be absent: undefined where the schema has to decide. */
type Part<A> = Option.Option<A> | undefined

const isObject = (u: unknown): u is Members => typeof u === "object" && u !== null && !Array.isArray(u)

const nullable = <A>(u: unknown, decode: (members: Members) => A | undefined): Part<A> => {
  if (u === null || u === undefined) return Option.none()
  if (!isObject(u)) return undefined
  const decoded = decode(u)
  return decoded === undefined ? undefined : Option.some(decoded)
}

const strings = (u: unknown): Array<string> | undefined => {
  if (!Array.isArray(u)) return undefined
  const copy: Array<string> = []
  for (let index = 0; index < u.length; index++) {
    const item: unknown = u[index]
    if (typeof item !== "string") return undefined
    copy.push(item)
  }
  return copy
}

const optionalString = (u: unknown): Part<string> =>
  typeof u === "string" ? Option.some(u) : u === null || u === undefined ? Option.none() : undefined

const remaining = (u: unknown): Part<Duration.Duration> => {
  if (u === null || u === undefined) return Option.none()
  return typeof u === "number" && Number.isFinite(u) ? Option.some(Authorization.lifetimeFromSeconds(u)) : undefined
}

// As Heroku writes them: in UTC. Of other forms the schema knows which zone they are in.
const time = (u: unknown): DateTime.Utc | undefined => {
  if (typeof u !== "string" || !u.endsWith("Z")) return undefined
  const date = new Date(u)
  return Number.isNaN(date.getTime()) ? undefined : DateTime.fromDateUnsafe(date)
}

const toToken = ({ expires_in, id, token }: Members): Authorization.Token | undefined => {
  const expiresIn = remaining(expires_in)
  return typeof id === "string" && typeof token === "string" && expiresIn !== undefined
    ? { id, token: Redacted.make(token, tokenLabel), expiresIn }
    : undefined
}

const tokenLabel = { label: "token" }
const codeLabel = { label: "grant code" }

const toClient = ({ id, name, redirect_uri }: Members): Authorization.Client | undefined =>
  typeof id === "string" && typeof name === "string" && typeof redirect_uri === "string"
    ? { id, name, redirectUri: redirect_uri }
    : undefined

const toGrant = ({ code, expires_in, id }: Members): Authorization.Grant | undefined => {
  const expiresIn = remaining(expires_in)
  const grantId = optionalString(id)
  return typeof code === "string" && expiresIn !== undefined && grantId !== undefined
    ? { id: grantId, code: Redacted.make(code, codeLabel), expiresIn }
    : undefined
}

const toSession = ({ id }: Members): Authorization.Session | undefined => typeof id === "string" ? { id } : undefined

const toUser = ({ email, full_name, id }: Members): Authorization.User | undefined => {
  const optionalEmail = optionalString(email)
  const fullName = optionalString(full_name)
  return typeof id === "string" && optionalEmail !== undefined && fullName !== undefined
    ? { id, email: optionalEmail, fullName }
    : undefined
}
