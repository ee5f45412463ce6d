/** The live `AuthorizationService` with Node's HTTP client provided, and the token of the Heroku command line. */
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as Config from "effect/Config"
import { SourceError } from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as HttpAuthorizationService from "./HttpAuthorizationService.ts"
import { RequestBudget, type Service as Budget } from "./internal/budget/service.ts"
import { makeService } from "./internal/endpoints.ts"
import { findPassword } from "./internal/netrc.ts"
import * as NodeClient from "./internal/nodeClient.ts"
import { parse } from "./internal/options.ts"
import { findProxy } from "./internal/proxy.ts"

/** The options of the live service over `node:http`. */
export interface Options extends HttpAuthorizationService.Options {
  /**
   * Whether to connect through the proxy that the variables `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name, in upper or
   * lower case. Default: `true`. Addresses of this machine never have a proxy.
   */
  readonly proxy?: boolean | undefined
}

/**
 * Provides the live service over `node:http`: HTTP/1.1, at most 64 pooled connections, at most 64 fresh ones for `POST`,
 * and the proxy of the environment.
 */
export const layer = (options: Options): Layer.Layer<AuthorizationService> =>
  Layer.effect(AuthorizationService, make(options))

/** Provides the live service over `node:http` with a `RequestBudget`. */
export const layerBudgeted = (options: Options): Layer.Layer<AuthorizationService, never, RequestBudget> =>
  Layer.effect(AuthorizationService, Effect.flatMap(RequestBudget, (budget) => make(options, budget)))

const make = Effect.fnUntraced(function*(options: Options, budget?: Budget) {
  const settings = yield* Effect.result(Effect.gen(function*() {
    const settings = yield* Effect.fromResult(parse(options))
    const proxy = options.proxy === false ? undefined : yield* findProxy(settings)
    return { ...settings, proxy: proxy?.name, proxyUrl: proxy?.url }
  }))
  const { proxyUrl, requestTimeout } = Result.getOrElse(settings, () => ({ proxyUrl: undefined, requestTimeout: 0 }))
  return makeService(yield* NodeClient.make(proxyUrl, requestTimeout), settings, budget)
})

/**
 * Provides the live service with options from `Config`.
 *
 * **Details**
 *
 * By default the token is `HEROKU_API_KEY`, else the password for `api.heroku.com` in `~/.netrc`, where older versions of
 * the Heroku command line write it at login. `NETRC` names another file, and `HEROKU_API_URL` another base URL. Empty
 * variables count as unset. When the token is missing or invalid, the layer fails with a `ConfigError` that says what to
 * set.
 */
export const layerConfig = (
  options?: Config.Wrap<Options>
): Layer.Layer<AuthorizationService, Config.ConfigError> =>
  Layer.unwrap(Effect.map(options === undefined ? findOptions : Config.unwrap(options), layer))

/** Reads a variable. An empty one counts as unset. */
const variable = (name: string) =>
  Effect.map(Config.option(Config.String(name)), Option.filter((value) => value.trim() !== ""))

const findOptions = Effect.gen(function*() {
  const baseUrl = yield* variable("HEROKU_API_URL")
  const { source, token } = yield* findToken
  const options = { token, baseUrl: Option.getOrUndefined(baseUrl) }
  // Checked here and not by the first operation, because here the source of the value is known.
  const settings = parse(options)
  if (Result.isSuccess(settings)) return options
  const { field, problem } = settings.failure
  return yield* fail(`${field === "token" ? `The token in ${source}` : "HEROKU_API_URL"} ${problem}`)
})

const findToken = Effect.gen(function*() {
  const key = yield* variable("HEROKU_API_KEY")
  if (Option.isSome(key)) return { source: "HEROKU_API_KEY", token: Redacted.make(key.value.trim()) }

  const file = Option.getOrUndefined(yield* netrcFile)
  if (file === undefined) return yield* noToken("there is no home directory in which to look for .netrc")
  const text = yield* FileSystem.FileSystem.use((fileSystem) => fileSystem.readFileString(file)).pipe(
    Effect.provide(NodeFileSystem.layer),
    Effect.catchTag(
      "PlatformError",
      ({ reason: { _tag } }) =>
        noToken(`the file ${file} ${_tag === "NotFound" ? "does not exist" : `cannot be read (${_tag})`}`)
    )
  )
  const password = findPassword(text, "api.heroku.com")
  return password === undefined || password === ""
    ? yield* noToken(`the file ${file} has no password for machine api.heroku.com`)
    : { source: file, token: Redacted.make(password) }
})

const netrcFile = Effect.gen(function*() {
  const named = yield* variable("NETRC")
  if (Option.isSome(named)) return named
  const [home, profile] = yield* Effect.all([variable("HOME"), variable("USERPROFILE")])
  return Option.map(Option.orElse(home, () => profile), (directory) => `${directory}/.netrc`)
})

const noToken = (problem: string) =>
  fail(
    `No Heroku token: HEROKU_API_KEY is not set, and ${problem}. `
      + "Set HEROKU_API_KEY to an access token: export HEROKU_API_KEY=\"$(heroku auth:token)\""
  )

const fail = (message: string) => Effect.fail(new Config.ConfigError(new SourceError({ message })))
