/** Shows the plan of a command, and asks for confirmation. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stdio from "effect/Stdio"
import { ControllingTerminal } from "./question.ts"
import { exitCode, failed, Stop } from "./stop.ts"

/**
 * Shows the plan, and returns after the user confirmed it, or at once with `yes`. Without a terminal to ask on, prints the plan
 * as the result and ends the program.
 */
export const confirm = Effect.fnUntraced(function*(
  { plan, question, yes }: { readonly plan: ReadonlyArray<string>; readonly question: string; readonly yes: boolean }
) {
  const terminal = yield* ControllingTerminal
  const stdio = yield* Stdio.Stdio
  const text = plan.join("\n")
  if (yes) return yield* Console.error(text)
  if (!(yield* terminal.isPresent)) {
    yield* Console.log(text)
    return yield* new Stop({
      code: exitCode.onlyPlanned,
      message:
        "Nothing was changed: there is no terminal to ask on. Run this command again with --yes to carry out the plan"
    })
  }
  yield* Console.error(text)
  // The terminal that asks does not show standard error that goes to a file.
  const shown = (yield* stdio.stderrIsTerminal) ? "" : `${text}\n`
  if (!(yield* ask(`${shown}${question}`))) return yield* failed("Nothing was changed: the reply was not yes")
})

/** Asks a question on the terminal, and returns whether the reply is yes. */
export const ask = Effect.fnUntraced(function*(question: string) {
  const terminal = yield* ControllingTerminal
  const reply = yield* terminal.ask(`${question} Type yes to go ahead: `)
  return Option.getOrElse(reply, () => "").trim().toLowerCase() === "yes"
})
