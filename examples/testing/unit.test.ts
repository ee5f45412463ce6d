import { AuthorizationId } from "@effect-heroku/core/Authorization"
import { HerokuAccount } from "@effect-heroku/testing/HerokuAccount"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { endingSoon, renewAll } from "./endingSoon.ts"

const ci = AuthorizationId.make("00000000-0000-4000-8000-000000000001")
const laptop = AuthorizationId.make("00000000-0000-4000-8000-000000000002")

const layer = MemoryAuthorizationService.layer({
  seed: [
    { id: ci, description: "build server", expiresIn: "30 days" },
    { id: laptop, description: "laptop" } // never expires
  ]
})

it.effect("finds what ends within a day, once it does", () =>
  Effect.gen(function*() {
    assert.deepStrictEqual(yield* endingSoon, [])
    yield* TestClock.adjust("29 days")
    assert.deepStrictEqual(yield* endingSoon, [ci])
  }).pipe(Effect.provide(layer)))

it.effect("gives it new tokens, and leaves the rest alone", () =>
  Effect.gen(function*() {
    const account = yield* HerokuAccount
    yield* TestClock.adjust("29 days")
    const [ciBefore, laptopBefore] = yield* account.authorizations
    assert.strictEqual(yield* renewAll, 1)
    const [ciAfter, laptopAfter] = yield* account.authorizations
    assert.notDeepEqual(ciAfter?.accessToken, ciBefore?.accessToken)
    assert.deepStrictEqual(laptopAfter, laptopBefore)
    assert.deepStrictEqual(yield* endingSoon, [])
  }).pipe(Effect.provide(layer)))

it.effect("copes with a big account, of all kinds of authorizations", () =>
  Effect.gen(function*() {
    const account = yield* HerokuAccount
    assert.isAbove(yield* renewAll, 100)
    assert.strictEqual(yield* account.size, 2000)
  }).pipe(Effect.provide(MemoryAuthorizationService.layer({ count: 2000 }))))
