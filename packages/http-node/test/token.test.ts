/** The token: that which an effect returns, for programs that run for long, and one in place of an id. */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import { AuthorizationService, withTwoFactorCode } from "@effect-heroku/core/AuthorizationService"
import { operationNames, operations } from "@effect-heroku/test-kit/operations"
import { json, ok, scriptedClient, status } from "@effect-heroku/test-kit/scriptedClient"
import { recordSpans } from "@effect-heroku/test-kit/spans"
import { whileTimePasses } from "@effect-heroku/test-kit/testTime"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { inspect } from "node:util"
import { id, makeLimiter, makeService, perSecond } from "./budget/support.ts"
import { failureOf, noRetry, run } from "./fixtures/liveService.ts"

const { info } = operations

/** Returns another token each time. */
const makeToken = () => {
  let version = 0
  return Effect.sync(() => Redacted.make(`HRKU-version-${++version}`))
}

const authorizationOf = ({ sent }: ReturnType<typeof scriptedClient>) =>
  sent.map(({ headers }) => headers["authorization"])

it.effect("the effect runs for every call, so that the next call sends a token that was rotated", () =>
  Effect.gen(function*() {
    const client = scriptedClient(ok)
    yield* run(Effect.all([info, info]), client, { token: makeToken() })
    assert.deepStrictEqual(authorizationOf(client), ["Bearer HRKU-version-1", "Bearer HRKU-version-2"])
  }))

it.effect("all attempts of a call send the same token", () =>
  Effect.gen(function*() {
    const client = scriptedClient(status(503), ok)
    yield* whileTimePasses(run(info, client, { token: makeToken() }))
    assert.deepStrictEqual(authorizationOf(client), ["Bearer HRKU-version-1", "Bearer HRKU-version-1"])
  }))

it.effect.each(operationNames)(
  "%s fails with InvalidParams if the token of the effect cannot be sent",
  (name) =>
    Effect.gen(function*() {
      const client = scriptedClient(ok)
      const error = yield* failureOf(operations[name], client, { token: Effect.succeed(Redacted.make("secret\n")) })
      assert(error._tag === "InvalidParams")
      assert.deepStrictEqual(error.field, Option.some("token"))
      assert.notInclude(inspect(error), "secret")
      assert.lengthOf(client.sent, 0)
    })
)

it.effect("a timeout ends a call whose token takes too long, and nothing is sent", () =>
  Effect.gen(function*() {
    const client = scriptedClient(ok)
    const fiber = yield* Effect.forkChild(
      failureOf(operations.create, client, { token: Effect.never, timeout: "5 seconds" })
    )
    yield* TestClock.adjust("5 seconds")
    const error = yield* Fiber.join(fiber)
    assert(error._tag === "RequestFailed")
    assert.deepStrictEqual([error.reason, error.outcomeUnknown, error.attempts], ["timeout", false, 0])
    assert.lengthOf(client.sent, 0)
  }))

it.effect("an error does not contain the token of the effect when the server echoes it", () =>
  Effect.gen(function*() {
    const client = scriptedClient(() => json(403, { id: "forbidden", message: "opaque-token may not do this" }))
    const token = Effect.succeed(Redacted.make("opaque-token"))
    const error = yield* failureOf(info, client, { token, ...noRetry })
    assert.include(error.message, "may not do this")
    assert.notInclude(inspect(error), "opaque-token")
  }))

it.effect.each(["info", "update", "regenerate", "delete"] as const)(
  "%s rejects the token of the client in place of an id, and shows it nowhere",
  (operation) =>
    Effect.gen(function*() {
      const client = scriptedClient(ok)
      const { spans, tracer } = recordSpans()
      // Tokens of old authorizations have no prefix.
      const token = "01234567-89ab-4cde-8f01-23456789abcd"
      const call = AuthorizationService.use((service) => {
        const id = AuthorizationId.make(token)
        return operation === "update" ? service.update(id, { description: "" }) : service[operation](id)
      })
      const error = yield* failureOf(call, client, { token: Redacted.make(token) }).pipe(Effect.withTracer(tracer))
      assert(error._tag === "InvalidParams")
      assert.deepStrictEqual(error.field, Option.some("id"))
      assert.notInclude(inspect([error, spans], { depth: null }), token)
      assert.lengthOf(client.sent, 0)
    })
)

it.effect("an id that contains the two-factor code is not taken for the token", () =>
  Effect.gen(function*() {
    const client = scriptedClient(() => json(404, { id: "not_found" }))
    const id = AuthorizationId.make("01234567-89ab-4cde-8f01-135790abcdef")
    const call = AuthorizationService.use((service) => service.info(id)).pipe(
      withTwoFactorCode(Redacted.make("135790"))
    )
    assert.strictEqual((yield* failureOf(call, client))._tag, "NotFound")
  }))

it.effect("each token of the effect has the budget of its own account", () =>
  Effect.gen(function*() {
    const client = scriptedClient(status(429, { "Retry-After": "60" }), ok)
    const options = { token: makeToken(), ...noRetry }
    const service = yield* makeService(client.client, yield* makeLimiter, { ...perSecond, maxWait: 1 }, options)
    assert.strictEqual((yield* Effect.flip(service.info(id)))._tag, "RateLimited")
    assert.strictEqual((yield* service.info(id)).id, id)
  }))
