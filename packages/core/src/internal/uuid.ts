/** UUIDs as Heroku writes them. Other ids have no known order. */
import type { Order } from "../ListRange.ts"

/** Returns whether text is a UUID in lower case, of any version: Heroku's sample id has none. */
export const isUuid = (text: string): boolean =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text)

/** The number of the last UUID. */
export const lastOffset = (1n << 128n) - 1n

/** Returns the offset of a UUID from the start of a list in this order. */
export const offsetOf = (uuid: string, order: Order): bigint => {
  const value = BigInt(`0x${uuid.replaceAll("-", "")}`)
  return order === "asc" ? value : lastOffset - value
}

/** Returns the UUID at an offset. */
export const uuidAt = (offset: bigint, order: Order): string => {
  const hex = (order === "asc" ? offset : lastOffset - offset).toString(16).padStart(32, "0")
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")
}
