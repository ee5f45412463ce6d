/**
 * Makes chosen calls fail, wait or hang, and records all calls. `MemoryAuthorizationService.layerWithFaults`,
 * `FakeHeroku.layerHttpClientWithFaults` and `FakeHeroku.layerServerWithFaults` provide it; the other layers have no faults.
 *
 * In memory a fault is an error, over HTTP it is a response or a broken connection.
 */
import type { CreateAuthorization, UpdateAuthorization } from "@effect-heroku/core/Authorization"
import type { Operation } from "@effect-heroku/core/AuthorizationError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HerokuErrors from "./internal/herokuErrors.ts"

/** A failure of one call. Use the functions and constants of this module to create it. */
export type Fault =
  | { readonly _tag: "ConnectionRefused" | "ConnectionReset" }
  | {
    readonly _tag: "Status"
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  }
  | { readonly _tag: "CutBody" | "Garbled" | "MissingNextRange" | "RepeatedNextRange" }
  | { readonly _tag: "Wait"; readonly until: Effect.Effect<void>; readonly next?: Fault | undefined }

/** The content of an error response. */
export interface StatusOptions {
  /** Heroku's id of the error. By default the documented one for the status, if there is one. */
  readonly errorId?: string | undefined
  /** Heroku's message. By default none. */
  readonly message?: string | undefined
  /** The page that explains the error. By default none. */
  readonly documentationUrl?: string | undefined
  /** Headers of the response. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Any body, which replaces Heroku's. */
  readonly body?: string | undefined
}

/**
 * Heroku responds with an error: `status(503)`, `status(429, { headers: { "Retry-After": "7" } })`.
 *
 * **Details**
 *
 * Without an error id and a message the body is empty, as it can be if Heroku's router responds.
 *
 * @throws `RangeError` when `status` is not an error status (300 to 599) or a header cannot be sent: a mistake in the test.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#error-responses
 */
export const status = (status: number, options?: StatusOptions): Fault => {
  if (!(Number.isInteger(status) && status >= 300 && status <= 599)) {
    throw new RangeError(`FaultInjection.status: ${status} is not an error status. Use 300 to 599`)
  }
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(options?.headers ?? {})) {
    if (!/^[\w-]+$/.test(name) || !/^[\x20-\x7e]*$/.test(value)) {
      throw new RangeError(`FaultInjection.status: the header ${JSON.stringify(name)} cannot be sent`)
    }
    headers[name.toLowerCase()] = value
  }
  const id = options?.errorId ?? HerokuErrors.ids.get(status)
  const { documentationUrl: url, message } = options ?? {}
  const body = options?.body ?? (id === undefined && message === undefined ? "" : JSON.stringify({ id, message, url }))
  return { _tag: "Status", status, headers, body: status === 304 ? "" : body }
}

/**
 * No connection is established: `RequestFailed` with reason `connect`. Heroku has not processed the request.
 *
 * **Gotchas**
 *
 * A server that listens accepts connections: behind `FakeHeroku.layerServerWithFaults` it is a `connectionReset`.
 */
export const connectionRefused: Fault = { _tag: "ConnectionRefused" }

/** The connection breaks after the request was sent: `RequestFailed` with reason `connection`. */
export const connectionReset: Fault = { _tag: "ConnectionReset" }

/** Heroku acts, and the connection breaks in the middle of the response body: `RequestFailed` with reason `body`. */
export const cutBody: Fault = { _tag: "CutBody" }

/** Heroku acts, and the response body is not JSON: `InvalidResponse`. */
export const garbled: Fault = { _tag: "Garbled" }

/**
 * A partial list (206) has no `Next-Range`: `InvalidResponse`. A client that does not check takes the list for complete.
 * Only `list` runs into it.
 */
export const missingNextRange: Fault = { _tag: "MissingNextRange" }

/**
 * The `Next-Range` of a list is the range that was requested: `InvalidResponse`. A client that does not check requests the
 * same page forever. Only `list` runs into it.
 */
export const repeatedNextRange: Fault = { _tag: "RepeatedNextRange" }

/** The call takes `duration` longer, by the `Clock`. */
export const delay = (duration: Duration.Input): Fault => ({ _tag: "Wait", until: Effect.sleep(duration) })

/** There is never a response: the caller has to give up. */
export const hang: Fault = { _tag: "Wait", until: Effect.never }

/** A call as it arrived. Tokens sent as ids are redacted. Over HTTP, requests for other paths are not calls. */
export interface Call {
  /** The operation. */
  readonly operation: Operation
  /** The id of the authorization. */
  readonly id?: string
  /** The team that `list` named. That of `create` is in its input. */
  readonly team?: string
  /** The input of `create` or `update`, with redacted secrets. Absent if it was invalid. */
  readonly input?: CreateAuthorization | UpdateAuthorization
  /** The range that `list` requested, as in the `Range` header. */
  readonly range?: string
}

/** Which calls run into a fault. */
export interface Target {
  /** By default every operation. */
  readonly operation?: Operation | undefined
  /** Only calls with this id. By default every call. */
  readonly id?: string | undefined
  /** Only calls for which it returns true. By default every call. */
  readonly when?: ((call: Call) => boolean) | undefined
  /** Every nth of these calls: with 3 the third, the sixth and so on. By default each. */
  readonly every?: number | undefined
  /** How many calls run into the fault. By default one; with `every` all. `Infinity` is all. */
  readonly times?: number | undefined
  /**
   * Whether Heroku has processed the request before the fault: a `create` that happened although its response was lost. By
   * default it has not. Before `cutBody`, `garbled` and the faults of `Next-Range` it always has.
   */
  readonly afterActing?: boolean | undefined
}

/** A gate at which calls wait. */
export interface Gate {
  /** Waits until a call has arrived at the gate. */
  readonly arrived: Effect.Effect<void>
  /** Waits until this many calls have arrived at the gate, including those that have passed it. */
  readonly arrivals: (count: number) => Effect.Effect<void>
  /** Lets all calls pass, those that wait and those that arrive later. */
  readonly open: Effect.Effect<void>
}

/** The operations of `FaultInjection`. */
export interface Service {
  /**
   * Makes the next calls that match `target` run into `fault`. If several faults match a call, the first injected one is
   * used. A target that cannot match (`every: 0`) is a mistake in the test, and dies.
   */
  readonly inject: (fault: Fault, target?: Target) => Effect.Effect<void>
  /** Makes the next calls that match `target` wait at a gate, and then continue or run into `next`. */
  readonly hold: (target?: Target, next?: Fault) => Effect.Effect<Gate>
  /** Removes every pending fault and all recorded calls. */
  readonly clear: Effect.Effect<void>
  /** The calls so far, in the order in which they arrived, with and without faults. */
  readonly calls: Effect.Effect<ReadonlyArray<Call>>
}

/** The service that makes chosen calls fail, wait or hang. */
export class FaultInjection extends Context.Service<FaultInjection, Service>()(
  "@effect-heroku/testing/FaultInjection"
) {}
