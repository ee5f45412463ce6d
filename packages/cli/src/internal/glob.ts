/** Patterns for descriptions. `path.matchesGlob` is for paths: its `*` stops at a slash. */

/** Returns whether texts match a pattern as a whole: `*` stands for any text, `?` for one character. */
export const toMatcher = (glob: string): (text: string) => boolean => {
  const source = Array.from(
    glob,
    (character) => character === "*" ? ".*" : character === "?" ? "." : character.replace(/[$()+./[\\\]^{|}]/, "\\$&")
  )
  const pattern = new RegExp(`^${source.join("")}$`, "su")
  return (text) => pattern.test(text)
}
