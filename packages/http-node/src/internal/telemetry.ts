/**
 * Spans, metrics and debug log lines of requests.
 *
 * Their names and attributes are public (docs/observability.md). No value is a secret, and each attribute of a metric has
 * few values. An account is identified by the first eight digits of the hash of its token.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span
 */
import type { AuthorizationError } from "@effect-heroku/core/AuthorizationError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type { Endpoint } from "./endpoint.ts"
import type { Settings } from "./options.ts"
import { type ApiResponse, requestId } from "./response.ts"

const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })

/** Gives an attempt its span, counts its outcome, and logs it. `retries` is the number of attempts before it. */
export const withAttempt = <E extends AuthorizationError>(
  { baseUrl, server }: Settings,
  { method, operation, path, template }: Endpoint,
  retries: number,
  attempt: Effect.Effect<ApiResponse, E>
): Effect.Effect<ApiResponse, E> =>
  Effect.clockWith((clock) => {
    const start = clock.monotonicTimeNanosUnsafe()
    return Effect.onExit(
      attempt,
      Effect.fnUntraced(function*(exit) {
        yield* Effect.annotateCurrentSpan(toAttributes(exit))
        const outcome = outcomeOf(exit)
        const millis = Math.round(Number(clock.monotonicTimeNanosUnsafe() - start) / 1e6)
        yield* Metric.update(Metric.withAttributes(requestCount, { operation, outcome }), 1)
        if (retries > 0) yield* Metric.update(Metric.withAttributes(retryCount, { operation }), 1)
        yield* Effect.logDebug(`Heroku ${operation}: ${outcome} in ${millis} ms`)
      })
    )
  }).pipe(Effect.withSpan(`${method} ${template}`, {
    kind: "client",
    attributes: {
      "http.request.method": method,
      "url.full": baseUrl + path,
      "url.template": template,
      "server.address": server.address,
      "server.port": server.port,
      ...(retries > 0 ? { "http.request.resend_count": retries } : {})
    }
  }, { captureStackTrace: false }))

/** `success`, the tag of the error, `interrupted` or `defect`. */
const outcomeOf = (exit: Exit.Exit<ApiResponse, AuthorizationError>): string => {
  if (Exit.isSuccess(exit)) return "success"
  const error = Exit.findErrorOption(exit)
  if (Option.isSome(error)) return error.value._tag
  return Exit.hasInterrupts(exit) ? "interrupted" : "defect"
}

/** The attributes of the response or the failure. */
const toAttributes = (exit: Exit.Exit<ApiResponse, AuthorizationError>): Record<string, unknown> => {
  const error = Option.getOrUndefined(Exit.findErrorOption(exit))
  if (error?._tag === "RequestFailed") return { "error.type": error.reason }
  const response = Exit.isSuccess(exit) ? { status: exit.value.status, requestId: requestId(exit.value) } : error
  if (response?.status === undefined) return {}
  return {
    "http.response.status_code": response.status,
    ...(Option.isSome(response.requestId) && { "heroku.request_id": response.requestId.value }),
    ...(response.status >= 400 && { "error.type": String(response.status) }),
    ...(error?._tag === "InvalidResponse" && { "error.type": error._tag })
  }
}

const requestCount = counter("heroku.requests", "Requests sent, by operation and outcome")
const retryCount = counter("heroku.retries", "Requests that retried an earlier one, by operation")
