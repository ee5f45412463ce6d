/**
 * What happens to a request from the moment that an operation hands it over: its second factor, its attempts and their
 * spans, the warnings in the answers, and the error that an answer with another status than expected means.
 */
import {
  type AuthorizationError,
  type ErrorAnswer,
  type InvalidParams,
  type InvalidResponse,
  type Operation,
  refused,
  type RequestFailed
} from "@effect-heroku/core/AuthorizationError"
import { TwoFactorCode } from "@effect-heroku/core/AuthorizationService"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Answer from "./answer.ts"
import * as Client from "./client.ts"
import { timedOut } from "./failure.ts"
import { isHeaderValue, type Options, reveal, type Settings } from "./options.ts"
import { repeatedly } from "./retry.ts"
import * as Scrub from "./scrub.ts"

/** Makes the function that sends the requests of a service. */
export const makeSend = (httpClient: HttpClient.HttpClient, options: Options, settings: Settings) => {
  const exchange = Client.make(httpClient, settings, options.transformClient)
  const repeat = repeatedly(settings.retry)
  const warn = warnOnce()

  /** Sends a request until it has the expected answer, an error that repeating does not mend, or no attempt left. */
  const attempts = <E extends AuthorizationError>(
    operation: Operation,
    request: HttpClientRequest.HttpClientRequest,
    scrub: Scrub.Scrub,
    toError: (answer: ErrorAnswer, earlierMayHaveActed: boolean) => E
  ): Effect.Effect<Answer.Answer, E | RequestFailed | InvalidResponse> =>
    repeat(({ attempts, mayHaveActed }) =>
      exchange(operation, request, scrub, mayHaveActed).pipe(
        Effect.tap(Client.annotateAnswer),
        Effect.tap(warn),
        Effect.flatMap((answer) =>
          Answer.isExpected(operation, answer)
            ? Effect.succeed(answer)
            : Effect.flatMap(
              Clock.currentTimeMillis,
              (now) => Effect.fail(toError(Answer.readError(answer, now), mayHaveActed))
            )
        ),
        Client.withRequestSpan(settings, operation, request, attempts)
      )
    )

  /**
   * Sends a request, repeats it where that is safe, and gives the expected answer or the error that another one means.
   * `secret` is what the body holds of one.
   */
  return <E extends AuthorizationError>(
    operation: Operation,
    request: HttpClientRequest.HttpClientRequest,
    toError: (answer: ErrorAnswer, earlierMayHaveActed: boolean) => E,
    secret: Option.Option<Redacted.Redacted> = Option.none()
  ): Effect.Effect<Answer.Answer, E | RequestFailed | InvalidResponse | InvalidParams> =>
    Effect.flatMap(TwoFactorCode, (code) => {
      const scrub = Scrub.make([settings.token, ...Option.toArray(secret), ...Option.toArray(code)])
      return Effect.flatMap(
        addTwoFactorCode(operation, request, code),
        (complete) => attempts(operation, complete, scrub, toError)
      )
    }).pipe(within(operation, settings.timeout))
}

/** The request with the code of the second factor, if there is one; refused when no header can carry it. */
const addTwoFactorCode = (
  operation: Operation,
  request: HttpClientRequest.HttpClientRequest,
  code: Option.Option<Redacted.Redacted>
): Effect.Effect<HttpClientRequest.HttpClientRequest, InvalidParams> => {
  if (Option.isNone(code)) return Effect.succeed(request)
  const text = reveal(code.value)
  return text !== undefined && isHeaderValue(text)
    ? Effect.succeed(HttpClientRequest.setHeader(request, "heroku-two-factor-code", text))
    : Effect.fail(refused(operation, "twoFactorCode", "must consist of visible ASCII characters, without spaces"))
}

/** Logs each of Heroku's warnings once for as long as the service lives, or until there were very many. */
const warnOnce = () => {
  const seen = new Set<string>()
  return (answer: Answer.Answer): Effect.Effect<void> =>
    Effect.forEach(Answer.warnings(answer), ({ id, message }) => {
      if (seen.has(id)) return Effect.void
      if (seen.size >= 1000) seen.clear()
      seen.add(id)
      return Effect.logWarning(`Heroku warns: ${message}`)
    }, { discard: true })
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
