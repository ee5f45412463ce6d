/**
 * Authorizations for the rest of a company that writes no Effect: a web handler, `Request` to `Promise<Response>`, as
 * frameworks and serverless platforms take it. The runtime is made once and keeps the connections.
 *
 * Run it with `npx -y pnpm@12 exec node examples/web.ts`, which serves `GET /authorizations/ID` on a free port of this
 * machine; `audit.ts` says how it finds the account. Who may ask is up to what you put in front of it.
 */
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import { createServer } from "node:http"

// #region web
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** The id in a path, where it is percent-encoded. */
const IdFromPath = Schema.StringFromUriComponent.pipe(Schema.decodeTo(AuthorizationId))

const answer = (status: number, body: object, headers: Record<string, string> = {}) =>
  Response.json(body, { status, headers })

/** Tells what an authorization is, and never its token. That Heroku refuses us is no business of the caller. */
const describe = Effect.fn("describe")(function*(segment: string) {
  const service = yield* AuthorizationService
  return yield* Schema.decodeEffect(IdFromPath)(segment).pipe(
    Effect.flatMap(service.info),
    Effect.map(({ description, id, scope }) => answer(200, { id, description: Option.getOrNull(description), scope })),
    Effect.catchTags({
      SchemaError: () => Effect.succeed(answer(400, { error: "this is no id of an authorization" })),
      NotFound: () => Effect.succeed(answer(404, { error: "there is none with this id" })),
      RateLimited: ({ retryAfter }) =>
        Effect.succeed(answer(503, { error: "try again later" }, {
          "retry-after": String(Math.ceil(Duration.toSeconds(Option.getOrElse(retryAfter, () => Duration.minutes(1)))))
        }))
    }),
    Effect.catch((error) => Effect.as(Effect.logError(error), answer(502, { error: "Heroku cannot be asked" })))
  )
})

/** The handler, and what closes its connections. A caller who leaves takes the request to Heroku with it. */
export const makeHandler = <E>(layer: Layer.Layer<AuthorizationService, E>) => {
  const runtime = ManagedRuntime.make(layer)
  const handle = (request: Request): Promise<Response> => {
    if (request.method !== "GET") {
      return Promise.resolve(answer(405, { error: "only GET is answered" }, { allow: "GET" }))
    }
    const [, id] = /^\/authorizations\/([^/]+)$/.exec(new URL(request.url).pathname) ?? []
    return id === undefined
      ? Promise.resolve(answer(404, { error: "ask for /authorizations/ID" }))
      : runtime.runPromise(describe(id), { signal: request.signal })
  }
  return { handle, dispose: runtime.dispose }
}
// #endregion web

if (import.meta.main) {
  const { dispose, handle } = makeHandler(NodeAuthorizationService.layerConfig())
  const server = createServer(async (request, response) => {
    try {
      const answered = await handle(new Request(`http://localhost${request.url}`, { method: request.method ?? "GET" }))
      response.writeHead(answered.status, Object.fromEntries(answered.headers))
      response.end(await answered.text())
    } catch (error) {
      console.error(String(error))
      response.writeHead(500).end()
    }
  })
  server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as { port: number }).port}`))
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => server.close(() => void dispose()))
  }
}
