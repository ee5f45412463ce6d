import { Authorization, AuthorizationService } from "@effect-heroku/core"
import { Effect, Stream } from "effect"

/** Returns the first ten authorizations that were created without an OAuth client. Later pages are never requested. */
export const firstDirect = Effect.gen(function*() {
  const service = yield* AuthorizationService.AuthorizationService
  return yield* service.stream({ pageSize: 100 }).pipe(
    Stream.filter(Authorization.isDirect),
    Stream.take(10),
    Stream.runCollect
  )
})
