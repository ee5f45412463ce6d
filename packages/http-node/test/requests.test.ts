/** The requests that the live layer sends. */
import type { AuthorizationError, Operation } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import { operations } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { id } from "@effect-heroku/test-kit/samples"
import { json, ok, scriptedClient, status } from "@effect-heroku/test-kit/scriptedClient"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import manifest from "../package.json" with { type: "json" }
import { type RateLimitResponse, RequestBudget } from "../src/internal/budget/service.ts"
import { failureOf, noRetry, run, token } from "./fixtures/liveService.ts"

describe("requests", () => {
  const collection = "https://api.heroku.com/oauth/authorizations"

  it.effect.each<[Operation, string, string, string, () => Response]>([
    ["create", "POST", collection, `{"scope":["global"]}`, () => json(201, payloads.full)],
    ["info", "GET", `${collection}/${id}`, "", ok],
    ["update", "PATCH", `${collection}/${id}`, `{"description":"new"}`, ok],
    ["regenerate", "POST", `${collection}/${id}/actions/regenerate-tokens`, "", ok],
    ["delete", "DELETE", `${collection}/${id}`, "", ok],
    ["list", "GET", collection, "", () => json(200, [payloads.full])]
  ])("%s sends one request as Heroku documents it", ([operation, method, url, body, reply]) =>
    Effect.gen(function*() {
      const client = scriptedClient(reply)
      yield* run(operations[operation], client)
      const [request, ...others] = client.sent
      assert.isEmpty(others)
      assert.deepStrictEqual([request?.method, request?.url, request?.body], [method, url, body])
      const { accept, authorization, range, traceparent, "user-agent": userAgent } = request!.headers
      assert.strictEqual(accept, "application/vnd.heroku+json; version=3")
      assert.strictEqual(authorization, "Bearer HRKU-our-own-token")
      assert.strictEqual(userAgent, `effect-heroku/${manifest.version} (${manifest.name})`)
      assert.strictEqual(range, operation === "list" ? "id ..; max=1000" : undefined)
      assert.isUndefined(traceparent)
    }))

  it.effect("create and update send their input in Heroku's names, the client secret in clear", () =>
    Effect.gen(function*() {
      const client = scriptedClient(() => json(201, payloads.full), ok)
      const calls = AuthorizationService.use((service) =>
        Effect.andThen(
          service.create({ scope: ["read"], description: "ci", expiresIn: Duration.hours(1), client: "c" }),
          service.update(id, { client: { id: "c", secret: Redacted.make("client-secret") } })
        )
      )
      yield* run(calls, client)
      assert.deepStrictEqual(client.sent.map(({ body }) => JSON.parse(body)), [
        { scope: ["read"], description: "ci", expires_in: 3600, client: "c" },
        { client: { id: "c", secret: "client-secret" } }
      ])
    }))

  it.effect("create and the listings of a team use its path, and the variant 3.sdk of the API", () =>
    Effect.gen(function*() {
      const page = () => json(206, [payloads.full], { "Next-Range": `id ]${payloads.full.id}..; max=1` })
      const client = scriptedClient(
        () => json(201, payloads.full),
        page,
        () => json(200, [{ ...payloads.full, id: "f" + payloads.full.id.slice(1) }])
      )
      const calls = AuthorizationService.use((service) =>
        Effect.andThen(
          service.create({ scope: ["read"], team: "größe/../x" }),
          Stream.runDrain(service.stream({ team: "a-team", pageSize: 1 }))
        )
      )
      yield* run(calls, client)
      assert.deepStrictEqual(
        client.sent.map(({ body, headers, method, url }) => [method, url, headers["range"], body]),
        [
          [
            "POST",
            "https://api.heroku.com/teams/gr%C3%B6%C3%9Fe%2F..%2Fx/oauth/authorizations",
            undefined,
            `{"scope":["read"]}`
          ],
          ["GET", "https://api.heroku.com/teams/a-team/oauth/authorizations", "id ..; max=1", ""],
          ["GET", "https://api.heroku.com/teams/a-team/oauth/authorizations", `id ]${payloads.full.id}..; max=1`, ""]
        ]
      )
      for (const { headers } of client.sent) {
        assert.strictEqual(headers["accept"], "application/vnd.heroku+json; version=3.sdk")
      }
    }))

  it.effect.each<[number, string, string, Effect.Effect<unknown, AuthorizationError, AuthorizationService>]>([
    [403, "forbidden", "Forbidden", AuthorizationService.use((service) => service.list({ team: "a-team" }))],
    [404, "not_found", "UnexpectedStatus", AuthorizationService.use((service) => service.list({ team: "a-team" }))],
    [
      404,
      "not_found",
      "UnexpectedStatus",
      AuthorizationService.use((service) => service.create({ scope: ["read"], team: "a-team" }))
    ]
  ])(
    "a status %d with the error id %s on the path of a team becomes %s",
    ([status, id, tag, call]) =>
      Effect.gen(function*() {
        const error = yield* failureOf(call, scriptedClient(() => json(status, { id, message: "No." })))
        assert(error._tag === tag && "status" in error)
        assert.strictEqual(error.status, status)
        assert.strictEqual(error.message, "No.")
      })
  )

  it.effect.each<[string | URL, string]>([
    ["http://127.0.0.1:4567/heroku/", "http://127.0.0.1:4567/heroku"],
    [new URL("http://127.0.0.1:4567"), "http://127.0.0.1:4567"],
    [" https://api.heroku.com ", "https://api.heroku.com"],
    ["https://api.heroku.com\\", "https://api.heroku.com"],
    ["HTTPS://API.heroku.com:443///", "https://api.heroku.com"]
  ])("the base URL %s keeps its path and loses trailing slashes", ([baseUrl, base]) =>
    Effect.gen(function*() {
      const client = scriptedClient(ok)
      yield* run(operations.info, client, { baseUrl })
      assert.strictEqual(client.sent[0]?.url, `${base}/oauth/authorizations/${id}`)
    }))

  it.effect("userAgent and transformClient change the request", () =>
    Effect.gen(function*() {
      const client = scriptedClient(ok)
      yield* run(operations.info, client, {
        userAgent: "auditor/1.0 (security team)",
        transformClient: HttpClient.mapRequest(HttpClientRequest.setHeader("x-extra", "1"))
      })
      assert.strictEqual(client.sent[0]?.headers["user-agent"], "auditor/1.0 (security team)")
      assert.strictEqual(client.sent[0]?.headers["x-extra"], "1")
    }))

  it.effect("a transformClient that fails on statuses does not hide the response", () =>
    Effect.gen(function*() {
      const client = scriptedClient(() => json(404, { id: "not_found", message: "Gone." }))
      const error = yield* failureOf(operations.info, client, { transformClient: HttpClient.filterStatusOk })
      assert.deepStrictEqual([error._tag, error.message], ["NotFound", "Gone."])
      assert.lengthOf(client.sent, 1)
    }))
  it.effect("the budget of an account learns from a response", () =>
    Effect.gen(function*() {
      const responses: Array<RateLimitResponse> = []
      const learn = (response: RateLimitResponse) => Effect.sync(() => void responses.push(response))
      const budget = Layer.succeed(RequestBudget, { forToken: () => ({ take: () => Effect.void, learn }) })
      const client = scriptedClient(status(429, { "Retry-After": "7", "RateLimit-Remaining": "3" }))
      const layer = Layer.provide(HttpAuthorizationService.layerBudgeted({ token, ...noRetry }), [client.layer, budget])
      yield* TestClock.setTime(1000)
      // The wall clock is set back, monotonic time is not.
      yield* TestClock.setTime(500)
      yield* Effect.flip(Effect.provide(operations.info, layer))
      const retryAfter = Option.some(Duration.seconds(7))
      assert.deepStrictEqual(responses, [{ status: 429, remaining: Option.some(3), retryAfter, sentAt: 1000 }])
    }))
})
