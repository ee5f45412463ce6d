/** How long to wait for a store that is on another machine. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

const steps = 8

/**
 * Waits in steps, each begun when the one before is over. Were it one, a process that had no time to read the answer would
 * take its own delay for the store's.
 */
export const patience = (duration: Duration.Duration): Effect.Effect<void> =>
  Effect.asVoid(
    Effect.repeat(Effect.sleep(Duration.millis(Duration.toMillis(duration) / steps)), { times: steps - 1 })
  )
