/**
 * `AuthorizationService` in memory: no HTTP, no sockets, no delays. It shares its account with `FakeHeroku` and fails with
 * the same errors as the live service.
 *
 * Time comes from the `Clock`, so `TestClock` makes tokens expire. Nothing is retried: every fault of `FaultInjection`
 * becomes an error, as if the live service's retries were used up or switched off. `withRetry` therefore has no effect;
 * `withTimeout` and `withTwoFactorCode` do what they do for the live service.
 */
import * as AuthorizationEndpoints from "@effect-heroku/core/AuthorizationEndpoints"
import { type InvalidResponse, type Operation, RequestFailed } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService, type Service } from "@effect-heroku/core/AuthorizationService"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type * as FaultInjection from "./FaultInjection.ts"
import { HerokuAccount } from "./HerokuAccount.ts"
import * as Account from "./internal/account.ts"
import * as Faults from "./internal/faults.ts"
import * as HerokuErrors from "./internal/herokuErrors.ts"
import type { Listing } from "./internal/listing.ts"
import { type AuthorizationRecord, toAuthorization } from "./internal/records.ts"
import * as Store from "./internal/store.ts"

/** The initial content of the account. By default it has no authorizations. */
export interface Options extends Store.Options {}

/** Provides the service and its account. Every build of the layer has a new account. */
export const layer = (options?: Options): Layer.Layer<AuthorizationService | HerokuAccount> =>
  make(options, Faults.none)

/** Provides the service, its account, and the `FaultInjection` that the service's calls obey. */
export const layerWithFaults = (
  options?: Options
): Layer.Layer<AuthorizationService | HerokuAccount | FaultInjection.FaultInjection> =>
  Faults.withFaults((guard) => make(options, guard))

const make = (options: Options = {}, guard: Faults.Guard): Layer.Layer<AuthorizationService | HerokuAccount> =>
  Layer.effectContext(Effect.map(Clock.currentTimeMillis, (now) => {
    const store = Store.make(options, now)
    return Context.make(AuthorizationService, fromStore(store, guard)).pipe(
      Context.add(HerokuAccount, Account.fromStore(store))
    )
  }))

const fromStore = (store: Store.Store, guard: Faults.Guard): Service => {
  /** Runs an operation on the store. `breakList` is what the faults that only lists have do to a response. */
  const call = <O extends Operation, A, B>(
    received: FaultInjection.Call & { readonly operation: O },
    operate: (now: number) => Store.Outcome<A>,
    read: (value: A, now: number) => B,
    breakList: (response: B, fault: Faults.BrokenResponse) => B = (response) => response
  ): Effect.Effect<B, CallError<O>> => {
    const { id, operation } = received
    const fail = (raw: AuthorizationEndpoints.RawResponse, now: number) => {
      const response = AuthorizationEndpoints.parseErrorResponse(raw, now)
      return Effect.fail(AuthorizationEndpoints.errorFromResponse(operation, response, { id }))
    }
    const act = Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Result.match(operate(now), {
        onFailure: (error) => fail({ status: error.status, headers: {}, body: HerokuErrors.toJson(error) }, now),
        onSuccess: (value) => Effect.succeed(read(value, now))
      }))
    const send = guard<B, CallError<O>>(received, act, {
      failure: (fault) =>
        fault._tag === "Status"
          ? Effect.flatMap(Clock.currentTimeMillis, (now) => fail(fault, now))
          : Effect.suspend(() => Effect.fail(requestFailed(operation, fault._tag))),
      brokenResponse: (fault, response) => {
        switch (fault._tag) {
          case "CutBody":
            return Effect.flatMap(Effect.exit(response), () => Effect.fail(requestFailed(operation, "CutBody")))
          case "Garbled":
            return Effect.flatMap(response, () => Effect.fail(garbled(operation)))
          default:
            return Effect.map(response, (value) => breakList(value, fault))
        }
      }
    })
    return withCallTimeout(operation, AuthorizationEndpoints.sendWithTwoFactorCode(() => send))
  }

  return AuthorizationEndpoints.make({
    create: (input) => call({ operation: "create", input }, (now) => store.create(input, now), toAuthorization),
    info: (id) => call({ operation: "info", id }, () => store.info(id), toAuthorization),
    update: (id, input) =>
      call({ operation: "update", id, input }, (now) => store.update(id, input, now), toAuthorization),
    regenerate: (id) => call({ operation: "regenerate", id }, (now) => store.regenerate(id, now), toAuthorization),
    delete: (id) => call({ operation: "delete", id }, () => store.delete(id), toAuthorization),
    list: (range, team) =>
      call(
        { operation: "list", range, ...(team !== undefined && { team }) },
        () => store.list(range, team),
        toListResponse,
        (response, fault) => ({
          ...response,
          status: 206,
          nextRange: fault._tag === "RepeatedNextRange" ? Option.some(range) : Option.none()
        })
      )
  })
}

/** The timeout of `withTimeout`. */
const withCallTimeout = <A, E>(operation: Operation, call: Effect.Effect<A, E>) =>
  Effect.flatMap(
    AuthorizationEndpoints.CallOptions,
    ({ timeout }) =>
      timeout === undefined ? call : Effect.timeoutOrElse(call, {
        duration: timeout,
        orElse: () => Effect.fail(requestFailed(operation, "Timeout"))
      })
  )

const toListResponse = (
  { items, nextRange, status }: Listing<AuthorizationRecord>,
  now: number
): AuthorizationEndpoints.ListResponse => ({
  items: Stream.fromArray(items).pipe(Stream.map((record) => toAuthorization(record, now))),
  nextRange,
  status,
  requestId: Option.none(),
  attempts: 1
})

type CallError<O extends Operation> = AuthorizationEndpoints.ErrorOf<O> | RequestFailed | InvalidResponse

const requestFailed = (
  operation: Operation,
  fault: keyof typeof failures
): RequestFailed =>
  new RequestFailed({
    operation,
    ...failures[fault],
    outcomeUnknown: fault !== "ConnectionRefused" && AuthorizationEndpoints.changesState(operation)
  })

const failures = {
  ConnectionRefused: { reason: "connect", message: "The connection was refused" },
  ConnectionReset: { reason: "connection", message: "The connection was reset" },
  CutBody: { reason: "body", message: "The response body was truncated" },
  Timeout: { reason: "timeout", message: "No complete response within the timeout" }
} as const

const garbled = (operation: Operation): InvalidResponse =>
  AuthorizationEndpoints.invalidResponse({
    operation,
    status: AuthorizationEndpoints.expectedStatuses(operation)[0]!,
    message: "The body is not JSON",
    requestId: Option.none()
  })
