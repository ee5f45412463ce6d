/**
 * The live `AuthorizationService` with Node's transport: nothing else to provide.
 *
 * What it sends and how it reads answers is `HttpAuthorizationService`; here are only the transport and where a Node
 * program finds its token.
 */
import type { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as Config from "effect/Config"
import { SourceError } from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as HttpAuthorizationService from "./HttpAuthorizationService.ts"
import { findPassword } from "./internal/netrc.ts"
import { findProblem, settings } from "./internal/options.ts"
import * as Transport from "./internal/transport.ts"

/** The live service over Node's HTTP client (undici, with its connection pool). */
export const layer = (options: HttpAuthorizationService.Options): Layer.Layer<AuthorizationService> =>
  Layer.provide(HttpAuthorizationService.layer(options), Transport.layer)

/**
 * The live service with options from `Config`.
 *
 * **Details**
 *
 * Without argument the token is `HEROKU_API_KEY`, else the password for `api.heroku.com` in `~/.netrc` (`NETRC` names
 * another file), where the Heroku command line puts it at login. `HEROKU_API_URL` overrides the base URL. Empty
 * variables count as not set. With no token, or a value that cannot be one, the layer fails with a `ConfigError` that says
 * what to set.
 */
export const layerConfig = (
  options?: Config.Wrap<HttpAuthorizationService.Options>
): Layer.Layer<AuthorizationService, Config.ConfigError> =>
  options === undefined
    ? Layer.unwrap(Effect.map(findOptions, layer))
    : Layer.provide(HttpAuthorizationService.layerConfig(options), Transport.layer)

// -----------------------------------------------------------------------------
// The environment
// -----------------------------------------------------------------------------

/** A variable of the configuration; empty is as good as absent. */
const variable = (name: string) =>
  Effect.map(Config.option(Config.String(name)), Option.filter((value) => value.trim() !== ""))

const findOptions = Effect.gen(function*() {
  const baseUrl = yield* variable("HEROKU_API_URL")
  const { source, token } = yield* findToken
  const options = { token, baseUrl: Option.getOrUndefined(baseUrl) }
  // Said here and not by the first operation, because here it is known where the value came from.
  const problem = findProblem(options, settings(options))
  if (Option.isSome(problem)) {
    const name = problem.value.field === "token" ? `The token in ${source}` : "HEROKU_API_URL"
    return yield* fail(`${name} ${problem.value.problem}`)
  }
  return options
})

const findToken = Effect.gen(function*() {
  const key = yield* variable("HEROKU_API_KEY")
  if (Option.isSome(key)) return { source: "HEROKU_API_KEY", token: Redacted.make(key.value.trim()) }

  const file = yield* netrcFile
  if (Option.isNone(file)) return yield* noToken("there is no home directory to look for .netrc in")
  const text = yield* readFile(file.value).pipe(
    Effect.catchTag("PlatformError", (error) =>
      noToken(
        error.reason._tag === "NotFound"
          ? `the file ${file.value} does not exist`
          : `the file ${file.value} cannot be read (${error.reason._tag})`
      ))
  )
  const password = findPassword(text, "api.heroku.com")
  return password === undefined || password === ""
    ? yield* noToken(`the file ${file.value} has no password for machine api.heroku.com`)
    : { source: file.value, token: Redacted.make(password) }
})

/** Who has the token in a variable loads no file system. */
const readFile = (path: string) =>
  Effect.flatMap(
    Effect.promise(() => import("@effect/platform-node/NodeFileSystem")),
    ({ layer }) => Effect.provide(FileSystem.FileSystem.use((_) => _.readFileString(path)), layer)
  )

const netrcFile = Effect.gen(function*() {
  const named = yield* variable("NETRC")
  if (Option.isSome(named)) return named
  const [home, profile] = yield* Effect.all([variable("HOME"), variable("USERPROFILE")])
  return Option.map(Option.orElse(home, () => profile), (directory) => `${directory}/.netrc`)
})

const noToken = (problem: string): Effect.Effect<never, Config.ConfigError> =>
  fail(
    `No Heroku token: HEROKU_API_KEY is not set, and ${problem}. `
      + "Set HEROKU_API_KEY to an access token, or run `heroku login`, which writes one to ~/.netrc."
  )

const fail = (message: string): Effect.Effect<never, Config.ConfigError> =>
  Effect.fail(new Config.ConfigError(new SourceError({ message })))
