import { Authorization, AuthorizationService } from "@effect-heroku/core"
import { FaultInjection, MemoryAuthorizationService } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { explain } from "./explain.ts"

const id = Authorization.AuthorizationId.make("one")

const layer = MemoryAuthorizationService.layerWithFaults({ seed: [{ id }] })

it.effect.each<[string, FaultInjection.Fault, RegExp]>([
  ["Unauthorized", FaultInjection.status(401), /^Heroku rejected the token: .*HEROKU_API_KEY/],
  ["Forbidden", FaultInjection.status(403), /^The token has no permission to do this: /],
  [
    "TwoFactorRequired",
    FaultInjection.status(403, { headers: { "Heroku-Two-Factor-Required": "true" } }),
    /^Heroku requires a second factor: .*`unset HEROKU_API_KEY; heroku login`/
  ],
  ["NotFound", FaultInjection.status(404), /^No authorization has the id one: /],
  [
    "RateLimited",
    FaultInjection.status(429, { headers: { "Retry-After": "90" } }),
    /^Rate limit exceeded, retry in 1m 30s: /
  ],
  ["UnexpectedStatus", FaultInjection.status(503), /^Heroku returned status 503 for info: .*status\.heroku\.com/],
  ["InvalidResponse", FaultInjection.garbled, /^Heroku processed info but returned an invalid response: /]
])("explain describes %s in a sentence", ([tag, fault, sentence]) =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(fault)
    const service = yield* AuthorizationService.AuthorizationService
    const error = yield* Effect.flip(service.info(id))
    assert.strictEqual(error._tag, tag)
    assert.match(explain(error), sentence)
  }).pipe(Effect.provide(layer)))
