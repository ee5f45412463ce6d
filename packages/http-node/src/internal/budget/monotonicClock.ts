/** Time that only goes forward, whatever happens to the wall clock. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

const toMillis = (nanos: bigint): number => Number(nanos) / 1_000_000

/** The monotonic time in milliseconds. */
export const now: Effect.Effect<number> = Effect.map(Clock.monotonicTimeNanos, toMillis)

/** Makes a clock that starts at the wall time and continues with the monotonic time. */
export const make: Effect.Effect<Clock.Clock> = Effect.map(Clock.Clock, (clock) => {
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
