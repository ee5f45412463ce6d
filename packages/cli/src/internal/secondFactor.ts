/** The code of the account's second factor: that of the environment, and then those that the user types. */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Semaphore from "effect/Semaphore"
import { ControllingTerminal } from "./question.ts"

/** How often a command asks before Heroku accepts a code. */
const maxQuestions = 3

/** `screen` is held while a question is open. */
export const make = Effect.fnUntraced(function*(screen: Semaphore.Semaphore) {
  const terminal = yield* ControllingTerminal
  const given = yield* Config.option(Config.String("HEROKU_TWO_FACTOR_CODE"))
  let fromEnvironment = Option.flatMap(given, parse)
  let rejections = 0
  let questions = 0

  const next: Effect.Effect<Option.Option<Redacted.Redacted>> = Effect.gen(function*() {
    const isFirst = rejections++ === 0
    if (Option.isSome(fromEnvironment)) {
      const code = fromEnvironment
      fromEnvironment = Option.none()
      return code
    }
    if (questions >= maxQuestions) return Option.none()
    questions++
    const problem = isFirst ? "" : "Heroku rejected the code, or it has expired. "
    const reply = Option.getOrElse(
      yield* terminal.ask(`${problem}Two-factor code: `, { isSecret: true }),
      () => ""
    )
    if (reply.trim() === "") {
      questions = maxQuestions
      return Option.none()
    }
    const code = parse(reply)
    return Option.isSome(code) ? code : yield* next
  })

  return {
    /** Returns the next code to try. `None`: there is no terminal, or the user has no other code. */
    next: screen.withPermit(next),
    /** Records that Heroku accepted a code. */
    accept: () => {
      questions = 0
    }
  }
})

/** Authenticators show codes with spaces. A code has only visible ASCII characters. */
const parse = (text: string): Option.Option<Redacted.Redacted> =>
  Option.map(
    Option.liftPredicate(text.replaceAll(/\s/g, ""), (code) => /^[\x21-\x7e]+$/.test(code)),
    (code) => Redacted.make(code, { label: "two-factor code" })
  )
