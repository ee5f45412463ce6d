/**
 * Reproducible randomness: ids, tokens and choices that are the same in every run with the same seed.
 *
 * Not for secrets that protect anything: the tokens made here open only an imitation.
 */

import * as Effect from "effect/Effect"
import * as EffectRandom from "effect/Random"

/** A source of random values. Each call moves it on. */
export interface Random {
  /** A whole number, 0 or more and less than `limit`. */
  readonly below: (limit: number) => number
  /** One of `values`. */
  readonly pick: <A>(values: readonly [A, ...Array<A>]) => A
  /** A version 4 UUID in lower case. */
  readonly uuid: () => string
}

/** A source that is determined by `seed`. Sources of different `purpose` share nothing, so that one cannot disturb the other. */
export const make = (seed: number | string, purpose: string): Random => {
  const source = Effect.runSync(EffectRandom.withSeed(EffectRandom.Random, `${purpose}\0${seed}`))
  const below = (limit: number): number => Math.floor(source.nextDoubleUnsafe() * limit)
  const eightDigits = (): string => below(0x1_0000_0000).toString(16).padStart(8, "0")
  return {
    below,
    pick: (values) => values[below(values.length)] ?? values[0],
    uuid: () => {
      const digits = eightDigits() + eightDigits() + eightDigits() + eightDigits()
      const variant = "89ab"[Number.parseInt(digits[16] ?? "0", 16) & 3]
      return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${
        digits.slice(20)
      }`
    }
  }
}

/** 128 bits of `text`, for seeds and entity tags (cyrb128, public domain). Nobody is kept from finding collisions. */
export const hash = (text: string): [number, number, number, number] => {
  let a = 1779033703
  let b = 3144134277
  let c = 1013904242
  let d = 2773480762
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    a = b ^ Math.imul(a ^ code, 597399067)
    b = c ^ Math.imul(b ^ code, 2869860233)
    c = d ^ Math.imul(c ^ code, 951274213)
    d = a ^ Math.imul(d ^ code, 2716044179)
  }
  a = Math.imul(c ^ (a >>> 18), 597399067)
  b = Math.imul(d ^ (b >>> 22), 2869860233)
  c = Math.imul(a ^ (c >>> 17), 951274213)
  d = Math.imul(b ^ (d >>> 19), 2716044179)
  return [(a ^ b ^ c ^ d) >>> 0, (b ^ a) >>> 0, (c ^ a) >>> 0, (d ^ a) >>> 0]
}
