/** The behaviour that every implementation shows, shown by the live layer: over the imitation in process, and a socket. */
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as AuthorizationContract from "@effect-heroku/testing/AuthorizationContract"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { createServer } from "node:http"

const token = Redacted.make("HRKU-contract")
const client = { id: "client-of-the-contract", secret: Redacted.make("its-secret") }

AuthorizationContract.suite(
  "HttpAuthorizationService over FakeHeroku in process",
  HttpAuthorizationService.layer({ token }).pipe(
    Layer.provide(FakeHeroku.layerHttpClient({ token, clients: [client] }))
  ),
  { client }
)

const layerSocket = Layer.unwrap(
  Effect.map(
    HttpServer.HttpServer,
    ({ address }) => NodeAuthorizationService.layer({ token, baseUrl: HttpServer.formatAddress(address) })
  )
).pipe(
  Layer.provide(FakeHeroku.layerServer({ token })),
  Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0, gracefulShutdownTimeout: 0 }))
)

AuthorizationContract.suite("NodeAuthorizationService over FakeHeroku behind a real socket", layerSocket)

const layerFaults = Layer.effectDiscard(Effect.gen(function*() {
  const faults = yield* FaultInjection.FaultInjection
  yield* faults.inject(FaultInjection.status(503), { operation: "list", every: 7 })
}))

AuthorizationContract.suite(
  "HttpAuthorizationService that waits for answers, and before it tries again",
  HttpAuthorizationService.layer({ token, retry: { baseDelay: "1 millis" } }).pipe(
    Layer.provide(FakeHeroku.layerHttpClient({ token, latency: "1 millis" })),
    Layer.provide(layerFaults),
    Layer.provide(FaultInjection.layer)
  )
)
