import { assert } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { assertNotFound, assertRemaining, facts, missing, type Test, tokenOf } from "./test.ts"

export const regenerate = (test: Test): void => {
  test("regenerate replaces the tokens and changes nothing else", function*(service) {
    const created = yield* service.create({ scope: ["read"], expiresIn: Duration.hours(3) })
    const once = yield* service.regenerate(created.id)
    const twice = yield* service.regenerate(created.id)
    assert.strictEqual(once.id, created.id)
    assert.strictEqual(new Set([created, once, twice].map(tokenOf)).size, 3)
    assert.deepStrictEqual(once.scope, created.scope)
    assert.deepStrictEqual(once.description, created.description)
    assertRemaining(twice, Duration.hours(3))
    assert.isTrue(DateTime.isGreaterThanOrEqualTo(once.updatedAt, created.updatedAt))
    assert.isTrue(DateTime.isGreaterThanOrEqualTo(twice.updatedAt, once.updatedAt))
    const read = yield* service.info(created.id)
    assert.deepStrictEqual(read.updatedAt, twice.updatedAt)
    assert.notStrictEqual(tokenOf(read), tokenOf(created))
    assert.deepStrictEqual(facts(read), facts(twice))
  })

  test("regenerate fails with NotFound and the id if the authorization does not exist", function*(service) {
    assertNotFound(yield* Effect.flip(service.regenerate(missing)), "regenerate", missing)
  })
}
