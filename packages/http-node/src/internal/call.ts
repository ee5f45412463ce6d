/** One call: its two-factor codes, its timeout, its attempts, and the warnings in their responses. */
import * as AuthorizationEndpoints from "@effect-heroku/core/AuthorizationEndpoints"
import type { Operation } from "@effect-heroku/core/AuthorizationError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { AccountBudget, RequestBudget } from "./budget/service.ts"
import { nowMillis } from "./budget/time.ts"
import type { Endpoint } from "./endpoint.ts"
import { type AttemptContext, make as makeExchange, type Progress } from "./exchange.ts"
import { isHeaderValue, parseCallOptions, parseToken, type Problem, type Settings } from "./options.ts"
import * as Redact from "./redact.ts"
import { timedOut } from "./requestFailed.ts"
import * as ApiResponse from "./response.ts"
import { makeSchedule } from "./retry.ts"
import { withAttempt } from "./telemetry.ts"
import { limitTime, mayBeSent } from "./transmission.ts"

/** The token of a call, and what depends on it. */
interface Credentials extends Pick<AttemptContext, "redact" | "token"> {
  readonly budget: AccountBudget
}

/** Sends a request and retries it where that is safe. Succeeds with a response whose status means success. */
type Call = ReturnType<typeof makeValid>

/** Creates the function that makes the calls of a service. With an invalid option, every call fails and names it. */
export const make = (
  httpClient: HttpClient.HttpClient,
  settings: Result.Result<Settings, Problem>,
  requestBudget?: RequestBudget["Service"]
): Call =>
  Result.match(settings, {
    onFailure: (problem) => ({ operation }) => orInvalidInput(operation, Result.fail(problem)),
    onSuccess: (valid) => makeValid(httpClient, valid, requestBudget)
  })

const makeValid = (httpClient: HttpClient.HttpClient, settings: Settings, requestBudget?: RequestBudget["Service"]) => {
  const exchange = makeExchange(httpClient, settings)
  const readCallOptions = Effect.fnUntraced(function*(operation: Operation) {
    return yield* orInvalidInput(operation, parseCallOptions(yield* AuthorizationEndpoints.CallOptions, settings))
  })
  const readToken = (operation: Operation) =>
    Effect.isEffect(settings.token)
      ? Effect.flatMap(settings.token, (token) => orInvalidInput(operation, parseToken(token)))
      : Effect.succeed(settings.token)
  const logWarnings = makeWarningLogger()

  /** Sends the request once. */
  const send = Effect.fnUntraced(
    function*<O extends Operation>(endpoint: Endpoint<O>, budget: AccountBudget, context: AttemptContext) {
      const sentAt = yield* nowMillis
      const response = yield* exchange(endpoint, context)
      yield* logWarnings(response)
      const error = ApiResponse.isExpected(response)
        ? Option.none()
        : Option.some(nameTokenSource(settings, ApiResponse.toErrorResponse(response, yield* Clock.currentTimeMillis)))
      yield* budget.learn({
        status: response.status,
        remaining: ApiResponse.remaining(response),
        retryAfter: Option.flatMap(error, ({ retryAfter }) => retryAfter),
        sentAt
      })
      return Option.isNone(error)
        ? response
        : yield* Effect.fail(
          AuthorizationEndpoints.errorFromResponse(endpoint.operation, error.value, {
            ...endpoint,
            outcomeUnknown: response.outcomeUnknown,
            attempts: response.attempts
          })
        )
    }
  )

  /** Sends the request once the budget permits. An error of the budget is not retried, so it is returned as a value. */
  const attempt = <O extends Operation>(
    endpoint: Endpoint<O>,
    { budget, ...secrets }: Credentials,
    progress: Progress
  ) =>
    Effect.suspend(() =>
      Effect.matchEffect(budget.take(endpoint.operation, progress.outcomeUnknown), {
        onFailure: (error) => Effect.succeed(Result.fail(error)),
        onSuccess: () => {
          const retries = progress.attempts++
          return withAttempt(settings, endpoint, retries, send(endpoint, budget, { ...secrets, progress })).pipe(
            Effect.tapError((error) =>
              Effect.sync(() => {
                progress.outcomeUnknown = error.outcomeUnknown
                progress.transmissions = undefined
              })
            ),
            Effect.map(Result.succeed)
          )
        }
      })
    )

  return <O extends Operation>(endpoint: Endpoint<O>) =>
    Effect.gen(function*() {
      const { operation, secret } = endpoint
      const { baseUrl, proxy } = settings
      const { retry, timeout } = yield* readCallOptions(operation)
      const progress: Progress = { attempts: 0, outcomeUnknown: false, transmissions: undefined }

      const sendOnce = Effect.fnUntraced(function*(given: Option.Option<Redacted.Redacted>) {
        const code = Option.getOrUndefined(given)
        const complete = code === undefined ? endpoint : yield* addTwoFactorCode(endpoint, code)
        const attempts = Effect.flatMap(readToken(operation), (token) => {
          const secrets = [token, code, secret].filter((value) => value !== undefined)
          const credentials = {
            token,
            redact: Redact.make(secrets),
            budget: requestBudget?.forToken(token) ?? unlimited
          }
          return Effect.andThen(
            rejectToken(endpoint, token),
            Effect.retry(attempt(complete, credentials, progress), makeSchedule(retry))
          )
        })
        const timed = limitTime(attempts, timeout, () => progress.transmissions ?? [], () => {
          const { outcomeUnknown, transmissions } = progress
          const isSent = transmissions !== undefined && mayBeSent(transmissions)
          return timedOut({ operation, baseUrl, proxy, outcomeUnknown, isSent }, timeout)
        })
        return yield* Effect.flatMap(timed, Effect.fromResult)
      })

      return yield* AuthorizationEndpoints.sendWithTwoFactorCode(sendOnce).pipe(
        // Errors of the client and of the budget do not know their call. Nothing else has them yet.
        Effect.mapError((error) => Object.assign(error, { attempts: progress.attempts }))
      )
    })
}

const orInvalidInput = <A>(operation: Operation, result: Result.Result<A, Problem>) =>
  Effect.fromResult(
    Result.mapError(result, ({ field, problem }) => AuthorizationEndpoints.invalidInput(operation, field, problem))
  )

/** Rejects the token in place of an id. One without the prefix of tokens looks like an id, and would be in spans and errors. */
const rejectToken = ({ id, operation }: Endpoint, token: Redacted.Redacted) =>
  id !== Redact.reveal(token) ? Effect.void : Effect.andThen(
    Effect.annotateCurrentSpan("heroku.authorization.id", "[redacted secret]"),
    Effect.fail(AuthorizationEndpoints.invalidInput(operation, "id", "is the token, not the id of its authorization"))
  )

/** Adds to the message of a 401 where the token comes from. */
const nameTokenSource = ({ tokenSource }: Settings, error: AuthorizationEndpoints.ErrorResponse) => {
  if (error.status !== 401 || tokenSource === undefined) return error
  const message = Option.getOrElse(error.message, () => "Heroku rejected the token.")
  return { ...error, message: Option.some(`${message} The token comes from ${tokenSource}.`) }
}

const unlimited: AccountBudget = { take: () => Effect.void, learn: () => Effect.void }

const addTwoFactorCode = <O extends Operation>(endpoint: Endpoint<O>, code: Redacted.Redacted) => {
  const text = Redact.reveal(code)
  return text !== undefined && isHeaderValue(text)
    ? Effect.succeed({ ...endpoint, headers: { ...endpoint.headers, "heroku-two-factor-code": text } })
    : Effect.fail(
      AuthorizationEndpoints.invalidInput(
        endpoint.operation,
        "twoFactorCode",
        text === undefined ? Redact.describeUnreadable(code) : codeProblem
      )
    )
}

const codeProblem = "must consist of visible ASCII characters, without spaces"

/** Creates a function that logs each warning of a response once, until it has seen a thousand. */
const makeWarningLogger = () => {
  const seen = new Set<string>()
  return (response: ApiResponse.ApiResponse): Effect.Effect<void> =>
    Effect.forEach(ApiResponse.warnings(response), ({ id, message }) => {
      if (seen.has(id)) return Effect.void
      if (seen.size >= 1000) seen.clear()
      seen.add(id)
      return Effect.logWarning(`Heroku warns: ${message}`)
    }, { discard: true })
}
