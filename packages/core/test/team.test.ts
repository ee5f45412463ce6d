/** The authorizations of a team: which endpoints receive the team, and that a cursor belongs to its team. */
import * as AuthorizationEndpoints from "@effect-heroku/core/AuthorizationEndpoints"
import type { AuthorizationError } from "@effect-heroku/core/AuthorizationError"
import type * as AuthorizationService from "@effect-heroku/core/AuthorizationService"
import { Cursor } from "@effect-heroku/core/ListRange"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { makeListServer, spreadIds } from "./fixtures/listServer.ts"
import { idsOf, respondWith, uuid } from "./fixtures/scriptedEndpoints.ts"

/** Stores a value as text, as a program that resumes in another process does. */
const stored = (cursor: Cursor): Cursor => Schema.decodeUnknownSync(Cursor)(JSON.parse(JSON.stringify(cursor)))

describe("team", () => {
  it.effect("create passes the team to its endpoint", () =>
    Effect.gen(function*() {
      const { endpoints } = respondWith()
      const received: Array<unknown> = []
      const service = AuthorizationEndpoints.make({
        ...endpoints,
        create: (input) => Effect.sync(() => received.push(input)).pipe(Effect.andThen(endpoints.create(input)))
      })
      yield* service.create({ scope: ["read"], team: "a-team" })
      assert.deepStrictEqual(received, [{ scope: ["read"], team: "a-team" }])
    }))

  it.effect("list, pages and stream pass the team to every request", () =>
    Effect.gen(function*() {
      const pages = [[[uuid(1)], `id ]${uuid(1)}..; max=1`], [[uuid(2)]]] as const
      const { calls, service } = respondWith(...pages, ...pages, pages[0])
      const options = { team: "a-team", pageSize: 1 }
      yield* Stream.runDrain(service.pages(options))
      yield* Stream.runDrain(service.stream(options))
      yield* service.list(options)
      const [first, second] = ["a-team: id ..; max=1", `a-team: id ]${uuid(1)}..; max=1`]
      assert.deepStrictEqual(calls, [first, second, first, second, first])
    }))

  it.effect("a listing of a team with concurrency is complete", () =>
    Effect.gen(function*() {
      const { service, state, stored } = makeListServer(spreadIds(500))
      const ids = idsOf(yield* Stream.runCollect(service.stream({ team: "a-team", pageSize: 20, concurrency: 8 })))
      assert.deepStrictEqual(ids, stored)
      assert.deepStrictEqual([...state.teams], ["a-team"])
    }))

  it.effect.each(["a-team", "01234567-89ab-cdef-0123-456789abcdef", "größe id ]x..; max=9", "a%20b/c?d", "team=x id"])(
    "a stored cursor resumes the listing of the team %s, with and without its name",
    (team) =>
      Effect.gen(function*() {
        const { calls, service } = respondWith([[uuid(1)], `id ]${uuid(1)}..; max=1`], [[uuid(2)]], [[uuid(2)]])
        const { next } = yield* service.list({ team, pageSize: 1 })
        const cursor = stored(Option.getOrThrow(next))
        assert.match(cursor, /^[\x20-\x7e]+$/)
        yield* service.list({ cursor })
        yield* service.list({ cursor, team })
        assert.deepStrictEqual(calls, [
          `${team}: id ..; max=1`,
          `${team}: id ]${uuid(1)}..; max=1`,
          `${team}: id ]${uuid(1)}..; max=1`
        ])
      })
  )

  const ofAccount = `id ]${uuid(1)}..; max=1`
  const ofTeam = `team=a-team ${ofAccount}`

  it.effect.each<[string, string, AuthorizationService.ListOptions["team"]]>([
    ["cursor: belongs to a listing of the account, not of the team a-team", ofAccount, "a-team"],
    ["cursor: belongs to a listing of the team a-team, not of the team other", ofTeam, "other"],
    ["cursor: must be a cursor of a list of authorizations", `team= ${ofAccount}`, undefined],
    ["cursor: must be a cursor of a list of authorizations", `team=.. ${ofAccount}`, undefined],
    ["cursor: must be a cursor of a list of authorizations", `team=%2e%2e ${ofAccount}`, undefined],
    ["cursor: must be a cursor of a list of authorizations", `team=%zz ${ofAccount}`, undefined],
    ["cursor: must be a cursor of a list of authorizations", `team=%48RKU-1 ${ofAccount}`, undefined],
    ["cursor: must be a cursor of a list of authorizations", `team=a team=b ${ofAccount}`, undefined]
  ])("list fails with %j for the cursor %s and the team %s", ([message, cursor, team]) =>
    Effect.gen(function*() {
      const { calls, service } = respondWith()
      const error = yield* Effect.flip(service.list({ cursor: Cursor.make(cursor, { disableChecks: true }), team }))
      assert(error._tag === "InvalidParams")
      assert.deepStrictEqual([error.message, error.field], [message, Option.some("cursor")])
      assert.deepStrictEqual(calls, [])
    }))

  const { calls, service } = respondWith()

  it.effect.each<[string, string, Effect.Effect<unknown, AuthorizationError>]>([
    ["create", "team: must not be empty", service.create({ scope: ["read"], team: "" })],
    ["create", "team: must not be a dot segment", service.create({ scope: ["read"], team: ".." })],
    ["create", "team: a token is not the name or id of a team", service.create({ scope: ["read"], team: "HRKU-1" })],
    ["create", "client: cannot be combined with a team", service.create({ scope: ["read"], team: "a", client: "c" })],
    ["list", "team: must be well-formed", service.list({ team: "a\nb" })],
    ["list", "team: a token is not the name or id of a team", service.list({ team: "HRKU-1" })],
    ["list", "team: Expected string", Stream.runDrain(service.stream({ team: 1 as never }))]
  ])("%s rejects an invalid team before a request is sent: %s", ([operation, message, call]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(call)
      assert(error._tag === "InvalidParams")
      assert.strictEqual(error.operation, operation)
      assert.isTrue(error.message.startsWith(message), error.message)
      assert.notInclude(error.message, "HRKU")
      assert.deepStrictEqual(calls, [])
    }))
})
