/**
 * Reads the password of a machine from the text of a `.netrc` file, where the Heroku command line keeps its token.
 *
 * @see https://everything.curl.dev/usingcurl/netrc.html
 */

/** The words of the file: separated by space, in double quotes where they contain some, `#` begins a comment. */
const words = (text: string): ReadonlyArray<string> =>
  Array.from(
    withoutMacros(text).matchAll(/#[^\n]*|"((?:[^"\\]|\\.)*)"|\S+/g),
    ([word, quoted]) => quoted === undefined ? word : quoted.replaceAll(/\\(.)/g, "$1")
  ).filter((word) => !word.startsWith("#"))

// A macro definition runs to the next empty line, and may contain any word.
const withoutMacros = (text: string): string => text.replaceAll(/^[ \t]*macdef[^\n]*\n(?:[^\n]*\S[^\n]*\n?)*/gm, "")

/** The password in the entry for `machine`. A `default` entry does not count: it is not meant for Heroku. */
export const findPassword = (text: string, machine: string): string | undefined => {
  let inEntry = false
  const all = words(text.replaceAll("\r\n", "\n"))
  for (let index = 0; index < all.length; index++) {
    switch (all[index]) {
      case "machine":
        inEntry = all[++index]?.toLowerCase() === machine
        break
      case "default":
        inEntry = false
        break
      case "login":
      case "account":
        index++
        break
      case "password": {
        const password = all[++index]
        if (inEntry) return password
      }
    }
  }
  return undefined
}
