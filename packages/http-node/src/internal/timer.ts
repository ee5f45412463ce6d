/** A timer without a fiber, which nearly every call needs and none waits for. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

const machineClock = Context.get(Context.empty(), Clock.Clock)

/** The longest delay that `setTimeout` can wait. */
const longestDelay = 2 ** 31 - 1

/** Does something when a time is over, and gives what keeps it from that. Other clocks than the machine's take a fiber. */
export const after = (context: Context.Context<never>, duration: Duration.Duration, act: () => void): () => void => {
  const millis = Duration.toMillis(duration)
  if (Context.get(context, Clock.Clock) === machineClock && millis <= longestDelay) {
    const timer = setTimeout(act, millis)
    return () => clearTimeout(timer)
  }
  const sleeping = Effect.runForkWith(context)(Effect.sleep(duration))
  sleeping.addObserver((exit) => {
    if (Exit.isSuccess(exit)) act()
  })
  return () => sleeping.interruptUnsafe()
}
