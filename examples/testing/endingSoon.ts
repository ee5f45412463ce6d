/** The program that the guide to testing tests: renews what is about to end. */
import { expiresAt } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

/** The ids of authorizations whose access token ends within a day. */
export const endingSoon = Effect.gen(function*() {
  const service = yield* AuthorizationService
  const now = yield* DateTime.now
  const tomorrow = DateTime.addDuration(now, "1 day")
  return yield* service.stream().pipe(
    Stream.filter((one) => Option.exists(expiresAt(one, now), DateTime.isLessThanOrEqualTo(tomorrow))),
    Stream.map(({ id }) => id),
    Stream.runCollect
  )
})

/**
 * Gives each of them new tokens, and says how many it renewed. Those that are gone meanwhile need none, and those that
 * belong to a client are the client's to renew.
 */
export const renewAll = Effect.gen(function*() {
  const service = yield* AuthorizationService
  const renewed = yield* Effect.forEach(yield* endingSoon, (id) =>
    service.regenerate(id).pipe(
      Effect.as(1),
      Effect.catchTag(["NotFound", "Forbidden"], () => Effect.succeed(0))
    ))
  return renewed.reduce((sum, one) => sum + one, 0)
})
