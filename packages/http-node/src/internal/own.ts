/**
 * Which clients are our own transport, and what it is told of the exchange that a request belongs to. It is apart from `transport.ts` so that the live layer over other clients does not
 * load undici.
 */
import * as Context from "effect/Context"
import type * as HttpClient from "effect/http/HttpClient"
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
