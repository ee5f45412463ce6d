/**
 * The text of tokens: in clear, or masked with ten asterisks as in lists, with some characters before and after them.
 *
 * Since April 2025 a token is `HRKU-AA` and 58 characters. Older ones are `HRKU-` and a UUID, or a bare UUID.
 */

/** Returns whether a text contains what looks like a token. Bare UUIDs look like ids. */
export const hasToken = (text: string): boolean => /HRKU-/i.test(text)

/** Compares the token of an authorization, in clear or masked, with one in clear. */
export const compareToken = (shown: string, token: string): "exact" | "masked" | "unknown" | "none" => {
  if (shown !== "" && !shown.includes("*")) return shown === token ? "exact" : "none"
  const start = shown.slice(0, Math.max(0, shown.indexOf("*")))
  const end = shown.slice(shown.lastIndexOf("*") + 1)
  const isMatch = token.length >= start.length + end.length && token.startsWith(start) && token.endsWith(end)
  if (!isMatch) return "none"
  return end === "" && "HRKU-AA".startsWith(start) ? "unknown" : "masked"
}
