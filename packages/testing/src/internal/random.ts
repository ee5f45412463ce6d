/**
 * Reproducible randomness: ids, tokens and choices that are the same in every run with the same seed.
 *
 * Do not use it for real secrets: these tokens only open a fake Heroku API.
 */
import * as Effect from "effect/Effect"
import * as EffectRandom from "effect/Random"

/**
 * Joins parts to one flat string. `+` and templates build a tree of parts that V8 keeps until the string is read, which
 * more than doubles the memory of 100,000 generated authorizations.
 */
export const flat = (...parts: ReadonlyArray<string | number>): string => parts.join("")

const sixDigits = (value: number): string => value.toString(16).padStart(6, "0")

/** Creates the source for `seed`. Sources with different `purpose` are independent of each other. */
export const make = (seed: number | string, purpose: string) => {
  const source = Effect.runSync(EffectRandom.withSeed(EffectRandom.Random, `${purpose}\0${seed}`))
  const below = (limit: number): number => Math.floor(source.nextDoubleUnsafe() * limit)
  // In halves, because `toString(16)` is slow for numbers above 31 bits.
  const twelveDigits = (): string => {
    const value = below(2 ** 48)
    return flat(sixDigits(Math.floor(value / 2 ** 24)), sixDigits(value % 2 ** 24))
  }
  return {
    /** Returns an integer from 0 to `limit - 1`. */
    below,
    /** Returns one of `values`. */
    pick: <A>(values: readonly [A, ...Array<A>]): A => values[below(values.length)]!,
    /** Returns a version 4 UUID in lower case. */
    uuid: (): string => {
      const digits = flat(twelveDigits(), twelveDigits(), twelveDigits())
      const variant = "89ab"[Number.parseInt(digits[16] ?? "0", 16) & 3]!
      const time = flat(digits.slice(0, 8), "-", digits.slice(8, 12), "-4", digits.slice(13, 16))
      return flat(time, "-", variant, digits.slice(17, 20), "-", digits.slice(20, 32))
    }
  }
}

/** A source of random values. Each call advances it. */
export type Random = ReturnType<typeof make>
