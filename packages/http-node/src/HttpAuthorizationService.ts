/**
 * The live `AuthorizationService`, over any `HttpClient`.
 *
 * The six requests are written out here. How an answer is read, a failure named and an attempt repeated is in
 * `internal/`; what all implementations have in common is in `@effect-heroku/core/AuthorizationService`.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization
 */
import { type AuthorizationId, CreateAuthorization, UpdateAuthorization } from "@effect-heroku/core/Authorization"
import { fromAnswer, type Operation, refused } from "@effect-heroku/core/AuthorizationError"
import * as AuthorizationService from "@effect-heroku/core/AuthorizationService"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Answer from "./internal/answer.ts"
import { RequestBudget, type Service as Budgets } from "./internal/budget.ts"
import { ResponseCache, type Service as Caches } from "./internal/cache.ts"
import { findProblem, type Options, type Problem, settings } from "./internal/options.ts"
import { makeSend } from "./internal/send.ts"

export type { Options, RetryOptions } from "./internal/options.ts"

/**
 * Makes the live service.
 *
 * **Details**
 *
 * Options that cannot work (an empty token, a base URL that is no URL) are told by every operation, as `InvalidParams`
 * that names the option, before any request is sent.
 *
 * A `RequestBudget` and a `ResponseCache` in the context are used; nobody is made to have them.
 */
export const make = (
  options: Options
): Effect.Effect<AuthorizationService.Service, never, HttpClient.HttpClient> =>
  Effect.gen(function*() {
    const httpClient = yield* HttpClient.HttpClient
    const budgets = yield* Effect.serviceOption(RequestBudget)
    const caches = yield* Effect.serviceOption(ResponseCache)
    const has = (extra: Option.Option<unknown>) => Option.isSome(extra) ? "with" : "without"
    yield* Effect.logDebug(`Heroku client ${has(budgets)} a request budget, ${has(caches)} a response cache`)
    return AuthorizationService.make(makeEndpoints(httpClient, options, budgets, caches))
  })

/** The live service as a layer over any `HttpClient`. */
export const layer = (
  options: Options
): Layer.Layer<AuthorizationService.AuthorizationService, never, HttpClient.HttpClient> =>
  Layer.effect(AuthorizationService.AuthorizationService, make(options))

/**
 * The live service with options from `Config`. Without argument it reads the token from `HEROKU_API_KEY`, and the base
 * URL from `HEROKU_API_URL` where that is set.
 */
export const layerConfig = (
  options: Config.Wrap<Options> = {
    token: Config.Redacted("HEROKU_API_KEY"),
    baseUrl: Config.String("HEROKU_API_URL").pipe(Config.withDefault(undefined))
  }
): Layer.Layer<AuthorizationService.AuthorizationService, Config.ConfigError, HttpClient.HttpClient> =>
  Layer.effect(AuthorizationService.AuthorizationService, Effect.flatMap(Config.unwrap(options), make))

// -----------------------------------------------------------------------------
// Endpoints
// -----------------------------------------------------------------------------

const collection = "/oauth/authorizations"

// `AuthorizationId` has no dot segments, so that no encoded id is resolved to another path.
const member = (id: AuthorizationId): string => `${collection}/${encodeURIComponent(id)}`

const encodeCreate = Schema.encodeSync(CreateAuthorization)
const encodeUpdate = Schema.encodeSync(UpdateAuthorization)

/** JSON that does not show when its request is printed: it may hold the secret of a client. */
class SecretJson extends HttpBody.Uint8Array {
  constructor(value: unknown) {
    const bytes = new TextEncoder().encode(JSON.stringify(value))
    super(bytes, "application/json", bytes.length)
  }
  override toJSON(): unknown {
    const { _tag, contentLength, contentType } = this
    return { _id: "effect/HttpBody", _tag, contentType, contentLength }
  }
}

const makeEndpoints = (
  httpClient: HttpClient.HttpClient,
  options: Options,
  budgets: Option.Option<Budgets>,
  caches: Option.Option<Caches>
): AuthorizationService.Endpoints => {
  const resolved = settings(options)
  const problem = findProblem(options, resolved)
  if (Option.isSome(problem)) return refuseAll(problem.value)

  const send = makeSend(httpClient, options, resolved, {
    budget: Option.map(budgets, ({ forToken }) => forToken(resolved.token)),
    cache: Option.map(caches, ({ forToken }) => forToken(resolved.token))
  })

  return {
    create: (input) =>
      send(
        "create",
        HttpClientRequest.post(collection).pipe(HttpClientRequest.bodyJsonUnsafe(encodeCreate(input))),
        (said, acted) => fromAnswer("create", said, undefined, acted)
      ).pipe(Effect.flatMap((answer) => Answer.authorization("create", answer))),

    info: (id) =>
      send("info", HttpClientRequest.get(member(id)), (said) => fromAnswer("info", said, id)).pipe(
        Effect.flatMap((answer) => Answer.authorization("info", answer))
      ),

    update: (id, input) =>
      send(
        "update",
        HttpClientRequest.patch(member(id)).pipe(HttpClientRequest.setBody(new SecretJson(encodeUpdate(input)))),
        (said, acted) => fromAnswer("update", said, id, acted),
        Option.map(Option.fromUndefinedOr(input.client), (client) => client.secret)
      ).pipe(Effect.flatMap((answer) => Answer.authorization("update", answer))),

    regenerate: (id) =>
      send(
        "regenerate",
        HttpClientRequest.post(`${member(id)}/actions/regenerate-tokens`),
        (said, acted) => fromAnswer("regenerate", said, id, acted)
      ).pipe(Effect.flatMap((answer) => Answer.authorization("regenerate", answer))),

    delete: (id) =>
      send(
        "delete",
        HttpClientRequest.delete(member(id)),
        (said, acted) => fromAnswer("delete", said, id, acted)
      ).pipe(Effect.flatMap((answer) => Answer.authorization("delete", answer))),

    list: Effect.fnUntraced(function*(range) {
      const request = HttpClientRequest.get(collection).pipe(HttpClientRequest.setHeader("range", range))
      const answer = yield* send("list", request, (said) => fromAnswer("list", said))
      const nextRange = Answer.nextRange(answer)
      if (answer.status === 206 && Option.isNone(nextRange)) {
        return yield* Answer.invalid(
          "list",
          answer,
          "A part of the list came without Next-Range: the rest is unreachable"
        )
      }
      return {
        ...Answer.reading(answer),
        nextRange,
        status: answer.status,
        requestId: Answer.requestId(answer)
      }
    })
  }
}

/** Endpoints of a service whose options cannot work. */
const refuseAll = ({ field, problem }: Problem): AuthorizationService.Endpoints => {
  const refuse = (operation: Operation) => () => Effect.fail(refused(operation, field, problem))
  return {
    create: refuse("create"),
    info: refuse("info"),
    update: refuse("update"),
    regenerate: refuse("regenerate"),
    delete: refuse("delete"),
    list: refuse("list")
  }
}
