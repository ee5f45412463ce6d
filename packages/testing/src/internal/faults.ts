/** Runs calls under `FaultInjection`, for the implementations that obey it. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as FaultInjection from "../FaultInjection.ts"

/** How an implementation shows the faults that end a call. */
interface Shown<A, E> {
  readonly status: (fault: FaultInjection.Status) => Effect.Effect<A, E>
  readonly connectionRefused: Effect.Effect<A, E>
  readonly connectionReset: Effect.Effect<A, E>
  /** What becomes of the answer when its body is cut short, or is no JSON. */
  readonly cutBody: (answer: Effect.Effect<A, E>) => Effect.Effect<A, E>
  readonly garbled: (answer: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** What becomes of an answer to `list` that says wrongly where the list goes on. */
  readonly nextRange: (
    answer: Effect.Effect<A, E>,
    how: FaultInjection.BrokenNextRange["how"]
  ) => Effect.Effect<A, E>
}

/** Runs what acts on a call, or has the call run into its fault. */
export type Guard = <A, E>(
  call: FaultInjection.Call,
  act: Effect.Effect<A, E>,
  shown: Shown<A, E>
) => Effect.Effect<A, E>

/** The guard of the `FaultInjection` in context; of none, one that does nothing. */
export const guard: Effect.Effect<Guard> = Effect.map(
  Effect.serviceOption(FaultInjection.FaultInjection),
  Option.match({
    onNone: (): Guard => (_call, act) => act,
    onSome: (faults): Guard => (call, act, shown) =>
      Effect.flatMap(
        faults.receive(call),
        Option.match({ onNone: () => act, onSome: (strike) => run(strike, act, shown) })
      )
  })
)

const run = <A, E>(
  { afterActing, fault }: FaultInjection.Strike,
  act: Effect.Effect<A, E>,
  shown: Shown<A, E>
): Effect.Effect<A, E> => {
  const wait = (until: Effect.Effect<void>) =>
    // An answer that is an error waits as well.
    afterActing ? Effect.flatMap(Effect.exit(act), (exit) => Effect.andThen(until, exit)) : Effect.andThen(until, act)
  const replace = (answer: Effect.Effect<A, E>) => afterActing ? Effect.andThen(Effect.exit(act), answer) : answer
  switch (fault._tag) {
    case "Status":
      return replace(shown.status(fault))
    case "ConnectionRefused":
      return replace(shown.connectionRefused)
    case "ConnectionReset":
      return replace(shown.connectionReset)
    case "CutBody":
      return shown.cutBody(act)
    case "Garbled":
      return shown.garbled(act)
    case "BrokenNextRange":
      return shown.nextRange(act, fault.how)
    case "Hang":
      return replace(Effect.never)
    case "Delay":
      return wait(Effect.sleep(fault.duration))
    case "Hold":
      if (fault.next === undefined) return wait(fault.gate.pass)
      return afterActing
        ? run({ afterActing, fault: fault.next }, wait(fault.gate.pass), shown)
        : Effect.andThen(fault.gate.pass, run({ afterActing, fault: fault.next }, act, shown))
  }
}
