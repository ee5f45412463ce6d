/** The schema of ids, apart from `Authorization.ts` because the wire schema needs it too. */
import * as Schema from "effect/Schema"

export const AuthorizationId = Schema.String.check(
  Schema.isNonEmpty({ message: "must not be empty" }),
  Schema.makeFilter((id) => id.trim() !== "" || "must not be blank"),
  Schema.makeFilter((id) => (id !== "." && id !== "..") || "must not be a dot segment, which resolves to another path"),
  Schema.makeFilter((id) => !/[\p{Cc}\p{Cs}]/u.test(id) || "must be well-formed Unicode without control characters")
).pipe(Schema.brand("AuthorizationId"))
