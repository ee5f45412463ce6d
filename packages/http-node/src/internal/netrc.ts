/**
 * Reads the password of a machine from the text of a `.netrc` file, where the Heroku command line keeps its token.
 *
 * @see https://everything.curl.dev/usingcurl/netrc.html
 */

/** A comment, `default`, or a field and its value, which has double quotes if it contains spaces. */
const field = /(?<!\S)(?:#.*|default(?!\S)|(machine|login|account|password)\s+(?:"((?:[^"\\]|\\.)*)"|(\S+)))/g

// A macro definition runs to the next empty line, and may contain any word.
const macro = /^[ \t]*macdef[^\n]*\n(?:[^\n]*\S[^\n]*\n?)*/gm

/** The password in the entry for `machine`. A `default` entry does not count: it is not meant for Heroku. */
export const findPassword = (text: string, machine: string): string | undefined => {
  let inEntry = false
  for (const [match, name, quoted, word] of text.replaceAll("\r\n", "\n").replaceAll(macro, "").matchAll(field)) {
    const value = quoted === undefined ? word : quoted.replaceAll(/\\(.)/g, "$1")
    if (match === "default") inEntry = false
    if (name === "machine") inEntry = value?.toLowerCase() === machine
    if (name === "password" && inEntry) return value
  }
  return undefined
}
