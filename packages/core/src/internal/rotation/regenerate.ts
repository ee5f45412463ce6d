/** Regenerates the tokens of one authorization and delivers the new access token. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Authorization, AuthorizationId } from "../../Authorization.ts"
import type { Listing } from "./listing.ts"
import * as Marks from "./marks.ts"
import type { RegenerateOptions, RegenerateOutcome, RotationError } from "./model.ts"
import { checkRotatable, conflict, deliver, find, type Run, type Step } from "./run.ts"

/** How many further times a run regenerates because the delivered token does not work. */
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
  const { mark, plain } = Marks.parse(authorization)
  if (mark !== Marks.regenerating) {
    const successors = before.successorsOf(id)
    if (mark !== "" || successors.length > 0) {
      return yield* conflict(id, successors, "Its replacement has begun. Complete that first, or remove the leftovers.")
    }
    yield* Marks.writeMarked(plain, Marks.regenerating, (description) => service.update(id, { description }))
  }
  const complete = Effect.fnUntraced(function*(after: Listing): Effect.fn.Return<RegenerateOutcome, RotationError> {
    const successors = after.successorsOf(id)
    // The mark stays: it stops other runs that would replace the authorization, and another run may have regenerated it.
    if (successors.length > 0) {
      const message =
        "A successor exists, and nothing was regenerated. Once no other run is at work: if a consumer uses the "
        + "successor, delete this authorization and run `replace`. Otherwise delete the successor with "
        + "`removeLeftovers({ ids })` and run `regenerate` again."
      return yield* conflict(id, successors, message)
    }
    yield* regenerateAndDeliver(authorization, plain, run, options)
    yield* service.update(id, { description: plain })
    return { _tag: "regenerated", id }
  })
  return { _tag: "pending", id, complete }
})

const regenerateAndDeliver = Effect.fnUntraced(function*(
  { id }: Authorization,
  plain: string,
  run: Run,
  { verify }: RegenerateOptions
): Effect.fn.Return<void, RotationError> {
  const { service } = run
  for (let attempt = 0; attempt <= maxFurtherRegenerations; attempt++) {
    const regenerated = yield* Effect.tapErrorTag(
      service.regenerate(id),
      "Forbidden",
      () => service.update(id, { description: plain })
    )
    if (yield* verify(yield* deliver(run, "regenerate", regenerated, id))) return
  }
  return yield* conflict(id, [], "Another run keeps regenerating its tokens. Regenerate them again once it has ended.")
})
