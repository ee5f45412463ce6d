/** The contract of every implementation, run on the live layer: over the fake Heroku API in process, and over a socket. */
import * as AuthorizationContract from "@effect-heroku/testing/AuthorizationContract"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { layerOver, layerOverSocket, token } from "./fixtures/liveService.ts"

const client = { id: "client-of-the-contract", secret: Redacted.make("its-secret") }

AuthorizationContract.suite(
  "HttpAuthorizationService over FakeHeroku in process",
  layerOver({ layer: FakeHeroku.layerHttpClient({ token, clients: [client], teams: [{ name: "acme" }] }) }),
  { client, team: "acme" }
)

AuthorizationContract.suite(
  "NodeAuthorizationService over FakeHeroku behind a real socket",
  layerOverSocket(FakeHeroku.layerServer({ token, teams: [{ name: "acme" }] })),
  { team: "acme" }
)

const layerFaults = Layer.effectDiscard(
  FaultInjection.FaultInjection.use((faults) =>
    faults.inject(FaultInjection.status(503), { operation: "list", every: 7 })
  )
)
const fakeHeroku = FakeHeroku.layerHttpClientWithFaults({ token, latency: "1 millis" })

AuthorizationContract.suite(
  "HttpAuthorizationService with latency and retries",
  layerOver({ layer: Layer.provideMerge(layerFaults, fakeHeroku) }, { retry: { baseDelay: "1 millis" } })
)
