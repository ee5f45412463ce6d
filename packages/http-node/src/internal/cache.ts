/** What the client asks of a response cache. It is apart from `ResponseCache.ts` so that the client loads no store. */
import type { Operation } from "@effect-heroku/core/AuthorizationError"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"

/** What is read: the address, and of a list the range. */
export interface Place {
  readonly operation: Operation
  readonly url: string
  readonly range: string
}

/** An answer as it is kept. It holds secrets. */
export interface Kept {
  readonly etag: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The answers of one account. Nothing of it fails: what cannot be read is not there. */
export interface AccountCache {
  readonly find: (place: Place) => Effect.Effect<Option.Option<Redacted.Redacted<Kept>>>
  readonly keep: (place: Place, answer: Redacted.Redacted<Kept>) => Effect.Effect<void>
}

/** The answers of all accounts. */
export interface Service {
  /** The answers to a token at a base URL. Nothing keeps the token: entries are named by a hash that it is part of. */
  readonly forToken: (token: Redacted.Redacted) => AccountCache
}

export class ResponseCache extends Context.Service<ResponseCache, Service>()(
  "@effect-heroku/http-node/ResponseCache"
) {}
