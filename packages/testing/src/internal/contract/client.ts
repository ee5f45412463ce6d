import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { facts, type Test } from "./test.ts"

export const client = (test: Test, client: { readonly id: string; readonly secret: Redacted.Redacted }): void => {
  test("create for a client returns a grant and no token", function*(service) {
    const created = yield* service.create({ scope: ["read"], description: "granted", client: client.id })
    assert.deepStrictEqual(Option.map(created.client, ({ id }) => id), Option.some(client.id))
    assert.isTrue(Option.isNone(created.accessToken))
    assert.isNotEmpty(Redacted.value(Option.getOrThrow(created.grant).code))
    assert.deepStrictEqual(created.description, Option.some("granted"))
    assert.deepStrictEqual(facts(yield* service.info(created.id)), facts(created))
  })

  test("update transfers an authorization to a client with the right secret", function*(service) {
    for (const description of [undefined, "after"]) {
      const created = yield* service.create({ scope: ["read"], description: "before" })
      const updated = yield* service.update(created.id, {
        client,
        ...(description === undefined ? undefined : { description })
      })
      assert.deepStrictEqual(Option.map(updated.client, ({ id }) => id), Option.some(client.id))
      assert.deepStrictEqual(facts(updated), {
        ...facts(created),
        description: Option.some(description ?? "before"),
        client: updated.client
      })
      assert.deepStrictEqual(facts(yield* service.info(created.id)), facts(updated))
    }
  })

  test("update to a client with a wrong secret fails and changes nothing", function*(service) {
    const created = yield* service.create({ scope: ["read"], description: "before" })
    const wrong = { id: client.id, secret: Redacted.make(`not ${Redacted.value(client.secret)}`) }
    const error = yield* Effect.flip(service.update(created.id, { description: "after", client: wrong }))
    assert.notStrictEqual(error._tag, "RequestFailed")
    assert.deepStrictEqual(facts(yield* service.info(created.id)), facts(created))
  })
}
