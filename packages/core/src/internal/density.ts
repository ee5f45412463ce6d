/** The density of the ids of a list: how far apart they are. */

/** The part of a page that a segment is expected to hold. The rest is a margin, so that most segments take one request. */
export const fill = 0.9

/** The weight of a segment in the density after the next one. */
const decay = 0.85

/** The density of ids, as the recent segments show it. */
export type Density = ReturnType<typeof makeDensity>

export const makeDensity = () => {
  let items = 0
  let width = 0
  return {
    add: (count: number, offsets: bigint): void => {
      items = items * decay + count
      width = width * decay + Number(offsets)
    },
    /** Returns the distance in which so many ids are expected, zero while it is unknown. */
    stride: (count: number): bigint => items === 0 ? 0n : BigInt(Math.ceil(count * width / items))
  }
}
