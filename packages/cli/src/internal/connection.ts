/** The account that a command acts on: the service, the owner of the token, and the rest of the rate limit. */
import {
  type AuthorizationService,
  type InvalidAuthorization,
  withTwoFactorCode
} from "@effect-heroku/core/AuthorizationService"
import type { Verify } from "@effect-heroku/core/Rotation"
import * as HerokuCredentials from "@effect-heroku/http-node/HerokuCredentials"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as TokenOwner from "@effect-heroku/http-node/TokenOwner"
import type * as Command from "effect/cli/Command"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Redacted from "effect/Redacted"
import * as Semaphore from "effect/Semaphore"
import { program } from "./program.ts"
import * as SecondFactor from "./secondFactor.ts"
import { safe } from "./text.ts"

/** The account besides its authorizations. */
export class Connection extends Context.Service<Connection, {
  /** The host of the API, with its port if it has one. */
  readonly host: string
  /** The email address of the account, or `unknown` if Heroku does not return it. Requested once. */
  readonly account: Effect.Effect<string>
  /** The token that requests are made with. */
  readonly actingToken: Redacted.Redacted
  /** Returns whether a token works. */
  readonly verify: Verify
  /** The source of that token. */
  readonly tokenSource: string
  /** The number of requests that the rate limit leaves, from the latest response. */
  readonly remainingRequests: () => Option.Option<number>
  /** Reports an authorization of a list that cannot be read, and counts it. */
  readonly reportInvalid: (invalid: InvalidAuthorization) => Effect.Effect<void>
  /** The number of authorizations that could not be read so far. */
  readonly invalidCount: () => number
  /** Asks for the code of the second factor. */
  readonly twoFactorCode: Effect.Effect<Option.Option<Redacted.Redacted>>
  /** Held while a question is open, so that nothing else is shown. */
  readonly screen: Semaphore.Semaphore
}>()("@effect-heroku/cli/Connection") {}

/** The team whose authorizations a command is about. */
export const Team = Context.Reference<Option.Option<string>>("@effect-heroku/cli/Team", {
  defaultValue: Option.none
})

/** Returns the line that names the account, the API and the team. */
export const whoami = Effect.gen(function*() {
  const { account, host } = yield* Connection
  const team = Option.map(yield* Team, (name) => `, team ${safe(name)}`)
  return `Account ${yield* account} at ${host}${Option.getOrElse(team, () => "")}`
})

const make = Effect.gen(function*() {
  const { timeout } = yield* program
  const credentials = yield* HerokuCredentials.find()
  // Read as the layer of the service reads it: trimmed, and a blank one counts as unset.
  const url = yield* Config.option(Config.String("HEROKU_API_URL")).pipe(
    Effect.map(Option.map((text) => text.trim())),
    Effect.map(Option.filter((text) => text !== ""))
  )
  const screen = yield* Semaphore.make(1)
  const secondFactor = yield* SecondFactor.make(screen)
  let remaining = Option.none<number>()
  let invalid = 0
  const options = {
    token: Config.succeed(credentials.token),
    timeout: Config.succeed(Option.getOrUndefined(timeout)),
    transformClient: Config.succeed(HttpClient.tap(({ headers, request, status }) =>
      Effect.sync(() => {
        if (status < 400 && Option.isSome(Headers.get(request.headers, "heroku-two-factor-code"))) secondFactor.accept()
        remaining = Option.orElse(Option.map(Headers.get(headers, "ratelimit-remaining"), Number), () => remaining)
      })
    ))
  }
  const environment = yield* ConfigProvider.ConfigProvider
  // A failure is no reason to stop: if something is wrong with the token or the network, the command itself fails.
  const account = TokenOwner.find({
    ...options,
    retry: { times: Config.succeed(0) },
    timeout: Config.succeed("10 seconds")
  }).pipe(
    Effect.map(({ email }) => safe(email)),
    Effect.orElseSucceed(() => "unknown"),
    Effect.provideService(ConfigProvider.ConfigProvider, environment)
  )
  const connection = Connection.of({
    // An invalid URL is named by the error of the service.
    host: Option.match(url, {
      onNone: () => "api.heroku.com",
      onSome: (text) => safe(URL.canParse(text) ? new URL(text).host : text)
    }),
    account: yield* Effect.cached(account),
    actingToken: credentials.token,
    // The layer of the service has checked whether the URL may begin with http://.
    verify: NodeAuthorizationService.verify({ baseUrl: Option.getOrUndefined(url), allowHttp: true }),
    tokenSource: safe(credentials.source),
    remainingRequests: () => remaining,
    reportInvalid: ({ id, message }) =>
      Effect.andThen(
        Effect.sync(() => invalid++),
        Console.error(
          `Authorization ${safe(Option.getOrElse(id, () => "without an id"))} cannot be read: ${safe(message)}`
        )
      ),
    invalidCount: () => invalid,
    twoFactorCode: secondFactor.next,
    screen
  })
  return Layer.merge(NodeAuthorizationService.layerConfig(options), Layer.succeed(Connection, connection))
})

/** The account of the shared flags and the environment. `--api-url` replaces a variable. */
const layer: Layer.Layer<
  AuthorizationService | Connection,
  Config.ConfigError,
  Command.CommandContext<"heroku-authorizations">
> = Layer.unwrap(make).pipe(Layer.provide(ConfigProvider.layerAdd(
  Effect.map(program, ({ apiUrl }) =>
    ConfigProvider.fromEnv({
      env: Option.match(apiUrl, { onNone: () => ({}), onSome: (HEROKU_API_URL) => ({ HEROKU_API_URL }) })
    })),
  { asPrimary: true }
)))

/** Provides the account of the shared flags and the environment to a command. */
export const withAccount = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Connection.use(({ twoFactorCode }) => withTwoFactorCode(twoFactorCode)(effect)).pipe(
    Effect.tapError((error) =>
      Predicate.isTagged(error, "Unauthorized")
        ? Connection.use(({ tokenSource }) => Console.error(`The token comes from ${tokenSource}`))
        : Effect.void
    ),
    Effect.provide(layer)
  )
