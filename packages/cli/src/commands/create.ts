/** `create`: a new authorization, and its token on standard output. */
import * as Authorization from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Connection from "../internal/connection.ts"
import { team } from "../internal/flags.ts"
import { nothingChanged, onInterrupt, writeResult } from "../internal/output.ts"
import { toRecord } from "../internal/record.ts"
import { failed, invalidUsage } from "../internal/stop.ts"
import { safe, toJson } from "../internal/text.ts"
import { positiveDuration } from "../internal/times.ts"

export const create = Command.make(
  "create",
  {
    description: Flag.String("description").pipe(
      Flag.withAlias("d"),
      Flag.withMetavar("TEXT"),
      Flag.optional,
      Flag.withDescription("What the token is for. By default Heroku chooses a description")
    ),
    scope: Flag.String("scope").pipe(
      Flag.withAlias("s"),
      Flag.withMetavar("SCOPE"),
      Flag.atLeast(0),
      Flag.withDescription("A scope, or several with commas; can be repeated; by default global")
    ),
    expiresIn: positiveDuration("expires-in").pipe(
      Flag.withAlias("e"),
      Flag.optional,
      Flag.withDescription("How long the token works, such as 90d. By default it never expires")
    ),
    client: Flag.String("client").pipe(
      Flag.withMetavar("ID"),
      Flag.optional,
      Flag.withDescription("The id of an OAuth client to authorize")
    ),
    team: team.pipe(Flag.withDescription("The name or id of the team to create the authorization for")),
    json: Flag.Boolean("json").pipe(
      Flag.withoutNegation,
      Flag.withDefault(false),
      Flag.withDescription("Print the authorization with its token as one JSON object")
    )
  },
  ({ client, description, expiresIn, json, scope, team }) =>
    Effect.gen(function*() {
      const service = yield* AuthorizationService
      const scopes = scope.flatMap((text) => text.split(",")).map((name) => name.trim())
      if (scopes.includes("")) {
        return yield* invalidUsage("--scope names no scope, or has a comma too many: pass it as in --scope read,write")
      }
      yield* Console.error(yield* nothingChanged(Connection.whoami))
      const created = yield* service.create({
        scope: scopes.length === 0 ? ["global"] : scopes,
        description: Option.getOrUndefined(description),
        expiresIn: Option.getOrUndefined(expiresIn),
        client: Option.getOrUndefined(client),
        team: Option.getOrUndefined(team)
      }).pipe(onInterrupt(
        `the authorization may have been created, with a token that is shown nowhere. Look for it among the newest of \`${
          listCommand(description, team)
        }\`, and revoke it with \`heroku-authorizations revoke ID\``
      ))
      const token = Option.getOrNull(Option.map(Authorization.accessToken(created), Redacted.value))
      if (token === null && !json) {
        return yield* failed(
          `Heroku created ${
            safe(created.id)
          } without a token: the client has to exchange its grant for one. Pass --json `
            + "to create authorizations for clients"
        )
      }
      yield* writeResult(json ? toJson({ ...toRecord(created, yield* DateTime.now), token }) : `${token}`).pipe(
        Effect.catch(() =>
          failed(
            `Created ${safe(created.id)}, but its token was not written: standard output failed. Revoke it with `
              + `\`heroku-authorizations revoke ${safe(created.id)}\`, and create another one`
          )
        )
      )
      if (json) return
      yield* Console.error(`Created ${safe(created.id)}. Its token is not shown a second time`)
    }).pipe(Effect.provideService(Connection.Team, team), Connection.withAccount)
).pipe(
  Command.withDescription("Creates an authorization and prints its token, alone on standard output"),
  Command.withExamples([
    {
      command: "heroku-authorizations create --description CI --scope read --expires-in 90d > token",
      description: "A token for 90 days that may only read"
    }
  ])
)

/** The command that lists an authorization with this description. */
const listCommand = (description: Option.Option<string>, team: Option.Option<string>): string =>
  [
    "heroku-authorizations list",
    ...Option.toArray(Option.map(description, (text) => `--description ${quote(text)}`)),
    ...Option.toArray(Option.map(team, (name) => `--team ${quote(name)}`))
  ].join(" ")

/** Quotes a value for a shell. */
const quote = (text: string): string => `'${safe(text).replaceAll("'", String.raw`'\''`)}'`
