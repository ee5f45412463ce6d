/** The authorizations of every implementation are plain data. What libraries can do with that is tested in core. */
import { Authorization } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import { id } from "@effect-heroku/test-kit/samples"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { layerOver } from "./fixtures/liveService.ts"

const account = { seed: [{ id, description: "ci" }, { client: { id: "c" }, refreshToken: "HRKU-refresh" }] }

/** Authorizations of every operation. */
const authorizations = AuthorizationService.use((service) =>
  Effect.all([
    service.create({ scope: ["global"], description: "ci" }),
    service.info(id),
    service.update(id, { description: "new" }),
    Effect.map(service.list(), ({ items }) => items.at(-1)!),
    service.regenerate(id),
    service.delete(id)
  ])
)

it.effect.each<[string, Layer.Layer<AuthorizationService>]>([
  ["the memory layer", MemoryAuthorizationService.layer(account)],
  ["the live layer", layerOver({ layer: FakeHeroku.layerHttpClient(account) })]
])(
  "the authorizations of %s are like decoded and constructed ones: plain data with frozen secrets",
  ([, layer]) =>
    Effect.gen(function*() {
      for (const authorization of yield* Effect.provide(authorizations, layer)) {
        const copy = new Authorization({ ...authorization })
        assert.instanceOf(authorization, Authorization)
        assert.deepStrictEqual(authorization, copy)
        assert.deepStrictEqual(Object.getOwnPropertyDescriptors(authorization), Object.getOwnPropertyDescriptors(copy))
        const { accessToken, refreshToken } = Object.freeze(authorization)
        for (const { token } of [...Option.toArray(accessToken), ...Option.toArray(refreshToken)]) {
          assert.isFrozen(token)
          assert.isNotEmpty(Redacted.value(token))
        }
      }
    })
)
