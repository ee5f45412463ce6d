/**
 * Revokes expired authorizations every night at 3:00 UTC until it is stopped. If Heroku is unavailable, the job skips the
 * rest of that night: the next one finds the same authorizations.
 *
 * Run it with `npx -y pnpm@12 exec node examples/scheduled.ts`; see `audit.ts` for the account it uses.
 */
import { NodeAuthorizationService } from "@effect-heroku/http-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Logger, Schedule } from "effect"
import { revokeExpired } from "./revoke-expired.ts"

/** One run. Only a rejected token ends the job, because it would be rejected the next night too. */
const night = revokeExpired.pipe(
  Effect.catch((error) =>
    error._tag === "Unauthorized" ? Effect.fail(error) : Console.error(`Skipped: ${error._tag}: ${error.message}`)
  )
)

export const job = Effect.schedule(night, Schedule.cron("0 3 * * *", "UTC"))

if (import.meta.main) {
  Console.log("Revoking expired authorizations every night at 3:00 UTC").pipe(
    Effect.andThen(job),
    Effect.provide(NodeAuthorizationService.layerConfig()),
    Effect.provideService(Logger.LogToStderr, true),
    NodeRuntime.runMain
  )
}
