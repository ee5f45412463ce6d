/** Generates the authorizations of an account that is some years old, in every shape that Heroku returns. */
import { flat, type Random } from "./random.ts"
import {
  type AuthorizationRecord,
  type ClientRecord,
  makeGrant,
  makeToken,
  type TokenRecord,
  type UserRecord,
  wholeSecond
} from "./records.ts"
import { toClient } from "./seeds.ts"

type NonEmpty<A> = readonly [A, ...Array<A>]

const hour = 3_600_000
const day = 24 * hour

/** Generates the clients of the authorizations. */
export const makeClients = (random: Random): NonEmpty<ClientRecord> => [
  toClient({ name: "Heroku Dashboard", redirectUri: "https://dashboard.heroku.com/oauth/callback" }, random),
  toClient({ name: "GitHub Deploys", redirectUri: "https://kolkrabbi.heroku.com/auth/heroku/callback" }, random),
  toClient({ name: "Metrics & Alerts", redirectUri: "https://metrics.example.com/auth/callback" }, random),
  toClient({ name: "Größenwächter", redirectUri: "https://autoscale.example.com/oauth" }, random),
  toClient({}, random)
]

/** Generates an authorization. */
export const makeAuthorization = (
  account: UserRecord,
  clients: NonEmpty<ClientRecord>,
  random: Random,
  now: number
): AuthorizationRecord => {
  const token = (): TokenRecord => {
    const generated = makeToken(random, now, makeLifetime(random))
    // The older form has no prefix.
    return random.below(10) === 0 ? { ...generated, token: random.uuid() } : generated
  }
  const createdAt = wholeSecond(now - random.below(1500 * day))
  const shape = random.below(10)
  const isWebFlow = shape < 3
  /** Not yet exchanged for tokens. */
  const isPending = shape === 0
  const grant = (): AuthorizationRecord["grant"] => {
    const generated = makeGrant(random, isPending ? now : createdAt)
    return random.below(3) === 0 ? { ...generated, id: undefined } : generated
  }
  return {
    id: random.uuid(),
    description: makeDescription(random),
    scope: random.pick(scopes),
    accessToken: isPending ? null : token(),
    refreshToken: isWebFlow && !isPending ? token() : null,
    client: isWebFlow ? random.pick(clients) : null,
    grant: isWebFlow ? grant() : null,
    session: isWebFlow && random.below(2) === 0 ? { id: random.uuid() } : null,
    user: shape === 9 ? undefined : shape === 8 ? { ...account, full_name: null } : account,
    createdAt,
    updatedAt: random.below(2) === 0 ? createdAt : wholeSecond(createdAt + random.below(now - createdAt + 1))
  }
}

const makeLifetime = (random: Random): number | null => {
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

const makeDescription = (random: Random): string | undefined => {
  switch (random.below(6)) {
    case 0:
      return "Long-lived user authorization"
    case 1:
      return flat("Heroku CLI login from ", random.pick(hosts), "-", random.below(40))
    case 2:
      return flat("Deploy key of team ", String.fromCharCode(65 + random.below(26)))
    case 3:
      return flat("Backups, nightly 🌙 ", random.below(100))
    case 4:
      return random.pick(["staging \"blue\"", "staging \"green\"", "audit\\2024", ""])
    default:
      // Older authorizations have none.
      return undefined
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
