import { AuthorizationId } from "@effect-heroku/core/Authorization"
import type { Service } from "@effect-heroku/core/AuthorizationService"
import { assert } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import {
  assertIds,
  assertInvalid,
  assertNotFound,
  assertRemaining,
  assertStored,
  facts,
  missing,
  type Test,
  tokenOf
} from "./test.ts"

const callsWith = (service: Service, id: AuthorizationId) =>
  [
    ["info", service.info(id)],
    ["update", service.update(id, { description: "x" })],
    ["regenerate", service.regenerate(id)],
    ["delete", service.delete(id)]
  ] as const

export const byId = (test: Test): void => {
  test("info returns the authorization that create returned", function*(service) {
    const created = yield* service.create({ scope: ["identity"], description: "created", expiresIn: "1 hour" })
    yield* service.create({ scope: ["read"] })
    yield* assertStored(service, created)
    assertRemaining(yield* service.info(created.id), Duration.hours(1))
  })

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
    yield* assertStored(service, twice)
  })

  test("delete returns the authorization and removes it", function*(service, before) {
    const deleted = yield* service.create({ scope: ["read"], description: "to be deleted" })
    const other = yield* service.create({ scope: ["read"] })
    assert.deepStrictEqual(facts(yield* service.delete(deleted.id)), facts(deleted))
    assertNotFound(yield* Effect.flip(service.info(deleted.id)), "info", deleted.id)
    assertNotFound(yield* Effect.flip(service.delete(deleted.id)), "delete", deleted.id)
    yield* assertIds(service, [...before, other.id])
  })

  test("every operation by id fails with NotFound and the id if the authorization does not exist", function*(service) {
    for (const [operation, call] of callsWith(service, missing)) {
      assertNotFound(yield* Effect.flip(call), operation, missing)
    }
  })

  test("every operation rejects ids that cannot be sent, before a request", function*(service) {
    for (
      const text of ["", ".", "..", "\ud800", "a\nb", "HRKU-AA-a-token", "HRKU-01234567-89ab-cdef-0123-456789abcdef"]
    ) {
      const id = AuthorizationId.make(text, { disableChecks: true })
      for (const [operation, call] of callsWith(service, id)) {
        assertInvalid(yield* Effect.flip(call), operation, "id")
      }
    }
  })

  test("an id with reserved characters reaches no other path", function*(service, before) {
    const created = yield* service.create({ scope: ["read"], description: "untouched" })
    const suffixes = ["/", "/actions/regenerate-tokens", "?x=1", "#x", ";x", " "]
    const prefixes = ["/", "x/../", "x\\..\\"]
    const ids = [
      ...suffixes.map((suffix) => created.id + suffix),
      ...prefixes.map((prefix) => prefix + created.id),
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
      for (const [operation, call] of callsWith(service, AuthorizationId.make(text))) {
        assertNotFound(yield* Effect.flip(call), operation, text)
      }
    }
    yield* assertIds(service, [...before, created.id])
    yield* assertStored(service, created)
  })

  test("the id ~ names the default authorization, if there is one", function*(service, before) {
    const outcome = yield* Effect.result(service.info(AuthorizationId.make("~")))
    if (Result.isFailure(outcome)) assertNotFound(outcome.failure, "info", "~")
    else assert.include(before, outcome.success.id)
    yield* assertIds(service, before)
  })
}
