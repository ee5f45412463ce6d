/**
 * The service: six operations on Heroku's OAuth authorizations, and listings as pages and streams.
 *
 * Programs depend on `AuthorizationService` and receive an implementation as a layer: the live one from
 * `@effect-heroku/http-node`, or the one in memory from `@effect-heroku/testing`. Implementers start from
 * `AuthorizationEndpoints`.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type * as Stream from "effect/Stream"
import type { Authorization, AuthorizationId, CreateAuthorization, UpdateAuthorization } from "./Authorization.ts"
import type {
  CreateError,
  DeleteError,
  InfoError,
  ListError,
  RegenerateError,
  UpdateError
} from "./AuthorizationError.ts"
import { CallOptions, type RetryOptions } from "./internal/callOptions.ts"
import * as TwoFactorCodes from "./internal/twoFactorCode.ts"
import type * as ListRange from "./ListRange.ts"

export type { RetryOptions } from "./internal/callOptions.ts"

/** The operations of `AuthorizationService`. */
export interface Service {
  /**
   * Creates an authorization. Only this response contains the access token in clear.
   *
   * **Gotchas**
   *
   * Not idempotent: each success creates another authorization. `create` is never retried once Heroku may have acted; the
   * error then has `outcomeUnknown: true`.
   *
   * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization-create
   */
  readonly create: (input: CreateAuthorization) => Effect.Effect<Authorization, CreateError>

  /**
   * Returns one authorization.
   *
   * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization-info
   */
  readonly info: (id: AuthorizationId) => Effect.Effect<Authorization, InfoError>

  /**
   * Updates the description, the client, or both.
   *
   * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization-update
   */
  readonly update: (id: AuthorizationId, input: UpdateAuthorization) => Effect.Effect<Authorization, UpdateError>

  /**
   * Replaces the tokens of an authorization. The old ones stop working.
   *
   * **Gotchas**
   *
   * Not idempotent, and never retried once Heroku may have acted. Heroku allows it for direct authorizations and those of
   * privileged clients; for others it fails with `Forbidden`.
   *
   * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization-regenerate
   */
  readonly regenerate: (id: AuthorizationId) => Effect.Effect<Authorization, RegenerateError>

  /**
   * Deletes (revokes) an authorization, and returns the deleted authorization.
   *
   * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization-delete
   */
  readonly delete: (id: AuthorizationId) => Effect.Effect<Authorization, DeleteError>

  /**
   * Lists one page with one request.
   *
   * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization-list
   */
  readonly list: (options?: ListOptions) => Effect.Effect<Page, ListError>

  /** Lists authorizations page by page. Each page is fetched when it is pulled. */
  readonly pages: (options?: StreamOptions) => Stream.Stream<Page, ListError>

  /**
   * Lists every authorization, in order. Each page is fetched when it is pulled.
   *
   * **Details**
   *
   * Emits the authorizations of a page that precede an invalid one, and then fails with `InvalidResponse`, unless
   * `onInvalid` is set.
   */
  readonly stream: (options?: StreamOptions) => Stream.Stream<Authorization, ListError>
}

/** The options of `list`. */
export interface ListOptions {
  /** The number of authorizations per page, 1 to 1000. By default 1000, or that of the cursor. */
  readonly pageSize?: number | undefined
  /** The order by id. By default `"asc"`, or that of the cursor. */
  readonly order?: ListRange.Order | undefined
  /** Where to resume. It contains the page size, the order and the team of its listing; others are rejected. */
  readonly cursor?: ListRange.Cursor | undefined
  /** The name or id of the team whose authorizations are listed. By default those of the account, or of the cursor. */
  readonly team?: string | undefined
  /**
   * Called for a record that does not decode, which is then left out. By default the listing fails at it with
   * `InvalidResponse`.
   */
  readonly onInvalid?: ((invalid: InvalidAuthorization) => Effect.Effect<void>) | undefined
}

/** A record of a list that does not decode. */
export interface InvalidAuthorization {
  /** The record's id. `None`: it has none, or an invalid one. */
  readonly id: Option.Option<string>
  /** The problem and its path in the page, without the value. */
  readonly message: string
}

/** The options of `pages` and `stream`. */
export interface StreamOptions extends ListOptions {
  /**
   * The number of requests in flight at most. By default 1: each page is fetched when it is pulled.
   *
   * **Details**
   *
   * With more, pages are prefetched, in order, from estimated positions. The listing then takes at most
   * `2 x pages + 2 x concurrency` requests, and pages can be shorter than `pageSize`.
   */
  readonly concurrency?: number | undefined
}

/** A page of a list. */
export interface Page {
  /** The authorizations, in the order of the list. */
  readonly items: ReadonlyArray<Authorization>
  /** Resumes the listing after this page, in any process. `None`: the list is complete. */
  readonly next: Option.Option<ListRange.Cursor>
}

/** The service. Its layers are in `HttpAuthorizationService`, `NodeAuthorizationService` and `MemoryAuthorizationService`. */
export class AuthorizationService extends Context.Service<AuthorizationService, Service>()(
  "@effect-heroku/core/AuthorizationService"
) {}

/**
 * Sends the code of the account's second factor with every request of an effect.
 *
 * **Details**
 *
 * In place of a code, an effect can return one. It runs when Heroku requires a code, once for all requests that need it, and
 * again when the code is rejected, because it is wrong or has expired: at most ten times for a call. Each time the requests
 * are sent again, and later ones carry the code, too. After it returned `None`, it does not run again, and every call that
 * needs a code fails with `TwoFactorRequired`. The time that it takes does not count as time of the call.
 *
 * **Example** (Asking for the code when Heroku requires it)
 *
 * ```ts
 * return yield* service.delete(id).pipe(AuthorizationService.withTwoFactorCode(askForCode))
 * ```
 */
export const withTwoFactorCode =
  (code: Redacted.Redacted | Effect.Effect<Option.Option<Redacted.Redacted>>) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() =>
      Effect.provideService(
        effect,
        TwoFactorCodes.TwoFactorCode,
        Effect.isEffect(code) ? TwoFactorCodes.latestOf(code) : TwoFactorCodes.always(Option.some(code))
      )
    )

/**
 * Retries the calls of an effect differently from the options of the layer: `{ times: 0 }` turns retries off. Options that are
 * left out stay as they are. The layer in memory retries nothing.
 */
export const withRetry = (options: RetryOptions) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.updateService(effect, CallOptions, (outer) => ({ ...outer, retry: { ...outer.retry, ...options } }))

/**
 * Limits the time of each call of an effect, with all its attempts and the delays between them.
 *
 * **Details**
 *
 * The call then fails with `RequestFailed`, reason `"timeout"`, and `outcomeUnknown` says whether Heroku may have acted.
 * `Effect.timeout` does not know that. A listing is one call for each page.
 */
export const withTimeout =
  (duration: Duration.Input) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.updateService(effect, CallOptions, (outer) => ({ ...outer, timeout: duration }))
