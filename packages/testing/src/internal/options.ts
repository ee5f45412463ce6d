/** Rejects misspelled keys of options and seeds, which would be ignored otherwise. */

/** Every key of a type; the compiler checks that none is missing. */
export const keysOf = <A>(keys: { readonly [K in keyof A]-?: true }): ReadonlySet<string> => new Set(Object.keys(keys))

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
