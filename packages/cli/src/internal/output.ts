/** Output that several commands share. */
import type { Authorization } from "@effect-heroku/core/Authorization"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
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

/** Writes the last line of standard output, and fails if it could not be written. `Console.log` ignores that. */
export const writeResult = Effect.fnUntraced(function*(line: string) {
  const stdio = yield* Stdio.Stdio
  yield* Stream.run(Stream.make(`${line}\n`), stdio.stdout({ endOnDone: true }))
})

/** Fails if the result is incomplete: ids that no authorization has, or authorizations that could not be read. */
export const checkComplete = Effect.fnUntraced(function*(missing: ReadonlyArray<string>, invalid?: number) {
  const { invalidCount } = yield* Connection
  const unreadable = invalid ?? invalidCount()
  for (const id of missing) yield* Console.error(`${safe(id)} not found`)
  if (missing.length > 0) return yield* failed(`${countOf(missing.length, "id")} not found in this account`)
  if (unreadable > 0) return yield* failed(`${countOf(unreadable, "authorization")} could not be read`)
})

/** Ends an interrupted effect with a line that says what it has changed. */
export const onInterrupt = (message: string) => Effect.onInterrupt(() => Console.error(`Interrupted: ${message}`))

/** The line of an effect that only reads. */
export const nothingChanged = onInterrupt("nothing was changed")

/** Prints one authorization, without its token. */
export const printAuthorization = Effect.fnUntraced(function*(item: Authorization, json: boolean) {
  const now = yield* DateTime.now
  yield* Console.log(json ? toJson(toRecord(item, now)) : formatFields(toFields(item, now)).join("\n"))
})
