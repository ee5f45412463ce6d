/** `HerokuAccount` over the store that the layers share. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import type * as HerokuAccount from "../HerokuAccount.ts"
import { type AuthorizationRecord, toAuthorization, wireAt } from "./records.ts"
import type { Store } from "./store.ts"

export const fromStore = (store: Store): HerokuAccount.Service => {
  const at = <A>(read: (now: number) => A): Effect.Effect<A> => Effect.map(Clock.currentTimeMillis, read)
  return {
    size: Effect.sync(store.size),
    authorizations: at((now) => store.records().map((record) => toAuthorization(record, now))),
    json: Stream.unwrap(at((now) =>
      // In chunks, so that other fibers run in between.
      Stream.fromIterable(store.records(), { chunkSize: 1000 }).pipe(
        Stream.map((record) => toJson(record, now))
      )
    )),
    revokedTokens: Effect.sync(() => store.revokedTokens().map((token) => Redacted.make(token))),
    get: (id) =>
      at((now) => Option.map(Option.fromUndefinedOr(store.get(id)), (record) => toAuthorization(record, now))),
    put: (...seeds) => at((now) => seeds.map((seed) => toAuthorization(store.insert(seed, now), now))),
    remove: (...ids) =>
      Effect.sync(() => {
        for (const id of ids) store.remove(id)
      }),
    setDefault: (id) => Effect.sync(() => store.setDefault(id))
  }
}

const toJson = (record: AuthorizationRecord, now: number): string =>
  JSON.stringify({ ...wireAt(record, now), ...(record.team && { team: record.team.name }) })
