/** The live `AuthorizationService` with Node's HTTP client provided, and the token of the Heroku command line. */
import type { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Config from "effect/Config"
import { SourceError } from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as HttpAuthorizationService from "./HttpAuthorizationService.ts"
import type { RequestBudget } from "./internal/budget/service.ts"
import { findPassword } from "./internal/netrc.ts"
import { parse } from "./internal/options.ts"

/** Provides the live service over `node:http`: HTTP/1.1, at most 64 pooled connections, a fresh one for every `POST`. */
export const layer = (options: HttpAuthorizationService.Options): Layer.Layer<AuthorizationService> =>
  Layer.provide(HttpAuthorizationService.layer(options), layerClient)

/** Provides the live service over `node:http` with a `RequestBudget`. */
export const layerBudgeted = (
  options: HttpAuthorizationService.Options
): Layer.Layer<AuthorizationService, never, RequestBudget> =>
  Layer.provide(HttpAuthorizationService.layerBudgeted(options), layerClient)

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
  options?: Config.Wrap<HttpAuthorizationService.Options>
): Layer.Layer<AuthorizationService, Config.ConfigError> =>
  options === undefined
    ? Layer.unwrap(Effect.map(findOptions, layer))
    : Layer.provide(HttpAuthorizationService.layerConfig(options), layerClient)

/**
 * Effect's `node:http` client over two agents, which close their connections with the layer.
 *
 * A `POST` always gets a fresh connection, because an idle one may be dead: after a process was frozen while the server
 * closed its idle connections, 2 of 4 creates over a pooled connection failed with `ECONNRESET`, outcome unknown; over a
 * fresh one none did. All other methods are idempotent, and such a failure is retried.
 */
const layerClient: Layer.Layer<HttpClient.HttpClient> = Layer.effect(
  HttpClient.HttpClient,
  Effect.gen(function*() {
    const pooled = yield* makeClient({ keepAlive: true, maxSockets: 64 })
    // Not `maxSockets`: with it, Node gives a used connection to a request that waits for one.
    const fresh = yield* makeClient({ keepAlive: false, maxTotalSockets: 64 })
    return HttpClient.makeWith<never, never, HttpClientError, never>(
      Effect.flatMap((request) => (request.method === "POST" ? fresh : pooled).execute(request)),
      Effect.succeed
    )
  })
)

const makeClient = (options: NodeHttpClient.HttpAgentOptions) =>
  Effect.flatMap(
    NodeHttpClient.makeAgent(options),
    (agent) => Effect.provideService(NodeHttpClient.makeNodeHttp, NodeHttpClient.HttpAgent, agent)
  )

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
