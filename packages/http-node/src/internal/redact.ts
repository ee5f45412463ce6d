/** Masks secrets in texts from a server, which may echo the token, the two-factor code or the client secret. */
import * as Redacted from "effect/Redacted"

/** Returns a text without its secrets. */
export type Redact = (text: string) => string

/** Shorter values are not masked: they could occur in any word. */
const shortestSecret = 6

/** The shape of Heroku's tokens: the tokens of other accounts are masked as well. */
const herokuToken = /HRKU-[\w-]+/g

// An id contains no space, so a range that contains this mask does not parse and is not requested.
const mask = "[redacted secret]"

/** Creates the function that masks these secrets, and everything that looks like a Heroku token. */
export const make = (secrets: ReadonlyArray<Redacted.Redacted>): Redact => {
  const revealed = secrets.map((secret) => reveal(secret) ?? "").filter((value) => value.length >= shortestSecret)
  // Also as JSON writes them, in case the server echoes the body of the request.
  const values = [...new Set(revealed.flatMap((value) => [JSON.stringify(value).slice(1, -1), value]))]
    // The longest first: one secret may be the beginning of another.
    .toSorted((one, other) => other.length - one.length)
  return (text) => values.reduce((clean, value) => clean.replaceAll(value, mask), text).replaceAll(herokuToken, mask)
}

/** Copies the message and stack of a defect without their secrets. Its other properties may hold the request. */
export const redactDefect = (defect: unknown, redact: Redact): Error => {
  const clean = new Error(redact(defect instanceof Error ? defect.message : String(defect)))
  if (defect instanceof Error && defect.stack !== undefined) clean.stack = redact(defect.stack)
  return clean
}

/** Returns the text of a secret, or `undefined` when it is no text, was wiped, or (against its type) is not `Redacted`. */
export const reveal = (secret: Redacted.Redacted<unknown>): string | undefined => {
  try {
    const value = Redacted.value(secret)
    return typeof value === "string" ? value : undefined
  } catch {
    return undefined
  }
}

/** Returns the problem of a secret without a text. */
export const describeUnreadable = (secret: unknown): string => {
  const expected = "must be a Redacted string"
  if (!Redacted.isRedacted(secret)) return expected
  try {
    Redacted.value(secret)
    return expected
  } catch {
    return "cannot be read: it was wiped, or comes from another copy of effect (npm ls effect shows the copies)"
  }
}
