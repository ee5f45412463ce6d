/** Time that only goes forward, and timeouts for responses of another machine. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

const monotonicMillis = (clock: Clock.Clock) => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000

/** The monotonic time in milliseconds. */
export const nowMillis = Effect.map(Clock.Clock, monotonicMillis)

/** Creates a clock whose wall time continues with the monotonic time: Effect's limiters read it, and it can be set back. */
export const makeSteadyClock = Effect.map(Clock.Clock, (clock) => {
  const start = clock.currentTimeMillisUnsafe() - monotonicMillis(clock)
  const steady: Clock.Clock = Object.create(clock)
  return Object.assign(steady, { currentTimeMillisUnsafe: () => start + monotonicMillis(clock) })
})

/**
 * Sleeps in steps, each of which begins when the one before has ended. With a single timer, a process that was too busy to
 * read a response would blame the other machine for it.
 */
export const sleepInSteps = (millis: number) => Effect.repeat(Effect.sleep(millis / 8), { times: 7 })
