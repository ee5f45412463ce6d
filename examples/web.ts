/**
 * A web handler, `Request` to `Promise<Response>`, for a program that does not use Effect. It describes the authorization
 * of `?id=ID`, without its token, and has no authentication of its own.
 *
 * Create it with `makeHandler(NodeAuthorizationService.layerConfig())`.
 */
// #region web
import { Authorization, AuthorizationService } from "@effect-heroku/core"
import { Duration, Effect, type Layer, ManagedRuntime, Option, Schema } from "effect"

const fail = (status: number, error: string, headers: Record<string, string> = {}) =>
  Effect.succeed(Response.json({ error }, { status, headers }))

const describe = Effect.fn("describe")(
  function*(request: Request) {
    const service = yield* AuthorizationService.AuthorizationService
    const text = new URL(request.url).searchParams.get("id") ?? ""
    const id = yield* Schema.decodeEffect(Authorization.AuthorizationId)(text)
    const { description, scope } = yield* service.info(id)
    return Response.json({ id, description: Option.getOrNull(description), scope })
  },
  Effect.catchTags({
    SchemaError: () => fail(400, "invalid authorization id"),
    NotFound: () => fail(404, "no authorization has this id"),
    RateLimited: ({ retryAfter }) => {
      const seconds = Duration.toSeconds(Option.getOrElse(retryAfter, () => Duration.minutes(1)))
      return fail(503, "rate limit exceeded", { "retry-after": String(Math.ceil(seconds)) })
    }
  }),
  // The others concern our own token and connection: they are logged, not returned.
  Effect.catch((error) => Effect.andThen(Effect.logError(error), fail(502, "request to Heroku failed")))
)

/** Creates one runtime, which reuses its connections. Aborting a request interrupts its call; `dispose` closes them. */
export const makeHandler = <E>(layer: Layer.Layer<AuthorizationService.AuthorizationService, E>) => {
  const runtime = ManagedRuntime.make(layer)
  const handle = (request: Request) => runtime.runPromise(describe(request), { signal: request.signal })
  return { handle, dispose: runtime.dispose }
}
// #endregion web
