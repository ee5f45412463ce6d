/**
 * A job that revokes what has expired, every night at three, until it is stopped. A night on which Heroku is out of reach
 * is told and left out; the next one finds the same.
 *
 * Run it with `npx -y pnpm@12 exec node examples/scheduled.ts`; `audit.ts` says how it finds the account.
 */
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"

// #region scheduled
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { countOutcomes, revokeExpired } from "./revokeExpired.ts"

/** What one night does. Only a token that is refused ends the job: it will be refused tomorrow too. */
const night = revokeExpired({ apply: true }).pipe(
  Effect.flatMap((outcomes) => Console.log(countOutcomes(outcomes))),
  Effect.catch((error) =>
    error._tag === "Unauthorized" ? Effect.fail(error) : Console.error(`Not tonight: ${error._tag}: ${error.message}`)
  )
)

export const job = Effect.schedule(night, Schedule.cron("0 3 * * *", "UTC"))
// #endregion scheduled

if (import.meta.main) {
  Console.log("Every night at 3:00 UTC, what has expired is revoked").pipe(
    Effect.andThen(job),
    Effect.provide(NodeAuthorizationService.layerConfig()),
    NodeRuntime.runMain
  )
}
