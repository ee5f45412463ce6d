/** Starts a sandbox on a free loopback port, and provides a client for it. */
import { NodeAuthorizationService } from "@effect-heroku/http-node"
// By subpath, because the package root also loads vitest for the contract suite.
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Console, Effect, Layer, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { createServer } from "node:http"

export const layerSandbox = Layer.unwrap(Effect.gen(function*() {
  const { address } = yield* HttpServer.HttpServer
  const baseUrl = HttpServer.formatAddress(address)
  yield* Console.log(`Sandbox with 2,500 authorizations at ${baseUrl} (for your account, use --live)\n`)
  return NodeAuthorizationService.layer({ token: Redacted.make("sandbox"), baseUrl })
})).pipe(
  Layer.provide(FakeHeroku.layerServer({ count: 2500 })),
  Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0, gracefulShutdownTimeout: 0 }))
)
