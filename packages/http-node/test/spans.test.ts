import { operationNames, operations } from "@effect-heroku/test-kit/operations"
import { id } from "@effect-heroku/test-kit/samples"
import { connectionReset, ok, scriptedClient, status } from "@effect-heroku/test-kit/scriptedClient"
import { recordSpans } from "@effect-heroku/test-kit/spans"
import { whileTimePasses } from "@effect-heroku/test-kit/testTime"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { failureOf, run } from "./fixtures/liveService.ts"

describe("spans", () => {
  it.effect("a call has one span, and each of its requests a child span", () =>
    Effect.gen(function*() {
      const { spans, tracer, tree } = recordSpans()
      const client = scriptedClient(status(503), ok)
      yield* Effect.withTracer(whileTimePasses(run(operations.info, client)), tracer)
      assert.deepStrictEqual(tree(), [
        "AuthorizationService.info",
        "AuthorizationService.info > GET /oauth/authorizations/{id}",
        "AuthorizationService.info > GET /oauth/authorizations/{id}"
      ])
      const [, first, second] = spans.map(({ attributes }) => Object.fromEntries(attributes))
      const common = {
        "http.request.method": "GET",
        "url.full": `https://api.heroku.com/oauth/authorizations/${id}`,
        "url.template": "/oauth/authorizations/{id}",
        "server.address": "api.heroku.com",
        "server.port": 443,
        "heroku.request_id": "request-1"
      }
      assert.deepStrictEqual(first, { ...common, "http.response.status_code": 503, "error.type": "503" })
      assert.deepStrictEqual(second, { ...common, "http.response.status_code": 200, "http.request.resend_count": 1 })
      assert.deepStrictEqual(
        spans.map(({ status }) => status._tag === "Ended" && status.exit._tag),
        ["Success", "Failure", "Success"]
      )
      assert.deepStrictEqual(spans.map(({ kind }) => kind), ["internal", "client", "client"])
    }))

  it.effect.each<[string, string, number]>([
    ["http://127.0.0.1", "127.0.0.1", 80],
    ["http://localhost:4567/heroku", "localhost", 4567],
    ["https://heroku.example.com", "heroku.example.com", 443]
  ])("the span of a request to %s names the server %s:%i", ([baseUrl, address, port]) =>
    Effect.gen(function*() {
      const { spans, tracer } = recordSpans()
      yield* Effect.withTracer(run(operations.info, scriptedClient(ok), { baseUrl }), tracer)
      const { attributes } = spans[1]!
      assert.deepStrictEqual([attributes.get("server.address"), attributes.get("server.port")], [address, port])
      assert.strictEqual(attributes.get("url.full"), `${baseUrl}/oauth/authorizations/${id}`)
    }))

  it.effect("the span of a request is named by method and URL template", () =>
    Effect.gen(function*() {
      const { spans, tracer } = recordSpans()
      for (const operation of operationNames) {
        yield* Effect.withTracer(Effect.exit(run(operations[operation], scriptedClient(ok))), tracer)
      }
      const requests = spans.filter(({ kind }) => kind === "client")
      assert.deepStrictEqual(requests.map(({ name }) => name), [
        "POST /oauth/authorizations",
        "GET /oauth/authorizations/{id}",
        "PATCH /oauth/authorizations/{id}",
        "POST /oauth/authorizations/{id}/actions/regenerate-tokens",
        "DELETE /oauth/authorizations/{id}",
        "GET /oauth/authorizations"
      ])
      for (const { attributes, name } of requests) {
        assert.strictEqual(`${attributes.get("http.request.method")} ${attributes.get("url.template")}`, name)
      }
    }))

  it.effect.each<[string, () => Response | Error, string | undefined, number | undefined]>([
    ["status 304", () => new Response(null, { status: 304 }), undefined, 304],
    ["status 400", () => new Response(null, { status: 400 }), "400", 400],
    ["status 404", () => new Response(null, { status: 404 }), "404", 404],
    ["a reset connection", connectionReset, "connection", undefined]
  ])("the span of a request that ends with %s has error.type %s", ([, reply, type, code]) =>
    Effect.gen(function*() {
      const { spans, tracer } = recordSpans()
      yield* Effect.withTracer(failureOf(operations.create, scriptedClient(reply)), tracer)
      const { attributes } = spans[1]!
      assert.strictEqual(attributes.get("http.response.status_code"), code)
      assert.strictEqual(attributes.get("error.type"), type)
      assert.isFalse(attributes.has("heroku.request_id"))
    }))
})
