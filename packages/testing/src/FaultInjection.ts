/**
 * Makes chosen calls fail, wait or hang, and records the calls made. Both `MemoryAuthorizationService` and `FakeHeroku`
 * obey it when it is there while they are built; without it nothing of it runs.
 *
 * What the faults turn into (an error in memory, a response or a broken connection over HTTP) is up to those two.
 */
import type { CreateAuthorization, UpdateAuthorization } from "@effect-heroku/core/Authorization"
import type { AuthorizationError, Operation, RawAnswer } from "@effect-heroku/core/AuthorizationError"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import { withoutTokens } from "./internal/secrets.ts"

// -----------------------------------------------------------------------------
// Faults
// -----------------------------------------------------------------------------

/** An answer with an error status. */
export interface Status extends RawAnswer {
  readonly _tag: "Status"
  /** The headers, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

/** No connection comes about. */
export interface ConnectionRefused {
  readonly _tag: "ConnectionRefused"
}

/** The connection breaks after the request was sent. */
export interface ConnectionReset {
  readonly _tag: "ConnectionReset"
}

/** The answer begins, and the connection breaks in the middle of its body. */
export interface CutBody {
  readonly _tag: "CutBody"
}

/** The answer is a success whose body is no JSON. */
export interface Garbled {
  readonly _tag: "Garbled"
}

/** A part of a list does not say where the list goes on, or says that it goes on where it began. */
export interface BrokenNextRange {
  readonly _tag: "BrokenNextRange"
  /** Whether it is not there, or is the range that was asked for. */
  readonly how: "missing" | "repeated"
}

/** The call takes longer, and is then as it would have been. */
export interface Delay {
  readonly _tag: "Delay"
  /** How much longer it takes. */
  readonly duration: Duration.Input
}

/** There is never an answer. */
export interface Hang {
  readonly _tag: "Hang"
}

/** The call waits at a gate, and then runs into another fault or is as it would have been. */
export interface Hold {
  readonly _tag: "Hold"
  /** The gate that it waits at. */
  readonly gate: Gate
  /** What it runs into when it has passed; by default nothing. */
  readonly next: Fault | undefined
}

/** What can happen to a call. */
export type Fault =
  | Status
  | ConnectionRefused
  | ConnectionReset
  | CutBody
  | Garbled
  | BrokenNextRange
  | Delay
  | Hang
  | Hold

/** What an answer with an error says. */
export interface StatusOptions {
  /** Heroku's id of the error. By default the one for the status, where one is documented. */
  readonly errorId?: string | undefined
  /** Heroku's message. By default none. */
  readonly message?: string | undefined
  /** The page that explains the error. By default none. */
  readonly documentationUrl?: string | undefined
  /** Headers of the answer. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The body instead of Heroku's, whatever it is. */
  readonly body?: string | undefined
}

/**
 * Heroku answers with an error: `status(503)`, `status(429, { headers: { "Retry-After": "7" } })`.
 *
 * **Details**
 *
 * With neither an error id nor a message the body is empty, as those of Heroku's router can be.
 *
 * @throws `RangeError` when the status is none of an error (300 to 599), or a header cannot be sent: a mistake in the test.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#error-responses
 */
export const status = (status: number, options?: StatusOptions): Fault => {
  if (!isErrorStatus(status)) {
    throw new RangeError(`FaultInjection.status: ${status} is not the status of an error, 300 to 599`)
  }
  const headers = Object.fromEntries(
    Object.entries(options?.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])
  )
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[\w-]+$/.test(name) || !isHeaderValue(value)) {
      throw new RangeError(`FaultInjection.status: the header ${JSON.stringify(name)} cannot be sent`)
    }
  }
  const id = options?.errorId ?? documentedErrorIds.get(status)
  const { documentationUrl: url, message } = options ?? {}
  const body = options?.body ?? (id === undefined && message === undefined ? "" : JSON.stringify({ id, message, url }))
  return { _tag: "Status", status, headers, body: status === 304 ? "" : body }
}

const isErrorStatus = (status: number): boolean => Number.isInteger(status) && status >= 300 && status <= 599

const isHeaderValue = (value: string): boolean => /^[\x20-\x7e]*$/.test(value)

const documentedErrorIds: ReadonlyMap<number, string> = new Map([
  [400, "bad_request"],
  [401, "unauthorized"],
  [402, "delinquent"],
  [403, "forbidden"],
  [404, "not_found"],
  [406, "not_acceptable"],
  [409, "conflict"],
  [410, "gone"],
  [416, "requested_range_not_satisfiable"],
  [422, "invalid_params"],
  [429, "rate_limit"]
])

/**
 * No connection comes about: `RequestFailed` with reason `connect`, and Heroku certainly did nothing.
 *
 * **Gotchas**
 *
 * A server that listens cannot refuse: behind `FakeHeroku.layerServer` it is as `connectionReset`.
 */
export const connectionRefused: Fault = { _tag: "ConnectionRefused" }

/** The connection breaks after the request was sent: `RequestFailed` with reason `connection`. */
export const connectionReset: Fault = { _tag: "ConnectionReset" }

/** Heroku acts, its answer begins, and is cut short: `RequestFailed` with reason `body`. */
export const cutBody: Fault = { _tag: "CutBody" }

/** Heroku acts, and answers with something that is no JSON: `InvalidResponse`. */
export const garbled: Fault = { _tag: "Garbled" }

/**
 * A list that is truncated (206) comes without `Next-Range`: `InvalidResponse`, where a client that does not look takes it
 * for complete. Only lists run into it.
 */
export const missingNextRange: Fault = { _tag: "BrokenNextRange", how: "missing" }

/**
 * The `Next-Range` of a list is the range that was asked for: `InvalidResponse`, where a client that does not look goes
 * round for ever. Only lists run into it.
 */
export const repeatedNextRange: Fault = { _tag: "BrokenNextRange", how: "repeated" }

/**
 * What makes a call fail with `error`, or with what comes closest to it for the operation that is struck: a `NotFound` for
 * `list` is an `UnexpectedStatus` with 404. A `RequestFailed` with reason `timeout` is `hang`: the caller has to give up.
 */
export const failure = (error: AuthorizationError): Fault => {
  switch (error._tag) {
    case "RequestFailed":
      switch (error.reason) {
        case "timeout":
          return hang
        case "connection":
          return connectionReset
        case "body":
          return cutBody
        default:
          return connectionRefused
      }
    case "InvalidResponse":
      return garbled
    default: {
      const { documentationUrl, errorId, message, requestId } = error
      const retryAfter = "retryAfter" in error ? Option.filter(error.retryAfter, Duration.isFinite) : Option.none()
      // Without status it was refused before any request; Heroku would do it with 422. What is no status of an error, or
      // cannot be a header, is not what Heroku would send.
      return status(isErrorStatus(error.status ?? 422) ? error.status ?? 422 : 500, {
        errorId: Option.getOrUndefined(errorId),
        message,
        documentationUrl: Option.getOrUndefined(documentationUrl),
        headers: {
          ...Option.match(Option.filter(requestId, isHeaderValue), {
            onNone: () => ({}),
            onSome: (id) => ({ "request-id": id })
          }),
          ...Option.match(retryAfter, {
            onNone: () => ({}),
            onSome: (wait) => ({ "retry-after": String(Math.ceil(Duration.toSeconds(wait))) })
          }),
          ...(error._tag === "TwoFactorRequired" ? { "heroku-two-factor-required": "true" } : {})
        }
      })
    }
  }
}

/** The call takes `duration` longer, by the `Clock`. */
export const delay = (duration: Duration.Input): Fault => ({ _tag: "Delay", duration })

/** There is never an answer: the caller has to give up. */
export const hang: Fault = { _tag: "Hang" }

/** A gate that calls wait at. */
export interface Gate {
  /** Waits until a call has come to the gate. */
  readonly arrived: Effect.Effect<void>
  /** Waits until this many calls have come to the gate, those counted that have gone through. */
  readonly arrivals: (count: number) => Effect.Effect<void>
  /** Lets all through, those that wait and those that come. */
  readonly open: Effect.Effect<void>
  /** Comes to the gate and waits until it is open. */
  readonly pass: Effect.Effect<void>
}

// -----------------------------------------------------------------------------
// Calls
// -----------------------------------------------------------------------------

/** A call as it arrived, without tokens that somebody took for an id. Over HTTP, requests for other paths are none. */
export interface Call {
  /** What was called. */
  readonly operation: Operation
  /** The authorization that was named. */
  readonly id?: string
  /** What `create` and `update` were given; its secrets are redacted. Not there when it made no sense. */
  readonly input?: CreateAuthorization | UpdateAuthorization
  /** The range that `list` was asked for, as in the `Range` header. */
  readonly range?: string
}

/** Which calls a fault strikes. */
export interface Target {
  /** By default every operation. */
  readonly operation?: Operation | undefined
  /** Only calls that name this authorization. By default all. */
  readonly id?: string | undefined
  /** Only calls of which this is true. By default all. */
  readonly when?: ((call: Call) => boolean) | undefined
  /** Only every nth of the calls that fit. By default each of them. */
  readonly every?: number | undefined
  /** How often it strikes: once by default, and with `every` always, which is `Infinity`. */
  readonly times?: number | undefined
  /**
   * Whether Heroku has acted on the call when the fault strikes: the create that happened although its answer was lost.
   * By default it has not; before `cutBody` and `garbled`, which are in the answer, it always has.
   */
  readonly afterActing?: boolean | undefined
}

/** A fault and how it strikes. */
export interface Strike {
  /** What happens to the call. */
  readonly fault: Fault
  /** Whether Heroku has acted when it does. */
  readonly afterActing: boolean
}

// -----------------------------------------------------------------------------
// Service
// -----------------------------------------------------------------------------

/** What tests do with `FaultInjection`. */
export interface Service {
  /**
   * Makes the next calls that fit `target` run into `fault`. Of several that fit a call, the first injected strikes. A
   * target that nothing can fit (`every: 0`) is a mistake in the test, and dies.
   */
  readonly inject: (fault: Fault, target?: Target) => Effect.Effect<void>
  /** Makes the next calls that fit `target` wait at a gate, and run into `next` when they have passed it, if there is one. */
  readonly hold: (target?: Target, next?: Fault) => Effect.Effect<Gate>
  /** Takes back every fault that has not struck, and forgets the calls. */
  readonly clear: Effect.Effect<void>
  /** The calls made, in the order they arrived, faulty or not. */
  readonly calls: Effect.Effect<ReadonlyArray<Call>>
  /** For implementations: records a call, and tells what is to happen to it. */
  readonly receive: (call: Call) => Effect.Effect<Option.Option<Strike>>
}

/** The service that makes chosen calls fail, wait or hang. Provide `layer` to the layer under test. */
export class FaultInjection extends Context.Service<FaultInjection, Service>()(
  "@effect-heroku/testing/FaultInjection"
) {}

/** Makes the service: no faults, no calls. */
export const make: Effect.Effect<Service> = Effect.sync(() => {
  let pending: Array<Strike & { readonly target: Target; left: number; fitted: number }> = []
  let calls: Array<Call> = []

  const inject = (fault: Fault, target: Target = {}): Effect.Effect<void> =>
    Effect.sync(() => {
      const { every = 1, times = target.every === undefined ? 1 : Infinity } = target
      if (!isCount(every) || !(isCount(times) || times === Infinity)) {
        throw new RangeError("FaultInjection: `every` and `times` are whole numbers, 1 or more")
      }
      pending.push({ fault, target, afterActing: target.afterActing ?? false, left: times, fitted: 0 })
    })

  return {
    inject,
    hold: Effect.fnUntraced(function*(target?: Target, next?: Fault) {
      const gate = yield* makeGate
      yield* inject({ _tag: "Hold", gate, next }, target)
      return gate
    }),
    clear: Effect.sync(() => {
      pending = []
      calls = []
    }),
    calls: Effect.sync(() => calls.slice()),
    receive: (call) =>
      Effect.sync(() => {
        calls.push(withoutTokens(call))
        const fitting = pending.filter(({ fault, target }) =>
          fits(target, call) && (!breaksList(fault) || call.operation === "list")
        )
        // Each counts the calls that fit it, also those that another strikes.
        for (const fault of fitting) fault.fitted += 1
        const strike = fitting.find(({ fitted, target: { every = 1 } }) => fitted % every === 0)
        if (strike === undefined) return Option.none()
        strike.left -= 1
        if (strike.left <= 0) pending = pending.filter((other) => other !== strike)
        return Option.some(strike)
      })
  }
})

const breaksList = (fault: Fault): boolean =>
  fault._tag === "BrokenNextRange" || (fault._tag === "Hold" && fault.next !== undefined && breaksList(fault.next))

const isCount = (number: number): boolean => Number.isInteger(number) && number >= 1

const fits = ({ id, operation, when }: Target, call: Call): boolean =>
  (operation === undefined || operation === call.operation)
  && (id === undefined || id === call.id)
  && (when === undefined || when(call))

const makeGate: Effect.Effect<Gate> = Effect.gen(function*() {
  const opened = yield* Deferred.make<void>()
  const arrived = yield* SubscriptionRef.make(0)
  const arrivals = (count: number): Effect.Effect<void> =>
    SubscriptionRef.changes(arrived).pipe(Stream.filter((sum) => sum >= count), Stream.runHead, Effect.asVoid)
  return {
    arrived: arrivals(1),
    arrivals,
    open: Effect.asVoid(Deferred.succeed(opened, undefined)),
    pass: Effect.andThen(SubscriptionRef.update(arrived, (sum) => sum + 1), Deferred.await(opened))
  }
})

/**
 * The service as a layer.
 *
 * **Example** (In memory, with faults)
 *
 * ```ts
 * const layer = MemoryAuthorizationService.layer({ seed: [{ id: leaked, description: "leaked in a log" }] }).pipe(
 *   Layer.provideMerge(FaultInjection.layer)
 * )
 * ```
 *
 * and in a test with that layer
 *
 * ```ts
 * const faults = yield* FaultInjection.FaultInjection
 * yield* faults.inject(FaultInjection.connectionReset, { operation: "delete" })
 * assert.strictEqual(yield* revoke(leaked), "may still work: check again")
 * ```
 */
export const layer: Layer.Layer<FaultInjection> = Layer.effect(FaultInjection, make)
