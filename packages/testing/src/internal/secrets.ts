/** Takes tokens out of texts that are shown or recorded: somebody may have taken a token for an id. */

/** The text without anything that looks like a token, or is one of `known`, also where they are percent-encoded. */
export const redactTokens = (text: string, known: ReadonlyArray<string> = []): string => {
  const redacted = redactPlain(text, known)
  if (redacted !== text || !text.includes("%")) return redacted
  const decoded = text.replaceAll(
    /%([2-7][0-9a-f])/gi,
    (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))
  )
  const redactedOnceDecoded = redactPlain(decoded, known)
  return redactedOnceDecoded === decoded ? text : redactedOnceDecoded
}

/** The call as it can be recorded. The secrets of its input are `Redacted`. */
export const withoutTokens = <A extends { readonly id?: string; readonly range?: string }>(
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
    // Not inside of a longer word: tokens of tests can be short.
    const pattern = new RegExp(`(?<![\\w-])${token.replaceAll(/[^\w]/g, "\\$&")}(?![\\w-])`, "g")
    redacted = redacted.replaceAll(pattern, "(redacted)")
  }
  return redacted
}
