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
import { isUuid, noteUuids } from "./internal/uuid.ts"

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
  let onlyUuids = true
  for (let index = 0; index < decoded.length; index++) {
    const quick = quickly(decoded[index])
    if (quick === undefined) {
      onlyUuids = false
      const result = decodeOne(decoded[index])
      // Once more as a list, for an error that says which one it is.
      if (Result.isFailure(result)) return decodeMany(json)
      decoded[index] = result.success
    } else decoded[index] = quick
  }
  if (onlyUuids) noteUuids(decoded)
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
  const made: Draft<Authorization.Authorization> = Object.create(Authorization.Authorization.prototype)
  made.id = id as Authorization.AuthorizationId
  made.description = description
  made.scope = scope
  setAccessToken(made, accessToken)
  setRefreshToken(made, refreshToken)
  made.client = client
  setGrant(made, grant)
  made.session = session
  made.user = user
  made.createdAt = createdAt
  made.updatedAt = updatedAt
  return made
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

// As Heroku writes them: in UTC. Of other forms the schema knows which zone they are in.
const time = (u: unknown): DateTime.Utc | undefined => {
  if (typeof u !== "string" || !u.endsWith("Z")) return undefined
  const date = new Date(u)
  return Number.isNaN(date.getTime()) ? undefined : DateTime.fromDateUnsafe(date)
}

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
// the rest of it. Few who list look at tokens. So what holds secrets is made when it is asked for, of what private fields
// keep until then: nothing shows those.

/** Something that is made once, when it is asked for. */
type Later<A> = () => A

const toToken = ({ expires_in, id, token }: Members): Later<Authorization.Token> | undefined =>
  typeof id === "string" && typeof token === "string" && isLifetime(expires_in)
    ? () => ({ id, token: Redacted.make(token, { label: "token" }), expiresIn: remaining(expires_in) })
    : undefined

const toGrant = ({ code, expires_in, id }: Members): Later<Authorization.Grant> | undefined => {
  const grantId = optionalString(id)
  return typeof code === "string" && grantId !== undefined && isLifetime(expires_in)
    ? () => ({ id: grantId, code: Redacted.make(code, { label: "grant code" }), expiresIn: remaining(expires_in) })
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

/** Makes the function that sets an attribute which holds secrets. */
const later = <A extends object>(name: "accessToken" | "refreshToken" | "grant") => {
  class Holder extends Owner {
    readonly #make: Later<A>
    #made: Option.Option<A> = Option.none()

    constructor(owner: object, make: Later<A>) {
      super(owner)
      this.#make = make
    }

    static get(asked: object): Option.Option<A> {
      // Mostly it is the authorization itself; else something that inherits from it.
      for (let owner = asked; owner !== null; owner = Object.getPrototypeOf(owner)) {
        if (!(#make in owner)) continue
        if (Option.isNone(owner.#made)) {
          owner.#made = Option.some(owner.#make())
          // From now on it is like any other, unless somebody has frozen the authorization.
          Reflect.defineProperty(owner, name, { ...attribute, value: owner.#made, writable: true })
        }
        return owner.#made
      }
      throw new TypeError(`A Proxy of an authorization does not reach its ${name}`)
    }
  }
  const attribute = { configurable: true, enumerable: true }
  const untilAsked: PropertyDescriptor & ThisType<object> = {
    ...attribute,
    get() {
      return Holder.get(this)
    },
    set(value) {
      Object.defineProperty(this, name, { ...attribute, value, writable: true })
    }
  }
  return (authorization: { [_ in typeof name]: Option.Option<object> }, make: Option.Option<Later<A>>): void => {
    if (Option.isSome(make)) Object.defineProperty(new Holder(authorization, make.value), name, untilAsked)
    else authorization[name] = Option.none()
  }
}

const setAccessToken = later<Authorization.Token>("accessToken")
const setRefreshToken = later<Authorization.Token>("refreshToken")
const setGrant = later<Authorization.Grant>("grant")
