/** Finds the token that `heroku login` stored, in the keychain of the operating system or in `.netrc`. */
import * as NodeChildProcessSpawner from "@effect/platform-node/NodeChildProcessSpawner"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import type * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Credentials } from "../HerokuCredentials.ts"
import { fail, firstVariable, variable, withoutControls } from "./environment.ts"
import { readKeychain } from "./keychain.ts"
import { findEntry } from "./netrc.ts"

/** Finds the stored token for a base URL, or fails with a message that lists what was tried. */
export const findStored = (baseUrl: URL): Effect.Effect<Credentials, Config.ConfigError> =>
  Effect.gen(function*() {
    const system = yield* systemVariables
    return yield* Effect.provideService(findInOrder(baseUrl), ConfigProvider.ConfigProvider, system)
  }).pipe(Effect.provide(layerNode))

const layerNode = Layer.provideMerge(NodeChildProcessSpawner.layer, Layer.merge(NodeFileSystem.layer, NodePath.layer))

/**
 * The variables that the system sets, such as `HOME`. A configuration that is nested, or comes from a file, has none of
 * them: then they are those of the process.
 */
const systemVariables = Effect.gen(function*() {
  const provider = yield* ConfigProvider.ConfigProvider
  return Option.isSome(yield* home) ? provider : ConfigProvider.orElse(provider, ConfigProvider.fromEnv())
})

const home = Effect.map(firstVariable("HOME", "USERPROFILE"), Option.map(({ value }) => value))

const findInOrder = Effect.fnUntraced(function*(baseUrl: URL) {
  const login = yield* findLogin(baseUrl)
  if (Result.isSuccess(login.credentials)) return login.credentials.success
  const netrc = yield* findInNetrc(baseUrl)
  if (Result.isFailure(netrc)) {
    const tried = ["HEROKU_API_KEY is not set", login.credentials.failure, netrc.failure]
    return yield* fail(`No Heroku token: ${tried.join("; ")}. ${advice(baseUrl)}`)
  }
  const { account, file, ...credentials } = netrc.success
  if (Option.isSome(login.account) && !Option.contains(account, login.account.value)) {
    const other = Option.match(account, { onNone: () => "an entry without login", onSome: (name) => `that of ${name}` })
    return yield* fail(
      `No Heroku token: HEROKU_API_KEY is not set; \`heroku login\` has logged in ${login.account.value}, but `
        + `${login.credentials.failure}; the token in ${file} is not that of ${login.account.value} but ${other}. `
        + advice(baseUrl)
    )
  }
  if (login.isUnusable) {
    // The login may be of another account or newer than the token in .netrc.
    yield* Effect.logWarning(
      withoutControls(`${login.credentials.failure}: the token comes from ${file}, which may be older`)
    )
  }
  yield* warnAboutMode(file)
  return credentials
})

const advice = ({ hostname, host }: URL) =>
  hostname === herokuHost
    ? "Set HEROKU_API_KEY to an access token: export HEROKU_API_KEY=\"$(heroku auth:token)\""
    : `Set HEROKU_API_KEY to an access token for ${host} (\`heroku auth:token\` prints the one for ${herokuHost})`

const herokuHost = "api.heroku.com"

// -----------------------------------------------------------------------------
// The keychain
// -----------------------------------------------------------------------------

/** The account that `heroku login` has logged in, and its token or the reason why it is missing. */
interface Login {
  readonly account: Option.Option<string>
  /** Whether `login.json` exists, but cannot be read or names no account. */
  readonly isUnusable: boolean
  readonly credentials: Result.Result<Credentials, string>
}

const findLogin = Effect.fnUntraced(function*({ hostname }: URL) {
  const withoutAccount = (problem: string, isUnusable = false): Login => ({
    account: Option.none(),
    isUnusable,
    credentials: Result.fail(problem)
  })
  if (hostname !== herokuHost) return withoutAccount(`the keychain entry of \`heroku login\` is for ${herokuHost} only`)
  // As the command line does when this variable is set.
  if (Option.exists(yield* variable("HEROKU_NETRC_WRITE"), (value) => value.toLowerCase() === "true")) {
    return withoutAccount("HEROKU_NETRC_WRITE turns the keychain off")
  }
  const directory = yield* dataDirectory
  if (Option.isNone(directory)) return withoutAccount("there is no home directory in which to look for login.json")
  const path = yield* Path.Path
  const file = path.join(directory.value, "login.json")
  const text = yield* readText(file)
  if (Result.isFailure(text)) return withoutAccount(text.failure.problem, !text.failure.isMissing)
  const login = decodeLogin(text.success)
  if (Option.isNone(login)) return withoutAccount(`${file} names no account`, true)
  const { account } = login.value
  const systemRoot = Option.getOrUndefined(yield* variable("SystemRoot"))
  const token = yield* readKeychain({ platform: process.platform, account, systemRoot })
  return {
    account: Option.some(account),
    isUnusable: false,
    credentials: Result.map(token, (token): Credentials => ({
      token,
      source: withoutControls(`the keychain entry of \`heroku login\` for ${account}`)
    }))
  }
})

/** Where the command line keeps its data. */
const dataDirectory = Effect.gen(function*() {
  const path = yield* Path.Path
  const own = yield* variable("HEROKU_DATA_DIR")
  if (Option.isSome(own)) return own
  const base = yield* firstVariable("XDG_DATA_HOME", ...(process.platform === "win32" ? ["LOCALAPPDATA"] : []))
  if (Option.isSome(base)) return Option.some(path.join(base.value.value, "heroku"))
  return Option.map(yield* home, (directory) => path.join(directory, ".local", "share", "heroku"))
})

const decodeLogin = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({ account: Schema.NonEmptyString })))

// -----------------------------------------------------------------------------
// .netrc
// -----------------------------------------------------------------------------

const findInNetrc = Effect.fnUntraced(function*({ host, hostname }: URL) {
  const files = yield* netrcFiles
  if (files.length === 0) return Result.fail("there is no home directory in which to look for .netrc")
  const problems: Array<string> = []
  for (const file of files) {
    const text = yield* readText(file)
    if (Result.isFailure(text)) {
      problems.push(text.failure.problem)
      continue
    }
    // The command line writes the port, if there is one; others do not.
    const entry = findEntry(text.success, [host, hostname])
    return entry === undefined
      ? Result.fail(`${file} has no password for machine ${host}`)
      : Result.succeed({
        file,
        account: Option.fromUndefinedOr(entry.login),
        token: Redacted.make(entry.password),
        source: withoutControls(file)
      })
  }
  return Result.fail(problems[0] ?? "")
})

/** The files in which to look. The first one that can be read counts. */
const netrcFiles = Effect.gen(function*() {
  const path = yield* Path.Path
  const named = yield* variable("NETRC")
  if (Option.isSome(named)) return [named.value]
  const names = process.platform === "win32" ? ["_netrc", ".netrc"] : [".netrc", "_netrc"]
  return Option.match(yield* home, {
    onNone: () => [],
    onSome: (directory) => names.map((name) => path.join(directory, name))
  })
})

const warnAboutMode = Effect.fnUntraced(function*(file: string) {
  const info = yield* Effect.option(FileSystem.FileSystem.use((fileSystem) => fileSystem.stat(file)))
  // Windows has no such mode.
  const isShared = process.platform !== "win32" && Option.exists(info, ({ mode }) => (mode & 0o077) !== 0)
  if (isShared) {
    yield* Effect.logWarning(withoutControls(`Other users can access the token in ${file}. Run: chmod 600 ${file}`))
  }
})

/** Reads a file, or returns the reason why it cannot be read. */
const readText = (file: string) =>
  FileSystem.FileSystem.use((fileSystem) => fileSystem.readFile(file)).pipe(
    Effect.map((bytes) =>
      // Editors on Windows save text as UTF-16, in which every other byte of plain ASCII is zero.
      bytes.includes(0)
        ? Result.fail({ problem: `${file} is not UTF-8 text, save it as UTF-8`, isMissing: false })
        : Result.succeed(new TextDecoder().decode(bytes))
    ),
    Effect.catchTag("PlatformError", ({ reason: { _tag } }) =>
      Effect.succeed(
        Result.fail({
          problem: `${file} ${_tag === "NotFound" ? "does not exist" : `cannot be read (${_tag})`}`,
          isMissing: _tag === "NotFound"
        })
      ))
  )
