import { Authorization, AuthorizationService } from "@effect-heroku/core"
import { DateTime, Effect, Stream } from "effect"

/** Streams the id of each authorization, and when its access token expires. */
export const expiryTimes = Stream.unwrap(
  AuthorizationService.AuthorizationService.useSync((service) =>
    service.pages().pipe(
      Stream.mapEffect(({ items }) =>
        Effect.map(
          DateTime.now,
          (observedAt) => items.map((item) => ({ id: item.id, expiresAt: Authorization.expiresAt(item, observedAt) }))
        )
      ),
      Stream.flattenIterable
    )
  )
)
