/** `revoke`: deletes authorizations, after showing the plan and asking. */
import type * as Authorization from "@effect-heroku/core/Authorization"
import type { DeleteError } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ask, confirm, type Question, yesOrNo } from "../internal/confirm.ts"
import * as Connection from "../internal/connection.ts"
import { explain } from "../internal/explain.ts"
import { all, yes } from "../internal/flags.ts"
import { parseId } from "../internal/ids.ts"
import { limitLines, makePlan, selectTargets } from "../internal/plan.ts"
import { type Progress, withProgress } from "../internal/progress.ts"
import { ControllingTerminal } from "../internal/question.ts"
import { descriptionOf } from "../internal/record.ts"
import * as Selection from "../internal/selection.ts"
import { exitCodes, explainNotFound, failed, invalidUsage } from "../internal/stop.ts"
import { countOf, formatCount, safe } from "../internal/text.ts"

export const revoke = Command.make(
  "revoke",
  {
    selection: Selection.input,
    all,
    yes,
    includingOwn: Flag.Boolean("including-own").pipe(
      Flag.withoutNegation,
      Flag.withDefault(false),
      Flag.withDescription(
        "Also revoke the authorization of the token that this command uses, and those that may be it, as the last ones"
      )
    ),
    confirm: Flag.String("confirm").pipe(
      Flag.withMetavar("ID"),
      Flag.atLeast(0),
      Flag.withDescription(
        "Confirms a masked match of find without a question, which --yes alone does not; can be repeated"
      )
    )
  },
  ({ all, confirm: confirmedIds, includingOwn, selection, yes }) =>
    Effect.gen(function*() {
      const confirmed = new Set(yield* Effect.forEach(confirmedIds, (text) => parseId(text, "--confirm")))
      const { comparable, incomparable, isNamed, masked, missing, own } = yield* selectTargets(selection, all)
      const maybeOwn = new Set([...incomparable, ...own])
      for (const id of confirmed) {
        if (!masked.has(id)) {
          return yield* invalidUsage(
            `--confirm ${safe(id)} confirms nothing: no masked match of find with this id was passed on standard input`
          )
        }
      }
      const isUnconfirmed = ({ id }: Item) => masked.has(id) && !confirmed.has(id)
      const terminal = yield* ControllingTerminal
      const isAsking = !yes && (yield* terminal.isPresent)
      const selected = [...comparable, ...(includingOwn ? maybeOwn : [])]
      const unconfirmed = selected.filter(isUnconfirmed)
      const leftOut = yes ? unconfirmed : []
      const targets = selected.filter((item) => !leftOut.includes(item))
      const last = targets.filter((item) => maybeOwn.has(item))
      const plan = yield* makePlan({
        title: `Revoke ${countOf(targets.length, "authorization")}`,
        targets,
        missing,
        masked
      }, [
        ...(includingOwn ? [] : [
          ...own.map(({ id }) =>
            `Left out: ${safe(id)}, whose token this command uses. --including-own revokes it as the last one`
          ),
          ...limitLines(incomparable.map(({ id }) =>
            `Left out: ${
              safe(id)
            }, whose token Heroku masks entirely: it may be the one that this command uses. --including-own revokes it as one of the last`
          ))
        ]),
        ...(last.some((item) =>
            own.includes(item)
          )
          ? ["The token that this command uses is among them. It is revoked last"]
          : []),
        ...(isAsking
          ? []
          : unconfirmed.map((item) => `Masked match: ${describe(item)}. Only --confirm ${safe(item.id)} revokes it`))
      ])
      if (targets.length === 0) {
        yield* Console.error(plan.join("\n"))
        return yield* failed(
          leftOut.length > 0
            ? "Nothing was changed: masked matches need --confirm"
            : maybeOwn.size > 0
            ? "Nothing was changed: the plan leaves out all that is selected"
            : missing.length > 0
            ? `Nothing was changed: no authorization has the ids that were passed. ${explainNotFound}`
            : "Nothing to revoke: no authorization is selected"
        )
      }
      const uncertain = targets.filter(isUnconfirmed)
      const isAllUncertain = uncertain.length === targets.length
      const reply = yield* confirm({
        plan,
        yes,
        flags: uncertain.length === 0 ? "--yes" : "--yes and --confirm ID for each masked match",
        question: isAllUncertain
          ? questionAbout(uncertain)
          : yesOrNo(`Revoke ${countOf(targets.length, "authorization")}?`)
      })
      const kept = new Set([
        ...leftOut,
        ...yield* findKept(uncertain, isAllUncertain ? Effect.succeedSome(reply) : ask(questionAbout(uncertain)))
      ])
      const withoutKept = (items: ReadonlyArray<Item>) => items.filter((item) => !kept.has(item))
      yield* revokeAll(withoutKept(comparable), withoutKept(last), missing.length)
      if (kept.size > 0) {
        return yield* failed(
          `Not revoked, because not confirmed: ${countOf(kept.size, "masked match", "masked matches")}`
        )
      }
      if (maybeOwn.size > last.length && isNamed) {
        return yield* failed("All but the authorizations that the plan leaves out are revoked")
      }
    }).pipe(Effect.provideService(Connection.Team, selection.team), Connection.withAccount)
).pipe(
  Command.withDescription(`Revokes authorizations: their tokens stop working at once${exitCodes("revoked")}`),
  Command.withShortDescription("Revokes authorizations: their tokens stop working at once"),
  Command.withExamples([
    { command: "heroku-authorizations revoke --expired", description: "Revoke authorizations whose token has expired" },
    { command: "heroku-authorizations revoke - --yes < ids.txt", description: "Without a question, for scripts" }
  ])
)

type Item = Authorization.Authorization

/** A question about masked matches. The count shows that the user has seen how many there are. */
const questionAbout = (items: ReadonlyArray<Item>): Question => {
  const [item] = items
  return item !== undefined && items.length === 1
    ? yesOrNo(`Revoke ${describe(item)}, a masked match?`)
    : {
      text: `Revoke the ${
        formatCount(items.length)
      } masked matches? Type ${items.length} to revoke them, or each to decide one by one: `,
      replies: [`${items.length}`, "each"]
    }
}

/** Returns the masked matches that the user does not want to revoke, after a reply to `questionAbout`. */
const findKept = Effect.fnUntraced(
  function*(items: ReadonlyArray<Item>, reply: Effect.Effect<Option.Option<string>>) {
    if (items.length === 0) return []
    const given = yield* reply
    if (Option.isNone(given)) return items
    if (given.value !== "each") return []
    return yield* Effect.filter(items, (item) => Effect.map(ask(questionAbout([item])), Option.isNone))
  }
)

/** The id, description and day of creation: with these a person can tell whether this is the leaked authorization. */
const describe = (item: Item): string =>
  `${safe(item.id)} (${descriptionOf(item)}, created ${DateTime.formatIsoDateUtc(item.createdAt)})`

/** The result of revoking one authorization. */
type Outcome = "revoked" | "not found" | "failed"

/** Revokes four at a time, and then those that the acting token belongs to or may belong to. */
const revokeAll = Effect.fnUntraced(function*(
  others: ReadonlyArray<Authorization.Authorization>,
  last: ReadonlyArray<Authorization.Authorization>,
  missing: number
) {
  const counts = { revoked: 0, "not found": missing, failed: 0 }
  const total = others.length + last.length + missing
  /** An error that all other requests would meet, too. */
  let stopped: DeleteError | undefined

  const revokeOne = (progress: Progress) => (item: Authorization.Authorization) =>
    Effect.gen(function*() {
      if (stopped !== undefined) return
      const { outcome, problem } = yield* revokeById(item.id)
      if (problem !== undefined && isGeneral(problem)) stopped ??= problem
      counts[outcome]++
      yield* progress.advance(1)
      const reason = problem === undefined ? "" : `: ${explain(problem)}`
      yield* progress.print(`${safe(item.id)} ${outcome}${reason}`)
    })

  yield* withProgress("Revoked", Option.some(total - missing), (progress) =>
    Effect.andThen(
      Effect.forEach(others, revokeOne(progress), { concurrency: 4, discard: true }),
      Effect.forEach(last, revokeOne(progress), { discard: true })
    )).pipe(Effect.onInterrupt(() =>
      Console.error(
        `Interrupted: ${formatCount(counts.revoked)} of ${formatCount(total)} are revoked. `
          + "Run the same command again for the rest; revoking twice is harmless"
      )
    ))

  const skipped = total - counts.revoked - counts["not found"] - counts.failed
  const summary = [
    `${formatCount(counts.revoked)} revoked`,
    `${formatCount(counts["not found"])} not found`,
    `${formatCount(counts.failed)} failed`,
    ...(skipped > 0 ? [`${formatCount(skipped)} not attempted`] : [])
  ].join(", ")
  if (counts.revoked === total) return yield* Console.error(summary)
  return yield* failed(`${summary}. ${
    counts.failed + skipped > 0
      ? "Run the same command again for the rest; revoking twice is harmless"
      : explainNotFound
  }`)
})

const revokeById = Effect.fnUntraced(function*(id: Authorization.AuthorizationId) {
  const service = yield* AuthorizationService
  const report = (outcome: Outcome, problem?: DeleteError) => ({ outcome, problem })
  return yield* service.delete(id).pipe(
    Effect.as(report("revoked")),
    Effect.catch((error) => {
      // An earlier attempt of this call may have deleted it before its connection broke.
      if (error._tag === "NotFound") return Effect.succeed(report(error.outcomeUnknown ? "revoked" : "not found"))
      if (!("outcomeUnknown" in error) || !error.outcomeUnknown) return Effect.succeed(report("failed", error))
      return service.info(id).pipe(
        Effect.as(report("failed", error)),
        Effect.catchTag("NotFound", () => Effect.succeed(report("revoked"))),
        Effect.orElseSucceed(() => report("failed", error))
      )
    })
  )
})

const isGeneral = ({ _tag }: DeleteError): boolean =>
  _tag === "Unauthorized" || _tag === "RateLimited" || _tag === "TwoFactorRequired"
