import { AuthorizationId } from "@effect-heroku/core/Authorization"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { assertInvalid, assertNotFound, facts, idsOfAll, sorted, type Test } from "./test.ts"

export const ids = (test: Test): void => {
  test("every operation rejects ids that cannot be sent, before a request", function*(service) {
    for (const text of ["", ".", "..", "\ud800", "a\nb"]) {
      const id = AuthorizationId.make(text, { disableChecks: true })
      assertInvalid(yield* Effect.flip(service.info(id)), "info", "id")
      assertInvalid(yield* Effect.flip(service.update(id, { description: "x" })), "update", "id")
      assertInvalid(yield* Effect.flip(service.regenerate(id)), "regenerate", "id")
      assertInvalid(yield* Effect.flip(service.delete(id)), "delete", "id")
    }
  })

  test("an id with reserved characters reaches no other path", function*(service, before) {
    const created = yield* service.create({ scope: ["read"], description: "untouched" })
    const ids = [
      `${created.id}/`,
      `/${created.id}`,
      `${created.id}/actions/regenerate-tokens`,
      `${created.id}?x=1`,
      `${created.id}#x`,
      `${created.id};x`,
      `${created.id} `,
      `x/../${created.id}`,
      `x\\..\\${created.id}`,
      "../../account",
      "../authorizations",
      "%2e%2e",
      "a%2Fb",
      "a+b",
      "größe 🌙",
      "//example.com/",
      "https://example.com/"
    ]
    for (const text of ids) {
      const id = AuthorizationId.make(text)
      assertNotFound(yield* Effect.flip(service.info(id)), "info", text)
      assertNotFound(yield* Effect.flip(service.update(id, { description: "x" })), "update", text)
      assertNotFound(yield* Effect.flip(service.regenerate(id)), "regenerate", text)
      assertNotFound(yield* Effect.flip(service.delete(id)), "delete", text)
    }
    assert.deepStrictEqual(yield* idsOfAll(service), sorted([...before, created.id]))
    assert.deepStrictEqual(facts(yield* service.info(created.id)), facts(created))
  })

  test("the id ~ names the default authorization, if there is one", function*(service, before) {
    const outcome = yield* Effect.result(service.info(AuthorizationId.make("~")))
    if (Result.isFailure(outcome)) assertNotFound(outcome.failure, "info", "~")
    else assert.include(before, outcome.success.id)
    assert.deepStrictEqual(yield* idsOfAll(service), before)
  })
}
