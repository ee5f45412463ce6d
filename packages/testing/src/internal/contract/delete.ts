import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { assertNotFound, facts, idsOfAll, sorted, type Test } from "./test.ts"

export const remove = (test: Test): void => {
  test("delete returns the authorization and removes it", function*(service, before) {
    const deleted = yield* service.create({ scope: ["read"], description: "to be deleted" })
    const other = yield* service.create({ scope: ["read"] })
    assert.deepStrictEqual(facts(yield* service.delete(deleted.id)), facts(deleted))
    assertNotFound(yield* Effect.flip(service.info(deleted.id)), "info", deleted.id)
    assertNotFound(yield* Effect.flip(service.delete(deleted.id)), "delete", deleted.id)
    assert.deepStrictEqual(yield* idsOfAll(service), sorted([...before, other.id]))
  })
}
