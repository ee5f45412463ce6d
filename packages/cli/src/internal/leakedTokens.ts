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

const uuid = String.raw`[\da-fA-F]{8}-(?:[\da-fA-F]{4}-){3}[\da-fA-F]{12}`

/** Today's 65 characters, and the form before that: a UUID after the prefix. Names such as `hrku-prod-worker` are no tokens. */
const withPrefix = new RegExp(String.raw`HRKU-(?:AA[\w-]{58}|${uuid})`, "g")

/** Heroku masks with ten asterisks. Three and more count: one to three after a whole token are Markdown. */
const maskedToken = /HRKU-[\w-]*\*{3}/

/** The oldest form has no prefix. Texts are full of UUIDs, so it counts only where a line holds nothing else. */
const bareUuid = new RegExp(`^${uuid}$`)

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
      if (maskedToken.test(line.replaceAll(withPrefix, " "))) masked.push(source)
    }
  }
}
