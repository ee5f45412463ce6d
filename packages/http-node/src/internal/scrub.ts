/** Takes secrets out of what a server says, should it (or a proxy before it) say our own back to us. */
import type * as Redacted from "effect/Redacted"
import { reveal } from "./options.ts"

/** Text without secrets. */
export type Scrub = (text: string) => string

/** Shorter ones are no secrets, but could be in any word. */
const shortest = 6

/** What Heroku's tokens look like: also those of others must not get into an error. */
const herokuToken = /HRKU-[\w-]+/g

// No id contains a space: a range with this in it is none, and is not followed.
const replacement = "[redacted secret]"

/** Makes what replaces these secrets, and everything that looks like a token of Heroku's. */
export const make = (secrets: ReadonlyArray<Redacted.Redacted>): Scrub => {
  const revealed = secrets.map((secret) => reveal(secret) ?? "").filter((value) => value.length >= shortest)
  // Also as the body of a request writes it, should that be said back. For most that is no other text.
  const values = [...new Set(revealed.flatMap((value) => [JSON.stringify(value).slice(1, -1), value]))]
    // One may begin with another.
    .toSorted((one, other) => other.length - one.length)
  return (text) =>
    values.reduce((clean, value) => clean.replaceAll(value, replacement), text).replaceAll(herokuToken, replacement)
}

/** A defect (of a transport, or of the user's change to it) with the message and the stack of the one that came. */
export const withoutSecrets = (came: unknown, scrub: Scrub): Error => {
  const clean = new Error(scrub(came instanceof Error ? came.message : String(came)))
  if (came instanceof Error && came.stack !== undefined) clean.stack = scrub(came.stack)
  return clean
}
