/** Validates input before a request is sent, and names the invalid field. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { InvalidParams, type Operation } from "../AuthorizationError.ts"

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/**
 * Returns a validator of `schema`'s type. `label` names the input itself; fields of a struct have their own names. Messages
 * never contain the value, which may be a secret.
 */
export const makeValidator = <T, E>(schema: Schema.Codec<T, E>, label: string) => {
  const decode = Schema.decodeUnknownEffect(Schema.toType(schema))
  return (operation: Operation, input: unknown): Effect.Effect<T, InvalidParams> =>
    Effect.suspend(() => decode(input)).pipe(
      Effect.mapError(({ issue }) => {
        const { message, path } = format(issue).issues[0]!
        return invalidInput(operation, path?.map(String).join(".") || label, message)
      }),
      // Reading the input can throw: a wiped secret, a getter.
      Effect.catchDefect(() => Effect.fail(invalidInput(operation, label, unreadable)))
    )
}

const unreadable =
  "cannot be read: a secret in it was wiped, or comes from another copy of effect (npm ls effect shows the copies)"

/** Returns the error of an input that is rejected before a request. Keep the value out of `problem`: it may be a secret. */
export const invalidInput = (operation: Operation, field: string, problem: string): InvalidParams =>
  new InvalidParams({
    operation,
    attempts: 0,
    message: `${field}: ${problem}`,
    field: Option.some(field),
    errorId: Option.none(),
    requestId: Option.none(),
    documentationUrl: Option.none()
  })
