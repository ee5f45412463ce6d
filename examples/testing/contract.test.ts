import { AuthorizationService } from "@effect-heroku/core"
import { AuthorizationContract, MemoryAuthorizationService } from "@effect-heroku/testing"
import { Effect, Layer } from "effect"

// A layer of your own, for example one that logs which authorizations are deleted.
const layer = Layer.effect(
  AuthorizationService.AuthorizationService,
  Effect.map(AuthorizationService.AuthorizationService, (service) => ({
    ...service,
    delete: (id) => Effect.tap(service.delete(id), () => Effect.logDebug(`deleted ${id}`))
  }))
).pipe(Layer.provide(MemoryAuthorizationService.layer()))

AuthorizationContract.suite("a service that logs deletions", layer)
