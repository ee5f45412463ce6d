/** What a person wants to know of an account's authorizations, counted as they stream by: none but the oldest is kept. */
import type { Authorization } from "@effect-heroku/core/Authorization"
import { expiresAt, hasGlobalScope, isExpired, neverExpires } from "@effect-heroku/core/Authorization"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/** Tokens that end within this time want somebody's attention now. */
const soon = Duration.days(7)

export interface Audit {
  readonly authorizations: number
  readonly oldest: Option.Option<Authorization>
  readonly expired: number
  readonly expiringSoon: number
  readonly neverExpiring: number
  readonly withGlobalScope: number
  /** How many each client has, by its name; none is the key of those made directly. */
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

/** Counts authorizations that came in an answer of the moment `observedAt`. */
export const add = (audit: Audit, items: ReadonlyArray<Authorization>, observedAt: DateTime.Utc): Audit => {
  const count = (predicate: (item: Authorization) => boolean): number => items.filter(predicate).length
  const deadline = DateTime.addDuration(observedAt, soon)
  const byClient = new Map(audit.byClient)
  let oldest = audit.oldest
  for (const item of items) {
    const client = Option.getOrUndefined(Option.map(item.client, ({ name }) => name))
    byClient.set(client, (byClient.get(client) ?? 0) + 1)
    if (!Option.exists(oldest, (other) => DateTime.isLessThanOrEqualTo(other.createdAt, item.createdAt))) {
      oldest = Option.some(item)
    }
  }
  return {
    authorizations: audit.authorizations + items.length,
    oldest,
    expired: audit.expired + count((item) => isExpired(item, observedAt)),
    expiringSoon: audit.expiringSoon +
      count((item) =>
        !isExpired(item, observedAt) &&
        Option.exists(expiresAt(item, observedAt), DateTime.isLessThanOrEqualTo(deadline))
      ),
    neverExpiring: audit.neverExpiring + count(neverExpires),
    withGlobalScope: audit.withGlobalScope + count(hasGlobalScope),
    byClient
  }
}

/** The audit as lines of a table. */
export const format = (audit: Audit, now: DateTime.Utc): ReadonlyArray<string> => {
  const clients = [...audit.byClient]
    .toSorted(([, a], [, b]) => b - a)
    .map(([client, count]): Row => [`  ${client ?? "(none: made directly)"}`, number(count)])
  return table([
    ["Authorizations", number(audit.authorizations)],
    ["Oldest", Option.match(audit.oldest, { onNone: () => "-", onSome: (item) => formatOldest(item, now) })],
    ["Expired", number(audit.expired)],
    [`Expiring within ${Duration.toDays(soon)} days`, number(audit.expiringSoon)],
    ["Never expiring", number(audit.neverExpiring)],
    ["With global scope", number(audit.withGlobalScope)],
    ...(clients.length === 0 ? [] : [["By client", ""] as Row, ...clients])
  ])
}

type Row = readonly [label: string, value: string]

// Numbers end under each other; words, which begin with a letter or a dash, begin there.
const table = (rows: ReadonlyArray<Row>): ReadonlyArray<string> => {
  const labels = Math.max(...rows.map(([label]) => label.length)) + 2
  const numbers = Math.max(...rows.map(([, value]) => isNumber(value) ? value.length : 0))
  return rows.map(([label, value]) =>
    `${label.padEnd(labels)}${isNumber(value) ? value.padStart(numbers) : value}`.trimEnd()
  )
}

const isNumber = (text: string): boolean => /^[\d,]+$/.test(text)

/** A whole number with a comma every three digits. */
export const number = (value: number): string => value.toLocaleString("en-US")

const formatOldest = (item: Authorization, now: DateTime.Utc): string => {
  const days = Math.floor(Duration.toDays(DateTime.distance(item.createdAt, now)))
  const description = Option.match(item.description, { onNone: () => item.id, onSome: (text) => `"${text}"` })
  return `${DateTime.formatIsoDateUtc(item.createdAt)}, ${number(days)} days ago: ${description}`
}
