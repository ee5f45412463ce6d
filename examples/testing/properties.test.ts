import { AuthorizationArbitrary, MemoryAuthorizationService } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { Arbitrary, Effect } from "effect"
import { expiringSoon } from "./expiring-soon.ts"

it.effect.prop(
  "expiringSoon returns no authorization twice",
  { seed: Arbitrary.array(AuthorizationArbitrary.authorization, { maxLength: 20 }) },
  ({ seed }) =>
    Effect.gen(function*() {
      const ids = yield* expiringSoon
      assert.lengthOf(new Set(ids), ids.length)
    }).pipe(Effect.provide(MemoryAuthorizationService.layer({ seed })))
)
