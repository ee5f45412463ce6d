/**
 * `AuthorizationService` in memory: no HTTP, no sockets, no waiting. It stands on the same account as `FakeHeroku` and
 * answers with the same errors as the live service.
 *
 * Time comes from the `Clock`, so that `TestClock` makes tokens expire. Nothing is repeated: each fault of
 * `FaultInjection` is an error, as if the live service's retries were spent or switched off.
 */
import type { Authorization } from "@effect-heroku/core/Authorization"
import * as AuthorizationError from "@effect-heroku/core/AuthorizationError"
import * as AuthorizationService from "@effect-heroku/core/AuthorizationService"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as FaultInjection from "./FaultInjection.ts"
import { HerokuAccount } from "./HerokuAccount.ts"
import * as Account from "./internal/account.ts"
import * as Faults from "./internal/faults.ts"
import { type AuthorizationRecord, checkOptions, keysOf, toAuthorization } from "./internal/records.ts"
import * as Store from "./internal/store.ts"

export type { AuthorizationSeed, ClientSeed, Seed, UserSeed, WireSeed } from "./internal/records.ts"

/** What the account starts with. By default it has no authorizations. */
export interface Options extends Store.Options {}

/** Makes the service: one account, whose state lives as long as the service. */
export const make = (options?: Options): Effect.Effect<AuthorizationService.Service> =>
  Effect.flatMap(makeStore(options), fromStore)

/** The service as a layer, and the account behind it: a new one each time it is built. */
export const layer = (
  options?: Options
): Layer.Layer<AuthorizationService.AuthorizationService | HerokuAccount> =>
  Layer.effectContext(Effect.gen(function*() {
    const store = yield* makeStore(options)
    return Context.make(AuthorizationService.AuthorizationService, yield* fromStore(store)).pipe(
      Context.add(HerokuAccount, Account.fromStore(store))
    )
  }))

const makeStore = (options: Options | undefined): Effect.Effect<Store.Store> =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    checkOptions(options ?? {}, optionKeys)
    return Store.make(options ?? {}, now)
  })

const optionKeys = keysOf<Options>(Store.optionKeys)

const fromStore = Effect.fnUntraced(
  function*(store: Store.Store): Effect.fn.Return<AuthorizationService.Service> {
    const guard = yield* Faults.guard

    /** Runs an operation on the store, and says with `toError` what a refusal means for it. */
    const call = <A, B, E>(
      received: FaultInjection.Call,
      toError: (answer: AuthorizationError.ErrorAnswer) => E,
      operate: (now: number) => Result.Result<A, Store.Refusal>,
      read: (value: A, now: number) => B
    ): Effect.Effect<B, E | FaultError> =>
      guard<B, E | FaultError>(
        received,
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          Result.match(operate(now), {
            onFailure: (refusal) => Effect.fail(toError(fromRefusal(refusal))),
            onSuccess: (value) => Effect.succeed(read(value, now))
          })),
        {
          status: (fault) =>
            Effect.flatMap(Clock.currentTimeMillis, (now) =>
              Effect.fail(toError(AuthorizationError.readAnswer(fault, now)))),
          connectionRefused: Effect.suspend(() =>
            Effect.fail(requestFailed(received.operation, "connect"))
          ),
          connectionReset: Effect.suspend(() => Effect.fail(requestFailed(received.operation, "connection"))),
          cutBody: (answer) =>
            Effect.andThen(Effect.exit(answer), Effect.fail(requestFailed(received.operation, "body"))),
          garbled: (answer) => Effect.andThen(answer, Effect.fail(garbled(received.operation))),
          nextRange: (answer, how) => Effect.andThen(answer, Effect.fail(brokenNextRange(how)))
        }
      )

    return AuthorizationService.make({
      create: (input) =>
        call(
          { operation: "create", input },
          (answer) => AuthorizationError.fromAnswer("create", answer),
          (now) => store.create(input, now),
          toAuthorization
        ),
      info: (id) =>
        call(
          { operation: "info", id },
          (answer) => AuthorizationError.fromAnswer("info", answer, id),
          () => store.info(id),
          toAuthorization
        ),
      update: (id, input) =>
        call(
          { operation: "update", id, input },
          (answer) => AuthorizationError.fromAnswer("update", answer, id),
          (now) => store.update(id, input, now),
          toAuthorization
        ),
      regenerate: (id) =>
        call(
          { operation: "regenerate", id },
          (answer) => AuthorizationError.fromAnswer("regenerate", answer, id),
          (now) => store.regenerate(id, now),
          toAuthorization
        ),
      delete: (id) =>
        call(
          { operation: "delete", id },
          (answer) => AuthorizationError.fromAnswer("delete", answer, id),
          () => store.delete(id),
          toAuthorization
        ),
      list: (range) =>
        call(
          { operation: "list", range },
          (answer) => AuthorizationError.fromAnswer("list", answer),
          () => store.list(range),
          toRangeAnswer
        )
    })
  }
)

// -----------------------------------------------------------------------------
// Answers
// -----------------------------------------------------------------------------

const toRangeAnswer = (listing: Store.Listing, now: number): AuthorizationService.RangeAnswer => ({
  items: Effect.succeed(
    listing.records.map((record: AuthorizationRecord): Authorization => toAuthorization(record, now))
  ),
  nextRange: listing.nextRange,
  status: listing.status,
  requestId: Option.none()
})

const fromRefusal = (refusal: Store.Refusal): AuthorizationError.ErrorAnswer => ({
  status: refusal.status,
  errorId: Option.some(refusal.errorId),
  message: Option.some(refusal.message),
  documentationUrl: Option.fromUndefinedOr(refusal.documentationUrl),
  requestId: Option.none(),
  retryAfter: Option.none(),
  twoFactorRequired: false
})

/** What faults make of a call, whatever the operation. */
type FaultError = AuthorizationError.RequestFailed | AuthorizationError.InvalidResponse

const requestFailed = (
  operation: AuthorizationError.Operation,
  reason: "connect" | "connection" | "body"
): AuthorizationError.RequestFailed =>
  new AuthorizationError.RequestFailed({
    operation,
    message: faultMessages[reason],
    reason,
    outcomeUnknown: reason !== "connect" && AuthorizationError.changes(operation)
  })

const faultMessages = {
  connect: "No connection came about",
  connection: "The connection was reset",
  body: "The answer was cut short"
}

const garbled = (operation: AuthorizationError.Operation): AuthorizationError.InvalidResponse =>
  AuthorizationError.invalidResponse({
    operation,
    status: AuthorizationError.expectedStatuses(operation)[0] ?? 200,
    message: "The body is not JSON",
    requestId: Option.none()
  })

const brokenNextRange = (how: FaultInjection.BrokenNextRange["how"]): AuthorizationError.InvalidResponse =>
  AuthorizationError.invalidResponse({
    operation: "list",
    status: 206,
    message: how === "missing" ? "A part of the list came without Next-Range" : "Next-Range leads back",
    requestId: Option.none()
  })
