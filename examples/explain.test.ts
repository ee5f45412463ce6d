/** The sentences of `explain.ts` for errors that the other tests of the examples do not come to. */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { explained } from "./explain.ts"

const layer = MemoryAuthorizationService.layer({ seed: [{ id: "one" }] }).pipe(
  Layer.provideMerge(FaultInjection.layer)
)

describe("explain", () => {
  it.effect.each<[string, FaultInjection.Fault, RegExp]>([
    ["Forbidden", FaultInjection.status(403), /^Heroku does not allow it: /],
    [
      "TwoFactorRequired",
      FaultInjection.status(403, { headers: { "Heroku-Two-Factor-Required": "true" } }),
      /^Heroku wants a second factor: .*`heroku login`/
    ],
    ["NotFound", FaultInjection.status(404), /^There is no authorization one: /],
    ["UnexpectedStatus", FaultInjection.status(503), /^Heroku answered info with 503: /],
    ["InvalidResponse", FaultInjection.garbled, /^Heroku answered info with what cannot be understood/]
  ])("makes a sentence of %s", ([, fault, sentence]) =>
    Effect.gen(function*() {
      const faults = yield* FaultInjection.FaultInjection
      yield* faults.inject(fault)
      const info = AuthorizationService.use((service) => service.info(AuthorizationId.make("one")))
      assert.match((yield* Effect.flip(explained(info))).message, sentence)
    }).pipe(Effect.provide(layer)))
})
