import { TokenOwner } from "@effect-heroku/http-node"
import { serve } from "@effect-heroku/test-kit/httpServer"
import { assert, it } from "@effect/vitest"
import { Config, Effect, Redacted } from "effect"

const optionsFor = (baseUrl: string) => ({
  token: Config.succeed(Redacted.make("HRKU-token")),
  baseUrl: Config.succeed(baseUrl)
})
const account = { id: "account-id", email: "ops@example.com", name: "Ops", two_factor_authentication: true }

const serveJson = (status: number, body: unknown, targets: Array<unknown> = []) =>
  serve((request, response) => {
    targets.push([request.method, request.url, request.headers.authorization])
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
  })

it.effect("TokenOwner.find returns the account of the token", () =>
  Effect.gen(function*() {
    const targets: Array<unknown> = []
    const baseUrl = yield* serveJson(200, account, targets)
    assert.deepStrictEqual(yield* TokenOwner.find(optionsFor(baseUrl)), { id: account.id, email: account.email })
    assert.deepStrictEqual(targets, [["GET", "/account", "Bearer HRKU-token"]])
  }))

it.effect.each(
  [
    [401, { id: "unauthorized", message: "Invalid credentials provided." }, "Unauthorized"],
    [200, { id: account.id }, "InvalidResponse"]
  ] as const
)("TokenOwner.find fails for the response %i %j", ([status, body, tag]) =>
  Effect.gen(function*() {
    const baseUrl = yield* serveJson(status, body)
    assert.strictEqual((yield* Effect.flip(TokenOwner.find(optionsFor(baseUrl))))._tag, tag)
  }))

it.effect("TokenOwner.find rejects invalid options before it sends the token", () =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(TokenOwner.find(optionsFor("http://api.example.com")))
    assert.strictEqual(error._tag, "ConfigError")
    assert.include(error.message, "must begin with https://")
  }))
