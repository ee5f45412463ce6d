/**
 * `AuthorizationService` in memory: no HTTP, no sockets, no delays. It shares its account with `FakeHeroku` and fails with
 * the same errors as the live service.
 *
 * Time comes from the `Clock`, so `TestClock` makes tokens expire. Nothing is retried: every fault of `FaultInjection`
 * becomes an error, as if the live service's retries were used up or switched off.
 */
import * as AuthorizationError from "@effect-heroku/core/AuthorizationError"
import * as AuthorizationService from "@effect-heroku/core/AuthorizationService"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as FaultInjection from "./FaultInjection.ts"
import { HerokuAccount } from "./HerokuAccount.ts"
import * as Account from "./internal/account.ts"
import type { BrokenResponse, Failure } from "./internal/fault.ts"
import * as Faults from "./internal/faults.ts"
import type { HerokuError } from "./internal/herokuErrors.ts"
import type { Listing } from "./internal/listing.ts"
import { checkKeys, keysOf } from "./internal/options.ts"
import { type AuthorizationRecord, toAuthorization } from "./internal/records.ts"
import * as Store from "./internal/store.ts"

/** What the account starts with. By default it has no authorizations. */
export interface Options extends Store.Options {}

/** Provides the service and its account. Every build of the layer has a new account. */
export const layer = (
  options?: Options
): Layer.Layer<AuthorizationService.AuthorizationService | HerokuAccount> =>
  Layer.effectContext(make(options, Faults.none))

/** Provides the service, its account, and the `FaultInjection` that the service's calls obey. */
export const layerWithFaults = (
  options?: Options
): Layer.Layer<AuthorizationService.AuthorizationService | HerokuAccount | FaultInjection.FaultInjection> =>
  Layer.effectContext(Effect.gen(function*() {
    const { guard, service } = yield* Faults.make
    return Context.add(yield* make(options, guard), FaultInjection.FaultInjection, service)
  }))

const optionKeys = keysOf<Options>(Store.optionKeys)

const make = (options: Options = {}, guard: Faults.Guard) =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    checkKeys("the options", options, optionKeys)
    const store = Store.make(options, now)
    return Context.make(AuthorizationService.AuthorizationService, fromStore(store, guard)).pipe(
      Context.add(HerokuAccount, Account.fromStore(store))
    )
  })

const fromStore = (store: Store.Store, guard: Faults.Guard): AuthorizationService.Service => {
  /** Runs an operation on the store. `toError` says what an error response means for the operation. */
  const call = <A, B, E>(
    received: FaultInjection.Call,
    operate: (now: number) => Store.Outcome<A>,
    read: (value: A, now: number) => B,
    toError: (response: AuthorizationError.ErrorAnswer) => E,
    breakRange: (response: B, fault: BrokenResponse) => B = (response) => response
  ): Effect.Effect<B, E | FaultError> =>
    guard<B, E | FaultError>(
      received,
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Result.match(operate(now), {
          onFailure: (error) => Effect.fail(toError(toErrorResponse(error))),
          onSuccess: (value) => Effect.succeed(read(value, now))
        })),
      {
        failure: (fault) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) =>
            Effect.fail(
              fault._tag === "Status"
                ? toError(AuthorizationError.readAnswer(fault, now))
                : requestFailed(received.operation, fault._tag)
            )),
        brokenResponse: (fault, response) => {
          switch (fault._tag) {
            case "CutBody":
              return Effect.andThen(
                Effect.exit(response),
                Effect.suspend(() => Effect.fail(requestFailed(received.operation, "CutBody")))
              )
            case "Garbled":
              return Effect.andThen(response, Effect.suspend(() => Effect.fail(garbled(received.operation))))
            default:
              return Effect.map(response, (value) => breakRange(value, fault))
          }
        }
      }
    )

  return AuthorizationService.make({
    create: (input) =>
      call(
        { operation: "create", input },
        (now) => store.create(input, now),
        toAuthorization,
        (response) => AuthorizationError.fromAnswer("create", response)
      ),
    info: (id) =>
      call(
        { operation: "info", id },
        () => store.info(id),
        toAuthorization,
        (response) => AuthorizationError.fromAnswer("info", response, id)
      ),
    update: (id, input) =>
      call(
        { operation: "update", id, input },
        (now) => store.update(id, input, now),
        toAuthorization,
        (response) => AuthorizationError.fromAnswer("update", response, id)
      ),
    regenerate: (id) =>
      call(
        { operation: "regenerate", id },
        (now) => store.regenerate(id, now),
        toAuthorization,
        (response) => AuthorizationError.fromAnswer("regenerate", response, id)
      ),
    delete: (id) =>
      call(
        { operation: "delete", id },
        () => store.delete(id),
        toAuthorization,
        (response) => AuthorizationError.fromAnswer("delete", response, id)
      ),
    list: (range) =>
      call(
        { operation: "list", range },
        () => store.list(range),
        toListResponse,
        (response) => AuthorizationError.fromAnswer("list", response),
        (response, fault) => ({
          ...response,
          status: 206,
          nextRange: fault._tag === "RepeatedNextRange" ? Option.some(range) : Option.none()
        })
      )
  })
}

// -----------------------------------------------------------------------------
// Responses
// -----------------------------------------------------------------------------

const toListResponse = (
  listing: Listing<AuthorizationRecord>,
  now: number
): AuthorizationService.RangeAnswer => ({
  items: Effect.succeed(listing.items.map((record) => toAuthorization(record, now))),
  nextRange: listing.nextRange,
  status: listing.status,
  requestId: Option.none()
})

const toErrorResponse = ({ id, message, status, url }: HerokuError): AuthorizationError.ErrorAnswer => ({
  status,
  errorId: Option.some(id),
  message: Option.some(message),
  documentationUrl: Option.fromUndefinedOr(url),
  requestId: Option.none(),
  retryAfter: Option.none(),
  twoFactorRequired: false
})

/** What faults turn a call into, whatever the operation. */
type FaultError = AuthorizationError.RequestFailed | AuthorizationError.InvalidResponse

const requestFailed = (
  operation: AuthorizationError.Operation,
  fault: Exclude<Failure["_tag"], "Status"> | "CutBody"
): AuthorizationError.RequestFailed =>
  new AuthorizationError.RequestFailed({
    operation,
    ...failures[fault],
    outcomeUnknown: fault !== "ConnectionRefused" && AuthorizationError.changes(operation)
  })

const failures = {
  ConnectionRefused: { reason: "connect", message: "The connection was refused" },
  ConnectionReset: { reason: "connection", message: "The connection was reset" },
  CutBody: { reason: "body", message: "The response body was cut short" }
} as const

const garbled = (operation: AuthorizationError.Operation): AuthorizationError.InvalidResponse =>
  AuthorizationError.invalidResponse({
    operation,
    status: AuthorizationError.expectedStatuses(operation)[0] ?? 200,
    message: "The body is not JSON",
    requestId: Option.none()
  })
