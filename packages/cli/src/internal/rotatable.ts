/** The authorizations that a rotation would reject. The plan leaves them out. */
import * as Authorization from "@effect-heroku/core/Authorization"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { isMarked } from "./marks.ts"
import { safe } from "./text.ts"

/** The flags of `rotate` that decide what it can replace. */
export interface Flags {
  readonly now: boolean
  readonly expiresIn: Option.Option<unknown>
}

/** Separates what can be rotated, and formats a line for each of the others. */
export const checkRotatable = Effect.fnUntraced(
  function*(items: ReadonlyArray<Authorization.Authorization>, flags: Flags) {
    const observedAt = yield* DateTime.now
    const rotatable: Array<Authorization.Authorization> = []
    const leftOut: Array<string> = []
    for (const item of items) {
      const reason = findReason(item, flags, observedAt)
      if (reason === undefined) rotatable.push(item)
      else leftOut.push(`Left out: ${safe(item.id)}, which ${reason}`)
    }
    return { rotatable, leftOut }
  }
)

const findReason = (
  item: Authorization.Authorization,
  { expiresIn, now }: Flags,
  observedAt: DateTime.Utc
): string | undefined => {
  // `--now` needs no successor, and a rotation that has begun has one.
  if (now || isMarked(item)) return undefined
  if (!Authorization.isDirect(item)) {
    return "belongs to an OAuth client. Revoke it and authorize the client again"
  }
  if (Option.isNone(expiresIn) && (Option.isNone(item.accessToken) || Authorization.isExpired(item, observedAt))) {
    return "has expired or has no token. Pass --expires-in to replace it, or revoke it"
  }
  return undefined
}
