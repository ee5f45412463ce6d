/**
 * The account behind the memory layer or the imitation, for tests to look into and to change behind the service's back:
 * what somebody else did meanwhile, and what is really there whatever the program was told.
 *
 * Both layers provide it. What the service itself does is not here.
 */
import type { Authorization } from "@effect-heroku/core/Authorization"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type { Seed } from "./internal/records.ts"

export type { AuthorizationSeed, ClientSeed, Seed, UserSeed, WireSeed } from "./internal/records.ts"

/** What tests do with an account. Nothing of it counts as a call: no fault strikes, and nothing is recorded. */
export interface Service {
  /** How many authorizations there are. */
  readonly size: Effect.Effect<number>
  /** Every authorization in the order of the list, its lifetimes counted down to now. */
  readonly authorizations: Effect.Effect<ReadonlyArray<Authorization>>
  /**
   * The same, each as Heroku's JSON: with its secrets in clear, to be kept and to be the `seed` of another account. It is
   * the account as it is when the stream starts.
   */
  readonly json: Stream.Stream<string>
  /** One authorization; none when the account has none with that id. */
  readonly get: (id: string) => Effect.Effect<Option.Option<Authorization>>
  /** Puts authorizations in, each in the place of one with the same id, and gives them as they are now. */
  readonly put: (...seeds: ReadonlyArray<Seed>) => Effect.Effect<ReadonlyArray<Authorization>>
  /** Takes authorizations out, as if somebody else had deleted them; those that are not there are no matter. */
  readonly remove: (...ids: ReadonlyArray<string>) => Effect.Effect<void>
  /** Says which authorization `~` names from now on; none with `undefined`. */
  readonly setDefault: (id: string | undefined) => Effect.Effect<void>
}

/** The account of the layer under test. Of an imitation of several accounts it is the main one. */
export class HerokuAccount extends Context.Service<HerokuAccount, Service>()("@effect-heroku/testing/HerokuAccount") {}
