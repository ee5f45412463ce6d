/** Text from the API and from users, made safe to print. */
import { displayWidth } from "effect/cli/CliOutput"

/** Control characters, the marks that change the direction of text, and the separators that some terminals break lines at. */
const unsafe = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

const toEscape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`

/** Writes unsafe characters as escapes such as `\u001b`, so that text can neither move the cursor nor hide other text. */
export const safe = (text: string): string => text.replaceAll(unsafe, toEscape)

/** Formats a value as one line of JSON that is safe to print and means the same. */
export const toJson = (value: unknown): string => JSON.stringify(value).replaceAll(unsafe, toEscape)

/** A token, which a user may pass in place of an id. Error messages must not quote it. */
const token = /HRKU-[\w-]+/g

/** Masks tokens in the text of an error. */
export const maskTokens = (text: string): string => text.replaceAll(token, "HRKU-…")

/** Fills a text up to a width in terminal cells, or shortens it with an ellipsis. */
export const fit = (text: string, width: number): string => {
  const missing = width - displayWidth(text)
  return missing < 0 ? shorten(text, width) : text + " ".repeat(missing)
}

/** Shortens a text to a width in terminal cells, with an ellipsis at its end. */
export const shorten = (text: string, width: number): string => {
  if (displayWidth(text) <= width) return text
  let shortened = ""
  for (const character of text) {
    if (displayWidth(shortened + character) >= width) break
    shortened += character
  }
  return `${shortened}…`
}

/** Formats an integer with a comma every three digits. */
export const formatCount = (value: number): string => value.toLocaleString("en-US")

/** Formats a number of things: `1 authorization`, `2,500 authorizations`. */
export const countOf = (count: number, noun: string): string => `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`
