/** Effects that need time to pass on the test clock. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"

/** Runs an effect to its end while ten minutes pass at once. */
export const whileTimePasses = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    yield* TestClock.adjust("10 minutes")
    return yield* Fiber.join(fiber)
  })

/** Runs an effect to its end while these seconds pass, a tenth of a second at a time. */
export const whileSecondsPass = <A, E, R>(effect: Effect.Effect<A, E, R>, seconds = 60): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    for (let step = 0; step < seconds * 10; step++) yield* TestClock.adjust("100 millis")
    return yield* Fiber.join(fiber)
  })

/** Waits for the next tick of the event loop, on which sockets have done their work. */
export const nextTick: Effect.Effect<void> = Effect.callback((resume) => {
  setImmediate(() => resume(Effect.void))
})
