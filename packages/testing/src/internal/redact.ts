/** Removes tokens from paths and ids that are logged or recorded: a program may have sent a token as an id. */

/** Redacts what looks like a token, and the tokens in `known`, also if they are percent-encoded. */
export const redactTokens = (text: string, known: ReadonlyArray<string> = []): string => {
  const redacted = redactPlain(text, known)
  if (redacted !== text || !text.includes("%")) return redacted
  const decoded = text.replaceAll(
    /%([2-7][0-9a-f])/gi,
    (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))
  )
  const redactedDecoded = redactPlain(decoded, known)
  return redactedDecoded === decoded ? text : redactedDecoded
}

/** Redacts the id and the range of a call. The secrets of its input are `Redacted`. */
export const redactCall = <A extends { readonly id?: string; readonly range?: string }>(
  call: A,
  known?: ReadonlyArray<string>
): A => ({
  ...call,
  ...(call.id === undefined ? undefined : { id: redactTokens(call.id, known) }),
  ...(call.range === undefined ? undefined : { range: redactTokens(call.range, known) })
})

const redactPlain = (text: string, known: ReadonlyArray<string>): string => {
  let redacted = text.replaceAll(/HRKU-[\w-]+/gi, "(redacted)")
  for (const token of known) {
    // Not inside a longer word: tokens of tests can be short.
    const pattern = new RegExp(`(?<![\\w-])${token.replaceAll(/[^\w]/g, "\\$&")}(?![\\w-])`, "g")
    redacted = redacted.replaceAll(pattern, "(redacted)")
  }
  return redacted
}
