/** Effect's `node:http` client over two pools of connections. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as Layer from "effect/Layer"

/** Connections of each pool. Further requests wait for one. */
const maxSockets = 64

const makePool = (keepAlive: boolean) =>
  Effect.flatMap(
    NodeHttpClient.makeAgent({ keepAlive, maxSockets }),
    (agent) => Effect.provideService(NodeHttpClient.makeNodeHttp, NodeHttpClient.HttpAgent, agent)
  )

/**
 * Provides the client. Its connections are closed with the layer.
 *
 * A `POST` always gets a fresh connection: after a process was frozen while the server closed its idle connections, 2 of 4
 * creates failed over a pooled connection with `ECONNRESET`, outcome unknown, and none over a fresh one. All other methods
 * are idempotent and can be retried.
 */
export const layer: Layer.Layer<HttpClient.HttpClient> = Layer.effect(
  HttpClient.HttpClient,
  Effect.gen(function*() {
    const pooled = yield* makePool(true)
    const fresh = yield* makePool(false)
    return HttpClient.makeWith<never, never, HttpClientError, never>(
      Effect.flatMap((request) => (request.method === "POST" ? fresh : pooled).execute(request)),
      Effect.succeed
    )
  })
)
