/** Output that several commands share. */
import type { Authorization } from "@effect-heroku/core/Authorization"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Stdio from "effect/Stdio"
import * as Terminal from "effect/Terminal"
import { Connection } from "./connection.ts"
import { toFields, toRecord } from "./record.ts"
import { failed } from "./stop.ts"
import { formatFields } from "./table.ts"
import { countOf, safe, toJson } from "./text.ts"

/** The width of standard output: that of the terminal, and no limit for files and pipes. */
export const outputWidth = Effect.gen(function*() {
  const stdio = yield* Stdio.Stdio
  const terminal = yield* Terminal.Terminal
  return (yield* stdio.stdoutIsTerminal) ? (yield* terminal.columns) || Infinity : Infinity
})

/** Fails if the result is incomplete: ids that no authorization has, or authorizations that could not be read. */
export const checkComplete = Effect.fnUntraced(function*(missing: ReadonlyArray<string>) {
  const { invalidCount } = yield* Connection
  for (const id of missing) yield* Console.error(`${safe(id)} not found`)
  if (missing.length > 0) return yield* failed(`${countOf(missing.length, "id")} not found in this account`)
  if (invalidCount() > 0) return yield* failed(`${countOf(invalidCount(), "authorization")} could not be read`)
})

/** Prints one authorization, without its token. */
export const printAuthorization = Effect.fnUntraced(function*(item: Authorization, json: boolean) {
  const now = yield* DateTime.now
  yield* Console.log(json ? toJson(toRecord(item, now)) : formatFields(toFields(item, now)).join("\n"))
})
