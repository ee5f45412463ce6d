/** Finds Heroku tokens in text. */
import * as Redacted from "effect/Redacted"

/** A token that was found in the input. */
export interface LeakedToken {
  readonly token: Redacted.Redacted
  /** The position of its first occurrence, as `FILE:LINE`. */
  readonly source: string
}

/** The tokens of the input. */
export interface Leaked {
  /** Each token once. */
  readonly tokens: ReadonlyMap<string, LeakedToken>
  /** The positions of tokens that are masked with asterisks, and so cannot be searched for. */
  readonly masked: ReadonlyArray<string>
}

const uuid = String.raw`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`

/** Today's 65 characters, the form before that (a UUID after the prefix), and anything else with the prefix. */
const withPrefix = new RegExp(String.raw`HRKU-AA[\w-]{58}|HRKU-${uuid}|HRKU-[\w-]{4,}(?![\w*-])`, "gi")
const maskedToken = /HRKU-[\w-]*\*/i

/** The oldest form has no prefix. Texts are full of UUIDs, so it counts only where a line holds nothing else. */
const bareUuid = new RegExp(`^${uuid}$`, "i")

/** Collects the tokens of lines. */
export const makeCollector = () => {
  const tokens = new Map<string, LeakedToken>()
  const masked: Array<string> = []
  return {
    leaked: { tokens, masked } satisfies Leaked,
    addLine: (line: string, source: string): void => {
      const trimmed = line.trim()
      const found = bareUuid.test(trimmed) ? [trimmed] : line.match(withPrefix) ?? []
      for (const token of found) {
        if (!tokens.has(token)) tokens.set(token, { token: Redacted.make(token, { label: "leaked token" }), source })
      }
      if (maskedToken.test(line)) masked.push(source)
    }
  }
}
