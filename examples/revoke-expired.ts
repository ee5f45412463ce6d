/**
 * Revokes every authorization whose access token has expired. Such a token no longer works, but clutters the list.
 *
 * Run it with `npx -y pnpm@12 exec node examples/revoke-expired.ts`; see `audit.ts` for the account it uses.
 * `npx -y pnpm@12 cli list --expired` shows what it would revoke.
 */
import { Authorization, AuthorizationService } from "@effect-heroku/core"
import { NodeAuthorizationService } from "@effect-heroku/http-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, DateTime, Effect, Stream } from "effect"

/** Revokes expired authorizations, four at a time, and prints each of them and their number. */
export const revokeExpired = Effect.gen(function*() {
  const service = yield* AuthorizationService.AuthorizationService
  const now = yield* DateTime.now
  const count = yield* service.stream().pipe(
    Stream.filter((item) => Authorization.isExpired(item, now)),
    Stream.mapEffect(
      ({ id }) =>
        service.delete(id).pipe(
          // Another program, or an earlier attempt of this call, has deleted it.
          Effect.catchTag("NotFound", () => Effect.void),
          Effect.andThen(Console.log(`${id} is revoked`))
        ),
      { concurrency: 4 }
    ),
    Stream.runCount
  )
  yield* Console.log(`${count} expired authorizations are revoked`)
})

if (import.meta.main) {
  revokeExpired.pipe(Effect.provide(NodeAuthorizationService.layerConfig()), NodeRuntime.runMain)
}
