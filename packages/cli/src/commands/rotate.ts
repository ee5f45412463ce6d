/** `rotate`: replaces authorizations and delivers the new tokens, after showing the plan and asking. */
import type { Authorization } from "@effect-heroku/core/Authorization"
import * as Rotation from "@effect-heroku/core/Rotation"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import { confirm, yesOrNo } from "../internal/confirm.ts"
import * as Connection from "../internal/connection.ts"
import * as DeliverToCommand from "../internal/deliverToCommand.ts"
import * as DeliverToDirectory from "../internal/deliverToDirectory.ts"
import { all, yes } from "../internal/flags.ts"
import { readIds } from "../internal/ids.ts"
import { findReplaced } from "../internal/marks.ts"
import { limitLines, makePlan, selectTargets } from "../internal/plan.ts"
import { checkRotatable } from "../internal/rotatable.ts"
import { printStatus } from "../internal/rotationStatus.ts"
import { type Planned, runRotation } from "../internal/runRotation.ts"
import * as Selection from "../internal/selection.ts"
import { exitCodes, failed, invalidUsage } from "../internal/stop.ts"
import { countOf, safe } from "../internal/text.ts"
import { duration, positiveDuration, time } from "../internal/times.ts"

const flags = {
  selection: Selection.input,
  all,
  yes,
  deliverTo: Flag.String("deliver-to").pipe(
    Flag.withMetavar("DIR"),
    Flag.optional,
    Flag.withDescription("Write each token to a file named by the id of the authorization that was replaced first")
  ),
  deliverCommand: Flag.String("deliver-command").pipe(
    Flag.withMetavar("CMD"),
    Flag.optional,
    Flag.withDescription(
      "Run a shell command for each token: the token is its input, and HEROKU_AUTHORIZATION_ID and HEROKU_REPLACES_ID are set"
    )
  ),
  deliverTimeout: positiveDuration("deliver-timeout").pipe(
    Flag.withDefault(Duration.minutes(1)),
    Flag.withDescription("How long the command may take for each token, by default 1m")
  ),
  overlap: duration("overlap").pipe(
    Flag.optional,
    Flag.withDescription(
      "How long old tokens still work, such as 2h; run the command again then. By default not at all"
    )
  ),
  expiresIn: positiveDuration("expires-in").pipe(
    Flag.optional,
    Flag.withDescription("How long new tokens work, by default as long as the old ones were created for")
  ),
  now: Flag.Boolean("now").pipe(
    Flag.withoutNegation,
    Flag.withDefault(false),
    Flag.withDescription("Regenerate tokens in place: old ones stop working at once, before the new ones are delivered")
  ),
  since: time("since").pipe(
    Flag.optional,
    Flag.withDescription("With --now and --deliver-to: skip what was delivered at or after this time")
  ),
  status: Flag.Boolean("status").pipe(
    Flag.withoutNegation,
    Flag.withDefault(false),
    Flag.withDescription("Only list rotations that wait or were left over")
  )
}

type Input = Command.Command.Config.Infer<typeof flags>

export const rotate = Command.make("rotate", flags, (input) =>
  Effect.gen(function*() {
    yield* checkDelivery(input)
    if (input.status) {
      const delivered = Option.isSome(input.deliverTo)
        ? yield* (yield* DeliverToDirectory.make(input.deliverTo.value)).findDelivered
        : undefined
      return yield* printStatus(Option.getOrUndefined(input.selection.team), delivered)
    }
    yield* checkUsage(input)
    const target: DeliverToDirectory.Target = Option.isSome(input.deliverTo)
      ? yield* DeliverToDirectory.make(input.deliverTo.value)
      : {
        delivery: yield* DeliverToCommand.make(Option.getOrThrow(input.deliverCommand), input.deliverTimeout),
        acquire: Effect.void,
        findCurrent: () => Effect.succeed((id) => id),
        findDelivered: Effect.succeed(new Set()),
        findRemaining: (items) => Effect.succeed({ remaining: items, continued: Option.none() }),
        begin: () => Effect.void,
        end: Effect.void,
        removeLeftovers: () => Effect.succeed([])
      }
    yield* rotateSelected(input, target)
  }).pipe(Effect.scoped, Effect.provideService(Connection.Team, input.selection.team), Connection.withAccount)).pipe(
    Command.withDescription(
      `Replaces tokens without an interruption, and delivers the new ones${exitCodes("rotated")}`
    ),
    Command.withShortDescription("Replaces tokens without an interruption, and delivers the new ones"),
    Command.withExamples([
      {
        command: "heroku-authorizations rotate --older-than 90d --deliver-to tokens --overlap 2h",
        description: "Old tokens still work for two hours. Run it again then to delete them"
      },
      {
        command: "heroku-authorizations rotate ID --deliver-command 'gh secret set HEROKU_API_KEY'",
        description: "Deliver to a program that reads the token from its standard input"
      }
    ])
  )

/** An unset variable in a script passes an empty text. */
const checkDelivery = ({ deliverCommand, deliverTo }: Input) => {
  const isBlank = (text: Option.Option<string>) => Option.exists(text, (value) => value.trim() === "")
  if (isBlank(deliverTo)) return invalidUsage("--deliver-to is empty: pass a directory")
  if (isBlank(deliverCommand)) return invalidUsage("--deliver-command is empty: pass a command")
  return Effect.void
}

const checkUsage = ({ deliverCommand, deliverTo, now, overlap, since }: Input) => {
  if (Option.isSome(deliverTo) === Option.isSome(deliverCommand)) {
    return invalidUsage("Pass either --deliver-to or --deliver-command: new tokens are shown nowhere else")
  }
  if (now && Option.isSome(overlap)) {
    return invalidUsage("--overlap is impossible with --now: old tokens stop working at once")
  }
  if (Option.isSome(since) && !(now && Option.isSome(deliverTo))) {
    return invalidUsage("--since needs --now and --deliver-to")
  }
  return Effect.void
}

const rotateSelected = Effect.fnUntraced(function*(input: Input, target: DeliverToDirectory.Target) {
  const { command, isNamed, masked, missing, notes, others, own } = yield* select(input, target)
  const { leftOut, rotatable } = yield* checkRotatable(withoutSuccessors(others), input)
  const run = { command, since: input.since }
  const { continued, remaining } = yield* target.findRemaining(rotatable, run)
  const interrupted = input.now || Option.isNone(continued) ? [] : yield* findInterrupted(input, target, remaining)
  const count = countOf(remaining.length, "authorization")
  const [verb, title] = input.now ? ["Regenerate", "Regenerate the tokens of"] : ["Replace", "Replace"]
  const plan = yield* makePlan({
    title: `${title} ${count}`,
    targets: remaining,
    missing,
    // The rotation completes a successor that an interrupted run left.
    ifMissing: input.now ? "" : ". If an earlier run has created a successor, this one completes it",
    masked
  }, [
    ...limitLines(notes),
    ...(input.now ? ["Old tokens stop working at once, before the new ones are delivered"] : []),
    ...(interrupted.length > 0
      ? [`Completes ${countOf(interrupted.length, "authorization")} that an unfinished run delivered`]
      : []),
    ...own.map(({ id }) => `Left out: ${safe(id)}, whose token this command uses. Rotate it with another token`),
    ...limitLines(leftOut),
    ...(remaining.length < rotatable.length
      ? [
        `Skipped: ${countOf(rotatable.length - remaining.length, "authorization")} delivered since ${
          Option.match(continued, {
            onNone: () => "then",
            onSome: (start) => `an unfinished run of this command began at ${DateTime.formatIso(start)}`
          })
        }`
      ]
      : [])
  ])
  if (rotatable.length + interrupted.length + (input.now ? 0 : missing.length) === 0) {
    yield* Console.error(plan.join("\n"))
    return yield* failed("Nothing to rotate: no authorization that can be rotated is selected")
  }
  const question = remaining.length > 0
    ? `${verb} ${count}?`
    : missing.length > 0
    ? `Complete what earlier runs left of ${countOf(missing.length, "authorization")} that ${
      missing.length === 1 ? "was" : "were"
    } not found?`
    : interrupted.length > 0
    ? `Complete ${countOf(interrupted.length, "authorization")} that an unfinished run delivered?`
    : "Remove what earlier runs left over?"
  yield* confirm({ plan, yes: input.yes, question: yesOrNo(question) })
  yield* target.acquire
  yield* rotateRemaining(input, target, run, { targets: remaining, missing: [...missing, ...interrupted] })
  if (own.length + leftOut.length > 0 && isNamed) {
    return yield* failed("All but the authorizations that the plan leaves out are rotated")
  }
})

/** Reads the selection. An id that is gone and names a file stands for the authorization whose token the file contains. */
const select = Effect.fnUntraced(function*({ all, now, selection }: Input, { findCurrent }: DeliverToDirectory.Target) {
  const stdio = yield* Stdio.Stdio
  // Read once, because the ids in it identify the run, too.
  const stdin = selection.ids.includes("-") ? yield* Stream.runCollect(stdio.stdin) : []
  const withStdin = Effect.provideService(Stdio.Stdio, { ...stdio, stdin: Stream.fromIterable(stdin) })
  const ids = (yield* withStdin(readIds(selection.ids))).map(({ id }) => id).toSorted()
  const command = JSON.stringify([{ ...selection, ids }, all, now])

  const current = yield* findCurrent(command)
  const excluded = selection.not.map(current)
  const alsoNot = [...selection.not, ...excluded]
  const given = yield* withStdin(selectTargets({ ...selection, not: excluded, alsoNot }, all))
  const gone = given.missing.filter((id) => current(id) !== id)
  if (gone.length === 0) return { ...given, command, notes: [] }
  const found = yield* selectTargets({ ...selection, not: [], alsoNot, ids: gone.map(current) }, all)
  const unite = (...items: ReadonlyArray<Authorization>) => [...new Map(items.map((item) => [item.id, item])).values()]
  return {
    command,
    isNamed: given.isNamed,
    masked: given.masked,
    missing: [...given.missing.filter((id) => !gone.includes(id)), ...found.missing],
    others: unite(...given.others, ...found.others),
    own: unite(...given.own, ...found.own),
    notes: gone.map((id) => `${safe(id)} names a file, which contains the token of ${safe(current(id))}`)
  }
})

/** Rotates and then removes leftovers, whatever the outcomes. Needs the lock of the target. */
const rotateRemaining = Effect.fnUntraced(function*(
  input: Input,
  target: DeliverToDirectory.Target,
  run: DeliverToDirectory.RunOptions,
  planned: Planned
) {
  const { team } = input.selection
  // Another run may have delivered before this one got the lock.
  const { continued, remaining } = yield* target.findRemaining(planned.targets, run)
  yield* target.begin(
    run.command,
    yield* Option.match(continued, { onNone: () => DateTime.now, onSome: Effect.succeed })
  )
  const { missing } = planned
  // Only a directory shows which authorizations that filters select are successors of this run.
  const howToContinue = Option.isSome(input.deliverTo) || input.selection.ids.length > 0
    ? "Run the same command again to continue"
    : "To continue, pass the ids of the rest: the same filters also select what is rotated already"
  const options = { ...input, team, howToContinue }
  const result = yield* Effect.result(
    remaining.length + missing.length === 0 ? target.end : runRotation(options, { targets: remaining, missing }, target)
  )
  // A `Stop` means that single rotations failed. Other errors, such as a rejected token, would meet this, too.
  if (Result.isFailure(result) && result.failure._tag !== "Stop") return yield* result.failure
  const removed = yield* Effect.result(target.removeLeftovers(Option.getOrUndefined(team)))
  for (const id of Result.getOrElse(removed, () => [])) {
    yield* Console.error(`Removed ${safe(id)}, which an earlier run left over`)
  }
  if (Result.isFailure(removed)) yield* Console.error("Leftovers of earlier runs could not be removed")
  yield* Effect.fromResult(result)
  yield* Effect.fromResult(removed)
})

/**
 * Finds the authorizations that are deleted, and whose successors the directory shows as delivered and have their mark. Filters
 * such as `--older-than` do not select these successors.
 */
const findInterrupted = Effect.fnUntraced(function*(
  { selection }: Input,
  { findDelivered }: DeliverToDirectory.Target,
  selected: ReadonlyArray<Authorization>
) {
  const delivered = yield* findDelivered
  const ids = new Set(selected.map(({ id }) => id))
  return (yield* Rotation.leftovers({ team: Option.getOrUndefined(selection.team) }))
    .filter(({ authorization: { id }, state }) => state === "orphaned" && delivered.has(id) && !ids.has(id))
    .map(({ replaces }) => replaces)
})

/** Leaves out successors of selected authorizations: the rotation of these completes them. */
const withoutSuccessors = (items: ReadonlyArray<Authorization>): ReadonlyArray<Authorization> => {
  const ids = new Set<string>(items.map(({ id }) => id))
  return items.filter((item) => !ids.has(findReplaced(item) ?? ""))
}
