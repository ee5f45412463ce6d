/** `revoke`: deletes authorizations, after showing the plan and asking. */
import type * as Authorization from "@effect-heroku/core/Authorization"
import type { DeleteError } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { confirm } from "../internal/confirm.ts"
import * as Connection from "../internal/connection.ts"
import { explain } from "../internal/explain.ts"
import { all, yes } from "../internal/flags.ts"
import { makePlan, selectTargets } from "../internal/plan.ts"
import { type Progress, withProgress } from "../internal/progress.ts"
import * as Selection from "../internal/selection.ts"
import { exitCodes, failed } from "../internal/stop.ts"
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
      Flag.withDescription("Also revoke the authorization of the token that this command uses, as the last one")
    )
  },
  ({ all, includingOwn, selection, yes }) =>
    Effect.gen(function*() {
      const { isNamed, missing, others, own } = yield* selectTargets(selection, all)
      const last = includingOwn ? own : []
      const targets = [...others, ...last]
      const plan = yield* makePlan({ title: `Revoke ${countOf(targets.length, "authorization")}`, targets, missing }, [
        ...(own.length > 0 && !includingOwn
          ? own.map(({ id }) =>
            `Left out: ${safe(id)}, whose token this command uses. --including-own revokes it as the last one`
          )
          : []),
        ...(last.length > 0 ? ["The token that this command uses is among them. It is revoked last"] : [])
      ])
      if (targets.length === 0) {
        yield* Console.error(plan.join("\n"))
        return yield* failed("Nothing to revoke: no authorization is selected")
      }
      yield* confirm({ plan, yes, question: `Revoke ${countOf(targets.length, "authorization")}?` })
      yield* revokeAll(others, last, missing.length)
      if (own.length > last.length && isNamed) {
        return yield* failed("All but the authorization of the token that this command uses are revoked")
      }
    }).pipe(Connection.withAccount)
).pipe(
  Command.withDescription(`Revokes authorizations: their tokens stop working at once${exitCodes("revoked")}`),
  Command.withExamples([
    { command: "heroku-authorizations revoke --expired", description: "Revoke what no longer works" },
    { command: "heroku-authorizations revoke - --yes < ids.txt", description: "Without a question, for scripts" }
  ])
)

/** The result of revoking one authorization. */
type Outcome = "revoked" | "not found" | "failed"

/** Revokes four at a time, and then those that the acting token belongs to. */
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
      : "An id that was not found is revoked already, of another account, or mistyped"
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
