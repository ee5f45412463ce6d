/**
 * What our own transport and the live layer know of each other beyond an `HttpClient`. It is apart from `transport.ts` so
 * that the live layer over other clients does not load undici.
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import type * as Scope from "effect/Scope"

/**
 * Sends a request and does something with the response. When that is done, or the time is over, the response is too: a
 * connection is closed on which more of it could come. The error then has `TimeIsOver` for its cause.
 */
export type WholeExchange = <A, E>(
  request: HttpClientRequest,
  limit: Duration.Duration,
  use: (response: OwnResponse) => Effect.Effect<A, E>
) => Effect.Effect<A, E | HttpClientError>

// Not an attribute of the client: what wraps one by copying it would have it, too, and be left out.
const exchanges = new WeakMap<HttpClient.HttpClient, WholeExchange>()

/** Notes that a client is our own, and how it does an exchange as a whole. */
export const noteOwn = (client: HttpClient.HttpClient, exchange: WholeExchange): HttpClient.HttpClient => {
  exchanges.set(client, exchange)
  return client
}

/** How a client does a whole exchange, if it is our own. */
export const exchangeOf = (client: HttpClient.HttpClient): WholeExchange | undefined => exchanges.get(client)

/** The exchange took too long. */
export class TimeIsOver extends Data.TaggedError("TimeIsOver") {}

/** Whether that is what an error of ours says. */
export const isTimeOver = ({ reason }: HttpClientError): boolean =>
  "cause" in reason && reason.cause instanceof TimeIsOver

/** The scope of the exchange that a request belongs to, where a client of the user's may send it in any fiber. */
export const ExchangeScope = Context.Reference<Scope.Scope | undefined>(
  "@effect-heroku/http-node/internal/ExchangeScope",
  { defaultValue: () => undefined }
)

/** Takes the body out of a response, for who is the only one to have it. It is empty from then on. */
export const takeBody: unique symbol = Symbol("@effect-heroku/http-node/internal/takeBody")

/** A response of our own transport. */
export interface OwnResponse extends HttpClientResponse {
  readonly [takeBody]: Effect.Effect<ArrayBuffer, HttpClientError>
}

/** Whether a response is one. */
export const isOwnResponse = (response: HttpClientResponse): response is OwnResponse => takeBody in response
