/** The code of the guide to paging. */
// #region stream
import { type Authorization, isDirect } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import type { Cursor } from "@effect-heroku/core/ListRange"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

/** The ten authorizations with the lowest ids that no client has. No page is fetched that is not needed for them. */
export const firstDirect = Effect.gen(function*() {
  const service = yield* AuthorizationService
  return yield* service.stream({ pageSize: 100 }).pipe(Stream.filter(isDirect), Stream.take(10), Stream.runCollect)
})
// #endregion stream

// #region resume
/** Works through the list, and saves after each page where to go on. */
export const workThrough = Effect.fn("workThrough")(function*<E1, R1, E2, R2>(options: {
  readonly from: Option.Option<Cursor>
  readonly work: (authorization: Authorization) => Effect.Effect<void, E1, R1>
  readonly save: (next: Option.Option<Cursor>) => Effect.Effect<void, E2, R2>
}) {
  const service = yield* AuthorizationService
  yield* service.pages({ cursor: Option.getOrUndefined(options.from) }).pipe(
    Stream.runForEach((page) =>
      Effect.forEach(page.items, options.work, { concurrency: 4, discard: true }).pipe(
        Effect.andThen(options.save(page.next))
      )
    )
  )
})
// #endregion resume
