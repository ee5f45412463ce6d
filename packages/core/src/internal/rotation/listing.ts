/** A listing of the account, reduced to what a rotation needs: all ids, and the authorizations that matter to it. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { type Authorization, type AuthorizationId, isExpired, matchToken } from "../../Authorization.ts"
import type { ListError } from "../../AuthorizationError.ts"
import type { InvalidAuthorization, Service } from "../../AuthorizationService.ts"
import * as Marks from "./marks.ts"

export interface Listing {
  /** When the listing began: the remaining lifetimes of its tokens are not shorter than they were then. */
  readonly observedAt: DateTime.Utc
  /** Whether the authorization exists. */
  readonly has: (id: AuthorizationId) => boolean
  /** Returns an authorization if it has a mark or the listing is complete. */
  readonly get: (id: AuthorizationId) => Authorization | undefined
  /** The authorizations with a mark, or all if the listing is complete. */
  readonly kept: ReadonlyArray<Authorization>
  /** Returns the authorizations that are marked as successors of an authorization. */
  readonly successorsOf: (id: AuthorizationId) => ReadonlyArray<Authorization>
}

/** Lists the account, and keeps all authorizations or those that have a mark. */
export const list = Effect.fnUntraced(function*(
  service: Service,
  team: string | undefined,
  keeps: "all" | "marked"
): Effect.fn.Return<Listing, ListError> {
  const observedAt = yield* DateTime.now
  const ids = new Set<string>()
  const kept = new Map<AuthorizationId, Authorization>()
  const successors = new Map<AuthorizationId, Array<Authorization>>()
  // A record that does not decode exists. A run delivers no successor whose record did not decode.
  const onInvalid = ({ id }: InvalidAuthorization) =>
    Effect.sync(() => {
      if (Option.isSome(id)) ids.add(id.value)
    })
  yield* Stream.runForEachArray(service.stream({ team, onInvalid }), (authorizations) =>
    Effect.sync(() => {
      for (const authorization of authorizations) {
        ids.add(authorization.id)
        const { mark, replaces } = Marks.parse(authorization)
        if (keeps === "all" || mark !== "") kept.set(authorization.id, authorization)
        if (replaces !== undefined) successors.set(replaces, [...successors.get(replaces) ?? [], authorization])
      }
    }))
  return {
    observedAt,
    has: (id) => ids.has(id),
    get: (id) => kept.get(id),
    kept: [...kept.values()],
    successorsOf: (id) => successors.get(id) ?? []
  }
})

/** Returns whether a token belongs to an authorization of a complete listing that has not expired. */
export const isLive = ({ kept, observedAt }: Listing, token: Redacted.Redacted, now: DateTime.Utc): boolean =>
  kept.some((one) => !isExpired(one, observedAt, now) && ["exact", "masked"].includes(matchToken(one, token)))
