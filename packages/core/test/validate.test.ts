/** Input is validated before an endpoint is called, and the error names the invalid field without its value. */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import * as AuthorizationEndpoints from "@effect-heroku/core/AuthorizationEndpoints"
import { type AuthorizationError, InvalidParams } from "@effect-heroku/core/AuthorizationError"
import type { Cursor } from "@effect-heroku/core/ListRange"
import { assert, describe, it } from "@effect/vitest"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { inspect } from "node:util"
import { authorization, respondWith, uuid } from "./fixtures/scriptedEndpoints.ts"

const { calls, endpoints, service } = respondWith()
const id = AuthorizationId.make(uuid(1))
const unchecked = (text: string) => text as AuthorizationId
const client = (secret: string) => ({ client: { id: "c", secret: Redacted.make(secret) } })
const createFor = (expiresIn: Duration.Input) => service.create({ scope: ["global"], expiresIn })

const integer = "must be an integer of at least 1"

describe("validation", () => {
  // Casts stand for JavaScript programs, which no type holds back.
  it.effect.each<[string, string, string, Effect.Effect<unknown, AuthorizationError>]>([
    ["info", "an empty id", "id: must not be empty", service.info(unchecked(""))],
    ["info", "a dot segment", "id: must not be a dot segment", service.info(unchecked(".."))],
    ["info", "a blank id", "id: must not be blank", service.info(unchecked("  "))],
    ["info", "a null character", "id: must be well-formed", service.info(unchecked("\0"))],
    ["info", "a token as id", "id: a token is not an id: list the authorizations", service.info(unchecked("HRKU-1"))],
    ["delete", "a token as id", "id: a token is not an id", service.delete(unchecked("HRKU-1"))],
    [
      "list",
      "a cursor with a token",
      "cursor: must be a cursor",
      service.list({ cursor: "id HRKU-1..; max=2" as Cursor })
    ],
    ["info", "an array as id", "id: Expected string", service.info([uuid(1)] as never)],
    ["update", "a lone surrogate", "id: must be well-formed", service.update(unchecked("\ud800"), client("s"))],
    [
      "update",
      "no change",
      "description: nothing to update: pass a description, a client, or both",
      service.update(id, {})
    ],
    ["update", "no secret", "client.secret: ", service.update(id, { client: { id: "c" } as never })],
    ["update", "an empty client id", "client.id: ", service.update(id, { client: { ...client("s").client, id: "" } })],
    ["update", "an empty secret", "client.secret: must not be empty", service.update(id, client(""))],
    ["regenerate", "a dot segment", "id: must not be a dot segment", service.regenerate(unchecked("."))],
    ["delete", "a newline", "id: must be well-formed", service.delete(unchecked("a\n"))],
    ["create", "no scope", "scope: must contain at least one scope", service.create({ scope: [] })],
    ["create", "no scope field", "scope: ", service.create({} as never)],
    ["create", "an empty client", "client: ", service.create({ scope: ["global"], client: "" })],
    ["create", "an empty scope", "scope.0: ", service.create({ scope: [""] })],
    ["create", "a negative lifetime", "expiresIn: Expected a duration of whole seconds", createFor("-1 seconds")],
    ["create", "a fraction of a second", "expiresIn: Expected a duration of whole seconds", createFor(1)],
    ["create", "no input", "input: Expected object", service.create(undefined as never)],
    ["list", "a page size of 0", "pageSize: must be an integer between 1 and 1000", service.list({ pageSize: 0 })],
    ["list", "a page size of 1001", "pageSize: must be an integer", service.list({ pageSize: 1001 })],
    ["list", "a page size of 2.5", "pageSize: Expected an integer", service.list({ pageSize: 2.5 })],
    ["list", "an unknown order", "order: Expected \"asc\" | \"desc\"", service.list({ order: "up" as never })],
    ["list", "an invalid cursor", "cursor: must be a cursor of a list", service.list({ cursor: "garbage" as Cursor })],
    ["list", "a number as options", "options: Expected object", service.list(7 as never)],
    ["list", "no concurrency", `concurrency: ${integer}`, Stream.runDrain(service.pages({ concurrency: 0 }))],
    ["list", "half a request", "concurrency: Expected", Stream.runDrain(service.pages({ concurrency: 1.5 }))],
    ["list", "a negative page size", "pageSize: must be", Stream.runDrain(service.stream({ pageSize: -1 }))],
    // Reading a wiped secret throws.
    [
      "update",
      "a wiped secret",
      "input: cannot be read: a secret in it was wiped, or comes from another copy of effect (npm ls effect shows the copies)",
      service.update(id, wipe(client("s")))
    ]
  ])("%s rejects %s before a request is sent: %s", ([operation, , message, call]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(call)
      assert(error instanceof InvalidParams)
      assert.strictEqual(error.operation, operation)
      assert.isTrue(error.message.startsWith(message), error.message)
      assert.deepStrictEqual(error.field, Option.some(message.slice(0, message.indexOf(":"))))
      assert.isFalse(error.outcomeUnknown)
      assert.notProperty(error, "status")
      assert.deepStrictEqual(calls, [])
    }))

  it.effect.each<[string, Effect.Effect<unknown, AuthorizationError>]>([
    ["a secret that is not Redacted", service.update(id, { client: { id: "c", secret: "hunter2" as never } })],
    ["an invalid id", service.info(unchecked("hunter2\n"))],
    ["a token as id", service.info(unchecked("HRKU-hunter2"))],
    ["a number in place of text", service.create({ scope: ["global"], description: { hunter2: 1 } as never })]
  ])("an error of validation does not contain %s", ([, call]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(call)
      assert.notInclude(JSON.stringify(error) + String(error) + inspect(error, { depth: null }), "hunter2")
    }))

  it.effect("an endpoint receives valid input as the caller passed it", () =>
    Effect.gen(function*() {
      const received: Array<unknown> = []
      const { create, update } = AuthorizationEndpoints.make({
        ...endpoints,
        create: (input) => Effect.sync(() => (received.push(input), authorization("x"))),
        update: (id, input) => Effect.sync(() => (received.push(id, input), authorization("x")))
      })
      yield* create({ scope: ["app"], expiresIn: "10 minutes", description: undefined })
      yield* update(id, { description: "new" })
      assert.deepStrictEqual(received, [
        { scope: ["app"], expiresIn: "10 minutes", description: undefined },
        id,
        { description: "new" }
      ])
    }))
})

function wipe<T extends { readonly client: { readonly secret: Redacted.Redacted } }>(input: T): T {
  Redacted.wipeUnsafe(input.client.secret)
  return input
}
