/**
 * The account behind the memory layer or the fake API. Tests use it to read the real state, and to change it as another
 * program would.
 *
 * All layers of this package provide it. The service itself does not need it.
 */
import type { Authorization } from "@effect-heroku/core/Authorization"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type * as Stream from "effect/Stream"
import type { Seed } from "./internal/seeds.ts"

export type { AuthorizationSeed, ClientSeed, Seed, TeamSeed, UserSeed, WireSeed } from "./internal/seeds.ts"

/** The operations on an account. They are not calls: no fault affects them, and they are not recorded. */
export interface Service {
  /** The number of authorizations, including those of teams. */
  readonly size: Effect.Effect<number>
  /**
   * Every authorization in the order of the list, then those of each team, with lifetimes as of now and tokens in clear.
   */
  readonly authorizations: Effect.Effect<ReadonlyArray<Authorization>>
  /**
   * Every authorization as Heroku's JSON, with its secrets in clear: to store it, and to use it as the `seed` of another
   * account. Those of a team have the key `team`. It is the account as of the start of the stream.
   */
  readonly json: Stream.Stream<string>
  /** The tokens that the account has issued and that were revoked or replaced since: `revokedTokens` of another account. */
  readonly revokedTokens: Effect.Effect<ReadonlyArray<Redacted.Redacted>>
  /** Returns one authorization, with its tokens in clear. */
  readonly get: (id: string) => Effect.Effect<Option.Option<Authorization>>
  /** Inserts authorizations, each replacing one with the same id, and returns them. */
  readonly put: (...seeds: ReadonlyArray<Seed>) => Effect.Effect<ReadonlyArray<Authorization>>
  /** Removes authorizations, as if another program had deleted them. Ignores missing ones. */
  readonly remove: (...ids: ReadonlyArray<string>) => Effect.Effect<void>
  /** Sets the authorization that `~` names; `undefined` for none. */
  readonly setDefault: (id: string | undefined) => Effect.Effect<void>
}

/** The account of the layer under test. Of a fake API with several accounts it is the main one. */
export class HerokuAccount extends Context.Service<HerokuAccount, Service>()("@effect-heroku/testing/HerokuAccount") {}
