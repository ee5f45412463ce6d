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
  const decoded: Array<unknown> = nothing.concat(json)
  for (let index = 0; index < decoded.length; index++) {
    const quick = quickly(decoded[index])
    if (quick === undefined) {
      const result = decodeOne(decoded[index])
      // Once more as a list, for an error that says which one it is.
      if (Result.isFailure(result)) return decodeMany(json)
      decoded[index] = result.success
    } else decoded[index] = quick
  }
  return Result.succeed(decoded as Array<Authorization.Authorization>)
}

// -----------------------------------------------------------------------------
// The quick way
// -----------------------------------------------------------------------------

// No object or array here is written as a literal with something in it. Of those V8 notes how long they live: the first
// page is still wanted when it looks, and from then on it would put all of them into its old generation, where a page that
// nobody needs any more keeps the next one alive.

type Draft<A> = { -readonly [K in keyof A]: A[K] }

const draft = <A>(): Draft<A> => ({} as Draft<A>)

/** Arrays are copied by adding them to this one. */
const nothing: ReadonlyArray<any> = []

/** What is certainly an authorization; undefined where the schema has to decide. */
const quickly = (json: unknown): Authorization.Authorization | undefined => {
  if (!isObject(json)) return undefined
  const { created_at, id, updated_at } = json
  if (typeof id !== "string" || !isUuid(id)) return undefined
  const description = optionalString(json["description"])
  const scope = strings(json["scope"])
  const accessToken = later(json["access_token"], toToken)
  const refreshToken = later(json["refresh_token"], toToken)
  const client = nullable(json["client"], toClient)
  const grant = later(json["grant"], toGrant)
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
  const secrets = draft<Secrets>()
  secrets.accessToken = accessToken
  secrets.refreshToken = refreshToken
  secrets.grant = grant
  return new Decoded(
    id as Authorization.AuthorizationId,
    description,
    scope,
    secrets,
    client,
    session,
    user,
    createdAt,
    updatedAt
  )
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

const strings = (u: unknown): ReadonlyArray<string> | undefined => {
  if (!Array.isArray(u)) return undefined
  // Not `every`: holes are no strings.
  for (let index = 0; index < u.length; index++) if (typeof u[index] !== "string") return undefined
  return nothing.concat(u)
}

const optionalString = (u: unknown): Part<string> =>
  typeof u === "string" ? Option.some(u) : u === null || u === undefined ? Option.none() : undefined

const time = (u: unknown): DateTime.Utc | undefined => {
  // Of other forms the schema knows which zone they are in.
  if (typeof u !== "string" || !u.endsWith("Z")) return undefined
  if (usualTime.test(u)) {
    const year = 100 * twoDigits(u, 0) + twoDigits(u, 2)
    const millis = Date.UTC(
      year,
      twoDigits(u, 5) - 1,
      twoDigits(u, 8),
      twoDigits(u, 11),
      twoDigits(u, 14),
      twoDigits(u, 17)
    )
    return DateTime.fromEpochSeconds(millis / 1000)
  }
  const date = new Date(u)
  return Number.isNaN(date.getTime()) ? undefined : DateTime.fromDateUnsafe(date)
}

/** As Heroku writes them. `Date` takes more than twice as long for these; it decides about the last days of a month. */
const usualTime = /^[12]\d\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/

const twoDigits = (text: string, at: number): number =>
  10 * (text.charCodeAt(at) - zero) + text.charCodeAt(at + 1) - zero

const zero = "0".charCodeAt(0)

const toClient = ({ id, name, redirect_uri }: Members): Authorization.Client | undefined => {
  if (typeof id !== "string" || typeof name !== "string" || typeof redirect_uri !== "string") return undefined
  const made = draft<Authorization.Client>()
  made.id = id
  made.name = name
  made.redirectUri = redirect_uri
  return made
}

const toSession = ({ id }: Members): Authorization.Session | undefined => {
  if (typeof id !== "string") return undefined
  const made = draft<Authorization.Session>()
  made.id = id
  return made
}

const toUser = ({ email, full_name, id }: Members): Authorization.User | undefined => {
  const optionalEmail = optionalString(email)
  const fullName = optionalString(full_name)
  if (typeof id !== "string" || optionalEmail === undefined || fullName === undefined) return undefined
  const made = draft<Authorization.User>()
  made.id = id
  made.email = optionalEmail
  made.fullName = fullName
  return made
}

// -----------------------------------------------------------------------------
// Secrets
// -----------------------------------------------------------------------------

// `Redacted.make` adds its object to a weak map, which is dear: the two or three of an authorization cost as much as all
// the rest of it. Few who list look at tokens. So what holds secrets is made when it is asked for, of what a private field
// keeps until then: nothing shows that.

/** Makes what holds a secret. */
type Later<A> = () => Option.Option<A>

/** What an authorization has that holds secrets. */
interface Secrets {
  readonly accessToken: Later<Authorization.Token>
  readonly refreshToken: Later<Authorization.Token>
  readonly grant: Later<Authorization.Grant>
}

/** As `nullable`, for what holds a secret. */
const later = <A>(u: unknown, decode: (members: Members) => Later<A> | undefined): Later<A> | undefined =>
  u === null || u === undefined ? nothingLater : isObject(u) ? decode(u) : undefined

const nothingLater: Later<never> = Option.none

const toToken = ({ expires_in, id, token }: Members): Later<Authorization.Token> | undefined =>
  typeof id === "string" && typeof token === "string" && isLifetime(expires_in)
    ? () => Option.some({ id, token: Redacted.make(token, { label: "token" }), expiresIn: remaining(expires_in) })
    : undefined

const toGrant = ({ code, expires_in, id }: Members): Later<Authorization.Grant> | undefined => {
  const grantId = optionalString(id)
  return typeof code === "string" && grantId !== undefined && isLifetime(expires_in)
    ? () =>
      Option.some({
        id: grantId,
        code: Redacted.make(code, { label: "grant code" }),
        expiresIn: remaining(expires_in)
      })
    : undefined
}

type Seconds = number | null | undefined

const isLifetime = (u: unknown): u is Seconds =>
  u === null || u === undefined || (typeof u === "number" && Number.isFinite(u))

const remaining = (seconds: Seconds): Option.Option<Duration.Duration> =>
  Option.map(Option.fromNullishOr(seconds), Authorization.lifetimeFromSeconds)

/** What extends this gives its private fields to an object that is there already. */
const Owner = function(owner: object): object {
  return owner
} as unknown as new(owner: object) => object

/** Keeps the secrets of an authorization in a private field of it. */
class Keeper extends Owner {
  readonly #secrets: Record<keyof Secrets, Later<object>>

  constructor(authorization: object, secrets: Draft<Secrets>) {
    super(authorization)
    this.#secrets = secrets
  }

  static get(asked: object, name: keyof Secrets): Option.Option<object> {
    // Mostly it is the authorization itself; else something that inherits from it.
    for (let owner = asked; owner !== null; owner = Object.getPrototypeOf(owner)) {
      if (!(#secrets in owner)) continue
      const value = owner.#secrets[name]()
      owner.#secrets[name] = () => value
      // From now on it is like any other, unless somebody has frozen the authorization.
      Reflect.defineProperty(owner, name, { ...attribute, value, writable: true })
      return value
    }
    throw new TypeError(`A Proxy of an authorization does not reach its ${name}`)
  }
}

const attribute = { configurable: true, enumerable: true }

/** An attribute until somebody asks for it. */
const untilAsked = (name: keyof Secrets): PropertyDescriptor & ThisType<object> => ({
  ...attribute,
  get() {
    return Keeper.get(this, name)
  },
  set(value) {
    Object.defineProperty(this, name, { ...attribute, value, writable: true })
  }
})

const accessTokenLater = untilAsked("accessToken")
const refreshTokenLater = untilAsked("refreshToken")
const grantLater = untilAsked("grant")

// -----------------------------------------------------------------------------
// The authorization
// -----------------------------------------------------------------------------

/** Gives an authorization its attributes, in the order of the schema. */
function decoded(
  this: Draft<Authorization.Authorization>,
  id: Authorization.AuthorizationId,
  description: Authorization.Authorization["description"],
  scope: Authorization.Authorization["scope"],
  secrets: Draft<Secrets>,
  client: Authorization.Authorization["client"],
  session: Authorization.Authorization["session"],
  user: Authorization.Authorization["user"],
  createdAt: DateTime.Utc,
  updatedAt: DateTime.Utc
): object {
  this.id = id
  this.description = description
  this.scope = scope
  if (secrets.accessToken === nothingLater) this.accessToken = Option.none()
  else Object.defineProperty(this, "accessToken", accessTokenLater)
  if (secrets.refreshToken === nothingLater) this.refreshToken = Option.none()
  else Object.defineProperty(this, "refreshToken", refreshTokenLater)
  this.client = client
  if (secrets.grant === nothingLater) this.grant = Option.none()
  else Object.defineProperty(this, "grant", grantLater)
  this.session = session
  this.user = user
  this.createdAt = createdAt
  this.updatedAt = updatedAt
  // Which is the authorization.
  return new Keeper(this, secrets)
}
decoded.prototype = Authorization.Authorization.prototype

/**
 * Makes an authorization without the checks of its class's constructor. It is a constructor too, because of those V8 knows
 * how large their objects get, and makes room at once; what is added to `Object.create(prototype)` moves again and again.
 */
const Decoded = decoded as unknown as new(...attributes: Parameters<typeof decoded>) => Authorization.Authorization
