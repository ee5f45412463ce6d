import { assert } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { assertInvalid, assertNotFound, facts, missing, type Test } from "./test.ts"

export const update = (test: Test): void => {
  test("update changes the description and nothing else", function*(service) {
    const created = yield* service.create({ scope: ["read"], description: "before" })
    const updated = yield* service.update(created.id, { description: "after" })
    assert.deepStrictEqual(facts(updated), { ...facts(created), description: Option.some("after") })
    const read = yield* service.info(created.id)
    assert.deepStrictEqual(facts(read), facts(updated))
    assert.deepStrictEqual(read.updatedAt, updated.updatedAt)
    assert.isTrue(DateTime.isGreaterThanOrEqualTo(updated.updatedAt, created.updatedAt))
  })

  test("update accepts an empty description", function*(service) {
    const created = yield* service.create({ scope: ["read"], description: "before" })
    assert.deepStrictEqual((yield* service.update(created.id, { description: "" })).description, Option.some(""))
  })

  test("update fails with NotFound and the id if the authorization does not exist", function*(service) {
    assertNotFound(yield* Effect.flip(service.update(missing, { description: "x" })), "update", missing)
  })

  test("update rejects input that changes nothing or is invalid, before a request", function*(service) {
    const { id } = yield* service.create({ scope: ["read"] })
    assertInvalid(yield* Effect.flip(service.update(id, {})), "update", "description")
    const client = { id: "", secret: Redacted.make("s") }
    assertInvalid(yield* Effect.flip(service.update(id, { client })), "update", "client.id")
  })

  test("update to a client that does not exist fails and changes nothing", function*(service) {
    const created = yield* service.create({ scope: ["read"], description: "before" })
    const client = { id: missing, secret: Redacted.make("the secret of no client") }
    const error = yield* Effect.flip(service.update(created.id, { description: "after", client }))
    assert.notStrictEqual(error._tag, "RequestFailed")
    assert.deepStrictEqual(facts(yield* service.info(created.id)), facts(created))
  })
}
