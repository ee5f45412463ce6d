import type { CreateAuthorization } from "@effect-heroku/core/Authorization"
import { assert } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import {
  assertIds,
  assertInvalid,
  assertRejected,
  assertRemaining,
  assertStored,
  type Client,
  missing,
  type Test,
  tokenOf,
  unchecked
} from "./test.ts"

export const create = (test: Test, client: Client | undefined): void => {
  test("create fills in the fields that the input leaves out", function*(service) {
    const created = yield* service.create({ scope: ["global"] })
    assert.deepStrictEqual(created.scope, ["global"])
    assert.isTrue(Option.exists(created.description, (description) => description !== ""))
    const token = Option.getOrThrow(created.accessToken)
    assert.isNotEmpty(Redacted.value(token.token))
    assert.deepStrictEqual(token.expiresIn, Option.none())
    assert.isTrue(Option.isNone(created.client))
    assert.isTrue(Option.isNone(created.grant))
    assert.deepStrictEqual(created.createdAt, created.updatedAt)
  })

  test("create uses the scope, description and lifetime of the input", function*(service) {
    const created = yield* service.create({
      scope: ["read", "write-protected", "a scope to come"],
      description: "nächtlich \"quoted\" 🌙",
      expiresIn: Duration.hours(2)
    })
    assert.deepStrictEqual(created.scope, ["read", "write-protected", "a scope to come"])
    assert.deepStrictEqual(created.description, Option.some("nächtlich \"quoted\" 🌙"))
    assertRemaining(created, Duration.hours(2))
  })

  test("create accepts an empty description and a lifetime of zero", function*(service) {
    const created = yield* service.create({ scope: ["read"], description: "", expiresIn: Duration.zero })
    assert.deepStrictEqual(created.description, Option.some(""))
    assertRemaining(created, Duration.zero)
  })

  test("create creates another authorization each time", function*(service) {
    const one = yield* service.create({ scope: ["read"], description: "twin" })
    const other = yield* service.create({ scope: ["read"], description: "twin" })
    assert.notStrictEqual(one.id, other.id)
    assert.notStrictEqual(tokenOf(one), tokenOf(other))
  })

  test("create rejects invalid input before a request", function*(service, before) {
    const rejected = (input: CreateAuthorization) => Effect.flip(service.create(input))
    assertInvalid(yield* rejected(unchecked({ scope: [] })), "create", "scope")
    assertInvalid(yield* rejected({ scope: [""] }), "create", "scope")
    for (const expiresIn of [Duration.seconds(-1), Duration.millis(1500), Duration.infinity]) {
      assertInvalid(yield* rejected({ scope: ["read"], expiresIn }), "create", "expiresIn")
    }
    assertInvalid(yield* rejected({ scope: ["read"], client: "" }), "create", "client")
    yield* assertIds(service, before)
  })

  test("create for a client that does not exist fails and creates nothing", function*(service, before) {
    yield* assertRejected(service.create({ scope: ["read"], client: missing }))
    yield* assertIds(service, before)
  })

  if (client === undefined) return

  test("create for a client returns a grant and no token", function*(service) {
    const created = yield* service.create({ scope: ["read"], description: "granted", client: client.id })
    assert.deepStrictEqual(Option.map(created.client, ({ id }) => id), Option.some(client.id))
    assert.isTrue(Option.isNone(created.accessToken))
    assert.isNotEmpty(Redacted.value(Option.getOrThrow(created.grant).code))
    assert.deepStrictEqual(created.description, Option.some("granted"))
    yield* assertStored(service, created)
  })
}
