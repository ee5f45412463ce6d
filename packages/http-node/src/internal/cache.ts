/** What the client asks of a response cache. It is apart from `ResponseCache.ts` so that the client loads no store. */
import type { Operation } from "@effect-heroku/core/AuthorizationError"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"

/** What is read: the address, and of a list the range. */
export interface Place {
  /** Which of the reads: `info` or `list`. */
  readonly operation: Operation
  /** The whole URL. */
  readonly url: string
  /** The `Range` header; empty where there is none. */
  readonly range: string
}

/** An answer as it is kept. It holds secrets. */
export interface Kept {
  /** The `ETag` header, to ask with. */
  readonly etag: string
  /** The HTTP status: 200 or 206. */
  readonly status: number
  /** The headers that are read, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** The body, as it came. */
  readonly body: string
}

/** The answers of one account. Nothing of it fails: what cannot be read is not there. */
export interface AccountCache {
  /** What is kept for a place. */
  readonly find: (place: Place) => Effect.Effect<Option.Option<Redacted.Redacted<Kept>>>
  /** Keeps an answer, instead of the one before it. */
  readonly keep: (place: Place, answer: Redacted.Redacted<Kept>) => Effect.Effect<void>
}

/** The answers of all accounts. */
export interface Service {
  /** The answers to a token at a base URL. Nothing keeps the token: entries are named by a hash that it is part of. */
  readonly forToken: (token: Redacted.Redacted) => AccountCache
}

/** The key of the answers. The layer is in `ResponseCache.ts`. */
export class ResponseCache extends Context.Service<ResponseCache, Service>()(
  "@effect-heroku/http-node/ResponseCache"
) {}
