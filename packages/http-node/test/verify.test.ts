import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import { serve } from "@effect-heroku/test-kit/httpServer"
import { scriptedClient } from "@effect-heroku/test-kit/scriptedClient"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import { HerokuAccount } from "@effect-heroku/testing/HerokuAccount"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

const token = Redacted.make("HRKU-AAverified")
const retry = { times: 0 }

it.effect("verify makes one request with the token, which Heroku does not count", () =>
  Effect.gen(function*() {
    const { client, sent } = scriptedClient(() => Response.json({ remaining: 4500 }))
    const verify = yield* Effect.provideService(
      HttpAuthorizationService.makeVerify(),
      HttpClient.HttpClient,
      client
    )
    assert.isTrue(yield* verify(token))
    assert.lengthOf(sent, 1)
    assert.deepInclude(sent[0], { method: "GET", url: "https://api.heroku.com/account/rate-limits" })
    assert.strictEqual(sent[0]!.headers["authorization"], `Bearer ${Redacted.value(token)}`)
  }))

it.effect.each<[number, Record<string, string>, boolean]>([
  [401, {}, false],
  [403, {}, true],
  [403, { "Heroku-Two-Factor-Required": "true" }, true]
])("a response with status %i decides whether a token works", ([status, headers, expected]) =>
  Effect.gen(function*() {
    const { client } = scriptedClient(() => Response.json({ id: "any", message: "any" }, { status, headers }))
    const verify = yield* Effect.provideService(
      HttpAuthorizationService.makeVerify({ retry }),
      HttpClient.HttpClient,
      client
    )
    assert.strictEqual(yield* verify(token), expected)
  }))

it.effect.each([429, 500])("after status %i it is unknown whether a token works", (status) =>
  Effect.gen(function*() {
    const { client } = scriptedClient(() => new Response("", { status }))
    const verify = yield* Effect.provideService(
      HttpAuthorizationService.makeVerify({ retry }),
      HttpClient.HttpClient,
      client
    )
    const error = yield* Effect.flip(verify(token))
    assert.deepInclude(error, { operation: "info", status })
    assert.notInclude(JSON.stringify(error), "HRKU")
  }))

it.effect("verify names an option that is invalid", () =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(NodeAuthorizationService.verify({ baseUrl: "heroku" })(token))
    assert.deepInclude(error, { _tag: "InvalidParams", field: Option.some("baseUrl") })
  }))

it.live("verify over node:http reports a token as dead after a 401", () =>
  Effect.gen(function*() {
    const baseUrl = yield* serve((request, response) => {
      response.writeHead(request.headers.authorization === `Bearer ${Redacted.value(token)}` ? 200 : 401).end("{}")
    })
    const verify = NodeAuthorizationService.verify({ baseUrl })
    assert.isTrue(yield* verify(token))
    assert.isFalse(yield* verify(Redacted.make("another")))
  }))

it.effect("a token of the fake Heroku API works until its authorization is revoked", () =>
  Effect.gen(function*() {
    const account = yield* HerokuAccount
    const verify = yield* HttpAuthorizationService.makeVerify({ retry })
    const [one] = yield* account.authorizations
    const { token } = Option.getOrThrow(one!.accessToken)
    assert.isTrue(yield* verify(token))
    yield* account.remove(one!.id)
    assert.isFalse(yield* verify(token))
  }).pipe(Effect.provide(FakeHeroku.layerHttpClient({ token: "HRKU-other", seed: [{ scope: ["identity"] }] }))))
