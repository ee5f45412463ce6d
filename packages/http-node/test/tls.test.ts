/** The tests of `hostile.test.ts` over TLS, against servers that offer HTTP/2 as well. */
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import { isOpensslMissing, skipNote } from "@effect-heroku/test-kit/certificate"
import { hostileServer, respond, useTls } from "@effect-heroku/test-kit/hostileServer"
import { operations } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { assert, beforeAll, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TLSSocket } from "node:tls"
import { token } from "./fixtures/liveService.ts"

it.live.skipIf(isOpensslMissing)(
  `NodeAuthorizationService speaks HTTP/1.1 to a server that offers HTTP/2${skipNote}`,
  () =>
    Effect.gen(function*() {
      const protocols: Array<unknown> = []
      const server = yield* hostileServer([201, 200].map((status) => (socket) => {
        protocols.push(socket instanceof TLSSocket && socket.alpnProtocol)
        respond(status, JSON.stringify(payloads.full))(socket)
      }))
      yield* Effect.all([operations.create, operations.info, operations.delete]).pipe(
        Effect.provide(NodeAuthorizationService.layer({ token, baseUrl: server.baseUrl }))
      )
      assert.deepStrictEqual(protocols, ["http/1.1", "http/1.1", "http/1.1"])
    })
)

if (!isOpensslMissing) {
  // Test files share their modules: without a query, the tests would not be defined again after hostile.test.ts has run.
  const suite: string = "./hostile.test.ts?tls"
  await import(suite)
  beforeAll(() => useTls())
}
