/** Shows the plan of a command, and asks for confirmation. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stdio from "effect/Stdio"
import { nothingChanged } from "./output.ts"
import { ControllingTerminal } from "./question.ts"
import { exitCode, failed, Stop } from "./stop.ts"

/** A question, and the replies to it that go ahead. */
export interface Question {
  readonly text: string
  readonly replies: readonly [string, string?]
}

/** A question to which only yes goes ahead. */
export const yesOrNo = (text: string): Question => ({ text: `${text} Type yes to go ahead: `, replies: ["yes"] })

/**
 * Shows the plan, and returns the reply of the user that goes ahead, or at once with `yes`. Without a terminal to ask on, prints
 * the plan as the result and ends the program.
 */
export const confirm = Effect.fnUntraced(function*(
  { flags = "--yes", plan, question, yes }: {
    readonly plan: ReadonlyArray<string>
    readonly question: Question
    readonly yes: boolean
    /** The flags that carry out the plan without a question. */
    readonly flags?: string
  }
) {
  const terminal = yield* ControllingTerminal
  const stdio = yield* Stdio.Stdio
  const text = plan.join("\n")
  if (yes) {
    yield* Console.error(text)
    return question.replies[0]
  }
  if (!(yield* terminal.isPresent)) {
    yield* Console.log(text)
    return yield* new Stop({
      code: exitCode.onlyPlanned,
      message:
        `Nothing was changed: there is no terminal to ask on. Run this command again with ${flags} to carry out the plan`
    })
  }
  yield* Console.error(text)
  // The terminal that asks does not show standard error that goes to a file.
  const shown = (yield* stdio.stderrIsTerminal) ? "" : `${text}\n`
  const [reply, otherReply] = question.replies
  return yield* Option.match(yield* ask({ ...question, text: `${shown}${question.text}` }), {
    onSome: Effect.succeed,
    onNone: () =>
      failed(
        `Nothing was changed: the reply was ${
          otherReply === undefined ? `not ${reply}` : `neither ${reply} nor ${otherReply}`
        }`
      )
  })
})

/** Asks a question on the terminal, before anything is changed. `None`: the user does not want to go ahead. */
export const ask = Effect.fnUntraced(function*({ replies, text }: Question) {
  const terminal = yield* ControllingTerminal
  const reply = Option.getOrElse(yield* nothingChanged(terminal.ask(text)), () => "").trim().toLowerCase()
  return Option.liftPredicate(reply, (reply) => replies.includes(reply))
})
