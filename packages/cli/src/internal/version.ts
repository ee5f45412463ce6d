/** The version of this package, from its package.json by `pnpm generate`. */
export const version = "0.0.0"
