/**
 * Where the token comes from: the places in which the Heroku command line looks, in the same order.
 *
 * 1. The variable `HEROKU_API_KEY`.
 * 2. For `api.heroku.com` only, the entry that `heroku login` stored in the keychain of the operating system.
 * 3. The entry for the host of the base URL in `.netrc` or `_netrc`.
 *
 * @see https://devcenter.heroku.com/articles/authentication
 */
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { fail, variable } from "./internal/environment.ts"
import { defaultBaseUrl, parseBaseUrl } from "./internal/options.ts"

/** A token and where it was found. */
export interface Credentials {
  /** The access token. */
  readonly token: Redacted.Redacted
  /** A variable, the path of a file, or the keychain entry of an account, in words for a log line. Never the token. */
  readonly source: string
}

/** The token of the program's user. */
export class HerokuCredentials extends Context.Service<HerokuCredentials, Credentials>()(
  "@effect-heroku/http-node/HerokuCredentials"
) {}

/** The API to find a token for. */
export interface FindOptions {
  /** The URL of the API. Default: `HEROKU_API_URL`, or else `https://api.heroku.com`. */
  readonly baseUrl?: string | URL | undefined
}

/**
 * Finds the token of the program's user.
 *
 * **Details**
 *
 * Blank variables count as unset. The keychain is read when `login.json`, which `heroku login` writes, names an account.
 * If its entry cannot be read within 30 seconds, the entry in `.netrc` counts only if it belongs to the same account. If
 * `login.json` exists but is unusable, the entry in `.netrc` is used with a warning. With nothing found, fails with a
 * `ConfigError` whose message lists what was tried. The source is logged at debug level.
 *
 * **Gotchas**
 *
 * The keychain may ask the user for permission. The modules that read files and the keychain are loaded when
 * `HEROKU_API_KEY` is not set. They need Node, Bun or Deno.
 */
export const find = Effect.fnUntraced(function*(
  options: FindOptions = {}
): Effect.fn.Return<Credentials, Config.ConfigError> {
  const credentials = yield* findFirst(options)
  yield* Effect.logDebug(`The Heroku token comes from ${credentials.source}`)
  return credentials
})

/** Provides the token that `find` finds. */
export const layer = (options?: FindOptions): Layer.Layer<HerokuCredentials, Config.ConfigError> =>
  Layer.effect(HerokuCredentials, find(options))

const findFirst = Effect.fnUntraced(function*({ baseUrl }: FindOptions) {
  const key = yield* variable("HEROKU_API_KEY")
  if (Option.isSome(key)) return { token: Redacted.make(key.value), source: "HEROKU_API_KEY" }
  if (Option.isSome(yield* variable("HEROKU_API_TOKEN"))) {
    yield* Effect.logWarning("HEROKU_API_TOKEN is set, but the variable for the token is HEROKU_API_KEY")
  }
  const text = baseUrl ?? Option.getOrElse(yield* variable("HEROKU_API_URL"), () => defaultBaseUrl)
  const parsed = parseBaseUrl(String(text), true)
  if (Result.isFailure(parsed)) {
    return yield* fail(`${baseUrl === undefined ? "HEROKU_API_URL" : "baseUrl"} ${parsed.failure.problem}`)
  }
  const url = new URL(text)
  // Loaded lazily: programs that set HEROKU_API_KEY load no module for files or processes. Bundles for browsers lack it.
  const findStored = yield* Effect.tryPromise(async () =>
    (await import("./internal/storedCredentials.ts")).findStored(url)
  ).pipe(
    Effect.catch(() => fail("No Heroku token: HEROKU_API_KEY is not set, and this runtime cannot read files"))
  )
  return yield* findStored
})
