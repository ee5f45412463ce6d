import * as AuthorizationArbitrary from "@effect-heroku/testing/AuthorizationArbitrary"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import { endingSoon } from "./endingSoon.ts"

it.effect.prop(
  "whatever the account holds, nothing is found twice",
  { seed: Arbitrary.array(AuthorizationArbitrary.authorization, { maxLength: 20 }) },
  ({ seed }) =>
    Effect.gen(function*() {
      const found = yield* endingSoon
      assert.lengthOf(new Set(found), found.length)
    }).pipe(Effect.provide(MemoryAuthorizationService.layer({ seed })))
)
