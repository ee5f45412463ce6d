/**
 * What our own transport and the live layer know of each other beyond an `HttpClient`. It is apart from `transport.ts` so
 * that the live layer over other clients does not load undici.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import type * as Scope from "effect/Scope"

const clients = new WeakSet<HttpClient.HttpClient>()

/** Notes that a client is our own. */
export const noteOwn = (client: HttpClient.HttpClient): HttpClient.HttpClient => {
  clients.add(client)
  return client
}

/** Whether that was noted of a client. */
export const isOwn = (client: HttpClient.HttpClient): boolean => clients.has(client)

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
