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

const bytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

/** The last eight bits in two digits. By table: numbers beyond 31 bits make `toString(16)` several times as slow. */
const byte = (value: number): string => bytes[value & 255]!

/** A source that is determined by `seed`. Sources of different `purpose` share nothing, so that one cannot disturb the other. */
export const make = (seed: number | string, purpose: string): Random => {
  const source = Effect.runSync(EffectRandom.withSeed(EffectRandom.Random, `${purpose}\0${seed}`))
  const below = (limit: number): number => Math.floor(source.nextDoubleUnsafe() * limit)
  const twelveDigits = (): string => {
    const value = below(2 ** 48)
    const high = Math.floor(value / 2 ** 24)
    const low = value % 2 ** 24
    return `${byte(high >> 16)}${byte(high >> 8)}${byte(high)}${byte(low >> 16)}${byte(low >> 8)}${byte(low)}`
  }
  return {
    below,
    pick: (values) => values[below(values.length)] ?? values[0],
    // Joined, not concatenated: a concatenation stays a tree of pieces, which is bigger, until somebody reads it.
    uuid: () => {
      const digits = [twelveDigits(), twelveDigits(), twelveDigits()].join("")
      const variant = "89ab"[Number.parseInt(digits[16] ?? "0", 16) & 3]
      return [
        digits.slice(0, 8),
        digits.slice(8, 12),
        `4${digits.slice(13, 16)}`,
        `${variant}${digits.slice(17, 20)}`,
        digits.slice(20, 32)
      ].join("-")
    }
  }
}
