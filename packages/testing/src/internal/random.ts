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

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/** Creates the source for `seed`. Sources with different `purpose` are independent of each other. */
export const make = (seed: number | string, purpose: string) => {
  const source = Effect.runSync(EffectRandom.withSeed(EffectRandom.Random, `${purpose}\0${seed}`))
  const below = (limit: number): number => Math.floor(source.nextDoubleUnsafe() * limit)
  /** Returns up to seven hexadecimal digits: `toString(16)` is slow for numbers above 31 bits. */
  const hex = (digits: number): string => below(16 ** digits).toString(16).padStart(digits, "0")
  return {
    below,
    /** Returns characters of base64url, five of them from each random number. */
    text: (length: number): string =>
      flat(...Array.from({ length: Math.ceil(length / 5) }, () => {
        const bits = below(2 ** 30)
        return [24, 18, 12, 6, 0].map((shift) => base64url[(bits >>> shift) & 63]).join("")
      })).slice(0, length),
    pick: <A>(values: ReadonlyArray<A>): A => values[below(values.length)]!,
    uuid: (): string => {
      const variant = "89ab"[below(4)]!
      return flat(hex(4), hex(4), "-", hex(4), "-4", hex(3), "-", variant, hex(3), "-", hex(6), hex(6))
    }
  }
}

export type Random = ReturnType<typeof make>
