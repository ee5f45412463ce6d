/** Generates the authorizations of an account that is some years old, in every shape that Heroku returns. */
import { flat, type Random } from "./random.ts"
import {
  type AuthorizationRecord,
  type ClientRecord,
  makeGrant,
  makeToken,
  toWholeSecond,
  type Wire
} from "./records.ts"
import { toClient } from "./seeds.ts"

const hour = 3600
const day = 24 * hour

export const makeClients = (random: Random): ReadonlyArray<ClientRecord> => [
  toClient({ name: "Heroku Dashboard", redirectUri: "https://dashboard.heroku.com/oauth/callback" }, random),
  toClient({ name: "Größenwächter", redirectUri: "https://autoscale.example.com/oauth" }, random),
  toClient({}, random)
]

export const makeAuthorization = (
  account: NonNullable<Wire["user"]>,
  clients: ReadonlyArray<ClientRecord>,
  random: Random,
  now: number
): AuthorizationRecord => {
  const age = random.below(1500 * day)
  const shape = random.below(10)
  const isWebFlow = shape > 6
  /** Not yet exchanged for tokens. */
  const isPending = shape === 9
  const client = isWebFlow ? random.pick(clients) : null
  const token = () => {
    const lifetime = random.pick(lifetimes)
    const generated = makeToken(random, lifetime && lifetime[0] + random.below(lifetime[1] - lifetime[0]))
    // The older form has no prefix.
    return random.below(10) === 0 ? { ...generated, token: random.uuid() } : generated
  }
  const grant = () => {
    const { id, ...generated } = makeGrant(random, isPending ? 300 : 0)
    return random.below(3) === 0 ? generated : { ...generated, id }
  }
  const wire: Wire = {
    access_token: isPending ? null : token(),
    client: client && client.wire,
    created_at: toWholeSecond(now - age * 1000),
    description: random.pick(descriptions)(random),
    grant: isWebFlow ? grant() : null,
    id: random.uuid(),
    refresh_token: isWebFlow && !isPending ? token() : null,
    scope: random.pick(scopes),
    session: isWebFlow && random.below(2) === 0 ? { id: random.uuid() } : null,
    updated_at: toWholeSecond(now - (random.below(2) === 0 ? age : random.below(age + 1)) * 1000),
    user: shape === 0 ? undefined : shape === 1 ? { ...account, full_name: null } : account
  }
  return { wire, observedAt: now, client }
}

/** From and to, in seconds; negative is expired, `null` never expires. */
const lifetimes = [[-30 * day, 0], [1, hour], [hour, 365 * day], null, null] as const

const descriptions: ReadonlyArray<(random: Random) => string | undefined> = [
  () => "Long-lived user authorization",
  (random) => flat("Heroku CLI login from laptop-", random.below(40)),
  (random) => flat("Backups, nightly 🌙 ", random.below(100)),
  () => "audit\\2024 \"blue\"",
  () => "",
  // Older authorizations have none.
  () => undefined
]

const scopes = [["global"], ["global"], ["read"], ["read-protected", "write-protected"], ["identity"], ["app", "user"]]
