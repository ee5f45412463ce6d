/**
 * Revokes authorizations during an incident. `revoke.test.ts` shows how to test it without HTTP.
 *
 * Run it with `npx -y pnpm@12 exec node examples/revoke.ts ID [ID …]`; see `audit.ts` for the account it uses.
 */
// #region revoke
import { Authorization, AuthorizationService } from "@effect-heroku/core"
import { Console, Effect, Schema } from "effect"

export type Outcome =
  | "revoked"
  | "already gone"
  | "not found: no authorization has this id"
  | "may still work: check again"

/** Revokes an authorization. The remaining errors concern the entire run: a rejected token, a rate limit, an outage. */
export const revoke = Effect.fn("revoke")(function*(id: Authorization.AuthorizationId) {
  const service = yield* AuthorizationService.AuthorizationService
  // A 404 says that an authorization is gone only if it was there: otherwise the id may be mistyped.
  return yield* service.info(id).pipe(
    Effect.matchEffect({
      onFailure: (error) =>
        error._tag === "NotFound"
          ? Effect.succeed<Outcome>("not found: no authorization has this id")
          : Effect.fail(error),
      onSuccess: () => revokeKnown(id)
    })
  )
})

/** Revokes an authorization that this program has seen, for example in a list. */
export const revokeKnown = Effect.fn("revokeKnown")(function*(id: Authorization.AuthorizationId) {
  const service = yield* AuthorizationService.AuthorizationService
  return yield* service.delete(id).pipe(
    Effect.as<Outcome>("revoked"),
    Effect.catchTags({
      // An earlier attempt of this call may have deleted it before its connection broke.
      NotFound: ({ outcomeUnknown }) => Effect.succeed<Outcome>(outcomeUnknown ? "revoked" : "already gone"),
      // The connection broke on every attempt, and one of them may have succeeded: look it up.
      RequestFailed: (failure) =>
        service.info(id).pipe(
          Effect.as<Outcome>("may still work: check again"),
          Effect.catchTag("NotFound", () => Effect.succeed<Outcome>("revoked")),
          Effect.mapError(() => failure)
        )
    })
  )
})

/** Revokes authorizations, four at a time, prints the outcome of each as soon as it is known, and returns all outcomes. */
export const revokeAll = (ids: ReadonlyArray<Authorization.AuthorizationId>) =>
  Effect.forEach(
    ids,
    (id) => Effect.tap(revoke(id), (outcome) => Console.log(`${id} ${outcome}`)),
    { concurrency: 4 }
  )
// #endregion revoke

import { Argument, CliError, Command, Flag } from "effect/cli"
import { run, withAccount } from "./command.ts"

const ids = Argument.String("id").pipe(
  Argument.withDescription(
    "Id of an authorization to revoke, or masked:ID for one whose token matches only as far as Heroku shows it"
  ),
  Argument.atLeast(1)
)

const confirmed = Flag.String("confirm").pipe(
  Flag.withDescription("Id of a masked match to revoke as well: look at it first, because other tokens look the same"),
  Flag.atLeast(0)
)

const parseId = Schema.decodeEffect(Authorization.AuthorizationId)

const failWith = (userMessage: string) => Effect.fail(new CliError.UserError({ cause: "revoke", userMessage }))

const command = Command.make(
  "revoke",
  { ids, confirmed },
  Effect.fnUntraced(function*({ confirmed, ids }) {
    const masked = ids.flatMap((id) => id.startsWith("masked:") ? id.slice("masked:".length) : [])
    const missing = masked.filter((id) => !confirmed.includes(id))
    if (missing.length > 0) {
      return yield* failWith(
        `Nothing was revoked. Masked matches need a confirmation: ${missing.map((id) => `--confirm ${id}`).join(" ")}`
      )
    }
    // Not a schema of the argument: its error would quote a token.
    const parsed = Effect.forEach(ids, (id) => parseId(id.replace(/^masked:/, "")))
    const outcomes = yield* withAccount(Effect.flatMap(parsed, revokeAll))
    const open = outcomes.filter((outcome) => outcome !== "revoked" && outcome !== "already gone").length
    if (open > 0) return yield* failWith(`${open} of ${ids.length} authorizations were not revoked`)
  })
)

if (import.meta.main) run(command)
