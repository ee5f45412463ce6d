/** `export`: all selected authorizations as lines of JSON in a file. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Connection from "../internal/connection.ts"
import { exportPages, exportSelected } from "../internal/exportFile.ts"
import { checkComplete } from "../internal/output.ts"
import { withProgress } from "../internal/progress.ts"
import * as Selection from "../internal/selection.ts"
import { invalidUsage, noStandardOutput } from "../internal/stop.ts"
import { countOf, safe } from "../internal/text.ts"

export const exportCommand = Command.make(
  "export",
  {
    file: Argument.String("file").pipe(Argument.withDescription("The file to write or to continue")),
    selection: Selection.input
  },
  ({ file, selection }) =>
    Effect.gen(function*() {
      if (file === "-") return yield* invalidUsage(noStandardOutput("list --json"))
      const selected = yield* Selection.make(selection)
      yield* Console.error(yield* Connection.whoami)
      const { count, invalid, missing } = yield* withProgress("Exported", Option.none(), ({ advance }) =>
        Option.isSome(selected.ids)
          ? exportSelected(file, selected, advance)
          : exportPages(file, selected, JSON.stringify(selection), advance)).pipe(
          Effect.onInterrupt(() =>
            Console.error("Interrupted: run the same command again, and it continues where it stopped")
          )
        )
      yield* Console.error(`${countOf(count, "authorization")} in ${safe(file)}`)
      yield* checkComplete(missing, invalid)
    }).pipe(Effect.provideService(Connection.Team, selection.team), Connection.withAccount)
).pipe(
  Command.withDescription(
    "Writes authorizations to a file, one JSON object on each line, without tokens. Run it again to continue after an interruption"
  ),
  Command.withExamples([{ command: "heroku-authorizations export before.ndjson" }])
)
