/** Reads variables of the environment, all in one way: trimmed, and blank ones count as unset. */
import * as Config from "effect/Config"
import { SourceError } from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** Reads a variable. */
export const variable = (name: string): Effect.Effect<Option.Option<string>, Config.ConfigError> =>
  Effect.map(
    Config.option(Config.String(name)),
    (value) => value.pipe(Option.map((text) => text.trim()), Option.filter((text) => text !== ""))
  )

/** Reads the first of several variables that is set. */
export const firstVariable = Effect.fnUntraced(function*(...names: ReadonlyArray<string>) {
  for (const name of names) {
    const value = Option.getOrUndefined(yield* variable(name))
    if (value !== undefined) return Option.some({ name, value })
  }
  return Option.none()
})

/** Fails with a message for people. It may quote paths and accounts from files, so it loses its control characters. */
export const fail = (message: string): Effect.Effect<never, Config.ConfigError> =>
  Effect.fail(new Config.ConfigError(new SourceError({ message: withoutControls(message) })))

/** Removes the characters that change what a terminal shows. */
export const withoutControls = (text: string): string => text.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, "")
