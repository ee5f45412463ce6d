/**
 * The live `AuthorizationService`, over any `HttpClient`.
 *
 * The six requests are written out here. How an answer is read, a failure named and an attempt repeated is in
 * `internal/`; what all implementations have in common is in `@effect-heroku/core/AuthorizationService`.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization
 */
import { type AuthorizationId, CreateAuthorization, UpdateAuthorization } from "@effect-heroku/core/Authorization"
import {
  type AuthorizationError,
  type ErrorAnswer,
  fromAnswer,
  type InvalidParams,
  type InvalidResponse,
  type Operation,
  refused,
  type RequestFailed
} from "@effect-heroku/core/AuthorizationError"
import * as AuthorizationService from "@effect-heroku/core/AuthorizationService"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Answer from "./internal/answer.ts"
import * as Client from "./internal/client.ts"
import { timedOut } from "./internal/failure.ts"
import { findProblem, isHeaderValue, type Options, type Problem, reveal, settings } from "./internal/options.ts"
import { repeatedly } from "./internal/retry.ts"
import * as Scrub from "./internal/scrub.ts"

export type { Options, RetryOptions } from "./internal/options.ts"

/**
 * Makes the live service.
 *
 * **Details**
 *
 * Options that cannot work (an empty token, a base URL that is no URL) are told by every operation, as `InvalidParams`
 * that names the option, before any request is sent.
 */
export const make = (
  options: Options
): Effect.Effect<AuthorizationService.Service, never, HttpClient.HttpClient> =>
  Effect.map(HttpClient.HttpClient, (httpClient) => AuthorizationService.make(makeEndpoints(httpClient, options)))

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

const makeEndpoints = (httpClient: HttpClient.HttpClient, options: Options): AuthorizationService.Endpoints => {
  const resolved = settings(options)
  const problem = findProblem(options, resolved)
  if (Option.isSome(problem)) return refuseAll(problem.value)

  const exchange = Client.make(httpClient, resolved, options.transformClient)
  const repeat = repeatedly(resolved.retry)
  const warn = warnOnce()

  /**
   * Sends a request, repeats it where that is safe, and gives the expected answer or the error that another one means.
   * `secret` is what the body holds of one.
   */
  const send = <E extends AuthorizationError>(
    operation: Operation,
    request: HttpClientRequest.HttpClientRequest,
    toError: (answer: ErrorAnswer, earlierMayHaveActed: boolean) => E,
    secret: Option.Option<Redacted.Redacted> = Option.none()
  ): Effect.Effect<Answer.Answer, E | RequestFailed | InvalidResponse | InvalidParams> =>
    Effect.flatMap(AuthorizationService.TwoFactorCode, (code) => {
      const scrub = Scrub.make([resolved.token, ...Option.toArray(secret), ...Option.toArray(code)])
      return Option.match(code, {
        onNone: () => Effect.succeed(request),
        onSome: (value) => addTwoFactorCode(operation, request, value)
      }).pipe(
        Effect.flatMap((complete) =>
          repeat((earlier) =>
            exchange(operation, complete, scrub, earlier.mayHaveActed).pipe(
              Effect.tap(Client.annotateAnswer),
              Effect.tap(warn),
              Effect.flatMap((answer) =>
                Answer.isExpected(operation, answer)
                  ? Effect.succeed(answer)
                  : Effect.flatMap(
                    Clock.currentTimeMillis,
                    (now) => Effect.fail(toError(Answer.readError(answer, now), earlier.mayHaveActed))
                  )
              ),
              Client.withRequestSpan(resolved, operation, request, earlier.attempts)
            )
          )
        )
      )
    }).pipe(within(operation, resolved.timeout))

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
        HttpClientRequest.patch(member(id)).pipe(HttpClientRequest.bodyJsonUnsafe(encodeUpdate(input))),
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
      const items = yield* Answer.authorizations("list", answer)
      const nextRange = Answer.nextRange(answer)
      if (answer.status === 206 && Option.isNone(nextRange)) {
        return yield* Answer.invalid(
          "list",
          answer,
          "A part of the list came without Next-Range: the rest is unreachable"
        )
      }
      return { items, nextRange, status: answer.status, requestId: Answer.requestId(answer) }
    })
  }
}

/** The whole of a call, with all its attempts, in time. Without a limit there is no timer either. */
const within =
  (operation: Operation, timeout: Duration.Duration) =>
  <A, E>(call: Effect.Effect<A, E>): Effect.Effect<A, E | RequestFailed> =>
    Duration.isFinite(timeout)
      ? Effect.timeoutOrElse(call, {
        duration: timeout,
        orElse: () => Effect.fail(timedOut(operation, Duration.toSeconds(timeout)))
      })
      : call

/** The request with the code of the second factor; refused when no header can carry it. */
const addTwoFactorCode = (
  operation: Operation,
  request: HttpClientRequest.HttpClientRequest,
  code: Redacted.Redacted
): Effect.Effect<HttpClientRequest.HttpClientRequest, InvalidParams> => {
  const text = reveal(code)
  return text !== undefined && isHeaderValue(text)
    ? Effect.succeed(HttpClientRequest.setHeader(request, "heroku-two-factor-code", text))
    : Effect.fail(refused(operation, "twoFactorCode", "must consist of visible ASCII characters, without spaces"))
}

/** Logs each of Heroku's warnings once for as long as the service lives, or until there were very many. */
const warnOnce = () => {
  const seen = new Set<string>()
  return (answer: Answer.Answer): Effect.Effect<void> =>
    Option.match(Answer.warning(answer), {
      onNone: () => Effect.void,
      onSome: ({ id, message }) =>
        Effect.suspend(() => {
          if (seen.has(id)) return Effect.void
          if (seen.size >= 1000) seen.clear()
          seen.add(id)
          return Effect.logWarning(`Heroku warns: ${message}`)
        })
    })
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
