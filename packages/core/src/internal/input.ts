/** Checks what callers hand in, before any request, and says which field was wrong. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { type InvalidParams, type Operation, refused } from "../AuthorizationError.ts"

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/**
 * A check of values of `schema`'s type. `label` names the input where the schema is not a struct; its fields go by their
 * own names. Messages never hold the value: it may be a secret.
 */
export const check = <T, E>(schema: Schema.Codec<T, E>, label: string) => {
  const decode = Schema.decodeUnknownEffect(Schema.toType(schema))
  return (operation: Operation, input: unknown): Effect.Effect<T, InvalidParams> =>
    decode(input).pipe(
      Effect.mapError(({ issue }) => {
        const { message, path } = format(issue).issues[0]!
        return refused(operation, path?.map(String).join(".") || label, message)
      }),
      // A secret that was wiped, a getter that throws.
      Effect.catchDefect(() => Effect.fail(refused(operation, label, "cannot be read")))
    )
}
