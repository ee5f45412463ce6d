/** One exchange with Heroku: the request's headers, the time it may take, and a complete answer or `RequestFailed`. */
import type { Operation, RequestFailed } from "@effect-heroku/core/AuthorizationError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { flow, identity } from "effect/Function"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { Answer } from "./answer.ts"
import { fromClientError, timedOut } from "./failure.ts"
import type { Options, Settings } from "./options.ts"

/** Header names that hold secrets, whatever the user's program redacts. */
const secretHeaders = ["authorization", "heroku-two-factor-code"]

/**
 * Makes the function that sends a request and reads the whole answer.
 *
 * **Details**
 *
 * The scope of the exchange ends with it: a timeout or an interruption, also while the body is read, closes the
 * connection. Trace headers are not sent: they are of no use to Heroku, and each attempt must be the same bytes.
 */
export const make = (
  httpClient: HttpClient.HttpClient,
  settings: Settings,
  transformClient: Options["transformClient"] = identity
) => {
  const client = httpClient.pipe(
    HttpClient.mapRequest(flow(
      HttpClientRequest.prependUrl(settings.baseUrl),
      HttpClientRequest.bearerToken(settings.token),
      HttpClientRequest.accept("application/vnd.heroku+json; version=3"),
      HttpClientRequest.setHeader("user-agent", settings.userAgent)
    )),
    transformClient,
    HttpClient.withScope
  )

  return (operation: Operation, request: HttpClientRequest.HttpClientRequest): Effect.Effect<Answer, RequestFailed> =>
    client.execute(request).pipe(
      Effect.flatMap((response) =>
        Effect.map(response.text, (body): Answer => ({ status: response.status, headers: response.headers, body }))
      ),
      Effect.scoped,
      Effect.mapError((error) => fromClientError(operation, settings.baseUrl, error)),
      Effect.timeoutOrElse({
        duration: settings.requestTimeout,
        orElse: () => Effect.fail(timedOut(operation, Duration.toSeconds(settings.requestTimeout)))
      }),
      Effect.provideService(HttpClient.TracerPropagationEnabled, false),
      Effect.updateService(Headers.CurrentRedactedNames, (names) => [...names, ...secretHeaders])
    )
}
