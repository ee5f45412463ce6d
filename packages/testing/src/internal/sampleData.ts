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

type NonEmpty<A> = readonly [A, ...Array<A>]

/** In seconds. */
const hour = 3600
const day = 24 * hour

export const makeClients = (random: Random): NonEmpty<ClientRecord> => [
  toClient({ name: "Heroku Dashboard", redirectUri: "https://dashboard.heroku.com/oauth/callback" }, random),
  toClient({ name: "GitHub Deploys", redirectUri: "https://kolkrabbi.heroku.com/auth/heroku/callback" }, random),
  toClient({ name: "Metrics & Alerts", redirectUri: "https://metrics.example.com/auth/callback" }, random),
  toClient({ name: "Größenwächter", redirectUri: "https://autoscale.example.com/oauth" }, random),
  toClient({}, random)
]

export const makeAuthorization = (
  account: NonNullable<Wire["user"]>,
  clients: NonEmpty<ClientRecord>,
  random: Random,
  now: number
): AuthorizationRecord => {
  const age = random.below(1500 * day)
  const shape = random.below(10)
  const isWebFlow = shape < 3
  /** Not yet exchanged for tokens. */
  const isPending = shape === 0
  const client = isWebFlow ? random.pick(clients) : null
  const token = () => {
    const lifetime = random.pick(lifetimes)
    const generated = makeToken(random, lifetime && lifetime[0] + random.below(lifetime[1] - lifetime[0]))
    // The older form has no prefix.
    return random.below(10) === 0 ? { ...generated, token: random.uuid() } : generated
  }
  const grant = () => {
    const { id, ...generated } = makeGrant(random)
    const expires_in = isPending ? generated.expires_in : 0
    return random.below(3) === 0 ? { ...generated, expires_in } : { ...generated, expires_in, id }
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
    user: shape === 9 ? undefined : shape === 8 ? { ...account, full_name: null } : account
  }
  return { wire, observedAt: now, client }
}

/** From and to, in seconds; negative is expired, `null` never expires. */
const lifetimes: NonEmpty<readonly [number, number] | null> = [
  [-30 * day, 0],
  [1, hour],
  [hour, day],
  [day, 365 * day],
  [30 * day, 30 * day + 1],
  null,
  null,
  null
]

const descriptions: NonEmpty<(random: Random) => string | undefined> = [
  () => "Long-lived user authorization",
  (random) => flat("Heroku CLI login from ", random.pick(hosts), "-", random.below(40)),
  (random) => flat("Deploy key of team ", String.fromCharCode(65 + random.below(26))),
  (random) => flat("Backups, nightly 🌙 ", random.below(100)),
  (random) => random.pick(["staging \"blue\"", "staging \"green\"", "audit\\2024", ""]),
  // Older authorizations have none.
  () => undefined
]

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
