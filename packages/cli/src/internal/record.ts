/** How an authorization is shown: as JSON for programs, as a row or as fields for people. Never with its token. */
import * as Authorization from "@effect-heroku/core/Authorization"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import { safe } from "./text.ts"

/** An authorization as JSON, with the field names of Heroku's API. */
export const toRecord = (item: Authorization.Authorization, observedAt: DateTime.Utc) => ({
  id: item.id,
  description: Option.getOrNull(item.description),
  scope: item.scope,
  client: Option.getOrNull(Option.map(item.client, ({ id, name }) => ({ id, name: Option.getOrNull(name) }))),
  user: Option.getOrNull(Option.map(item.user, ({ email, id }) => ({ id, email: Option.getOrNull(email) }))),
  created_at: DateTime.formatIso(item.createdAt),
  updated_at: DateTime.formatIso(item.updatedAt),
  expires_at: Option.getOrNull(Option.map(Authorization.expiresAt(item, observedAt), DateTime.formatIso))
})

/** The name of the client, or its id, or `-` for a direct authorization. */
export const clientOf = (item: Authorization.Authorization): string =>
  safe(Option.match(item.client, { onNone: () => "-", onSome: ({ id, name }) => Option.getOrElse(name, () => id) }))

/** The description, or `-` for an empty one. */
export const descriptionOf = (item: Authorization.Authorization): string =>
  safe(Option.getOrElse(Option.filter(item.description, (text) => text !== ""), () => "-"))

/** The day of expiry, `never`, `expired`, or `-` without an access token. */
export const expiryOf = (item: Authorization.Authorization, observedAt: DateTime.Utc): string => {
  if (Option.isNone(item.accessToken)) return "-"
  if (Authorization.isExpired(item, observedAt)) return "expired"
  return Option.match(Authorization.expiresAt(item, observedAt), {
    onNone: () => "never",
    onSome: DateTime.formatIsoDateUtc
  })
}

/** The columns of a table of authorizations. */
export const heading = ["ID", "CREATED", "EXPIRES", "SCOPE", "CLIENT", "DESCRIPTION"]

/** An authorization as a row below `heading`. */
export const toRow = (item: Authorization.Authorization, observedAt: DateTime.Utc): ReadonlyArray<string> => [
  safe(item.id),
  DateTime.formatIsoDateUtc(item.createdAt),
  expiryOf(item, observedAt),
  safe(item.scope.join(",")),
  clientOf(item),
  descriptionOf(item)
]

/** An authorization as labels and values. */
export const toFields = (
  item: Authorization.Authorization,
  observedAt: DateTime.Utc
): ReadonlyArray<readonly [string, string]> => [
  ["ID", safe(item.id)],
  ["Description", descriptionOf(item)],
  ["Scope", safe(item.scope.join(", "))],
  ["Client", clientOf(item)],
  ["Account", safe(Option.getOrElse(Option.flatMap(item.user, ({ email }) => email), () => "-"))],
  ["Created at", DateTime.formatIso(item.createdAt)],
  ["Updated at", DateTime.formatIso(item.updatedAt)],
  [
    "Expires at",
    Option.match(Authorization.expiresAt(item, observedAt), {
      onNone: () => expiryOf(item, observedAt),
      onSome: (time) => Authorization.isExpired(item, observedAt) ? "expired" : DateTime.formatIso(time)
    })
  ]
]
