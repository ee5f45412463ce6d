/**
 * The records that an account's authorizations are kept as: made from seeds, or made up, and read as the domain class.
 *
 * What an account does with them is `store.ts`; their JSON is `wire.ts`.
 */
import * as Authorization from "@effect-heroku/core/Authorization"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { Random } from "./random.ts"

const hour = 3_600_000
const day = 24 * hour

// -----------------------------------------------------------------------------
// Records
// -----------------------------------------------------------------------------

/** An access or refresh token. Times are in milliseconds since the epoch; `expiresAt` is null when it never expires. */
export interface TokenRecord {
  readonly id: string
  readonly token: Redacted.Redacted
  readonly expiresAt: number | null
  /** How long it was made for, in milliseconds: what a regenerated token is given again. */
  readonly lifetime: number | null
}

/** An OAuth client. */
export interface ClientRecord {
  readonly id: string
  readonly name: string
  readonly redirectUri: string
  /** What `update` must show; null takes any. */
  readonly secret: Redacted.Redacted | null
  readonly privileged: boolean
}

/** A grant of the web flow. */
export interface GrantRecord {
  readonly id: string | null
  readonly code: Redacted.Redacted
  readonly expiresAt: number | null
}

/** An account. */
export interface UserRecord {
  readonly id: string
  readonly email: string | null
  readonly fullName: string | null
}

/** An authorization; null is what it does not have. */
export interface AuthorizationRecord {
  readonly id: string
  readonly description: string | null
  readonly scope: ReadonlyArray<string>
  readonly accessToken: TokenRecord | null
  readonly refreshToken: TokenRecord | null
  readonly client: ClientRecord | null
  readonly grant: GrantRecord | null
  readonly session: { readonly id: string } | null
  readonly user: UserRecord | null
  readonly createdAt: number
  readonly updatedAt: number
}

/** Whole seconds from `now` until `expiresAt`, rounded up, so that 0 means expired; null means never. */
export const secondsRemaining = (expiresAt: number | null, now: number): number | null =>
  expiresAt === null
    ? null
    : Math.min(Math.max(0, Math.ceil((expiresAt - now) / 1000)), Authorization.maxLifetimeSeconds)

/** Heroku's times have no fractions of a second. */
export const wholeSecond = (millis: number): number => Math.floor(millis / 1000) * 1000

/** What a token was made for, as far as what remains of it tells; of one that has expired it is inferred. */
const usualLifetime = (remaining: number | null): number | null =>
  remaining === null || remaining > 0 ? remaining : 30 * day

/** A token as Heroku makes them today. Older ones are bare UUIDs. */
export const makeToken = (random: Random, now: number, lifetime: number | null): TokenRecord => ({
  id: random.uuid(),
  token: Redacted.make(["HRKU", random.uuid()].join("-"), { label: "token" }),
  expiresAt: lifetime === null ? null : now + lifetime,
  lifetime: usualLifetime(lifetime)
})

/** A grant code; how long it can be exchanged is inferred. */
export const makeGrant = (random: Random, now: number): GrantRecord => ({
  id: random.uuid(),
  code: Redacted.make(random.uuid(), { label: "grant code" }),
  expiresAt: now + 300_000
})

// -----------------------------------------------------------------------------
// As the domain class
// -----------------------------------------------------------------------------

const remaining = (expiresAt: number | null, now: number): Option.Option<Duration.Duration> =>
  Option.map(Option.fromNullOr(secondsRemaining(expiresAt, now)), Duration.seconds)

const toToken = (record: TokenRecord | null, now: number): Option.Option<Authorization.Token> =>
  Option.map(Option.fromNullOr(record), ({ expiresAt, id, token }) => ({
    id,
    token,
    expiresIn: remaining(expiresAt, now)
  }))

/** The authorization as it is at `now`. */
export const toAuthorization = (record: AuthorizationRecord, now: number): Authorization.Authorization =>
  new Authorization.Authorization({
    id: Authorization.AuthorizationId.make(record.id),
    description: Option.fromNullOr(record.description),
    scope: record.scope,
    accessToken: toToken(record.accessToken, now),
    refreshToken: toToken(record.refreshToken, now),
    client: Option.map(Option.fromNullOr(record.client), ({ id, name, redirectUri }) => ({ id, name, redirectUri })),
    grant: Option.map(Option.fromNullOr(record.grant), ({ code, expiresAt, id }) => ({
      id: Option.fromNullOr(id),
      code,
      expiresIn: remaining(expiresAt, now)
    })),
    session: Option.fromNullOr(record.session),
    user: Option.map(Option.fromNullOr(record.user), ({ email, fullName, id }) => ({
      id,
      email: Option.fromNullOr(email),
      fullName: Option.fromNullOr(fullName)
    })),
    createdAt: DateTime.makeUnsafe(record.createdAt),
    updatedAt: DateTime.makeUnsafe(record.updatedAt)
  })

const fromToken = (token: Authorization.Token, now: number): TokenRecord => {
  const remaining = Option.getOrNull(Option.map(token.expiresIn, Duration.toMillis))
  return {
    id: token.id,
    token: token.token,
    expiresAt: remaining === null ? null : now + remaining,
    lifetime: usualLifetime(remaining)
  }
}

const fromAuthorization = (authorization: Authorization.Authorization, now: number): AuthorizationRecord => ({
  id: authorization.id,
  description: Option.getOrNull(authorization.description),
  scope: authorization.scope,
  accessToken: Option.getOrNull(Option.map(authorization.accessToken, (token) => fromToken(token, now))),
  refreshToken: Option.getOrNull(Option.map(authorization.refreshToken, (token) => fromToken(token, now))),
  client: Option.getOrNull(Option.map(authorization.client, (client) => ({
    id: client.id,
    name: client.name,
    redirectUri: client.redirectUri,
    secret: null,
    privileged: false
  }))),
  grant: Option.getOrNull(Option.map(authorization.grant, (grant) => ({
    id: Option.getOrNull(grant.id),
    code: grant.code,
    expiresAt: Option.getOrNull(Option.map(grant.expiresIn, (expiresIn) => now + Duration.toMillis(expiresIn)))
  }))),
  session: Option.getOrNull(authorization.session),
  user: Option.getOrNull(Option.map(authorization.user, (user) => ({
    id: user.id,
    email: Option.getOrNull(user.email),
    fullName: Option.getOrNull(user.fullName)
  }))),
  createdAt: DateTime.toEpochMillis(authorization.createdAt),
  updatedAt: DateTime.toEpochMillis(authorization.updatedAt)
})

// -----------------------------------------------------------------------------
// Seeds
// -----------------------------------------------------------------------------

/** An OAuth client that exists from the start. What is left out is made up. */
export interface ClientSeed {
  /** Its id. */
  readonly id?: string | undefined
  /** What it is called. */
  readonly name?: string | undefined
  /** Where it sends people back to. */
  readonly redirectUri?: string | undefined
  /** What `update` has to show to hand an authorization to this client. By default it may show anything. */
  readonly secret?: string | Redacted.Redacted | undefined
  /** Whether the client's authorizations may be regenerated. By default not. */
  readonly privileged?: boolean | undefined
}

/** The account that gave an authorization. What is left out is made up. */
export interface UserSeed {
  /** The account's id. */
  readonly id?: string | undefined
  /** The account's address. */
  readonly email?: string | undefined
  /** The person's name. */
  readonly fullName?: string | undefined
}

/**
 * An authorization that exists from the start, said in as few words as a test needs. What is left out is made up:
 * `{}` is a direct authorization with scope `global` that never expires.
 */
export interface AuthorizationSeed {
  /** Its id, which the test can name then. */
  readonly id?: string | undefined
  /** What people recognise it by. */
  readonly description?: string | undefined
  /** What it may do. By default `global`. */
  readonly scope?: ReadonlyArray<Authorization.Scope> | undefined
  /** Counted from `observedAt`; zero or less has expired. By default never. */
  readonly expiresIn?: Duration.Input | undefined
  /** The access token; null for none, as before a grant was exchanged. By default one is made up. */
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

const toRedacted = (secret: string | Redacted.Redacted, label: string): Redacted.Redacted =>
  Redacted.make(Redacted.isRedacted(secret) ? Redacted.value(secret) : secret, { label })

/**
 * Refuses what is no object, and keys that nothing reads: misspelt ones, which would be ignored without a word.
 *
 * @throws `TypeError`
 */
const checkKeys = (what: string, object: object, keys: ReadonlySet<string>): void => {
  if (typeof object !== "object" || object === null) throw new TypeError(`seed: ${what} is an object`)
  for (const key of Object.keys(object)) {
    if (!keys.has(key)) throw new TypeError(`seed: ${what} has no ${key}`)
  }
}

/** The same of the options of a layer. */
export const checkOptions = (options: object, keys: ReadonlySet<string>): void => {
  for (const key of Object.keys(options)) {
    if (!keys.has(key)) throw new TypeError(`the options have no ${key}`)
  }
}

/** Every key of a type; the compiler sees to it that none is forgotten. */
export const keysOf = <A>(keys: { readonly [K in keyof A]-?: true }): ReadonlySet<string> => new Set(Object.keys(keys))

const clientKeys = keysOf<ClientSeed>({ id: true, name: true, redirectUri: true, secret: true, privileged: true })
const userKeys = keysOf<UserSeed>({ id: true, email: true, fullName: true })
const grantKeys = keysOf<NonNullable<AuthorizationSeed["grant"]>>({ id: true, code: true })
const sessionKeys = keysOf<NonNullable<AuthorizationSeed["session"]>>({ id: true })

const checkScope = (scope: ReadonlyArray<Authorization.Scope>): ReadonlyArray<Authorization.Scope> => {
  if (Array.isArray(scope) && scope.length > 0) return scope
  throw new TypeError("seed: scope is an array of one or more")
}

/** A client from its seed. */
export const clientFromSeed = (seed: ClientSeed, random: Random): ClientRecord => {
  checkKeys("a client", seed, clientKeys)
  return {
    id: seed.id ?? random.uuid(),
    name: seed.name ?? "example",
    redirectUri: seed.redirectUri ?? "https://example.com/auth/heroku/callback",
    secret: seed.secret === undefined ? null : toRedacted(seed.secret, "client secret"),
    privileged: seed.privileged ?? false
  }
}

/** A user from its seed; the example of the published schema where it says nothing. */
export const userFromSeed = (seed: UserSeed, random: Random): UserRecord => {
  checkKeys("a user", seed, userKeys)
  return {
    id: seed.id ?? random.uuid(),
    email: seed.email ?? "username@example.com",
    fullName: seed.fullName ?? "Tina Edmonds"
  }
}

type WireAuthorization = typeof Authorization.Authorization.FromWire.Encoded

/** An authorization as Heroku's JSON has it: what a test saved of an answer. */
export interface WireSeed extends WireAuthorization {}

/** Whatever an authorization can be planted from. */
export type Seed = Authorization.Authorization | AuthorizationSeed | WireSeed

const isWireSeed = (seed: object): seed is WireSeed => "created_at" in seed

const decodeWire = Schema.decodeUnknownSync(Authorization.Authorization.FromWire)

const seedKeys = keysOf<AuthorizationSeed>({
  id: true,
  description: true,
  scope: true,
  expiresIn: true,
  accessToken: true,
  refreshToken: true,
  client: true,
  grant: true,
  session: true,
  user: true,
  createdAt: true,
  updatedAt: true
})

/**
 * A record from its seed.
 *
 * @throws when it makes no sense: a mistake in the test, which no layer's error type should hold.
 */
export const fromSeed = (seed: Seed, account: UserRecord, random: Random, now: number): AuthorizationRecord => {
  if (typeof seed !== "object" || seed === null) throw new TypeError("seed: an authorization is an object")
  if (seed.id === "~") throw new TypeError("seed: ~ is no id of its own, it names the default authorization")
  if (seed instanceof Authorization.Authorization) return fromAuthorization(seed, now)
  if (isWireSeed(seed)) return fromAuthorization(decodeWire(seed), now)
  checkKeys("an authorization", seed, seedKeys)
  if (seed.grant !== undefined) checkKeys("a grant", seed.grant, grantKeys)
  if (seed.session !== undefined) checkKeys("a session", seed.session, sessionKeys)
  const lifetime = seed.expiresIn === undefined ? null : Duration.toMillis(Duration.fromInputUnsafe(seed.expiresIn))
  const token = (given: string | Redacted.Redacted | undefined): TokenRecord => {
    const made = makeToken(random, now, lifetime !== null && Number.isFinite(lifetime) ? lifetime : null)
    return given === undefined ? made : { ...made, token: toRedacted(given, "token") }
  }
  const createdAt = seed.createdAt === undefined ? wholeSecond(now) : DateTime.toEpochMillis(seed.createdAt)
  return {
    id: Authorization.AuthorizationId.make(seed.id ?? random.uuid()),
    description: seed.description ?? "sample authorization",
    scope: checkScope(seed.scope ?? ["global"]),
    accessToken: seed.accessToken === null ? null : token(seed.accessToken),
    refreshToken: seed.refreshToken === undefined ? null : token(seed.refreshToken),
    client: seed.client === undefined ? null : clientFromSeed(seed.client, random),
    grant: seed.grant === undefined ? null : {
      id: seed.grant.id ?? random.uuid(),
      code: toRedacted(seed.grant.code ?? random.uuid(), "grant code"),
      expiresAt: now + 300_000
    },
    session: seed.session === undefined ? null : { id: seed.session.id ?? random.uuid() },
    user: seed.user === undefined ? account : userFromSeed(seed.user, random),
    createdAt,
    updatedAt: seed.updatedAt === undefined ? createdAt : DateTime.toEpochMillis(seed.updatedAt)
  }
}

// -----------------------------------------------------------------------------
// Made up
// -----------------------------------------------------------------------------

type NonEmpty<A> = readonly [A, ...Array<A>]

/** The clients that made-up records belong to. */
export const makeUpClients = (random: Random): NonEmpty<ClientRecord> => [
  clientFromSeed({ name: "Heroku Dashboard", redirectUri: "https://dashboard.heroku.com/oauth/callback" }, random),
  clientFromSeed({ name: "GitHub Deploys", redirectUri: "https://kolkrabbi.heroku.com/auth/heroku/callback" }, random),
  clientFromSeed({ name: "Metrics & Alerts", redirectUri: "https://metrics.example.com/auth/callback" }, random),
  clientFromSeed({ name: "Größenwächter", redirectUri: "https://autoscale.example.com/oauth" }, random),
  clientFromSeed({}, random)
]

/** Makes up a record as an account of some years has them, in all the shapes that Heroku answers with. */
export const makeUp = (
  account: UserRecord,
  clients: NonEmpty<ClientRecord>,
  random: Random,
  now: number
): AuthorizationRecord => {
  const token = (): TokenRecord => {
    const made = makeToken(random, now, makeUpLifetime(random))
    // The older form, without the prefix.
    return random.below(10) === 0 ? { ...made, token: Redacted.make(random.uuid(), { label: "token" }) } : made
  }
  const createdAt = wholeSecond(now - random.below(1500 * day))
  const shape = random.below(10)
  const web = shape < 3
  // Of the web flow, and not yet exchanged for tokens.
  const pending = shape === 0
  return {
    id: random.uuid(),
    description: makeUpDescription(random),
    scope: random.pick(scopes),
    accessToken: pending ? null : token(),
    refreshToken: web && !pending ? token() : null,
    client: web ? random.pick(clients) : null,
    grant: web
      ? {
        ...makeGrant(random, pending ? now : createdAt),
        ...(random.below(3) === 0 ? { id: null } : undefined)
      }
      : null,
    session: web && random.below(2) === 0 ? { id: random.uuid() } : null,
    user: shape === 9 ? null : shape === 8 ? { ...account, fullName: null } : account,
    createdAt,
    updatedAt: random.below(2) === 0 ? createdAt : wholeSecond(createdAt + random.below(now - createdAt + 1))
  }
}

const makeUpLifetime = (random: Random): number | null => {
  switch (random.below(8)) {
    case 0:
      return -random.below(30 * day)
    case 1:
      return 1 + random.below(hour)
    case 2:
      return hour + random.below(23 * hour)
    case 3:
      return day + random.below(364 * day)
    case 4:
      return 30 * day
    default:
      return null
  }
}

// Joined for the same reason as UUIDs are.
const makeUpDescription = (random: Random): string | null => {
  switch (random.below(6)) {
    case 0:
      return "Long-lived user authorization"
    case 1:
      return ["Heroku CLI login from ", random.pick(hosts), "-", random.below(40)].join("")
    case 2:
      return ["Deploy key of team", String.fromCharCode(65 + random.below(26))].join(" ")
    case 3:
      return ["Backups, nightly 🌙", random.below(100)].join(" ")
    case 4:
      return random.pick(["staging \"blue\"", "staging \"green\"", "audit\\2024", ""])
    default:
      // As older authorizations.
      return null
  }
}

const hosts: NonEmpty<string> = ["laptop", "desktop", "ci-runner", "büro-imac", "bastion"]

const scopes: NonEmpty<ReadonlyArray<string>> = [
  ["global"],
  ["global"],
  ["read"],
  ["identity"],
  ["read", "write"],
  ["read-protected", "write-protected"],
  ["identity", "read-protected"],
  ["app", "user"]
]
