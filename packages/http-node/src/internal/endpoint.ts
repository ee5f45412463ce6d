/** The request of an operation, as data. */
import type { Operation } from "@effect-heroku/core/AuthorizationError"
import type * as Redacted from "effect/Redacted"

/** The request of an operation. */
export interface Endpoint<O extends Operation = Operation> {
  readonly operation: O
  readonly method: "DELETE" | "GET" | "PATCH" | "POST"
  readonly path: string
  /** The path with `{id}` or `{team}` in place of a value, for spans. */
  readonly template: string
  /** The id of the authorization that the request names. */
  readonly id?: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** The client secret in the body. */
  readonly secret?: Redacted.Redacted | undefined
  readonly headers?: Readonly<Record<string, string>>
}
