import { Authorization } from "@effect-heroku/core"
import { HerokuAccount, MemoryAuthorizationService } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { expiringSoon, renewAll } from "./expiring-soon.ts"

const ci = Authorization.AuthorizationId.make("00000000-0000-4000-8000-000000000001")
const laptop = Authorization.AuthorizationId.make("00000000-0000-4000-8000-000000000002")

const layer = MemoryAuthorizationService.layer({
  seed: [
    { id: ci, description: "build server", expiresIn: "30 days" },
    { id: laptop, description: "laptop" } // never expires
  ]
})

it.effect("expiringSoon returns an authorization on its last day only", () =>
  Effect.gen(function*() {
    assert.deepStrictEqual(yield* expiringSoon, [])
    yield* TestClock.adjust("29 days")
    assert.deepStrictEqual(yield* expiringSoon, [ci])
  }).pipe(Effect.provide(layer)))

it.effect("renewAll replaces the expiring token and no other", () =>
  Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    yield* TestClock.adjust("29 days")
    const [ciBefore, laptopBefore] = yield* account.authorizations
    assert.strictEqual(yield* renewAll, 1)
    const [ciAfter, laptopAfter] = yield* account.authorizations
    assert.notDeepEqual(ciAfter?.accessToken, ciBefore?.accessToken)
    assert.deepStrictEqual(laptopAfter, laptopBefore)
    assert.deepStrictEqual(yield* expiringSoon, [])
  }).pipe(Effect.provide(layer)))

it.effect("renewAll renews the expiring tokens of an account with 2,000 authorizations", () =>
  Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    assert.isAbove(yield* renewAll, 100)
    assert.strictEqual(yield* account.size, 2000)
  }).pipe(Effect.provide(MemoryAuthorizationService.layer({ count: 2000 }))))
