/**
 * Reads the password of a machine from the text of a `.netrc` file, where the Heroku command line keeps its token.
 *
 * @see https://everything.curl.dev/usingcurl/netrc.html
 */

/** The words of the file: separated by space, in double quotes where they contain some. */
const words = (text: string): ReadonlyArray<string> =>
  Array.from(
    withoutMacros(text).matchAll(/\n|"((?:[^"\\]|\\.)*)"|[^\s]+/g),
    ([word, quoted]) => quoted === undefined ? word : quoted.replaceAll(/\\(.)/g, "$1")
  )

// A macro definition runs to the next empty line, and may contain any word.
const withoutMacros = (text: string): string => text.replaceAll(/^[ \t]*macdef[^\n]*\n(?:[^\n]*\S[^\n]*\n?)*/gm, "")

/** The password in the entry for `machine`. A `default` entry does not count: it is not meant for Heroku. */
export const findPassword = (text: string, machine: string): string | undefined => {
  const all = words(text.replaceAll("\r\n", "\n"))
  let index = 0
  const next = (): string | undefined => {
    while (all[index] === "\n") index++
    return all[index++]
  }
  let inEntry = false
  for (let word = next(); word !== undefined; word = next()) {
    switch (word) {
      case "machine":
        inEntry = next()?.toLowerCase() === machine
        break
      case "default":
        inEntry = false
        break
      case "login":
      case "account":
        next()
        break
      case "password": {
        const password = next()
        if (inEntry) return password
        break
      }
      default:
        // A comment, to the end of its line. Where a value is expected, `#` is a part of it.
        if (word.startsWith("#")) { while (index < all.length && all[index] !== "\n") index++ }
    }
  }
  return undefined
}
