/** Values that are wrong in one place: which field the error names, and that no call is made. */
import { Authorization, AuthorizationId } from "@effect-heroku/core/Authorization"
import type { AuthorizationError } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService, type Service } from "@effect-heroku/core/AuthorizationService"
import { Cursor } from "@effect-heroku/core/ListRange"
import { full } from "@effect-heroku/test-kit/payloads"
import { FaultInjection } from "@effect-heroku/testing/FaultInjection"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as Stream from "effect/Stream"

const token = full.access_token

it.each<[path: string, changes: object]>([
  ["id", { id: undefined }],
  ["id", { id: "" }],
  ["scope", { scope: "global" }],
  ["scope.0", { scope: [7] }],
  ["created_at", { created_at: "yesterday" }],
  ["updated_at", { updated_at: null }],
  ["access_token", { access_token: token.token }],
  ["access_token.token", { access_token: { ...token, token: [token.token] } }],
  ["refresh_token.expires_in", { refresh_token: { ...token, expires_in: "3600" } }],
  ["grant.code", { grant: { id: token.id, code: 7 } }],
  ["client", { client: token.id }],
  ["user.id", { user: { id: 7 } }]
])("JSON with an invalid %s is rejected with its path: %j", (path, changes) => {
  const json: unknown = JSON.parse(JSON.stringify({ ...full, ...changes }))
  const result = Schema.decodeUnknownResult(Authorization.FromWire)(json)
  assert(Result.isFailure(result))
  const [issue] = SchemaIssue.makeFormatterStandardSchemaV1()(result.failure.issue).issues
  assert.strictEqual(issue?.path?.join("."), path)
})

type Case = readonly [
  field: string,
  calls: (service: Service) => ReadonlyArray<Effect.Effect<unknown, AuthorizationError>>
]

const id = AuthorizationId.make("x")
const unchecked = (text: string) => Cursor.make(text, { disableChecks: true })
const uuid = "01234567-89ab-cdef-0123-456789abcdef"

it.effect.each<Case>([
  [
    "id",
    (service) =>
      ["", ".", "..", "\ud800", "a\n", "\0", "a\u0085b", "\udfff\ud800"].map((text) =>
        service.delete(AuthorizationId.make(text, { disableChecks: true }))
      )
  ],
  ["scope", (service) => [service.create({ scope: [] })]],
  ["scope.0", (service) => [service.create({ scope: [""] })]],
  [
    "expiresIn",
    (service) =>
      [-1, 0.5, 1.001, Infinity, 100_000_000_001].map((seconds) =>
        service.create({ scope: ["read"], expiresIn: Duration.seconds(seconds) })
      )
  ],
  ["client", (service) => [service.create({ scope: ["read"], client: "" })]],
  ["description", (service) => [service.update(id, {})]],
  ["client.id", (service) => [service.update(id, { client: { id: "", secret: Redacted.make("s") } })]],
  ["client.secret", (service) => [service.update(id, { client: { id: "c", secret: Redacted.make("") } })]],
  ["pageSize", (service) =>
    [0, -1, 1001, 2.5, Number.NaN, Infinity].flatMap((pageSize) => [
      service.list({ pageSize }),
      Stream.runDrain(service.pages({ pageSize }))
    ])],
  ["cursor", (service) => [
    ...["", "id", "..", "id ]..", "name ..", "bytes 0-499", "id ..; max=0", "id ..; order=up", `id ]${uuid}`].flatMap(
      (text) => [service.list({ cursor: unchecked(text) }), Stream.runDrain(service.pages({ cursor: unchecked(text) }))]
    ),
    service.list({ cursor: Cursor.make(`id ]${uuid}..; max=2`), order: "desc" }),
    service.list({ cursor: Cursor.make(`id ]${uuid}..; max=2, order=desc`), order: "asc" })
  ]],
  [
    "concurrency",
    (service) => [0, -1, 1.5, Number.NaN].map((concurrency) => Stream.runDrain(service.pages({ concurrency })))
  ]
])("an invalid %s is rejected before a call, and named", ([field, calls]) =>
  Effect.gen(function*() {
    for (const call of calls(yield* AuthorizationService)) {
      const error = yield* Effect.flip(call)
      assert(error._tag === "InvalidParams")
      assert.deepStrictEqual(error.field, Option.some(field))
      assert.isUndefined(error.status)
    }
    assert.deepStrictEqual(yield* FaultInjection.use((faults) => faults.calls), [])
  }).pipe(Effect.provide(MemoryAuthorizationService.layerWithFaults())))
