/** `list`: the selected authorizations, as a table or as lines of JSON. */
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { colorLines } from "../internal/colors.ts"
import * as Connection from "../internal/connection.ts"
import { json } from "../internal/flags.ts"
import { checkComplete, nothingChanged, outputWidth } from "../internal/output.ts"
import { withProgress } from "../internal/progress.ts"
import { heading, toRecord, toRow } from "../internal/record.ts"
import * as Selection from "../internal/selection.ts"
import { formatTable } from "../internal/table.ts"
import { toJson } from "../internal/text.ts"

export const list = Command.make(
  "list",
  { selection: Selection.input, json },
  ({ json, selection }) =>
    Effect.gen(function*() {
      const selected = yield* Selection.make(selection)
      const missing = yield* json ? printLines(selected) : printTable(selected)
      yield* checkComplete(missing)
    }).pipe(nothingChanged, Effect.provideService(Connection.Team, selection.team), Connection.withAccount)
).pipe(
  Command.withDescription("Lists authorizations"),
  Command.withExamples([
    { command: "heroku-authorizations list --older-than 365d", description: "Those created more than a year ago" },
    {
      command: "heroku-authorizations list --json --never-expires | heroku-authorizations revoke -",
      description: "Pass a selection on to another command"
    }
  ])
)

/** Prints each authorization as soon as its page is read. */
const printLines = (selected: Selection.Selection) =>
  Effect.gen(function*() {
    const missing: Array<string> = []
    yield* Selection.stream(selected).pipe(
      Stream.chunks,
      Stream.runForEach((results) =>
        Effect.gen(function*() {
          const now = yield* DateTime.now
          missing.push(...results.filter(Result.isFailure).map(({ failure }) => failure))
          const lines = results.filter(Result.isSuccess).map(({ success }) => toJson(toRecord(success, now)))
          if (lines.length > 0) yield* Console.log(lines.join("\n"))
        })
      )
    )
    return missing
  })

const printTable = (selected: Selection.Selection) =>
  Effect.gen(function*() {
    const { items, missing } = yield* withProgress(
      "Read",
      Option.none(),
      ({ advance }) => Selection.collect(selected, advance)
    )
    const now = yield* DateTime.now
    const rows = items.map((item) => toRow(item, now))
    const lines = yield* colorLines(formatTable(heading, rows, yield* outputWidth))
    yield* Console.log(lines.join("\n"))
    if (items.length + missing.length === 0) yield* Console.error("No authorization is selected")
    return missing
  })
