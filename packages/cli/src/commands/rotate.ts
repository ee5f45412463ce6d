/** `rotate`: replaces authorizations and delivers the new tokens, after showing the plan and asking. */
import type { Authorization } from "@effect-heroku/core/Authorization"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { confirm } from "../internal/confirm.ts"
import * as Connection from "../internal/connection.ts"
import * as DeliverToCommand from "../internal/deliverToCommand.ts"
import * as DeliverToDirectory from "../internal/deliverToDirectory.ts"
import { all, yes } from "../internal/flags.ts"
import { makePlan, selectTargets } from "../internal/plan.ts"
import { printStatus } from "../internal/rotationStatus.ts"
import { runRotation } from "../internal/runRotation.ts"
import * as Selection from "../internal/selection.ts"
import { failed, invalidUsage } from "../internal/stop.ts"
import { countOf, safe } from "../internal/text.ts"
import { duration, time } from "../internal/times.ts"

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
  deliverTimeout: duration("deliver-timeout").pipe(
    Flag.withDefault(Duration.minutes(1)),
    Flag.withDescription("How long the command may take for each token, by default 1m")
  ),
  overlap: duration("overlap").pipe(
    Flag.optional,
    Flag.withDescription("How long old tokens work on, such as 2h; run the command again then. By default not at all")
  ),
  expiresIn: duration("expires-in").pipe(
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
    if (input.status) return yield* printStatus(Option.getOrUndefined(input.selection.team))
    yield* checkUsage(input)
    const target: DeliverToDirectory.Target = Option.isSome(input.deliverTo)
      ? yield* DeliverToDirectory.make(input.deliverTo.value)
      : {
        delivery: yield* DeliverToCommand.make(Option.getOrThrow(input.deliverCommand), input.deliverTimeout),
        acquire: Effect.void,
        wasReplaced: () => Effect.succeed(false),
        isDeliveredSince: () => Effect.succeed(false),
        removeLeftovers: () => Effect.succeed([])
      }
    yield* rotateSelected(input, target)
  }).pipe(Effect.scoped, Connection.withAccount)).pipe(
    Command.withDescription("Replaces tokens without an interruption, and delivers the new ones"),
    Command.withExamples([
      {
        command: "heroku-authorizations rotate --older-than 90d --deliver-to tokens --overlap 2h",
        description: "Old tokens work on for two hours. Run it again then to delete them"
      },
      {
        command: "heroku-authorizations rotate ID --deliver-command 'gh secret set HEROKU_API_KEY'",
        description: "Deliver to a program that reads the token from its standard input"
      }
    ])
  )

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
  const { isNamed, missing, others: selected, own } = yield* selectTargets(input.selection, input.all)
  const others = withoutSuccessors(selected)
  const since = Option.getOrUndefined(input.since)
  const targets = since === undefined
    ? others
    : yield* Effect.filter(
      others,
      ({ id }) => Effect.map(target.isDeliveredSince(id, since), (isDelivered) => !isDelivered)
    )
  // What is gone may have a successor that no run has completed.
  const ids = [...targets.map(({ id }) => id), ...missing]
  const plan = yield* makePlan(input.now ? "Regenerate the tokens of" : "Replace", targets, missing, [
    ...(input.now ? ["Old tokens stop working at once, before the new ones are delivered"] : []),
    ...own.map(({ id }) => `Left out: ${safe(id)}, whose token this command uses. Rotate it with another token`),
    ...(targets.length < others.length
      ? [`Skipped: ${countOf(others.length - targets.length, "authorization")} delivered since then`]
      : [])
  ])
  if (ids.length === 0) {
    yield* Console.error(plan.join("\n"))
    if (others.length > 0) return
    return yield* failed("Nothing to rotate: no authorization is selected")
  }
  yield* confirm({
    plan,
    yes: input.yes,
    question: `${input.now ? "Regenerate" : "Replace"} ${countOf(ids.length, "authorization")}?`
  })
  yield* target.acquire
  const { team } = input.selection
  const result = yield* Effect.result(runRotation({ ...input, team }, ids, target))
  // A `Stop` means that single rotations failed. Other errors, such as a rejected token, would meet this, too.
  if (Result.isSuccess(result) || result.failure._tag === "Stop") {
    for (const id of yield* target.removeLeftovers(Option.getOrUndefined(team))) {
      yield* Console.error(`Removed ${safe(id)}, which an earlier run left over`)
    }
  }
  yield* Effect.fromResult(result)
  if (own.length > 0 && isNamed) {
    return yield* failed("All but the authorization of the token that this command uses are rotated")
  }
})

/** Leaves out successors of selected authorizations: the rotation of these completes them. */
const withoutSuccessors = (items: ReadonlyArray<Authorization>): ReadonlyArray<Authorization> => {
  const ids = new Set<string>(items.map(({ id }) => id))
  return items.filter(({ description }) => {
    const [, replaces = ""] = / \[replaces (\S+)\]$/.exec(Option.getOrElse(description, () => "")) ?? []
    return !ids.has(replaces)
  })
}
