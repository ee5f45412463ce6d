/** Rejects misspelled keys of options and seeds, which would be ignored otherwise. */

/** Returns a set of keys of `A`. */
export const keysOf = <A>(...keys: ReadonlyArray<keyof A & string>): ReadonlySet<string> => new Set(keys)

/**
 * Checks that `value` is an object without other keys.
 *
 * @throws `TypeError`
 */
export const checkKeys = (what: string, value: object, keys: ReadonlySet<string>): void => {
  if (typeof value !== "object" || value === null) throw new TypeError(`${what} must be an object`)
  for (const key of Object.keys(value)) {
    if (!keys.has(key)) throw new TypeError(`${what} has no key ${JSON.stringify(key)}`)
  }
}
