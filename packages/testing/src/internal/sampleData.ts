/** Generates the authorizations of an account that is some years old. */
import * as Struct from "effect/Struct"
import { flat, type Random } from "./random.ts"
import {
  type AuthorizationRecord,
  type ClientRecord,
  makeGrant,
  makeToken,
  type TeamRecord,
  toWholeSecond,
  type Wire
} from "./records.ts"
import { directDescription, toClient } from "./seeds.ts"

const hour = 3600
const day = 24 * hour

export const makeClients = (random: Random): ReadonlyArray<ClientRecord> => [
  toClient({ name: "Heroku Dashboard", redirectUri: "https://dashboard.heroku.com/oauth/callback" }, random),
  toClient({ name: "Größenwächter", redirectUri: "https://autoscale.example.com/oauth" }, random),
  toClient({}, random)
]

/** The owner of the authorizations, and their shapes. */
export interface Options {
  readonly user: NonNullable<Wire["user"]>
  /** A team's authorizations are direct, and have no user. */
  readonly team: TeamRecord | null
  readonly clients: ReadonlyArray<ClientRecord>
  /** Whether half of them are as older editions of the API had them, or otherwise odd. */
  readonly oldShapes: boolean
}

export const makeAuthorization = (
  { clients, oldShapes, team, user }: Options,
  random: Random,
  now: number
): AuthorizationRecord => {
  const age = random.below(1500 * day)
  const shape = random.below(team === null ? 10 : 7)
  const isWebFlow = shape > 6
  /** Not yet exchanged for tokens. */
  const isPending = shape === 9
  const client = isWebFlow ? random.pick(clients) : null
  const token = () => {
    const lifetime = random.pick(lifetimes)
    return makeToken(random, lifetime && lifetime[0] + random.below(lifetime[1] - lifetime[0]), team)
  }
  const wire: Wire = {
    access_token: isPending ? null : token(),
    client: client && client.wire,
    created_at: toWholeSecond(now - age * 1000),
    description: client?.wire.name ?? random.pick(descriptions)(random),
    grant: isWebFlow ? makeGrant(random, isPending ? 300 : 0) : null,
    id: random.uuid(),
    refresh_token: isWebFlow && !isPending ? token() : null,
    scope: random.pick(scopes),
    session: isWebFlow && random.below(2) === 0 ? { id: random.uuid() } : null,
    updated_at: toWholeSecond(now - (random.below(2) === 0 ? age : random.below(age + 1)) * 1000),
    user: team !== null ? null : shape === 1 ? { ...user, full_name: null } : user
  }
  const isOld = oldShapes && random.below(2) === 0
  return { wire: isOld ? random.pick(oldShapesOf)(wire, random) : wire, observedAt: now, client, team }
}

/** Generates the authorization that `~` names: direct, global, and valid forever, like the API key of an account. */
export const makeDefault = (options: Options, random: Random, now: number): AuthorizationRecord => {
  const { wire, ...record } = makeAuthorization({ ...options, oldShapes: false }, random, now)
  const direct = { client: null, grant: null, refresh_token: null, session: null, description: directDescription }
  return {
    ...record,
    wire: { ...wire, ...direct, access_token: makeToken(random, null, null), scope: ["global"] },
    client: null
  }
}

/** From and to, in seconds; negative is expired, `null` never expires. */
const lifetimes = [[-30 * day, 0], [1, hour], [hour, 365 * day], null, null] as const

const descriptions: ReadonlyArray<(random: Random) => string> = [
  () => directDescription,
  (random) => flat("Heroku CLI login from laptop-", random.below(40)),
  (random) => flat("Backups, nightly 🌙 ", random.below(100)),
  () => "audit\\2024 \"blue\""
]

const scopes = [["global"], ["global"], ["read"], ["read-protected", "write-protected"], ["identity"]]

/** Shapes of older editions of the API, and odd ones that the published schema does not exclude or that have been seen. */
const oldShapesOf: ReadonlyArray<(wire: Wire, random: Random) => Wire> = [
  Struct.omit(["description"]),
  Struct.omit(["user"]),
  Struct.omit(["description", "session", "user"]),
  (wire) => ({ ...wire, description: "" }),
  (wire) => ({ ...wire, scope: ["app", "user"] }),
  // The two older forms of tokens.
  (wire, random) => ({ ...wire, access_token: wire.access_token && { ...wire.access_token, token: random.uuid() } }),
  (wire, random) => ({
    ...wire,
    access_token: wire.access_token && { ...wire.access_token, token: flat("HRKU-", random.uuid()) }
  }),
  (wire) => ({ ...wire, client: wire.client && { ...wire.client, redirect_uri: null } }),
  (wire) => ({ ...wire, client: wire.client && { id: wire.client.id } }),
  (wire) => ({ ...wire, grant: wire.grant && Struct.omit(wire.grant, ["id"]) })
]
