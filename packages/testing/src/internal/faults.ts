/** Runs calls under the faults that were injected, for the implementations that support them. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as FaultInjection from "../FaultInjection.ts"
import { redactCall } from "./redact.ts"

type Fault = FaultInjection.Fault

/** The call fails without a response of Heroku's. */
type Failure = Extract<Fault, { _tag: "ConnectionRefused" | "ConnectionReset" | "Status" }>

/** Heroku acts, and its response is broken. */
export type BrokenResponse = Exclude<Fault, Failure | { _tag: "Wait" }>

interface Shown<A, E> {
  readonly failure: (fault: Failure) => Effect.Effect<A, E>
  readonly brokenResponse: (fault: BrokenResponse, response: Effect.Effect<A, E>) => Effect.Effect<A, E>
}

/** Runs `act`, the effect of a call, or makes the call run into its fault. */
export type Guard = <A, E>(
  call: FaultInjection.Call,
  act: Effect.Effect<A, E>,
  shown: Shown<A, E>
) => Effect.Effect<A, E>

export const none: Guard = (_call, act) => act

interface Pending {
  readonly fault: Fault
  readonly target: FaultInjection.Target
  /** How many more calls run into the fault. */
  left: number
  matched: number
}

/** Provides a layer whose calls run under the guard, and the `FaultInjection` that injects their faults. */
export const withFaults = <A, E, R>(
  build: (guard: Guard) => Layer.Layer<A, E, R>
): Layer.Layer<A | FaultInjection.FaultInjection, E, R> =>
  Layer.unwrap(Effect.sync(() => {
    let pending: ReadonlyArray<Pending> = []
    let calls: Array<FaultInjection.Call> = []

    const inject: FaultInjection.Service["inject"] = (fault, target = {}) =>
      Effect.sync(() => {
        const { every = 1, times = target.every === undefined ? 1 : Infinity } = target
        if (!isCount(every) || !(isCount(times) || times === Infinity)) {
          throw new RangeError("FaultInjection: `every` and `times` must be integers of 1 or more")
        }
        pending = [...pending, { fault, target, left: times, matched: 0 }]
      })

    /** Records a call and takes the fault that it runs into. */
    const receive = (call: FaultInjection.Call): Pending | undefined => {
      calls.push(redactCall(call))
      const matching = pending.filter(({ fault, target }) =>
        matches(target, call) && (call.operation === "list" || !isOnlyForLists(fault))
      )
      // Every fault counts the calls that match it, also if another one is used.
      for (const fault of matching) fault.matched += 1
      const next = matching.find(({ matched, target: { every = 1 } }) => matched % every === 0)
      if (next !== undefined && --next.left <= 0) pending = pending.filter((other) => other !== next)
      return next
    }

    const service: FaultInjection.Service = {
      inject,
      hold: Effect.fnUntraced(function*(target?: FaultInjection.Target, next?: Fault) {
        const opened = yield* Deferred.make<void>()
        const arrived = yield* SubscriptionRef.make(0)
        const pass = Effect.andThen(SubscriptionRef.update(arrived, (sum) => sum + 1), Deferred.await(opened))
        yield* inject({ _tag: "Wait", until: pass, next }, target)
        const arrivals = (count: number) =>
          SubscriptionRef.changes(arrived).pipe(Stream.filter((sum) => sum >= count), Stream.runHead, Effect.asVoid)
        return { arrivals, arrived: arrivals(1), open: Effect.asVoid(Deferred.succeed(opened, undefined)) }
      }),
      clear: Effect.sync(() => {
        pending = []
        calls = []
      }),
      calls: Effect.sync(() => calls.slice())
    }
    const guard: Guard = (call, act, shown) =>
      Effect.suspend(() => {
        const next = receive(call)
        return next === undefined ? act : run(next.fault, next.target.afterActing ?? false, act, shown)
      })
    return Layer.merge(build(guard), Layer.succeed(FaultInjection.FaultInjection, service))
  }))

/** Whether only lists can run into the fault. */
const isOnlyForLists = (fault: Fault): boolean =>
  fault._tag === "Wait"
    ? fault.next !== undefined && isOnlyForLists(fault.next)
    : fault._tag === "MissingNextRange" || fault._tag === "RepeatedNextRange"

const isCount = (number: number): boolean => Number.isInteger(number) && number >= 1

const matches = ({ id, operation, when }: FaultInjection.Target, call: FaultInjection.Call): boolean =>
  (operation === undefined || operation === call.operation)
  && (id === undefined || id === call.id)
  && (when === undefined || when(call))

const run = <A, E>(
  fault: Fault,
  afterActing: boolean,
  act: Effect.Effect<A, E>,
  shown: Shown<A, E>
): Effect.Effect<A, E> => {
  switch (fault._tag) {
    case "Status":
    case "ConnectionRefused":
    case "ConnectionReset":
      return Effect.andThen(afterActing ? Effect.exit(act) : Effect.void, shown.failure(fault))
    case "Wait": {
      const { next, until } = fault
      const continued = (response: Effect.Effect<A, E>) =>
        next === undefined ? response : run(next, afterActing, response, shown)
      // A response that is an error waits as well.
      return afterActing
        ? continued(Effect.flatMap(Effect.exit(act), (exit) => Effect.andThen(until, exit)))
        : Effect.andThen(until, continued(act))
    }
    default:
      return shown.brokenResponse(fault, act)
  }
}
