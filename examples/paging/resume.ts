import { type Authorization, AuthorizationService, type ListRange } from "@effect-heroku/core"
import { Effect, Option, Stream } from "effect"

/** Processes every authorization from a saved cursor on, and saves the next cursor after each page. */
export const processAll = Effect.fn("processAll")(function*<E1, R1, E2, R2>(options: {
  readonly from: Option.Option<ListRange.Cursor>
  readonly process: (authorization: Authorization.Authorization) => Effect.Effect<void, E1, R1>
  readonly save: (next: Option.Option<ListRange.Cursor>) => Effect.Effect<void, E2, R2>
}) {
  const service = yield* AuthorizationService.AuthorizationService
  yield* service.pages({ cursor: Option.getOrUndefined(options.from) }).pipe(
    Stream.runForEach((page) =>
      Effect.forEach(page.items, options.process, { concurrency: 4, discard: true }).pipe(
        Effect.andThen(options.save(page.next))
      )
    )
  )
})
