/**
 * Revokes every authorization whose access token has expired. Such a token no longer works, but clutters the list.
 *
 * Run it with `npx -y pnpm@12 exec node examples/revoke-expired.ts` to list them, and with `--apply` to revoke them; see
 * `audit.ts` for the account it uses.
 */
import { Authorization, AuthorizationService } from "@effect-heroku/core"
import { Console, DateTime, Effect, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { run, withAccount } from "./command.ts"
import { revokeKnown } from "./revoke.ts"

/** Lists expired authorizations. `expiresIn` counts from the response, so each page is compared with its own time. */
const expired = Stream.unwrap(Effect.map(AuthorizationService.AuthorizationService, (service) =>
  service.pages().pipe(
    Stream.mapEffect((page) =>
      Effect.map(DateTime.now, (now) => page.items.filter((item) => Authorization.isExpired(item, now)))
    ),
    Stream.flattenIterable
  )))

/** Revokes expired authorizations, four at a time, prints the outcome of each, and returns all outcomes. */
export const revokeExpired = (options: { readonly apply: boolean }) =>
  expired.pipe(
    Stream.mapEffect(
      Effect.fnUntraced(function*({ id }) {
        const outcome = options.apply ? yield* revokeKnown(id) : "has expired"
        yield* Console.log(`${id} ${outcome}`)
        return outcome
      }),
      { concurrency: 4 }
    ),
    Stream.runCollect
  )

/** Summarizes the outcomes of `revokeExpired`. */
export const countOutcomes = (outcomes: ReadonlyArray<string>): string =>
  `${outcomes.length} expired, ${outcomes.filter((outcome) => outcome === "revoked").length} revoked`

const apply = Flag.Boolean("apply").pipe(
  Flag.withDefault(false),
  Flag.withDescription("Revoke the expired authorizations instead of only listing them")
)

const command = Command.make("revoke-expired", { apply }, ({ apply }) =>
  revokeExpired({ apply }).pipe(
    Effect.flatMap((outcomes) =>
      Console.log(apply ? countOutcomes(outcomes) : `${outcomes.length} expired, use --apply to revoke them`)
    ),
    withAccount
  ))

if (import.meta.main) run(command)
