import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { createServer } from "node:http"
import { renewAll } from "./endingSoon.ts"

const token = Redacted.make("HRKU-mine")

// The imitation behind a real socket, and the live layer that talks to it.
const layer = Layer.unwrap(
  Effect.map(
    HttpServer.HttpServer,
    ({ address }) =>
      NodeAuthorizationService.layer({ token, baseUrl: HttpServer.formatAddress(address), retry: { baseDelay: 0 } })
  )
).pipe(
  Layer.provide(FakeHeroku.layerServer({ token, seed: [{ expiresIn: "1 hour" }, { expiresIn: "2 hours" }] })),
  Layer.provideMerge(FaultInjection.layer),
  Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 }))
)

it.effect("renews through a bad connection", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    // Lists may be read again; tokens are only replaced again because Heroku said that it did nothing.
    yield* faults.inject(FaultInjection.cutBody, { operation: "list" })
    yield* faults.inject(FaultInjection.status(429), { operation: "regenerate" })
    assert.strictEqual(yield* renewAll, 2)
    const calls = yield* faults.calls
    assert.deepStrictEqual(calls.map(({ operation }) => operation), [
      "list",
      "list",
      "regenerate",
      "regenerate",
      "regenerate"
    ])
  }).pipe(Effect.provide(layer)))
