/**
 * Revokes authorizations during an incident: composes operations, and recovers from each error by its type. It is
 * unit-tested in `revoke.test.ts`, without HTTP.
 *
 * Run it with `npx -y pnpm@12 exec node examples/revoke.ts ID [ID …]`; `audit.ts` says how it finds the account.
 */
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import { explained } from "./explain.ts"

// #region revoke
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

/** What became of an authorization that is to be revoked. */
export type Outcome = "revoked" | "was already gone" | "may still work: check again"

/** Revokes one. What can still fail is what ends the whole run: a wrong token, a rate limit, an outage. */
export const revoke = Effect.fn("revoke")(function*(id: AuthorizationId) {
  const service = yield* AuthorizationService
  return yield* service.delete(id).pipe(
    Effect.as<Outcome>("revoked"),
    Effect.catchTags({
      // Gone by an earlier attempt of this very call, or by somebody else: either is what we want.
      NotFound: ({ afterUnknownOutcome }) =>
        Effect.succeed<Outcome>(afterUnknownOutcome ? "revoked" : "was already gone"),
      // The connection broke after all retries. Heroku may have acted: ask it, and do not guess.
      RequestFailed: (failure) =>
        service.info(id).pipe(
          Effect.as<Outcome>("may still work: check again"),
          Effect.catchTag("NotFound", () => Effect.succeed<Outcome>("revoked")),
          Effect.mapError(() => failure)
        )
    })
  )
})

/** Revokes many, four at a time, and says of each what became of it as soon as that is known. */
export const revokeAll = (ids: ReadonlyArray<AuthorizationId>) =>
  Effect.forEach(ids, (id) => Effect.flatMap(revoke(id), (outcome) => Console.log(`${id} ${outcome}`)), {
    concurrency: 4,
    discard: true
  })
// #endregion revoke

const ids = Argument.String("id").pipe(
  Argument.withDescription("The id of an authorization to revoke"),
  Argument.withSchema(AuthorizationId),
  Argument.atLeast(1)
)

const command = Command.make(
  "revoke",
  { ids },
  ({ ids }) => revokeAll(ids).pipe(Effect.provide(NodeAuthorizationService.layerConfig()), explained)
)

if (import.meta.main) {
  Command.run(command, { version: "0.0.0" }).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
}
