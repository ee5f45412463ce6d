/** Colors for terminals. */
import { TerminalCapabilities } from "effect/cli/TerminalCapabilities"
import * as Effect from "effect/Effect"

/** The codes of the words that stand out, by the beginning of their line. */
const codes: Readonly<Record<string, number>> = { RISK: 1, ID: 1, HIGH: 31, MEDIUM: 33 }

/** Colors the first word of each line that has a color, unless standard output has none. */
export const colorLines = Effect.fnUntraced(function*(lines: ReadonlyArray<string>) {
  const { canColor } = yield* TerminalCapabilities
  return canColor
    ? lines.map((line) =>
      line.replace(/^[A-Z]+/, (word) => codes[word] === undefined ? word : `\u001b[${codes[word]}m${word}\u001b[0m`)
    )
    : lines
})
