/** The account that a command acts on: the service, the owner of the token, and the rest of the rate limit. */
import type { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import type * as Command from "effect/cli/Command"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { program } from "./program.ts"
import { invalidUsage, type Stop } from "./stop.ts"
import { safe } from "./text.ts"

/** The account besides its authorizations. */
export class Connection extends Context.Service<Connection, {
  /** The host of the API, with its port if it has one. */
  readonly host: string
  /** The email address of the account, or `unknown` if Heroku does not return it. Requested once. */
  readonly account: Effect.Effect<string>
  /** The token that requests are made with. */
  readonly actingToken: Redacted.Redacted
  /** The number of requests that the rate limit leaves, from the latest response. */
  readonly remainingRequests: () => Option.Option<number>
}>()("@effect-heroku/cli/Connection") {}

/** Returns the line that names the account and the API. */
export const whoami = Effect.gen(function*() {
  const { account, host } = yield* Connection
  return `Account ${yield* account} at ${host}`
})

const make = Effect.gen(function*() {
  const { apiUrl, timeout } = yield* program
  const token = yield* Config.Redacted("HEROKU_API_KEY")
  const configuredUrl = yield* Config.option(Config.String("HEROKU_API_URL"))
  const baseUrl = Option.getOrElse(Option.orElse(apiUrl, () => configuredUrl), () => "https://api.heroku.com")
  if (!URL.canParse(baseUrl)) {
    return yield* invalidUsage(`--api-url must be an absolute URL, like https://api.heroku.com`)
  }
  const client = yield* HttpClient.HttpClient

  let remaining = Option.none<number>()
  const layerService = HttpAuthorizationService.layer({
    token,
    baseUrl,
    timeout: Option.getOrUndefined(timeout),
    transformClient: HttpClient.tap(({ headers }) =>
      Effect.sync(() => {
        remaining = Option.orElse(Option.map(Headers.get(headers, "ratelimit-remaining"), Number), () => remaining)
      })
    )
  })
  const connection = Connection.of({
    host: new URL(baseUrl).host,
    account: yield* Effect.cached(findAccount(client, new URL(baseUrl), token)),
    actingToken: token,
    remainingRequests: () => remaining
  })
  return Layer.merge(
    Layer.provide(layerService, Layer.succeed(HttpClient.HttpClient, client)),
    Layer.succeed(Connection, connection)
  )
})

/** Provides the account of the shared flags and the environment. */
export const layer: Layer.Layer<
  AuthorizationService | Connection,
  Stop | Config.ConfigError,
  Command.CommandContext<"heroku-authorizations">
> = Layer.unwrap(make).pipe(Layer.provide(NodeAuthorizationService.layerClient))

/**
 * Returns the email address of a token's owner. Ignores failures: if something is wrong with the token or the network, the
 * command itself fails with a better message.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#account-info
 */
const findAccount = (client: HttpClient.HttpClient, baseUrl: URL, token: Redacted.Redacted): Effect.Effect<string> =>
  HttpClientRequest.get(`${baseUrl.href.replace(/\/$/, "")}/account`).pipe(
    HttpClientRequest.bearerToken(token),
    HttpClientRequest.setHeader("accept", "application/vnd.heroku+json; version=3"),
    HttpClient.filterStatusOk(client).execute,
    Effect.flatMap(HttpClientResponse.schemaBodyJson(Schema.Struct({ email: Schema.String }))),
    Effect.map(({ email }) => safe(email)),
    Effect.timeout("10 seconds"),
    Effect.orElseSucceed(() => "unknown")
  )
