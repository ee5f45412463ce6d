/** The number of attempts that an error has. */
import { type Operation, RateLimited } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import { operations } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { id } from "@effect-heroku/test-kit/samples"
import {
  connectionRefused,
  connectionReset,
  json,
  type MakeReply,
  scriptedClient,
  status
} from "@effect-heroku/test-kit/scriptedClient"
import { whileTimePasses } from "@effect-heroku/test-kit/testTime"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { RequestBudget } from "../src/internal/budget/service.ts"
import { failureOf, token } from "./fixtures/liveService.ts"

describe("attempts", () => {
  it.effect.each<[number, Operation, string, ReadonlyArray<MakeReply>]>([
    [1, "info", "401", [status(401)]],
    [3, "list", "503, 429, 401", [status(503), status(429), status(401)]],
    [4, "delete", "a refused connection each time", [connectionRefused]],
    [1, "create", "a reset connection", [connectionReset]],
    [2, "create", "429, a reset connection", [status(429), connectionReset]],
    [2, "info", "503, HTML", [status(503), () => new Response("<html></html>")]],
    [2, "list", "503, a list that is not one", [status(503), () => json(200, {})]],
    [2, "list", "503, an invalid authorization", [status(503), () => json(200, [{ id }])]],
    [2, "list", "503, 206 without Next-Range", [status(503), () => json(206, [payloads.full])]]
  ])(
    "the error of a call has the number of its attempts: %d for %s after %s",
    ([attempts, operation, , replies]) =>
      Effect.gen(function*() {
        const client = scriptedClient(...replies)
        const error = yield* whileTimePasses(failureOf(operations[operation], client))
        assert.strictEqual(error.attempts, attempts)
        assert.lengthOf(client.sent, attempts)
      })
  )

  it.effect("the error of a listing has the attempts of its last request", () =>
    Effect.gen(function*() {
      const first = () => json(206, [payloads.full], { "Next-Range": `id ]${id}..; max=1` })
      const client = scriptedClient(status(503), first, status(503), status(401))
      const stream = AuthorizationService.use((service) => Stream.runDrain(service.stream({ pageSize: 1 })))
      assert.strictEqual((yield* whileTimePasses(failureOf(stream, client))).attempts, 2)
    }))

  it.effect.each<[number, string, MakeReply]>([
    [2, "while the second request is in flight", () => Effect.never],
    [1, "while it waits for a retry", status(429, { "Retry-After": "50" })]
  ])("a call that its timeout ends has %d attempts %s", ([attempts, , reply]) =>
    Effect.gen(function*() {
      const client = scriptedClient(attempts === 1 ? reply : status(503), reply)
      const error = yield* whileTimePasses(failureOf(operations.info, client, { timeout: "20 seconds" }))
      assert(error._tag === "RequestFailed")
      assert.deepStrictEqual([error.reason, error.attempts], ["timeout", attempts])
    }))

  it.effect("an error without a request has no attempts", () =>
    Effect.gen(function*() {
      const client = scriptedClient(status(401))
      const invalid = AuthorizationService.use((service) => service.list({ pageSize: 0 }))
      assert.strictEqual((yield* failureOf(invalid, client)).attempts, 0)
      assert.strictEqual((yield* failureOf(operations.info, client, { requestTimeout: 0 })).attempts, 0)
    }))

  it.effect.each([0, 2])(
    "an error of the request budget after %d attempts has as many",
    (attempts) =>
      Effect.gen(function*() {
        let taken = 0
        const spent = new RateLimited({
          operation: "info",
          status: 429,
          message: "spent",
          errorId: Option.none(),
          requestId: Option.none(),
          documentationUrl: Option.none(),
          retryAfter: Option.none()
        })
        const take = () => Effect.suspend(() => taken++ < attempts ? Effect.void : Effect.fail(spent))
        const budget = Layer.succeed(RequestBudget, { forToken: () => ({ take, learn: () => Effect.void }) })
        const layer = Layer.provide(HttpAuthorizationService.layerBudgeted({ token }), [
          scriptedClient(status(503)).layer,
          budget
        ])
        const error = yield* whileTimePasses(Effect.flip(Effect.provide(operations.info, layer)))
        assert.deepStrictEqual([error._tag, error.attempts], ["RateLimited", attempts])
      })
  )
})
