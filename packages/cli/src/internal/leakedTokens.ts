/** Finds Heroku tokens in text. */
import * as Redacted from "effect/Redacted"
import { safe } from "./text.ts"

/** A token that was found in the input. */
export interface LeakedToken {
  readonly token: Redacted.Redacted
  /** The position of its first occurrence, as `FILE:LINE:COLUMN`. */
  readonly source: string
}

/** The tokens of the input. */
export interface Leaked {
  /** Each token once. */
  readonly tokens: ReadonlyMap<string, LeakedToken>
  /** The texts that cannot be searched for, each as its position and what is wrong with it. */
  readonly unsearchable: ReadonlyArray<string>
}

const uuid = String.raw`[\da-fA-F]{8}-(?:[\da-fA-F]{4}-){3}[\da-fA-F]{12}`

/** Today's 65 characters, and the form before that: a UUID after the prefix. */
const form = String.raw`HRKU-(?:AA[\w-]{58}|${uuid})`
const withPrefix = new RegExp(form, "g")
const inOtherCase = new RegExp(`^${form}$`, "i")

/** The oldest form has no prefix. Texts are full of UUIDs, so it counts only where a line holds nothing else. */
const bareUuid = new RegExp(`^${uuid}$`)

/**
 * Whether a text that begins like a token may be one that is cut off or changed. Names such as `HRKU-PROD` and the keys of
 * tickets are no tokens.
 */
const mayBeToken = (prefix: string, rest: string): boolean => {
  if (prefix !== "HRKU-") return inOtherCase.test(prefix + rest)
  const isName = /^[a-z-]+$/i.test(rest) && /[g-z]/i.test(rest)
  return rest.startsWith("AA") || (rest.length >= 8 && !isName)
}

/** Collects the tokens of lines. */
export const makeCollector = () => {
  const tokens = new Map<string, LeakedToken>()
  const unsearchable: Array<string> = []
  return {
    leaked: { tokens, unsearchable } satisfies Leaked,
    addLine: (line: string, source: string): void => {
      const trimmed = line.trim()
      // Several tokens of a line need positions of their own.
      const positionOf = (index: number) => `${source}:${index + 1}`
      const found = bareUuid.test(trimmed)
        ? [{ token: trimmed, index: line.indexOf(trimmed) }]
        : Array.from(line.matchAll(withPrefix), ({ 0: token, index }) => ({ token, index }))
      for (const { index, token } of found) {
        if (tokens.has(token)) continue
        tokens.set(token, { token: Redacted.make(token, { label: "leaked token" }), source: positionOf(index) })
      }
      // Split first: a pattern that searches for the end of each beginning takes quadratic time for many of them.
      const [before = "", ...parts] = line.replaceAll(withPrefix, (token) => " ".repeat(token.length)).split(/(HRKU-)/i)
      let column = before.length
      for (let index = 0; index < parts.length; index += 2) {
        const [prefix = "", after = ""] = parts.slice(index, index + 2)
        const position = safe(positionOf(column))
        column += prefix.length + after.length
        const [rest = ""] = /^[\w-]*/.exec(after) ?? []
        // Heroku masks with ten asterisks. Three and more count: one to three after a whole token are Markdown.
        if (prefix === "HRKU-" && after.startsWith("***", rest.length)) {
          unsearchable.push(`The token at ${position} is masked`)
        } else if (mayBeToken(prefix, rest)) {
          unsearchable.push(
            `The text at ${position} begins like a token and has ${prefix.length + rest.length} characters`
          )
        }
      }
    }
  }
}
