/** The findings about an authorization: what is risky, and why. */
import * as Authorization from "@effect-heroku/core/Authorization"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { formatDuration } from "./times.ts"

/** The levels of risk, worst first. */
export const levels = ["high", "medium", "low", "none"] as const
type Level = typeof levels[number]

/** The kinds of findings, worst first, with their meaning and their weight. */
export const kinds = {
  "global scope": { weight: 5, meaning: "Anyone with the token controls the entire account" },
  "never expires": { weight: 4, meaning: "A leaked token works until it is revoked" },
  "wide scope": { weight: 3, meaning: "A fine-grained scope with a wildcard covers everything of its kind" },
  "old": { weight: 2, meaning: "Not changed for long: the token has had much time to leak" },
  "expiring soon": { weight: 2, meaning: "What uses the token stops working unless the token is replaced" },
  "expired": { weight: 1, meaning: "The token no longer works: the authorization can be revoked" }
} as const
export type Kind = keyof typeof kinds

/** One finding about an authorization. */
interface Finding {
  readonly kind: Kind
  /** The reason, with the numbers of this authorization. */
  readonly why: string
}

/** The ages from which authorizations count as old, and the time before expiry from which they are expiring soon. */
export interface Limits {
  readonly old: Duration.Duration
  readonly soon: Duration.Duration
}

/** The findings about an authorization, worst first. */
const findingsOf = (
  item: Authorization.Authorization,
  observedAt: DateTime.Utc,
  { old, soon }: Limits
): ReadonlyArray<Finding> => {
  if (Authorization.isExpired(item, observedAt)) return [{ kind: "expired", why: "the token has expired" }]
  const findings: Array<Finding> = []
  const wide = item.scope.filter((scope) => scope.includes("*"))
  const unchanged = DateTime.distance(item.updatedAt, observedAt)
  const timeLeft = Option.map(Authorization.expiresAt(item, observedAt), (end) => DateTime.distance(observedAt, end))
  if (Authorization.hasGlobalScope(item)) findings.push({ kind: "global scope", why: "has the scope global" })
  if (Authorization.neverExpires(item)) findings.push({ kind: "never expires", why: "never expires" })
  if (wide.length > 0) findings.push({ kind: "wide scope", why: `has the scope ${wide.join(", ")}` })
  if (Duration.isGreaterThan(unchanged, old)) {
    findings.push({ kind: "old", why: `not changed for ${formatDuration(unchanged)}` })
  }
  if (Option.isSome(timeLeft) && Duration.isLessThan(timeLeft.value, soon)) {
    findings.push({ kind: "expiring soon", why: `expires in ${formatDuration(timeLeft.value)}` })
  }
  return findings
}

/** The risk of an authorization with these findings. */
const levelOf = (findings: ReadonlyArray<Finding>): Level => {
  const has = (kind: Kind) => findings.some((finding) => finding.kind === kind)
  if (has("global scope") && has("never expires")) return "high"
  if (has("global scope") || has("never expires") || has("wide scope") || has("old")) return "medium"
  return findings.length === 0 ? "none" : "low"
}

/** An authorization with its findings. */
export interface Audited {
  readonly item: Authorization.Authorization
  readonly level: Level
  readonly findings: ReadonlyArray<Finding>
}

/** Audits authorizations, and sorts them: worst first, the oldest of equally risky ones first. */
export const auditAll = (
  items: ReadonlyArray<Authorization.Authorization>,
  observedAt: DateTime.Utc,
  limits: Limits
): ReadonlyArray<Audited> =>
  items.map((item) => {
    const findings = findingsOf(item, observedAt, limits)
    const weight = findings.reduce((sum, { kind }) => sum + kinds[kind].weight, 0)
    const level = levelOf(findings)
    return { item, level, findings, rank: levels.indexOf(level) * 100 - weight }
  }).toSorted((a, b) => a.rank - b.rank || DateTime.Order(a.item.createdAt, b.item.createdAt))

/** The number of authorizations with each kind of finding, without kinds that no authorization has. */
export const countKinds = (audited: ReadonlyArray<Audited>): ReadonlyArray<readonly [Kind, number]> => {
  const counts = new Map<Kind, number>()
  for (const { findings } of audited) for (const { kind } of findings) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return (Object.keys(kinds) as ReadonlyArray<Kind>).flatMap((kind) => {
    const count = counts.get(kind)
    return count === undefined ? [] : [[kind, count] as const]
  })
}
