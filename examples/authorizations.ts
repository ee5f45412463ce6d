/**
 * A command line for authorizations, with the commands of `heroku authorizations`.
 *
 * Run it with `npx -y pnpm@12 exec node examples/authorizations.ts --help`; `audit.ts` says how it finds the account.
 */
import { type Authorization, AuthorizationId, expiresAt, Lifetime, type Token } from "@effect-heroku/core/Authorization"
import type { AuthorizationError } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService, type Service } from "@effect-heroku/core/AuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { explained } from "./explain.ts"

const id = Argument.String("id").pipe(
  Argument.withDescription("The id of an authorization; ~ is the account's default one"),
  Argument.withSchema(AuthorizationId)
)

const description = Flag.String("description").pipe(
  Flag.withAlias("d"),
  Flag.withDescription("What people will recognise it by")
)

/** Runs a command with the account, and ends with a sentence where it fails. */
const withAccount = <A>(use: (service: Service) => Effect.Effect<A, AuthorizationError>) =>
  explained(Effect.provide(AuthorizationService.use(use), NodeAuthorizationService.layerConfig()))

const print = (authorization: Authorization) =>
  Effect.gen(function*() {
    const expiry = expiresAt(authorization, yield* DateTime.now)
    yield* Console.log([
      `Client:      ${Option.match(authorization.client, { onNone: () => "<none>", onSome: ({ name }) => name })}`,
      `ID:          ${authorization.id}`,
      `Description: ${Option.getOrElse(authorization.description, () => "")}`,
      `Scope:       ${authorization.scope.join(", ")}`,
      `Created at:  ${DateTime.formatIso(authorization.createdAt)}`,
      `Updated at:  ${DateTime.formatIso(authorization.updatedAt)}`,
      `Expires at:  ${Option.match(expiry, { onNone: () => "never", onSome: DateTime.formatIso })}`
    ].join("\n"))
  })

/** The one place that shows a token: whoever makes a new one asked for it. */
const printToken = (token: Option.Option<Token>) =>
  Console.log(
    `Token:       ${Option.match(token, { onNone: () => "<none>", onSome: ({ token }) => Redacted.value(token) })}`
  )

const list = Command.make("list", {}, () =>
  withAccount((service) =>
    service.stream().pipe(
      Stream.runForEach(({ description, id, scope }) =>
        Console.log([id, Option.getOrElse(description, () => ""), scope.join(",")].join("\t"))
      )
    )
  )).pipe(Command.withDescription("List all authorizations"))

const info = Command.make("info", { id }, ({ id }) => withAccount((service) => Effect.flatMap(service.info(id), print)))
  .pipe(
    Command.withDescription("Show one, without its token")
  )

const create = Command.make(
  "create",
  {
    description: Flag.optional(description),
    scope: Flag.String("scope").pipe(
      Flag.withAlias("s"),
      Flag.withDefault("global"),
      Flag.withDescription("Scopes, separated by commas; global by default")
    ),
    expiresIn: Flag.Int("expires-in").pipe(
      Flag.withAlias("e"),
      Flag.map(Duration.seconds),
      Flag.filter(Schema.is(Lifetime), () => "seconds, zero or more"),
      Flag.optional,
      Flag.withDescription("How many seconds its token works; for ever by default")
    )
  },
  ({ description, expiresIn, scope }) =>
    withAccount((service) =>
      service.create({
        scope: scope.split(","),
        description: Option.getOrUndefined(description),
        expiresIn: Option.getOrUndefined(expiresIn)
      }).pipe(Effect.tap(print), Effect.flatMap(({ accessToken }) => printToken(accessToken)))
    )
).pipe(Command.withDescription("Make a new one, and show its token"))

const update = Command.make(
  "update",
  { id, description },
  ({ description, id }) => withAccount((service) => Effect.flatMap(service.update(id, { description }), print))
).pipe(
  Command.withDescription("Change the description of one")
)

const rotate = Command.make(
  "rotate",
  { id },
  ({ id }) =>
    withAccount((service) =>
      service.regenerate(id).pipe(Effect.tap(print), Effect.flatMap(({ accessToken }) => printToken(accessToken)))
    )
).pipe(Command.withDescription("Replace the token of one, and show the new one"))

const revoke = Command.make(
  "revoke",
  { id },
  ({ id }) => withAccount((service) => Effect.flatMap(service.delete(id), ({ id }) => Console.log(`revoked ${id}`)))
).pipe(
  Command.withDescription("Revoke one")
)

const authorizations = Command.make("authorizations").pipe(
  Command.withDescription("Heroku's OAuth authorizations"),
  Command.withSubcommands([list, info, create, update, rotate, revoke])
)

if (import.meta.main) {
  Command.run(authorizations, { version: "0.0.0" }).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
}
