/** A rotation of many authorizations, with one line for the outcome of each. */
import { type Authorization, type AuthorizationId, isDirect } from "@effect-heroku/core/Authorization"
import * as Rotation from "@effect-heroku/core/Rotation"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { Connection } from "./connection.ts"
import type { Target } from "./deliverToDirectory.ts"
import { explain } from "./explain.ts"
import { withProgress } from "./progress.ts"
import { explainNotFound, failed } from "./stop.ts"
import { formatCount, safe } from "./text.ts"

/** The authorizations of a run, and the ids that no authorization has. */
export interface Planned {
  readonly targets: ReadonlyArray<Authorization>
  readonly missing: ReadonlyArray<AuthorizationId>
}

/** How tokens are rotated: regenerated `now`, or replaced. */
export interface Options {
  readonly now: boolean
  readonly team: Option.Option<string>
  readonly overlap: Option.Option<Duration.Duration>
  readonly expiresIn: Option.Option<Duration.Duration>
  /** The sentence that says how to continue after an interruption. */
  readonly howToContinue: string
}

/** Rotates, prints an outcome for each id, and fails unless all are rotated. */
export const runRotation = Effect.fnUntraced(function*(
  { expiresIn, howToContinue, now, overlap, team }: Options,
  { missing, targets }: Planned,
  { delivery, end }: Target
) {
  const ids = [...targets.map(({ id }) => id), ...missing]
  const clients = new Set(targets.filter((item) => !isDirect(item)).map(({ id }) => id))
  const { actingToken, verify } = yield* Connection
  const counts = { rotated: 0, waiting: 0, "not found": 0, failed: 0 }
  /** The ids whose new tokens are delivered, while their rotations are not complete. */
  const delivered = new Set<AuthorizationId>()
  const countingDelivery: Rotation.DeliveryService = {
    ...delivery,
    deliver: (input) => Effect.tap(delivery.deliver(input), () => Effect.sync(() => delivered.add(input.replaces)))
  }
  const rotated = new Set<AuthorizationId>()
  let canContinue = false
  const common = {
    actingToken,
    verify,
    team: Option.getOrUndefined(team),
    concurrency: 4
  }
  const outcomes: Stream.Stream<Outcome, Rotation.RunError, Rotation.Delivery | Services> = now
    ? Rotation.regenerateAll(ids, common)
    : Rotation.replaceAll(ids, {
      ...common,
      overlap: Option.getOrUndefined(overlap),
      expiresIn: Option.getOrUndefined(expiresIn)
    })
  const format = ([name, count]: readonly [string, number]) => `${formatCount(count)} ${name}`
  const summarize = () => Object.entries(counts).map(format).join(", ")
  const summarizeUnfinished = () =>
    [summarize(), ...delivered.size > 0 ? [format(["delivered", delivered.size])] : []].join(", ")

  yield* withProgress(
    "Rotated",
    Option.some(ids.length),
    ({ advance, print }) =>
      Stream.runForEach(outcomes, (outcome) =>
        Effect.gen(function*() {
          const kind = kinds[outcome._tag]
          counts[kind]++
          delivered.delete(outcome.id)
          if (kind === "rotated" || kind === "waiting") rotated.add(outcome.id)
          canContinue ||= outcome._tag === "failed" && !isFinal(outcome.error, clients.has(outcome.id))
          yield* advance(1, kind === "rotated")
          yield* print(`${safe(outcome.id)} ${describe(outcome)}`)
        })),
    () => {
      const { rotated: _, ...others } = counts
      return Object.entries({ delivered: delivered.size, ...others }).filter(([, count]) => count > 0).map(format)
    }
  ).pipe(
    Effect.provideService(Rotation.Delivery, countingDelivery),
    Effect.onInterrupt(() => Console.error(`Interrupted: ${summarizeUnfinished()}. ${howToContinue}`)),
    Effect.tapError(() => Console.error(`Stopped: ${summarizeUnfinished()}. ${howToContinue}`))
  )
  // A directory shows what is in use, and a run on it removes the rest.
  if (delivery.current === undefined && rotated.size > 0) yield* reportLeftovers(rotated, common.team)
  if (!canContinue) yield* end
  if (counts.failed + counts["not found"] > 0) {
    return yield* failed([
      summarize(),
      ...(counts["not found"] > 0 ? [explainNotFound] : []),
      ...(canContinue ? [howToContinue] : [])
    ].join(". "))
  }
  yield* Console.error(
    counts.waiting > 0 ? `${summarize()}. Run the same command again when the overlap is over` : summarize()
  )
})

/** Names the other successors of what this run rotated. Earlier runs created them, and could not deliver them. */
const reportLeftovers = (rotated: ReadonlySet<AuthorizationId>, team: string | undefined) =>
  Effect.matchEffect(Rotation.leftovers({ team }), {
    onFailure: () => Console.error("Leftovers of earlier runs could not be listed: `rotate --status` lists them"),
    onSuccess: (leftovers) => {
      const ids = leftovers
        .filter(({ replaces, state }) => state !== "delivered" && rotated.has(replaces))
        .map(({ authorization }) => safe(authorization.id))
      return ids.length === 0
        ? Effect.void
        : Console.error(
          `Earlier runs left over what is not in use. Remove it: heroku-authorizations revoke ${ids.join(" ")}`
        )
    }
  })

/**
 * Whether this authorization can only be rotated by another command, so that there is nothing to continue. The others of the
 * run would be rotated again. Not final is what concerns the acting token or the account, such as a missing scope.
 */
const isFinal = (error: Rotation.RotationError, isClients: boolean): boolean => {
  switch (error._tag) {
    case "NotReplaceable":
    case "OwnAuthorization":
      return true
    case "Forbidden":
      // Heroku regenerates those of privileged clients only.
      return error.operation === "regenerate" && isClients
    case "InvalidParams":
      return ["invalid_params", "bad_request"].includes(Option.getOrElse(error.errorId, () => "invalid_params"))
    default:
      return false
  }
}

type Services = Stream.Services<ReturnType<typeof Rotation.replaceAll>>
type Outcome = Rotation.ReplaceOutcome | Rotation.RegenerateOutcome | Rotation.Failed

const kinds = {
  replaced: "rotated",
  regenerated: "rotated",
  waiting: "waiting",
  gone: "not found",
  failed: "failed"
} as const

const describe = (outcome: Outcome): string => {
  switch (outcome._tag) {
    case "replaced":
      return `replaced by ${safe(outcome.successor)}`
    case "regenerated":
      return "regenerated"
    case "waiting":
      return `delivered ${safe(outcome.successor)}, the old token works until the command runs again after ${
        DateTime.formatIso(outcome.until)
      }`
    case "gone":
      return "not found"
    case "failed":
      return `failed: ${explain(outcome.error)}`
  }
}
