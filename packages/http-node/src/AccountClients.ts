/**
 * Clients of many accounts: one for each token, made when it is first needed and released when nobody needs it any more.
 *
 * How a client behaves is `HttpAuthorizationService`; this module only keeps them, and lists all of their accounts.
 */
import type { Authorization } from "@effect-heroku/core/Authorization"
import type { ListError } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService, type ListOptions } from "@effect-heroku/core/AuthorizationService"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as LayerMap from "effect/LayerMap"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as HttpAuthorizationService from "./HttpAuthorizationService.ts"

/** How the clients reach Heroku, and how long they are kept. */
export interface Options extends Omit<HttpAuthorizationService.Options, "token"> {
  /** How long a client that nobody uses is kept. By default 5 minutes. */
  readonly idleTimeToLive?: Duration.Input | undefined
}

/** An account: its token, and whatever else the program knows it by. */
export interface Account {
  /** An access token of the account. */
  readonly token: Redacted.Redacted
}

/** An authorization of an account, or why its list ended there. */
export interface Listed<A extends Account> {
  /** The account, as it was given. */
  readonly account: A
  /** The authorization; or the error, which is the account's last value. */
  readonly result: Result.Result<Authorization, ListError>
}

/** How to list many accounts. */
export interface StreamAllOptions extends Omit<ListOptions, "cursor"> {
  /** How many accounts are listed at once. By default 4. */
  readonly concurrency?: number | undefined
}

/** The clients. */
export interface Service {
  /** The client of an account. Equal tokens have the same one; it lives as long as a layer that was built from it. */
  readonly get: (token: Redacted.Redacted) => Layer.Layer<AuthorizationService>
  /**
   * Every authorization of many accounts, as they come: in the order of each account's list, the accounts mixed.
   *
   * **Details**
   *
   * The stream does not fail. An account whose list fails has that error as its last value, and the others go on.
   */
  readonly streamAll: <A extends Account>(
    accounts: Iterable<A>,
    options?: StreamAllOptions
  ) => Stream.Stream<Listed<A>>
  /** Forgets the client of an account, as after its token was revoked. Who uses it now keeps it. */
  readonly invalidate: (token: Redacted.Redacted) => Effect.Effect<void>
}

/** The key of the clients. */
export class AccountClients extends Context.Service<AccountClients, Service>()(
  "@effect-heroku/http-node/AccountClients"
) {}

/** The clients over one `HttpClient`. A `RequestBudget` and a `ResponseCache` in the context are used by all. */
export const layer = (options: Options = {}): Layer.Layer<AccountClients, never, HttpClient.HttpClient> =>
  Layer.effect(AccountClients, make(options))

const make = Effect.fnUntraced(function*({ idleTimeToLive = "5 minutes", ...options }: Options) {
  const clients = yield* LayerMap.make(
    (token: Redacted.Redacted) => HttpAuthorizationService.layer({ ...options, token }),
    { idleTimeToLive }
  )
  return AccountClients.of({
    get: (token) => clients.get(token),
    invalidate: (token) => clients.invalidate(token),
    streamAll: (accounts, { concurrency = 4, ...listOptions } = {}) =>
      Stream.fromIterable(accounts).pipe(
        Stream.flatMap(
          (account) =>
            Stream.unwrap(AuthorizationService.useSync((service) => service.stream(listOptions))).pipe(
              Stream.map((authorization): Result.Result<Authorization, ListError> => Result.succeed(authorization)),
              Stream.catch((error) => Stream.succeed(Result.fail(error))),
              Stream.map((result) => ({ account, result })),
              Stream.provide(clients.get(account.token))
            ),
          { concurrency }
        )
      )
  })
})
