import { assert } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { assertNotFound, assertRemaining, facts, missing, type Test } from "./test.ts"

export const info = (test: Test): void => {
  test("info returns the authorization that create returned", function*(service) {
    const created = yield* service.create({
      scope: ["identity"],
      description: "created",
      expiresIn: Duration.hours(1)
    })
    yield* service.create({ scope: ["read"] })
    const read = yield* service.info(created.id)
    assert.deepStrictEqual(facts(read), facts(created))
    assertRemaining(read, Duration.hours(1))
  })

  test("info fails with NotFound and the id if the authorization does not exist", function*(service) {
    assertNotFound(yield* Effect.flip(service.info(missing)), "info", missing)
  })
}
