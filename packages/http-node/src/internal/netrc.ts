/**
 * Reads entries from the text of a `.netrc` file.
 *
 * @see https://everything.curl.dev/usingcurl/netrc.html
 */

/** The entry of a machine. */
export interface Entry {
  readonly machine: string
  readonly login: string | undefined
  readonly password: string
}

/** A word that begins a field, as a whole word. */
const keyword = "(?:machine|default|login|account|password|macdef)(?!\\S)"

/** The value of a field, on its line or on a later one. There, a keyword begins the next field: the value is missing. */
const gap = `(?:[ \\t]+(?=\\S)|\\s*\\n\\s*(?!${keyword}))`

/** A value in double quotes if it contains spaces. A value ends with its line: a lone quote belongs to the value. */
const value = `(?:"((?:[^"\\\\\\n]|\\\\.)*)"(?!\\S)|(\\S+))`

/** A comment, `default`, or a field and its value. */
const field = new RegExp(`(?<!\\S)(?:#.*|default(?!\\S)|(machine|login|account|password)${gap}${value})`, "g")

/** A macro definition, which runs to the next empty line and may contain any word. */
const macro = /^[ \t]*macdef(?!\S).*(?:\n.*\S.*)*/gm

/**
 * Finds the first entry with a password for one of the machines, in order of preference. A `default` entry does not count:
 * it is not meant for Heroku.
 */
export const findEntry = (text: string, machines: ReadonlyArray<string>): Entry | undefined => {
  const entries = parse(text)
  return machines
    .map((machine) => entries.find((entry) => entry.machine === machine.toLowerCase()))
    .find((entry) => entry !== undefined)
}

/** Returns the entries that have a machine and a password. */
const parse = (text: string): ReadonlyArray<Entry> => {
  const entries: Array<Record<string, string | undefined>> = []
  for (const [match, name, quoted, word] of text.replaceAll("\r\n", "\n").replaceAll(macro, "").matchAll(field)) {
    if (match === "default" || name === "machine") entries.push({})
    const entry = entries.at(-1)
    if (name !== undefined && entry !== undefined) {
      entry[name] = quoted === undefined ? word : quoted.replaceAll(/\\(.)/g, "$1")
    }
  }
  return entries.flatMap(({ login, machine, password }) =>
    machine === undefined || password === undefined || password === ""
      ? []
      : [{ machine: machine.toLowerCase(), login, password }]
  )
}
