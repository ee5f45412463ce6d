/** Clients of many accounts: one client for each token, created when it is first used and released when it is idle. */
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
import type * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as HttpAuthorizationService from "./HttpAuthorizationService.ts"
import type { RequestBudget } from "./internal/budget/service.ts"

/** The options of every client, and how long an idle client is kept. */
export interface Options extends Omit<HttpAuthorizationService.Options, "token"> {
  /** How long a client is kept after its last use. Default: 5 minutes. */
  readonly idleTimeToLive?: Duration.Input | undefined
}

/** An account: its token, and any other properties by which the program identifies it. */
export interface Account {
  /** An access token of the account. */
  readonly token: Redacted.Redacted
}

/** An authorization of an account, or the error that ended its listing. */
export interface Listed<A extends Account> {
  /** The account, as passed to `streamAll`. */
  readonly account: A
  /** The authorization. An error is the last value of its account. */
  readonly result: Result.Result<Authorization, ListError>
}

/** The options of `streamAll`. */
export interface StreamAllOptions extends Omit<ListOptions, "cursor"> {
  /** How many accounts are listed at once. Default: 4. */
  readonly concurrency?: number | undefined
}

/** The operations of `AccountClients`. */
export interface Service {
  /** Returns the client of an account. Equal tokens share a client, which lives as long as any layer built from it. */
  readonly get: (token: Redacted.Redacted) => Layer.Layer<AuthorizationService>
  /**
   * Streams the authorizations of many accounts: each account in list order, the accounts interleaved.
   *
   * **Details**
   *
   * The stream does not fail. The listing of an account that fails ends with the error, and the other accounts continue.
   */
  readonly streamAll: <A extends Account>(
    accounts: Iterable<A>,
    options?: StreamAllOptions
  ) => Stream.Stream<Listed<A>>
  /** Removes the client of an account, for example after its token was revoked. Programs that use it now keep it. */
  readonly invalidate: (token: Redacted.Redacted) => Effect.Effect<void>
}

/** The service of the clients. */
export class AccountClients extends Context.Service<AccountClients, Service>()(
  "@effect-heroku/http-node/AccountClients"
) {}

/** Provides the clients over one `HttpClient`. */
export const layer = (options: Options = {}): Layer.Layer<AccountClients, never, HttpClient.HttpClient> =>
  Layer.effect(AccountClients, make(options, HttpAuthorizationService.layer))

/** Provides the clients over one `HttpClient` with one `RequestBudget`, which keeps each account under its rate limit. */
export const layerBudgeted = (
  options: Options = {}
): Layer.Layer<AccountClients, never, HttpClient.HttpClient | RequestBudget> =>
  Layer.effect(AccountClients, make(options, HttpAuthorizationService.layerBudgeted))

const make = Effect.fnUntraced(function*<R>(
  { idleTimeToLive = "5 minutes", ...options }: Options,
  layer: (options: HttpAuthorizationService.Options) => Layer.Layer<AuthorizationService, never, R>
) {
  const clients = yield* LayerMap.make((token: Redacted.Redacted) => layer({ ...options, token }), { idleTimeToLive })
  return AccountClients.of({
    get: (token) => clients.get(token),
    invalidate: (token) => clients.invalidate(token),
    streamAll: (accounts, { concurrency = 4, ...listOptions } = {}) =>
      Stream.fromIterable(accounts).pipe(
        Stream.flatMap(
          (account) =>
            Stream.unwrap(AuthorizationService.useSync((service) => service.stream(listOptions))).pipe(
              Stream.result,
              Stream.map((result) => ({ account, result })),
              Stream.provide(clients.get(account.token))
            ),
          { concurrency }
        )
      )
  })
})
