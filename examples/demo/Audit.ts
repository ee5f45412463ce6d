/** A summary of an account's authorizations, updated page by page. It stores only the oldest authorization. */
import { Authorization } from "@effect-heroku/core"
import { DateTime, Duration, Option } from "effect"

/** Tokens that expire within this time need attention now. */
const soon = Duration.days(7)

export interface Audit {
  readonly authorizations: number
  readonly oldest: Option.Option<Authorization.Authorization>
  readonly expired: number
  readonly expiringSoon: number
  readonly neverExpiring: number
  readonly withGlobalScope: number
  /** The number of authorizations per client name; the key `undefined` counts those without a client. */
  readonly byClient: ReadonlyMap<string | undefined, number>
}

export const empty: Audit = {
  authorizations: 0,
  oldest: Option.none(),
  expired: 0,
  expiringSoon: 0,
  neverExpiring: 0,
  withGlobalScope: 0,
  byClient: new Map()
}

/** Adds the authorizations of a response that arrived at `observedAt`. */
export const add = (
  audit: Audit,
  items: ReadonlyArray<Authorization.Authorization>,
  observedAt: DateTime.Utc
): Audit => {
  const count = (predicate: (item: Authorization.Authorization) => boolean): number => items.filter(predicate).length
  const deadline = DateTime.addDuration(observedAt, soon)
  const byClient = new Map(audit.byClient)
  let oldest = audit.oldest
  for (const item of items) {
    const client = Option.getOrUndefined(Option.map(item.client, ({ id, name }) => Option.getOrElse(name, () => id)))
    byClient.set(client, (byClient.get(client) ?? 0) + 1)
    if (!Option.exists(oldest, (other) => DateTime.isLessThanOrEqualTo(other.createdAt, item.createdAt))) {
      oldest = Option.some(item)
    }
  }
  return {
    authorizations: audit.authorizations + items.length,
    oldest,
    expired: audit.expired + count((item) => Authorization.isExpired(item, observedAt)),
    expiringSoon: audit.expiringSoon +
      count((item) =>
        !Authorization.isExpired(item, observedAt) &&
        Option.exists(Authorization.expiresAt(item, observedAt), DateTime.isLessThanOrEqualTo(deadline))
      ),
    neverExpiring: audit.neverExpiring + count(Authorization.neverExpires),
    withGlobalScope: audit.withGlobalScope + count(Authorization.hasGlobalScope),
    byClient
  }
}

/** Formats the summary as the lines of a table. */
export const toTable = (audit: Audit, now: DateTime.Utc): ReadonlyArray<string> => {
  const clients = [...audit.byClient]
    .toSorted(([, a], [, b]) => b - a)
    .map(([client, count]): Row => [`  ${client ?? "(none)"}`, format(count)])
  return table([
    ["Authorizations", format(audit.authorizations)],
    ["Oldest", Option.match(audit.oldest, { onNone: () => "-", onSome: (item) => formatOldest(item, now) })],
    ["Expired", format(audit.expired)],
    [`Expiring within ${Duration.toDays(soon)} days`, format(audit.expiringSoon)],
    ["Never expiring", format(audit.neverExpiring)],
    ["With global scope", format(audit.withGlobalScope)],
    ...(clients.length === 0 ? [] : [["By client", ""] as Row, ...clients])
  ])
}

type Row = readonly [label: string, value: string]

// Numbers are aligned to the right, other values to the left.
const table = (rows: ReadonlyArray<Row>): ReadonlyArray<string> => {
  const labels = Math.max(...rows.map(([label]) => label.length)) + 2
  const numbers = Math.max(...rows.map(([, value]) => isNumber(value) ? value.length : 0))
  return rows.map(([label, value]) =>
    `${label.padEnd(labels)}${isNumber(value) ? value.padStart(numbers) : value}`.trimEnd()
  )
}

const isNumber = (text: string): boolean => /^[\d,]+$/.test(text)

/** Formats an integer with a comma every three digits. */
export const format = (value: number): string => value.toLocaleString("en-US")

const formatOldest = (item: Authorization.Authorization, now: DateTime.Utc): string => {
  const days = Math.floor(Duration.toDays(DateTime.distance(item.createdAt, now)))
  const description = Option.match(item.description, { onNone: () => item.id, onSome: (text) => `"${text}"` })
  return `${DateTime.formatIsoDateUtc(item.createdAt)}, ${format(days)} days ago: ${description}`
}
