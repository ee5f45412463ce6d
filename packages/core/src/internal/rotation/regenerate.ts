/** Regenerates the tokens of one authorization and delivers the new access token. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AuthorizationId } from "../../Authorization.ts"
import * as Listing from "./listing.ts"
import * as Marks from "./marks.ts"
import type { RegenerateOptions, RegenerateOutcome, RotationConflict, RotationError } from "./model.ts"
import { checkRotatable, conflict, deliver, find, type Run, type Step, tokenId } from "./run.ts"

/** How many further times a run regenerates because the delivered token does not work or is not the newest. */
const maxFurtherRegenerations = 3

/** Marks the authorization. */
export const prepare = Effect.fnUntraced(function*(
  given: AuthorizationId,
  run: Run,
  options: RegenerateOptions
): Effect.fn.Return<Step<RegenerateOutcome>, RotationError> {
  const { before, claim, service } = run
  const found = yield* find(service, given)
  if (Option.isNone(found)) return { _tag: "done", outcome: { _tag: "gone", id: given } }
  const authorization = found.value
  const { id } = authorization
  if (!claim(id)) return { _tag: "claimed" }
  yield* checkRotatable(authorization, run, options)
  const { mark: previous, plain } = Marks.parse(authorization)
  const mark = Marks.writeMarked(plain, Marks.regenerating, (description) => service.update(id, { description }))
  if (previous !== Marks.regenerating) {
    const successors = before.successorsOf(id)
    if (previous !== "" || successors.length > 0) {
      return yield* conflict(id, successors, "Its replacement has begun. Complete that first, or remove the leftovers.")
    }
    yield* mark
  }
  const complete = Effect.fnUntraced(
    function*(after: Listing.Listing): Effect.fn.Return<RegenerateOutcome, RotationError> {
      let listing = after
      for (let attempt = 0; attempt <= maxFurtherRegenerations; attempt++) {
        yield* checkSuccessors(id, listing)
        const regenerated = yield* Effect.tapErrorTag(
          service.regenerate(id),
          ["Forbidden", "TwoFactorRequired"],
          () => Effect.ignore(service.update(id, { description: plain }))
        )
        if (!(yield* options.verify(yield* deliver(run, "regenerate", regenerated, id)))) continue
        const unmarked = yield* service.update(id, { description: plain })
        if (tokenId(unmarked) === tokenId(regenerated)) return { _tag: "regenerated", id }
        // Another run has regenerated the tokens since, and can have been interrupted: without a mark no later run would know.
        yield* mark
        listing = yield* Listing.list(service, options.team, "marked")
      }
      return yield* conflict(
        id,
        [],
        "Another run keeps regenerating its tokens. Regenerate them again once it has ended."
      )
    }
  )
  return { _tag: "pending", id, complete }
})

/** Fails if a successor exists. The mark stays: it stops runs that would replace it, and another run may have regenerated it. */
const checkSuccessors = (id: AuthorizationId, listing: Listing.Listing): Effect.Effect<void, RotationConflict> => {
  const successors = listing.successorsOf(id)
  if (successors.length === 0) return Effect.void
  const message =
    "A successor exists, so this run stopped and left its mark. Once no other run is at work: if a consumer uses the "
    + "successor, delete this authorization and run `replace`. Otherwise delete the successor with "
    + "`removeLeftovers({ ids })` and run `regenerate` again."
  return conflict(id, successors, message)
}
