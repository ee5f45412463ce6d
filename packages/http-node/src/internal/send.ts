/**
 * What happens to a request from the moment that an operation hands it over: its second factor, its attempts and their
 * spans, the warnings in the answers, and the error that an answer with another status than expected means.
 */
import {
  type AuthorizationError,
  changes,
  type ErrorAnswer,
  type InvalidParams,
  type InvalidResponse,
  type Operation,
  type RateLimited,
  refused,
  type RequestFailed
} from "@effect-heroku/core/AuthorizationError"
import { TwoFactorCode } from "@effect-heroku/core/AuthorizationService"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Answer from "./answer.ts"
import type { AccountBudget } from "./budget.ts"
import type { AccountCache } from "./cache.ts"
import * as Client from "./client.ts"
import { timedOut } from "./failure.ts"
import * as Metrics from "./metrics.ts"
import { isHeaderValue, type Options, reveal, type Settings } from "./options.ts"
import { type Attempt, beginning, type Progress, type Repeat, repeatedly } from "./retry.ts"
import * as Scrub from "./scrub.ts"

/** What is there beside the client, if the program provided it. */
export interface Extras {
  readonly budget: Option.Option<AccountBudget>
  readonly cache: Option.Option<AccountCache>
}

/** Makes the function that sends the requests of a service. */
export const makeSend = (
  httpClient: HttpClient.HttpClient,
  options: Options,
  settings: Settings,
  { budget, cache }: Extras
) => {
  const plain = Client.make(httpClient, settings, options.transformClient)
  const learnt = Option.match(budget, { onNone: () => plain, onSome: (budget) => learning(budget, plain) })
  const exchange = Option.match(cache, {
    onNone: () => learnt,
    onSome: (cache) => conditional(cache, settings.baseUrl, learnt)
  })
  const repeat = repeatedly(settings.retry)
  const inTurn = Option.match(budget, { onNone: () => always(repeat), onSome: (budget) => takingTurns(budget, repeat) })
  const warn = warnOnce()
  const scrubToken = Scrub.make([settings.token])

  /** Sends a request until it has the expected answer, an error that repeating does not mend, or no attempt left. */
  const attempts = <E extends AuthorizationError>(
    operation: Operation,
    request: HttpClientRequest.HttpClientRequest,
    scrub: Scrub.Scrub,
    toError: (answer: ErrorAnswer, earlierMayHaveActed: boolean) => E,
    progress: Progress
  ): Effect.Effect<Answer.Answer, E | RequestFailed | InvalidResponse | RateLimited> =>
    inTurn(
      operation,
      progress,
      ({ attempts, mayHaveActed }) =>
        Client.withRequestSpan(settings, operation, request, attempts, (span) =>
          Effect.suspend(() => {
            progress.underWay = true
            return exchange(operation, request, scrub, mayHaveActed)
          }).pipe(
            Effect.tapError((error) => Effect.sync(() => Client.noteFailure(span, error))),
            Effect.flatMap((answer) => {
              Client.noteAnswer(span, answer)
              const warnings = Answer.warnings(answer)
              const meaning = Answer.isExpected(operation, answer)
                ? Effect.succeed(answer)
                : Effect.flatMap(
                  Clock.currentTimeMillis,
                  (now) => Effect.fail(toError(Answer.readError(answer, now), mayHaveActed))
                )
              return warnings.length === 0 ? meaning : Effect.andThen(warn(warnings), meaning)
            }),
            count(operation, attempts)
          ))
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
  ): Effect.Effect<Answer.Answer, E | RequestFailed | InvalidResponse | InvalidParams | RateLimited> =>
    Effect.flatMap(TwoFactorCode, (code) => {
      const progress = beginning()
      const scrub = Option.isNone(secret) && Option.isNone(code)
        ? scrubToken
        : Scrub.make([settings.token, ...Option.toArray(secret), ...Option.toArray(code)])
      const call = Option.isNone(code)
        ? attempts(operation, request, scrub, toError, progress)
        : Effect.flatMap(
          addTwoFactorCode(operation, request, code.value),
          (complete) => attempts(operation, complete, scrub, toError, progress)
        )
      return within(operation, settings.timeout, progress)(call)
    })
}

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
  return (warnings: ReadonlyArray<Answer.Warning>): Effect.Effect<void> =>
    Effect.forEach(warnings, ({ id, message }) => {
      if (seen.has(id)) return Effect.void
      if (seen.size >= 1000) seen.clear()
      seen.add(id)
      return Effect.logWarning(`Heroku warns: ${message}`)
    }, { discard: true })
}

/** The whole of a call, with all its attempts, in time. Without a limit there is no timer either. */
const within =
  (operation: Operation, timeout: Duration.Duration, progress: Progress) =>
  <A, E>(call: Effect.Effect<A, E>): Effect.Effect<A, E | RequestFailed> =>
    Duration.isFinite(timeout)
      ? Effect.timeoutOrElse(call, {
        duration: timeout,
        orElse: () =>
          Effect.fail(
            timedOut(
              operation,
              Duration.toSeconds(timeout),
              changes(operation) && (progress.underWay || progress.mayHaveActed)
            )
          )
      })
      : call

/** Counts an attempt and what became of it, and says so at debug. */
const count =
  (operation: Operation, earlierAttempts: number) =>
  <A, E extends AuthorizationError>(attempt: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.clockWith((clock) => {
      const began = clock.currentTimeMillisUnsafe()
      return Effect.onExit(attempt, (exit) => {
        const outcome = Exit.isSuccess(exit)
          ? "success"
          : Option.match(Exit.findErrorOption(exit), {
            onNone: () => Exit.hasInterrupts(exit) ? "interrupted" : "defect",
            onSome: ({ _tag }) => _tag
          })
        const counted = Metrics.request(operation, outcome)
        return Effect.andThen(
          earlierAttempts === 0 ? counted : Effect.andThen(counted, Metrics.retry(operation)),
          Effect.logDebug(`Heroku ${operation}: ${outcome} in ${clock.currentTimeMillisUnsafe() - began} ms`)
        )
      })
    })

// -----------------------------------------------------------------------------
// With a budget
// -----------------------------------------------------------------------------

type Exchange = ReturnType<typeof Client.make>

/** An exchange whose answers the budget learns from. */
const learning = (budget: AccountBudget, exchange: Exchange): Exchange => (operation, ...rest) =>
  Effect.flatMap(
    Clock.currentTimeMillis,
    (sentAt) =>
      Effect.tap(exchange(operation, ...rest), (answer) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          budget.learn({
            status: answer.status,
            remaining: Answer.remaining(answer),
            retryAfter: Answer.isExpected(operation, answer)
              ? Option.none()
              : Answer.readError(answer, now).retryAfter,
            sentAt
          })))
  )

/** Repeats as `repeat` does. */
const always =
  (repeat: Repeat) =>
  <A, E extends AuthorizationError>(_: Operation, progress: Progress, attempt: Attempt<A, E>): Effect.Effect<A, E> =>
    repeat(progress, attempt)

/**
 * Repeats as `repeat` does, and each attempt takes its turn first. What the budget refuses is not repeated: it would have
 * to wait as long again.
 */
const takingTurns = (budget: AccountBudget, repeat: Repeat) =>
<A, E extends AuthorizationError>(
  operation: Operation,
  progress: Progress,
  attempt: Attempt<A, E>
): Effect.Effect<A, E | RateLimited | RequestFailed> =>
  Effect.flatMap(
    repeat(progress, (earlier) =>
      Effect.matchEffect(budget.take(operation, earlier.mayHaveActed), {
        onFailure: (refusal) => Effect.succeed(Result.fail(refusal)),
        onSuccess: () => Effect.map(attempt(earlier), Result.succeed)
      })),
    Effect.fromResult
  )

// -----------------------------------------------------------------------------
// With a cache
// -----------------------------------------------------------------------------

/** An exchange whose reads ask whether what was read before still holds. */
const conditional =
  (cache: AccountCache, baseUrl: string, exchange: Exchange): Exchange => (operation, request, scrub, ...rest) => {
    if (changes(operation)) return exchange(operation, request, scrub, ...rest)
    const place = { operation, url: `${baseUrl}${request.url}`, range: request.headers["range"] ?? "" }
    const keep = (answer: Answer.Answer) =>
      Effect.flatMap(
        Answer.toKeep(operation, answer, place.range),
        Option.match({ onNone: () => Effect.void, onSome: (kept) => cache.keep(place, kept) })
      )
    return Effect.flatMap(
      cache.find(place),
      Option.match({
        onNone: () => Effect.tap(exchange(operation, request, scrub, ...rest), keep),
        onSome: (kept) =>
          Effect.flatMap(
            exchange(
              operation,
              HttpClientRequest.setHeader(request, "if-none-match", Redacted.value(kept).etag),
              scrub,
              ...rest
            ),
            (answer) =>
              answer.status === 304
                ? Effect.as(Metrics.cacheRead(operation, "hit"), Answer.fromKept(kept, answer))
                : Metrics.cacheRead(operation, "changed").pipe(Effect.andThen(keep(answer)), Effect.as(answer))
          )
      })
    )
  }
