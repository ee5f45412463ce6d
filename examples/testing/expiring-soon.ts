import { Authorization, AuthorizationService } from "@effect-heroku/core"
import { DateTime, Effect, Option, Stream } from "effect"

/** Returns the ids of the authorizations whose access token expires within a day. */
export const expiringSoon = Effect.gen(function*() {
  const service = yield* AuthorizationService.AuthorizationService
  const now = yield* DateTime.now
  const tomorrow = DateTime.addDuration(now, "1 day")
  return yield* service.stream().pipe(
    Stream.filter((item) => Option.exists(Authorization.expiresAt(item, now), DateTime.isLessThanOrEqualTo(tomorrow))),
    Stream.map(({ id }) => id),
    Stream.runCollect
  )
})

/**
 * Regenerates their tokens and returns how many it renewed. Skips authorizations that no longer exist and those of an
 * OAuth client, which only the client can renew.
 */
export const renewAll = Effect.gen(function*() {
  const service = yield* AuthorizationService.AuthorizationService
  const renewed = yield* Effect.forEach(yield* expiringSoon, (id) =>
    service.regenerate(id).pipe(
      Effect.as(1),
      Effect.catchTag(["NotFound", "Forbidden"], () => Effect.succeed(0))
    ))
  return renewed.reduce((sum, count) => sum + count, 0)
})
