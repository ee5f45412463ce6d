/** Output that several commands share. */
import type { Authorization } from "@effect-heroku/core/Authorization"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Stdio from "effect/Stdio"
import * as Terminal from "effect/Terminal"
import { toFields, toRecord } from "./record.ts"
import { exitCode, Stop } from "./stop.ts"
import { formatFields } from "./table.ts"
import { countOf, safe, toJson } from "./text.ts"

/** The width of standard output: that of the terminal, and no limit for files and pipes. */
export const outputWidth = Effect.gen(function*() {
  const stdio = yield* Stdio.Stdio
  const terminal = yield* Terminal.Terminal
  return (yield* stdio.stdoutIsTerminal) ? (yield* terminal.columns) || Infinity : Infinity
})

/** Ends the program if some of the ids that were passed belong to no authorization. */
export const missingIds = Effect.fnUntraced(function*(ids: ReadonlyArray<string>) {
  if (ids.length === 0) return
  for (const id of ids) yield* Console.error(`${safe(id)} not found`)
  return yield* new Stop({ code: exitCode.failed, message: `${countOf(ids.length, "id")} not found in this account` })
})

/** Prints one authorization, without its token. */
export const printAuthorization = Effect.fnUntraced(function*(item: Authorization, json: boolean) {
  const now = yield* DateTime.now
  yield* Console.log(json ? toJson(toRecord(item, now)) : formatFields(toFields(item, now)).join("\n"))
})
