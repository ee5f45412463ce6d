import type { AuthorizationError } from "@effect-heroku/core/AuthorizationError"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { assertInvalid, assertNotFound, assertStored, facts, idsOf, pageSizeFor, sorted, type Test } from "./test.ts"

/** The authorizations of a team. Without a team only its errors are tested. */
export const team = (test: Test, team: string | undefined): void => {
  test("create and list fail with status 404 for a team that does not exist", function*(service) {
    const unknown = "a-team-that-does-not-exist"
    const calls: ReadonlyArray<Effect.Effect<unknown, AuthorizationError>> = [
      service.create({ scope: ["read"], team: unknown }),
      service.list({ team: unknown }),
      Stream.runDrain(service.stream({ team: unknown }))
    ]
    for (const call of calls) {
      const error = yield* Effect.flip(call)
      assert(error._tag === "UnexpectedStatus", error._tag)
      assert.strictEqual(error.status, 404)
    }
  })

  test("create and list reject an invalid team before a request", function*(service) {
    for (const invalid of ["", ".", "..", "a\nb", "HRKU-AA-a-token"]) {
      assertInvalid(yield* Effect.flip(service.create({ scope: ["read"], team: invalid })), "create", "team")
      assertInvalid(yield* Effect.flip(service.list({ team: invalid })), "list", "team")
    }
    const combined = service.create({ scope: ["read"], team: "a-team", client: "a-client" })
    assertInvalid(yield* Effect.flip(combined), "create", "client")
  })

  if (team === undefined) return

  test("the listings of a team contain what create created for it, in order", function*(service) {
    const before = idsOf(yield* Stream.runCollect(service.pages({ team })))
    const created = yield* Effect.forEach(
      ["one", "two", "three"],
      (description) => service.create({ scope: ["read"], description, team })
    )
    const ids = sorted([...before, ...created.map(({ id }) => id)])
    const options = { team, pageSize: pageSizeFor(ids.length) }
    assert.deepStrictEqual(idsOf(yield* Stream.runCollect(service.pages(options))), ids)
    const descending = yield* Stream.runCollect(service.stream({ ...options, order: "desc", concurrency: 4 }))
    assert.deepStrictEqual(descending.map(({ id }) => id), ids.toReversed())
    assert.deepStrictEqual(idsOf([yield* service.list({ team })]), ids.slice(0, 1000))
  })

  test("info, update, regenerate and delete name an authorization of a team by its id", function*(service) {
    const created = yield* service.create({ scope: ["read"], description: "before", team })
    yield* assertStored(service, created)
    const updated = yield* service.update(created.id, { description: "after" })
    assert.deepStrictEqual(updated.description, Option.some("after"))
    assert.strictEqual((yield* service.regenerate(created.id)).id, created.id)
    assert.deepStrictEqual(facts(yield* service.delete(created.id)).id, created.id)
    assertNotFound(yield* Effect.flip(service.info(created.id)), "info", created.id)
  })

  test("a cursor belongs to the listing of its team", function*(service) {
    for (const description of ["one", "two", "three"]) yield* service.create({ scope: ["read"], description, team })
    const all = idsOf(yield* Stream.runCollect(service.pages({ team })))
    const { items, next } = yield* service.list({ team, pageSize: Math.min(all.length - 1, 1000) })
    const cursor = Option.getOrThrow(next)
    const rest = all.slice(items.length)
    assert.deepStrictEqual(idsOf(yield* Stream.runCollect(service.pages({ cursor }))), rest)
    assert.deepStrictEqual(idsOf(yield* Stream.runCollect(service.pages({ cursor, team }))), rest)
    assertInvalid(yield* Effect.flip(service.list({ cursor, team: `not-${team}` })), "list", "cursor")
  })
}
