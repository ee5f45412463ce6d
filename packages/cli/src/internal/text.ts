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
const token = /HRKU-[\w-]+/gi

/** Masks tokens in the text of an error. */
export const maskTokens = (text: string): string => text.replaceAll(token, "HRKU-…")

/**
 * The width of a text in terminal cells. Most texts are Latin letters: with `displayWidth` for these, too, a table of 20,000
 * authorizations took three times as long.
 */
export const widthOf = (text: string): number =>
  /^[\x20-\x7e\xc0-\u024f]*$/.test(text) ? text.length : displayWidth(text)

/** Fills a text up to a width in terminal cells, or shortens it with an ellipsis. */
export const fit = (text: string, width: number): string => {
  const missing = width - widthOf(text)
  return missing < 0 ? shorten(text, width) : text + " ".repeat(missing)
}

/** Shortens a text to a width in terminal cells, with an ellipsis at its end. */
export const shorten = (text: string, width: number): string => {
  if (widthOf(text) <= width) return text
  let shortened = text.slice(0, width - 1)
  while (widthOf(shortened) >= width) shortened = shortened.slice(0, -1)
  return `${shortened.toWellFormed().replace(/\ufffd$/, "")}…`
}

/** Formats an integer with a comma every three digits. */
export const formatCount = (value: number): string => numbers.format(value)

const numbers = new Intl.NumberFormat("en-US")

/** Formats a number of things: `1 authorization`, `2,500 authorizations`. */
export const countOf = (count: number, noun: string, plural = `${noun}s`): string =>
  `${formatCount(count)} ${count === 1 ? noun : plural}`
