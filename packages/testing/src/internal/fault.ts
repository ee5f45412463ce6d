/** The data of a fault. Users only see the type's name. */
import type * as Effect from "effect/Effect"

/** What can happen to a call. Created by the functions and constants of `FaultInjection`. */
export type Fault = Failure | BrokenResponse | Wait

/** The call fails without a response of Heroku's. */
export type Failure =
  | { readonly _tag: "ConnectionRefused" | "ConnectionReset" }
  | {
    readonly _tag: "Status"
    readonly status: number
    /** By their names in lower case. */
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  }

/** Heroku acts, and its response is broken. */
export interface BrokenResponse {
  readonly _tag: "CutBody" | "Garbled" | "MissingNextRange" | "RepeatedNextRange"
}

/** The call waits, and then continues or runs into the next fault. */
interface Wait {
  readonly _tag: "Wait"
  readonly until: Effect.Effect<void>
  readonly next?: Fault | undefined
}

/** Whether only lists can run into the fault. */
export const isOnlyForLists = (fault: Fault): boolean =>
  fault._tag === "Wait"
    ? fault.next !== undefined && isOnlyForLists(fault.next)
    : fault._tag === "MissingNextRange" || fault._tag === "RepeatedNextRange"
