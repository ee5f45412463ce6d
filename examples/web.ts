/**
 * A web handler, `Request` to `Promise<Response>`, for a program that does not use Effect. It creates one runtime,
 * which reuses its connections.
 *
 * Run it with `npx -y pnpm@12 exec node examples/web.ts`, which serves `GET /authorizations/ID` on a free loopback port;
 * see `audit.ts` for the account it uses. It has no authentication of its own.
 */
// #region web
import { Authorization, AuthorizationService } from "@effect-heroku/core"
import { Duration, Effect, type Layer, ManagedRuntime, Option, Schema } from "effect"

/** An id in a URL path, where it is percent-encoded. */
const IdFromPath = Schema.StringFromUriComponent.pipe(Schema.decodeTo(Authorization.AuthorizationId))

const fail = (status: number, error: string, headers: Record<string, string> = {}) =>
  Response.json({ error }, { status, headers })

/** Describes an authorization without its token. Errors that concern our own token are logged, not returned. */
const describe = Effect.fn("describe")(function*(segment: string) {
  const service = yield* AuthorizationService.AuthorizationService
  return yield* Schema.decodeEffect(IdFromPath)(segment).pipe(
    Effect.flatMap(service.info),
    Effect.map(({ description, id, scope }) =>
      Response.json({ id, description: Option.getOrNull(description), scope })
    ),
    Effect.catchTags({
      SchemaError: () => Effect.succeed(fail(400, "invalid authorization id")),
      NotFound: () => Effect.succeed(fail(404, "no authorization has this id")),
      RateLimited: ({ retryAfter }) => {
        const wait = Option.getOrElse(retryAfter, () => Duration.minutes(1))
        return Effect.succeed(fail(503, "rate limit exceeded", {
          "retry-after": String(Math.ceil(Duration.toSeconds(wait)))
        }))
      }
    }),
    Effect.catch((error) => Effect.as(Effect.logError(error), fail(502, "request to Heroku failed")))
  )
})

/** Creates the handler. Aborting a request interrupts its call to Heroku; `dispose` closes the connections. */
export const makeHandler = <E>(layer: Layer.Layer<AuthorizationService.AuthorizationService, E>) => {
  const runtime = ManagedRuntime.make(layer)
  const handle = (request: Request): Promise<Response> => {
    if (request.method !== "GET") {
      return Promise.resolve(fail(405, "only GET is allowed", { allow: "GET" }))
    }
    const [, id] = /^\/authorizations\/([^/]+)$/.exec(new URL(request.url).pathname) ?? []
    return id === undefined
      ? Promise.resolve(fail(404, "expected the path /authorizations/ID"))
      : runtime.runPromise(describe(id), { signal: request.signal })
  }
  return { handle, dispose: runtime.dispose }
}
// #endregion web

import { NodeAuthorizationService } from "@effect-heroku/http-node"
import { createServer } from "node:http"

if (import.meta.main) {
  const { dispose, handle } = makeHandler(NodeAuthorizationService.layerConfig())
  const server = createServer(async (incoming, outgoing) => {
    try {
      const response = await handle(
        new Request(`http://localhost${incoming.url}`, { method: incoming.method ?? "GET" })
      )
      outgoing.writeHead(response.status, Object.fromEntries(response.headers))
      outgoing.end(await response.text())
    } catch (error) {
      console.error(String(error))
      outgoing.writeHead(500).end()
    }
  })
  server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as { port: number }).port}`))
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => server.close(() => void dispose()))
  }
}
