/** A timeout for responses of another machine. */
import * as Effect from "effect/Effect"

const steps = 8

/**
 * Sleeps in steps, each of which begins when the one before has ended. With a single timer, a process that was too busy to
 * read a response would blame the other machine for it.
 */
export const sleepInSteps = (millis: number): Effect.Effect<unknown> =>
  Effect.repeat(Effect.sleep(millis / steps), { times: steps - 1 })
