/** Time that only goes forward, and timeouts for responses of another machine. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

const toMillis = (nanos: bigint) => Number(nanos) / 1_000_000

/** The monotonic time in milliseconds. */
export const now = Effect.map(Clock.monotonicTimeNanos, toMillis)

/** Makes a clock that starts at the wall time and continues with the monotonic time. */
export const makeMonotonicClock: Effect.Effect<Clock.Clock> = Effect.map(Clock.Clock, (clock) => {
  const start = clock.currentTimeNanosUnsafe() - clock.monotonicTimeNanosUnsafe()
  const nanos = () => start + clock.monotonicTimeNanosUnsafe()
  const millis = () => toMillis(nanos())
  return {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: clock.monotonicTimeNanos,
    sleep: (duration) => clock.sleep(duration)
  }
})

/**
 * Sleeps in steps, each of which begins when the one before has ended. With a single timer, a process that was too busy to
 * read a response would blame the other machine for it.
 */
export const sleepInSteps = (millis: number) => Effect.repeat(Effect.sleep(millis / 8), { times: 7 })
