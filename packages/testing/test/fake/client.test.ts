/** The fake API as an `HttpClient` in process. */
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import { assert } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as Stream from "effect/Stream"
import { inspect } from "node:util"
import { test } from "../fixtures/fake.ts"
import { accept, defaults, idsOf, list } from "../fixtures/request.ts"

test("the client accepts every kind of body", {}, () =>
  Effect.gen(function*() {
    const text = `{"description":"größe 🌙"}`
    const bytes = new TextEncoder().encode(text)
    const form = new FormData()
    form.append("description", "x")
    const post = (body: HttpBody.HttpBody) =>
      HttpClient.post("https://api.heroku.com/oauth/authorizations", { headers: defaults, body })
    for (
      const body of [
        HttpBody.text(text, "application/json"),
        HttpBody.uint8Array(bytes, "application/json"),
        HttpBody.raw(text, { contentType: "application/json" }),
        HttpBody.raw(bytes, { contentType: "application/json" }),
        // Split inside a character.
        HttpBody.stream(Stream.make(bytes.slice(0, 18), bytes.slice(18)), "application/json")
      ]
    ) {
      const response = yield* post(body)
      assert.strictEqual(response.status, 201, body._tag)
      assert.include(yield* response.text, "größe 🌙", body._tag)
    }
    assert.strictEqual((yield* post(HttpBody.formData(form))).status, 400)
  }))

test("ranges work in an account of 100,000 authorizations", { count: 100_000 }, () =>
  Effect.gen(function*() {
    const middle = yield* list("id 8..; max=1000")
    const ids = idsOf(middle)
    assert.strictEqual(middle.status, 206)
    assert.strictEqual(ids.length, 1000)
    assert.deepStrictEqual(ids, ids.toSorted())
    assert.match(ids[0] ?? "", /^80/)
    const back = idsOf(yield* list(`id ]${ids[999]}..; max=999, order=desc`))
    assert.deepStrictEqual(back, ids.slice(0, 999).toReversed())
    assert.strictEqual((yield* list("id ffff..; max=1000")).status, 200)
  }))

test(
  "no printed value contains a token",
  { seed: [{ id: "x", accessToken: "the-token-of-x" }], token: "the-account-token", clearTokens: true },
  () =>
    Effect.gen(function*() {
      const client = yield* HttpClient.HttpClient
      const faults = yield* FaultInjection.FaultInjection
      const headers = { accept, authorization: "Bearer the-account-token" }
      const get = client.get("https://api.heroku.com/oauth/authorizations/x", { headers })
      const body = HttpBody.text(`{"client":{"id":"x","secret":"the-client-secret"}}`)
      yield* client.patch("https://api.heroku.com/oauth/authorizations/x", { headers, body })
      const response = yield* get
      assert.include(yield* response.text, "the-token-of-x")
      yield* faults.inject(FaultInjection.connectionReset)
      const failed = yield* Effect.exit(get)
      assert(Exit.isFailure(failed))
      const printed = [client, response, failed, faults, yield* faults.calls].flatMap((value) => [
        String(value),
        JSON.stringify(value),
        inspect(value, { depth: Infinity })
      ])
      for (const text of [...printed, Cause.pretty(failed.cause)]) {
        for (const token of ["the-token-of-x", "the-account-token", "the-client-secret"]) {
          assert.notInclude(text, token)
        }
      }
    })
)
