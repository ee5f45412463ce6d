/**
 * A command line with commands like those of `heroku authorizations`.
 *
 * Run it with `npx -y pnpm@12 exec node examples/authorizations.ts --help`; see `audit.ts` for the account it uses.
 */
import { Authorization, AuthorizationService } from "@effect-heroku/core"
import { Console, DateTime, Duration, Effect, Option, Redacted, Schema, Stream } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { run, withAccount } from "./command.ts"
import type { Explained } from "./explain.ts"

const id = Argument.String("id").pipe(
  Argument.withDescription("Id of an authorization, or ~ for the account's default authorization")
)

// Not a schema of the argument: its error would quote a token that was passed in place of an id.
const parseId = Schema.decodeEffect(Authorization.AuthorizationId)

const description = Flag.String("description").pipe(
  Flag.withAlias("d"),
  Flag.withDescription("Description of the authorization")
)

const withService = <A>(use: (service: AuthorizationService.Service) => Effect.Effect<A, Explained>) =>
  withAccount(AuthorizationService.AuthorizationService.use(use))

const print = (authorization: Authorization.Authorization) =>
  Effect.gen(function*() {
    const expiry = Authorization.expiresAt(authorization, yield* DateTime.now)
    const client = Option.map(authorization.client, ({ id, name }) => Option.getOrElse(name, () => id))
    yield* Console.log([
      `Client:      ${Option.getOrElse(client, () => "<none>")}`,
      `ID:          ${authorization.id}`,
      `Description: ${Option.getOrElse(authorization.description, () => "")}`,
      `Scope:       ${authorization.scope.join(", ")}`,
      `Created at:  ${DateTime.formatIso(authorization.createdAt)}`,
      `Updated at:  ${DateTime.formatIso(authorization.updatedAt)}`,
      `Expires at:  ${Option.match(expiry, { onNone: () => "never", onSome: DateTime.formatIso })}`
    ].join("\n"))
  })

/** Prints an authorization with its token. Only `create` and `rotate` do: the token is what they are run for. */
const printWithToken = (authorization: Authorization.Authorization) => {
  const token = Option.map(Authorization.accessToken(authorization), Redacted.value)
  return Effect.andThen(print(authorization), Console.log(`Token:       ${Option.getOrElse(token, () => "<none>")}`))
}

const list = Command.make("list", {}, () =>
  withService((service) =>
    service.stream().pipe(
      Stream.runForEach(({ description, id, scope }) =>
        Console.log([id, Option.getOrElse(description, () => ""), scope.join(",")].join("\t"))
      )
    )
  )).pipe(Command.withDescription("List all authorizations"))

const info = Command.make(
  "info",
  { id },
  ({ id }) => withService((service) => parseId(id).pipe(Effect.flatMap(service.info), Effect.flatMap(print)))
)
  .pipe(Command.withDescription("Show an authorization without its token"))

const create = Command.make(
  "create",
  {
    description: Flag.optional(description),
    scope: Flag.String("scope").pipe(
      Flag.withAlias("s"),
      Flag.withDefault("global"),
      Flag.withDescription("Scopes, separated by commas, by default global")
    ),
    expiresIn: Flag.Int("expires-in").pipe(
      Flag.withAlias("e"),
      Flag.optional,
      Flag.withDescription("Seconds until the token expires, by default never")
    )
  },
  ({ description, expiresIn, scope }) =>
    withService((service) =>
      service.create({
        scope: scope.split(","),
        description: Option.getOrUndefined(description),
        expiresIn: Option.getOrUndefined(Option.map(expiresIn, Duration.seconds))
      }).pipe(Effect.flatMap(printWithToken))
    )
).pipe(Command.withDescription("Create an authorization and show its token"))

const update = Command.make(
  "update",
  { id, description },
  ({ description, id }) =>
    withService((service) =>
      parseId(id).pipe(Effect.flatMap((id) => service.update(id, { description })), Effect.flatMap(print))
    )
).pipe(Command.withDescription("Change the description of an authorization"))

const rotate = Command.make(
  "rotate",
  { id },
  ({ id }) =>
    withService((service) => parseId(id).pipe(Effect.flatMap(service.regenerate), Effect.flatMap(printWithToken)))
).pipe(Command.withDescription("Replace the token of an authorization and show the new one"))

const revoke = Command.make(
  "revoke",
  { id },
  ({ id }) =>
    withService((service) =>
      parseId(id).pipe(Effect.flatMap(service.delete), Effect.flatMap(({ id }) => Console.log(`revoked ${id}`)))
    )
).pipe(Command.withDescription("Revoke an authorization"))

const authorizations = Command.make("authorizations").pipe(
  Command.withDescription("Manage Heroku OAuth authorizations"),
  Command.withSubcommands([list, info, create, update, rotate, revoke])
)

if (import.meta.main) run(authorizations)
