/**
 * Runs the same random sequences of operations on the memory layer, on the live layer over the fake Heroku API in process,
 * and over a socket, and compares results and errors. All three generate the same ids and tokens, so that only request ids
 * differ.
 */
import { Authorization, AuthorizationId } from "@effect-heroku/core/Authorization"
import type { AuthorizationError } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService, type Page, type Service } from "@effect-heroku/core/AuthorizationService"
import { type Cursor, Order } from "@effect-heroku/core/ListRange"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { layerOver, layerOverSocket } from "./fixtures/liveService.ts"

/** The index of an authorization created so far, the id of no authorization, or an id that no request can carry. */
const Target = Schema.Union([
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 })),
  Schema.Literals(["~", "unknown", "a/b", "../../account", "100%", "]x", "🔑", "", ".."])
])

const Client = Schema.Literals(["plain", "privileged", "unknown"])

const Command = Schema.TaggedUnion({
  Create: {
    scope: Schema.Array(Schema.Literals(["global", "read", "app", ""])).check(Schema.isMaxLength(2)),
    description: Schema.optionalKey(Schema.Literals(["", "ci", "Schlüssel \"🔑\"\n"])),
    seconds: Schema.optionalKey(Schema.Literals([-1, 0, 1, 1.5, 3600, 100_000_000_000])),
    client: Schema.optionalKey(Client)
  },
  Info: { target: Target },
  Update: {
    target: Target,
    description: Schema.optionalKey(Schema.Literals(["", "changed"])),
    client: Schema.optionalKey(Client),
    secret: Schema.Literals(["right", "wrong", ""])
  },
  Regenerate: { target: Target },
  Delete: { target: Target },
  List: {
    pageSize: Schema.optionalKey(Schema.Literals([0, 1, 2, 3, 1000, 1001])),
    order: Schema.optionalKey(Order),
    resume: Schema.Boolean
  },
  Stream: {
    pageSize: Schema.Literals([1, 2, 5]),
    order: Order,
    concurrency: Schema.Literals([1, 3])
  },
  Wait: { seconds: Schema.Literals([0.25, 1, 60, 3600]) }
})
type Command = typeof Command.Type

const sequences = Arbitrary.array(Arbitrary.schema(Command), { minLength: 1, maxLength: 15 })

const clientIds = { plain: "client-plain", privileged: "client-privileged", unknown: "client-unknown" }

const account = {
  seed: [
    { id: "00000000-0000-4000-8000-000000000001", expiresIn: "90 seconds" },
    { id: "00000000-0000-4000-8000-000000000002", client: { id: clientIds.plain }, refreshToken: "refresh" },
    { id: "key.with dots; and spaces", scope: ["read", "x"] }
  ],
  clients: [
    { id: clientIds.plain, secret: "right" },
    { id: clientIds.privileged, secret: "right", privileged: true }
  ],
  count: 3,
  defaultAuthorization: "00000000-0000-4000-8000-000000000001"
} satisfies MemoryAuthorizationService.Options

const encode = Schema.encodeSync(Authorization.FromWire)
const show = (authorization: Authorization): unknown => JSON.parse(JSON.stringify(encode(authorization)))
const showPage = (page: Page): unknown => ({ items: page.items.map(show), next: page.next })
const showError = ({ message, ...error }: AuthorizationError): unknown => ({ ...error, message, requestId: undefined })

const run = Effect.fnUntraced(function*(commands: ReadonlyArray<Command>) {
  // With milliseconds, like any clock.
  yield* TestClock.setTime(1_790_000_000_123)
  const service = yield* AuthorizationService
  const known: Array<string> = account.seed.map(({ id }) => id)
  let cursor: Cursor | undefined
  const outcomes: Array<unknown> = []

  const idOf = (target: typeof Target.Type) =>
    AuthorizationId.make(typeof target === "number" ? known[target % known.length]! : target, { disableChecks: true })

  const call = (command: Command, service: Service): Effect.Effect<unknown, AuthorizationError> => {
    switch (command._tag) {
      case "Create":
        return service.create({
          scope: command.scope as unknown as readonly [string],
          description: command.description,
          expiresIn: command.seconds === undefined ? undefined : Duration.seconds(command.seconds),
          client: command.client === undefined ? undefined : clientIds[command.client]
        }).pipe(Effect.map((created) => {
          known.push(created.id)
          return show(created)
        }))
      case "Info":
        return Effect.map(service.info(idOf(command.target)), show)
      case "Update":
        return Effect.map(
          service.update(idOf(command.target), {
            description: command.description,
            client: command.client && { id: clientIds[command.client], secret: Redacted.make(command.secret) }
          }),
          show
        )
      case "Regenerate":
        return Effect.map(service.regenerate(idOf(command.target)), show)
      case "Delete":
        return Effect.map(service.delete(idOf(command.target)), show)
      case "List":
        return Effect.map(
          service.list({ ...command, cursor: command.resume ? cursor : undefined }),
          (page) => {
            cursor = Option.getOrUndefined(page.next)
            return showPage(page)
          }
        )
      case "Stream":
        return Effect.map(
          Stream.runCollect(service.stream(command)),
          (items) => items.map(show)
        )
      case "Wait":
        return TestClock.adjust(Duration.seconds(command.seconds))
    }
  }

  for (const command of commands) {
    outcomes.push(
      Result.match(yield* Effect.result(call(command, service)), {
        onFailure: showError,
        onSuccess: (value) => value
      })
    )
  }
  return outcomes
})

const inMemory = MemoryAuthorizationService.layer(account)
const inProcess = layerOver({ layer: FakeHeroku.layerHttpClient(account) })
const overSocket = layerOverSocket(FakeHeroku.layerServer(account))

describe("implementations", () => {
  it.effect.prop(
    "the memory layer and the live layer return the same results and errors, in process and over a socket",
    { commands: sequences },
    ({ commands }) =>
      Effect.gen(function*() {
        const outcomesOf = (layer: Layer.Layer<AuthorizationService>) =>
          Effect.provide(run(commands), Layer.provideMerge(layer, TestClock.layer()))
        const expected = yield* outcomesOf(inMemory)
        assert.deepStrictEqual(yield* outcomesOf(inProcess), expected)
        assert.deepStrictEqual(yield* outcomesOf(overSocket), expected)
      }),
    { arbitrary: { runs: 500 }, timeout: 120_000 }
  )
})
