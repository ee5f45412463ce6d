/** Ids and teams, which become segments of a path: texts that cannot be sent safely are rejected. */
import * as Schema from "effect/Schema"
import { hasToken } from "./token.ts"

/** A text that can be sent as a segment of a path. */
const PathSegment = Schema.String.check(
  Schema.isNonEmpty({ message: "must not be empty" }),
  Schema.makeFilter((id) => id.trim() !== "" || "must not be blank"),
  Schema.makeFilter((id) => (id !== "." && id !== "..") || "must not be a dot segment, which resolves to another path"),
  Schema.makeFilter((id) => !/[\p{Cc}\p{Cs}]/u.test(id) || "must be well-formed Unicode without control characters")
)

/** The schema of ids. */
export const AuthorizationId = PathSegment.check(Schema.makeFilter((id) =>
  !hasToken(id)
  || "a token is not an id: list the authorizations, and use the id of the one that the token belongs to"
)).pipe(Schema.brand("AuthorizationId"))

/** The name or id of a team. */
export const Team = PathSegment.check(
  Schema.makeFilter((team) => !hasToken(team) || "a token is not the name or id of a team")
)
