import { NodeAuthorizationService } from "@effect-heroku/http-node"
import { FakeHeroku, FaultInjection } from "@effect-heroku/testing"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { createServer } from "node:http"
import { renewAll } from "./expiring-soon.ts"

const token = Redacted.make("HRKU-mine")

const layerClient = Layer.unwrap(Effect.gen(function*() {
  const { address } = yield* HttpServer.HttpServer
  return NodeAuthorizationService.layer({
    token,
    baseUrl: HttpServer.formatAddress(address),
    retry: { baseDelay: 0 }
  })
}))

// The fake Heroku API behind a real socket, and a live client for it.
const layer = layerClient.pipe(
  Layer.provideMerge(FakeHeroku.layerServerWithFaults({
    token,
    seed: [{ expiresIn: "1 hour" }, { expiresIn: "2 hours" }]
  })),
  Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 }))
)

it.effect("renewAll succeeds over a bad connection", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    // The client retries a list after any failure, but regenerate only because a 429 means that nothing was done.
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
