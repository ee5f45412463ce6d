import { assert } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { assertInvalid, assertRejected, assertStored, type Client, facts, missing, type Test } from "./test.ts"

export const update = (test: Test, client: Client | undefined): void => {
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

  test("update rejects input that changes nothing or is invalid, before a request", function*(service) {
    const { id } = yield* service.create({ scope: ["read"] })
    assertInvalid(yield* Effect.flip(service.update(id, {})), "update", "description")
    const client = { id: "", secret: Redacted.make("s") }
    assertInvalid(yield* Effect.flip(service.update(id, { client })), "update", "client.id")
  })

  const rejects = (title: string, wrong: Client) =>
    test(title, function*(service) {
      const created = yield* service.create({ scope: ["read"], description: "before" })
      yield* assertRejected(service.update(created.id, { description: "after", client: wrong }))
      yield* assertStored(service, created)
    })

  rejects("update to a client that does not exist fails and changes nothing", {
    id: missing,
    secret: Redacted.make("the secret of no client")
  })

  if (client === undefined) return

  test("update transfers an authorization to a client with the right secret", function*(service) {
    for (const description of [undefined, "after"]) {
      const created = yield* service.create({ scope: ["read"], description: "before" })
      const updated = yield* service.update(created.id, { client, description })
      assert.deepStrictEqual(Option.map(updated.client, ({ id }) => id), Option.some(client.id))
      assert.deepStrictEqual(facts(updated), {
        ...facts(created),
        description: Option.some(description ?? "before"),
        client: updated.client
      })
      yield* assertStored(service, updated)
    }
  })

  rejects("update to a client with a wrong secret fails and changes nothing", {
    id: client.id,
    secret: Redacted.make(`not ${Redacted.value(client.secret)}`)
  })
}
