/**
 * Revokes every authorization whose access token has expired: it opens nothing any more, but hides those that do.
 *
 * Run it with `npx -y pnpm@12 exec node examples/revokeExpired.ts`, which only lists them, and with `--apply` to revoke
 * them; `audit.ts` says how it finds the account.
 */
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { explained } from "./explain.ts"

// #region expired
import { isExpired } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { revoke } from "./revoke.ts"

/** Those that have expired. A lifetime counts from when Heroku answered, so each page has its own moment. */
export const expired = Stream.unwrap(Effect.map(AuthorizationService, (service) =>
  service.pages().pipe(
    Stream.mapEffect((page) =>
      Effect.map(DateTime.now, (now) => page.items.filter((authorization) => isExpired(authorization, now)))
    ),
    Stream.flattenIterable
  )))

/** Revokes them, four at a time, while the list is still read; says of each what became of it, and gives that of all. */
export const revokeExpired = (options: { readonly apply: boolean }) =>
  expired.pipe(
    Stream.mapEffect(
      Effect.fnUntraced(function*({ id }) {
        const outcome = options.apply ? yield* revoke(id) : "has expired"
        yield* Console.log(`${id} ${outcome}`)
        return outcome
      }),
      { concurrency: 4 }
    ),
    Stream.runCollect
  )

/** How many had expired, and how many of them are revoked now. */
export const countOutcomes = (outcomes: ReadonlyArray<string>): string =>
  `${outcomes.length} expired, ${outcomes.filter((outcome) => outcome === "revoked").length} revoked`
// #endregion expired

const command = Command.make(
  "revoke-expired",
  {
    apply: Flag.Boolean("apply").pipe(
      Flag.withDefault(false),
      Flag.withDescription("Revoke them, and not only list them")
    )
  },
  ({ apply }) =>
    revokeExpired({ apply }).pipe(
      Effect.flatMap((outcomes) =>
        Console.log(apply ? countOutcomes(outcomes) : `${outcomes.length} expired; --apply revokes them`)
      ),
      Effect.provide(NodeAuthorizationService.layerConfig()),
      explained
    )
)

if (import.meta.main) {
  Command.run(command, { version: "0.0.0" }).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
}
