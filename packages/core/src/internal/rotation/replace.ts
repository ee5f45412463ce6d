/** Replaces one authorization by a successor. The numbers are the steps of docs/rotating-tokens.md. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import {
  type Authorization,
  type AuthorizationId,
  isDirect,
  isExpired,
  matchToken,
  type TokenMatch
} from "../../Authorization.ts"
import type { InvalidParams } from "../../AuthorizationError.ts"
import { maxLifetimeSeconds } from "../lifetime.ts"
import { invalidInput } from "../validate.ts"
import { isLive, type Listing } from "./listing.ts"
import * as Marks from "./marks.ts"
import { NotReplaceable, type ReplaceOptions, type ReplaceOutcome, type RotationError } from "./model.ts"
import { checkRotatable, conflict, deliver, find, type Run, type Step, tokenId, validateDuration } from "./run.ts"

/** How many further successors a run creates because it does not know the outcomes of the creates before. */
const maxFurtherCreates = 2

/** How often a run starts at step 3 because another run changed the old authorization while it created a successor. */
const maxStarts = 3

/** Valid options. */
export interface Settings extends ReplaceOptions {
  readonly expiresIn: Duration.Duration | undefined
  readonly overlap: Duration.Duration
}

/** Checks the durations. */
export const parseOptions = Effect.fnUntraced(
  function*(options: ReplaceOptions): Effect.fn.Return<Settings, InvalidParams> {
    const { expiresIn, overlap = 0 } = options
    return {
      ...options,
      expiresIn: expiresIn === undefined
        ? undefined
        : yield* validateDuration(
          expiresIn,
          Duration.isPositive,
          invalidInput("create", "expiresIn", "must be a duration of more than 0")
        ),
      overlap: yield* validateDuration(
        overlap,
        // Its end is a valid date then.
        (duration) => Duration.between(duration, { minimum: Duration.zero, maximum: maxOverlap }),
        invalidInput("delete", "overlap", `must be a duration from 0 to ${maxLifetimeSeconds} seconds`)
      )
    }
  }
)

const maxOverlap = Duration.seconds(maxLifetimeSeconds)

/** Steps 2 to 6 for the authorization that an id stands for. */
export const prepare = Effect.fnUntraced(function*(
  given: AuthorizationId,
  run: Run,
  settings: Settings
): Effect.fn.Return<Step<ReplaceOutcome>, RotationError> {
  const { before, claim, service } = run
  let named = findOld(given, before)
  let found = yield* find(service, named)
  if (Option.isSome(found) && found.value.id !== named) {
    // `~` can name a successor.
    named = findOld(found.value.id, before)
    if (named !== found.value.id) found = yield* find(service, named)
  }
  const id = Option.match(found, { onNone: () => named, onSome: (old) => old.id })
  if (!claim(id)) return { _tag: "claimed" }
  if (Option.isNone(found)) return adoptLater(id, run)
  const old = found.value
  yield* checkRotatable(old, run, settings)
  if (!isDirect(old)) {
    const message = "It belongs to an OAuth client. Revoke it and authorize the client again."
    return yield* new NotReplaceable({ id, reason: "client", message })
  }
  return yield* advance(old, run, settings)
})

/** Returns the id of the old authorization if the given one is a successor, so that successors are not replaced. */
const findOld = (given: AuthorizationId, before: Listing): AuthorizationId => {
  const seen = new Set<AuthorizationId>()
  let id = given
  for (let next: AuthorizationId | undefined = id; next !== undefined && !seen.has(next);) {
    id = next
    seen.add(id)
    const authorization = before.get(id)
    next = authorization && Marks.parse(authorization).replaces
  }
  return id
}

/** Steps 3 to 6: continues with the successor that the mark names, or creates, delivers and marks one. */
const advance = Effect.fnUntraced(function*(
  read: Authorization,
  run: Run,
  settings: Settings
): Effect.fn.Return<Step<ReplaceOutcome>, RotationError> {
  const { before, service } = run
  const { id } = read
  let old = read
  let furtherCreates = maxFurtherCreates
  for (let start = 0; start < maxStarts; start++) {
    const { mark, plain, replacedBy, replaces } = Marks.parse(old)
    if (mark === Marks.regenerating) {
      return yield* conflict(
        id,
        before.successorsOf(id),
        "Its tokens are being regenerated, or that was interrupted. Regenerate them first."
      )
    }
    if (replaces !== undefined) {
      return yield* conflict(id, [], `It was marked as the successor of ${replaces} after this run began.`)
    }
    const observedAt = yield* DateTime.now
    if (replacedBy !== undefined) {
      const named = yield* find(service, replacedBy)
      if (Option.isSome(named) && isUsable(named.value, id, observedAt)) {
        const expiresIn = lifetimeOf(named.value, observedAt)
        const waiting = yield* findWait({ old, successor: named.value, expiresIn }, settings)
        return Option.isSome(waiting)
          ? { _tag: "done", outcome: waiting.value }
          : finishLater({ old, successor: named.value, plain, expiresIn }, run, settings)
      }
    }

    const expiresIn = yield* chooseLifetime(old, observedAt, settings)
    const successor = yield* Marks.writeMarked(plain, Marks.replaces(id), (description) =>
      service.create({
        description,
        scope: old.scope,
        expiresIn: Option.getOrUndefined(expiresIn),
        team: settings.team
      }).pipe(
        // After an invalid response with the status of a success, the successor exists.
        Effect.retry({
          while: (error) => error.outcomeUnknown && error._tag !== "InvalidResponse" && furtherCreates-- > 0
        })
      ))

    const again = yield* find(service, id)
    if (Option.isSome(again) && Marks.parse(again.value).mark === mark) {
      return yield* deliverAndMark({ old: again.value, successor, expiresIn }, run, settings)
    }
    // The successor was never delivered.
    yield* Effect.catchTag(service.delete(successor.id), "NotFound", () => Effect.void)
    if (Option.isNone(again)) return adoptLater(id, run)
    old = again.value
  }
  return yield* conflict(id, before.successorsOf(id), "Other runs keep changing it.")
})

/** An old authorization, its successor, and the lifetime that the successor was created with. */
interface Delivered {
  readonly old: Authorization
  readonly successor: Authorization
  readonly expiresIn: Option.Option<Duration.Duration>
}

/** Step 6. */
const deliverAndMark = Effect.fnUntraced(function*(
  { expiresIn, old, successor }: Delivered,
  run: Run,
  settings: Settings
): Effect.fn.Return<Step<ReplaceOutcome>, RotationError> {
  const { service } = run
  const { id } = old
  const token = yield* deliver(run, "create", successor, id)
  if (settings.verify !== undefined && !(yield* settings.verify(token))) {
    const message = "The delivered token does not work: its authorization was changed."
    return yield* conflict(id, [...run.before.successorsOf(id), successor], message)
  }
  const { plain } = Marks.parse(old)
  const marked = yield* Marks.writeMarked(
    plain,
    Marks.replacedBy(successor.id),
    (description) => service.update(id, { description })
  ).pipe(Effect.asSome, Effect.catchTag("NotFound", () => Effect.succeedNone))
  // If another run deleted it, the second listing shows that.
  const markedAt = yield* DateTime.now
  return finishLater({ old: Option.getOrElse(marked, () => old), successor, plain, expiresIn, markedAt }, run, settings)
})

/** An old authorization that names its successor, which is delivered. */
interface Marked extends Delivered {
  /** The description that the successor gets. */
  readonly plain: string
  /** When this run marked the old authorization, by the clock of this machine. */
  readonly markedAt?: DateTime.Utc
}

/**
 * Returns an outcome if the overlap has not ended. The run that marks always waits: a clock that is ahead of Heroku's would end
 * the overlap at once. Without an overlap nothing waits, not even for a clock that is slow.
 */
const findWait = (
  { expiresIn, old: { id, updatedAt }, successor }: Delivered,
  { overlap }: Settings,
  markedAt?: DateTime.Utc
): Effect.Effect<Option.Option<ReplaceOutcome>> =>
  Effect.map(DateTime.now, (now) => {
    const until = DateTime.addDuration(markedAt === undefined ? updatedAt : DateTime.max(updatedAt, markedAt), overlap)
    return !Duration.isZero(overlap) && (markedAt !== undefined || DateTime.isGreaterThan(until, now))
      ? Option.some({ _tag: "waiting", id, successor: successor.id, until, expiresIn })
      : Option.none()
  })

/** Steps 7 and 8. The listing comes before the wait, because a run must look for others after its mark. */
const finishLater = (
  { expiresIn, markedAt, old, plain, successor }: Marked,
  run: Run,
  settings: Settings
): Step<ReplaceOutcome> => {
  const { before, service } = run
  const { id } = old
  const complete = Effect.fnUntraced(function*(after: Listing): Effect.fn.Return<ReplaceOutcome, RotationError> {
    const successors = after.successorsOf(id)
    const oldNow = after.get(id)
    const successorNow = after.get(successor.id)
    const appeared = successors.some((one) => one.id !== successor.id && !before.has(one.id))
    if (
      appeared || successorNow === undefined || oldNow === undefined
      || Marks.parse(oldNow).mark !== Marks.replacedBy(successor.id)
      || tokenId(oldNow) !== tokenId(old)
    ) {
      // A successor that another run has completed has the plain description.
      const completed = after.kept.filter((one) => !before.has(one.id) && Marks.parse(one).plain === plain)
      const message =
        "Another run is at work, the response of a create was lost, or a successor was changed. Nothing was deleted."
      return yield* conflict(
        id,
        [...successors, ...successorNow === undefined ? [] : [successorNow], ...completed],
        message
      )
    }
    const waiting = yield* findWait({ old, successor, expiresIn }, settings, markedAt)
    if (Option.isSome(waiting)) return waiting.value
    if (isExpired(successorNow, after.observedAt, yield* DateTime.now)) {
      const message = "The token of its successor has expired. Nothing was deleted. Run the rotation again."
      return yield* conflict(id, successors, message)
    }
    yield* Effect.catchTag(service.delete(id), "NotFound", () => Effect.void)
    // A successor without its mark was renamed, and keeps its new name.
    if (Marks.parse(successorNow).mark === Marks.replaces(id)) {
      yield* service.update(successor.id, { description: plain })
    }
    return { _tag: "replaced", id, successor: successor.id, expiresIn }
  })
  return { _tag: "pending", id, complete }
}

/** Step 8 alone, when the old authorization is gone. */
const adoptLater = (id: AuthorizationId, { delivery, service }: Run): Step<ReplaceOutcome> => {
  const complete = Effect.fnUntraced(function*(after: Listing): Effect.fn.Return<ReplaceOutcome, RotationError> {
    const successors = after.successorsOf(id)
    if (successors.length === 0) return { _tag: "gone", id }
    const now = yield* DateTime.now
    let candidates = successors
    if (delivery.current !== undefined) {
      const token = Option.getOrUndefined(yield* delivery.current(id))
      const matches = (...kinds: ReadonlyArray<TokenMatch>) =>
        token === undefined ? [] : successors.filter((one) => kinds.includes(matchToken(one, token)))
      const exact = matches("exact")
      candidates = exact.length > 0 ? exact : matches("masked", "unknown")
      const isElsewhere = candidates.length === 0 && token !== undefined && isLive(after, token, now)
      // The consumer has another token that works, so the successors are leftovers.
      if (isElsewhere) return { _tag: "gone", id }
      // A single successor whose token cannot be compared is not known to be in use.
      if (exact.length === 0 && matches("unknown").length > 0) candidates = []
    }
    candidates = candidates.filter((one) => !isExpired(one, after.observedAt, now))
    const [successor] = candidates
    if (successor === undefined || candidates.length > 1) {
      const message =
        "It is gone, and which of its successors is delivered is unknown. Deliver a token that works, and delete "
        + "successors that no consumer uses with `removeLeftovers({ ids })`."
      return yield* conflict(id, successors, message)
    }
    const expiresIn = lifetimeOf(successor, now)
    yield* service.update(successor.id, { description: Marks.parse(successor).plain })
    return { _tag: "replaced", id, successor: successor.id, expiresIn }
  })
  return { _tag: "pending", id, complete }
}

/** Whether an authorization is a successor that a run delivered and whose token works. */
const isUsable = (authorization: Authorization, id: AuthorizationId, observedAt: DateTime.Utc): boolean =>
  isDirect(authorization) && Marks.parse(authorization).replaces === id && !isExpired(authorization, observedAt)

/** Returns the lifetime that a direct authorization was created with. `None`: it never expires. */
const lifetimeOf = (authorization: Authorization, observedAt: DateTime.Utc): Option.Option<Duration.Duration> =>
  authorization.accessToken.pipe(
    Option.flatMap((token) => token.expiresIn),
    Option.map((remaining) => {
      // By a slow clock it was created in the future: it keeps at least what remains.
      const age = Duration.max(Duration.zero, DateTime.distance(authorization.createdAt, observedAt))
      return Duration.seconds(Math.max(1, Math.round(Duration.toSeconds(Duration.sum(remaining, age)))))
    })
  )

/** Returns the lifetime of the successor. `None`: it never expires. */
const chooseLifetime = (
  old: Authorization,
  observedAt: DateTime.Utc,
  { expiresIn }: Settings
): Effect.Effect<Option.Option<Duration.Duration>, NotReplaceable> => {
  if (expiresIn !== undefined) return Effect.succeed(Option.liftPredicate(expiresIn, Duration.isFinite))
  if (Option.isSome(old.accessToken) && !isExpired(old, observedAt)) return Effect.succeed(lifetimeOf(old, observedAt))
  const message = "It has expired or has no token, so that the lifetime of a successor is unknown. Pass `expiresIn`."
  return Effect.fail(new NotReplaceable({ id: old.id, reason: "lifetime", message }))
}
