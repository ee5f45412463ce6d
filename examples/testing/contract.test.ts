import * as AuthorizationService from "@effect-heroku/core/AuthorizationService"
import * as AuthorizationContract from "@effect-heroku/testing/AuthorizationContract"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

// A layer of your own: here one that counts what is deleted.
let deleted = 0
const layer = Layer.effect(
  AuthorizationService.AuthorizationService,
  Effect.map(AuthorizationService.AuthorizationService, (service) => ({
    ...service,
    delete: (id) => Effect.tap(service.delete(id), () => Effect.sync(() => deleted++))
  }))
).pipe(Layer.provide(MemoryAuthorizationService.layer()))

AuthorizationContract.suite("a layer that counts what is deleted", layer)
