/** Successors that no run has completed. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Authorization, type AuthorizationId, matchToken } from "../../Authorization.ts"
import type { DeleteError, ListError } from "../../AuthorizationError.ts"
import { AuthorizationService } from "../../AuthorizationService.ts"
import { invalidInput } from "../validate.ts"
import * as Listing from "./listing.ts"
import * as Marks from "./marks.ts"
import { Delivery, type DeliveryFailed, type ReplaceOptions } from "./model.ts"
import { validateDuration } from "./run.ts"

/** A successor that no run has completed. */
export interface Leftover {
  /** The successor. */
  readonly authorization: Authorization
  /** The id of the authorization that it was created to replace. */
  readonly replaces: AuthorizationId
  /**
   * How far its run got.
   *
   * - `created`: the old authorization exists and does not name it. Whether it was delivered is unknown
   * - `delivered`: the old authorization names it. `replace` completes it
   * - `orphaned`: the old authorization is gone. `replace` completes one such successor
   */
  readonly state: "created" | "delivered" | "orphaned"
}

/** The options of `removeLeftovers`. */
export interface RemoveOptions extends Pick<ReplaceOptions, "actingToken" | "team"> {
  /** Removes these leftovers, whatever their state, and no others. By default those that are certainly not in use. */
  readonly ids?: Iterable<AuthorizationId> | undefined
  /** The age below which a run may still be at work on a leftover. It does not apply to `ids`. By default 1 hour. */
  readonly minAge?: Duration.Input | undefined
}

const listAll = (team: string | undefined) =>
  Effect.flatMap(AuthorizationService, (service) => Listing.list(service, team, "all"))

const findLeftovers = (listing: Listing.Listing): ReadonlyArray<Leftover> =>
  listing.kept.flatMap((authorization): ReadonlyArray<Leftover> => {
    const { replaces } = Marks.parse(authorization)
    if (replaces === undefined) return []
    const old = listing.get(replaces)
    const isNamed = old !== undefined && Marks.parse(old).replacedBy === authorization.id
    const state = isNamed ? "delivered" : listing.has(replaces) ? "created" : "orphaned"
    return [{ authorization, replaces, state }]
  })

/** Lists the successors that no run has completed, with their states. */
export const leftovers = (
  { team }: Pick<ReplaceOptions, "team"> = {}
): Effect.Effect<ReadonlyArray<Leftover>, ListError, AuthorizationService> => Effect.map(listAll(team), findLeftovers)

/**
 * Deletes leftovers that are certainly not in use, and returns their ids.
 *
 * **Details**
 *
 * Deletes a leftover if its old authorization is gone, it is older than `minAge`, and `Delivery.current` returns the token of
 * another authorization that works. Without `current`, only leftovers in `ids` are deleted. Never deletes the authorization of
 * `actingToken`.
 */
export const removeLeftovers = Effect.fnUntraced(function*(
  { actingToken, ids, minAge = "1 hour", team }: RemoveOptions = {}
): Effect.fn.Return<
  ReadonlyArray<AuthorizationId>,
  ListError | DeleteError | DeliveryFailed,
  AuthorizationService | Delivery
> {
  const service = yield* AuthorizationService
  const { current } = yield* Delivery
  const age = yield* validateDuration(
    minAge,
    (duration) => !Duration.isNegative(duration),
    invalidInput("delete", "minAge", "must be a duration of 0 or more")
  )
  const listing = yield* listAll(team)
  const now = yield* DateTime.now
  const named = ids === undefined ? undefined : new Set(ids)
  const youngest = DateTime.subtractDuration(now, age)

  const isRemovable = Effect.fnUntraced(function*({ authorization, replaces, state }: Leftover) {
    const { createdAt, id } = authorization
    if (actingToken !== undefined && matchToken(authorization, actingToken) !== "none") return false
    if (named !== undefined) return named.has(id)
    if (state !== "orphaned" || !DateTime.isLessThan(createdAt, youngest) || current === undefined) return false
    const token = yield* current(replaces)
    return Option.isSome(token) && matchToken(authorization, token.value) === "none"
      && Listing.isLive(listing, token.value, now)
  })

  const removed = yield* Effect.filter(findLeftovers(listing), isRemovable)
  yield* Effect.forEach(
    removed,
    ({ authorization }) => Effect.catchTag(service.delete(authorization.id), "NotFound", () => Effect.void),
    { discard: true }
  )
  return removed.map(({ authorization }) => authorization.id)
})
