/**
 * Revokes authorizations during an incident. `revoke.test.ts` shows how to test it without HTTP.
 *
 * Run it with `npx -y pnpm@12 exec node examples/revoke.ts ID [ID …]`; see `audit.ts` for the account it uses.
 */
// #region revoke
import { Authorization, AuthorizationService } from "@effect-heroku/core"
import { Console, Effect } from "effect"

export type Outcome = "revoked" | "not found: no authorization has this id" | "may still work: check again"

/** Revokes an authorization. The remaining errors concern the entire run: a rejected token, a rate limit, an outage. */
export const revoke = Effect.fn("revoke")(function*(id: Authorization.AuthorizationId) {
  const service = yield* AuthorizationService.AuthorizationService
  return yield* service.delete(id).pipe(
    Effect.as<Outcome>("revoked"),
    Effect.catchTags({
      // An earlier attempt of this call may have deleted it before its connection broke.
      NotFound: ({ outcomeUnknown }) =>
        Effect.succeed<Outcome>(outcomeUnknown ? "revoked" : "not found: no authorization has this id"),
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

/** Revokes authorizations, four at a time, and prints the outcome of each as soon as it is known. */
export const revokeAll = (ids: ReadonlyArray<Authorization.AuthorizationId>) =>
  Effect.forEach(ids, (id) => Effect.flatMap(revoke(id), (outcome) => Console.log(`${id} ${outcome}`)), {
    concurrency: 4,
    discard: true
  })
// #endregion revoke

import { Argument, Command } from "effect/cli"
import { run, withAccount } from "./command.ts"

const ids = Argument.String("id").pipe(
  Argument.withDescription("Id of an authorization to revoke"),
  Argument.withSchema(Authorization.AuthorizationId),
  Argument.atLeast(1)
)

const command = Command.make("revoke", { ids }, ({ ids }) => withAccount(revokeAll(ids)))

if (import.meta.main) run(command)
