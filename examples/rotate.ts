/**
 * Regenerates the tokens of authorizations and delivers each new token. No token is lost when a run is killed.
 *
 * Regenerating cannot be undone: the old token stops working, and only the response carries the new one. So each step is
 * written to a journal before it is taken. An authorization that was started and not delivered is regenerated again by
 * the next run, because nothing uses that token yet. One that was delivered is skipped. One that Heroku does not
 * regenerate, because it belongs to an OAuth client or no longer exists, is reported, and the next run retries it.
 *
 * Run it with `npx -y pnpm@12 exec node examples/rotate.ts --journal FILE --deliver-to DIRECTORY ID [ID …]`, and repeat
 * it until it prints that all tokens are delivered or names the authorizations that cannot be rotated. See `audit.ts` for
 * the account it uses.
 */
import { Authorization, AuthorizationService } from "@effect-heroku/core"
import { Console, Effect, FileSystem, Option, Redacted, Schema } from "effect"
import { Argument, CliError, Command, Flag } from "effect/cli"
import { run, withAccount } from "./command.ts"

const Step = Schema.Struct({
  step: Schema.Literals(["started", "delivered", "rejected"]),
  id: Authorization.AuthorizationId
})

/** A line of the journal. It contains no token. */
const Line = Schema.fromJsonString(Step)

/** Delivers a new token. It may be called again with a newer token for the same authorization. */
export type Deliver<E, R> = (id: Authorization.AuthorizationId, token: Redacted.Redacted) => Effect.Effect<void, E, R>

/** Rotates the authorizations that the journal does not list as delivered, and returns those that Heroku rejected. */
export const rotateAll = Effect.fn("rotateAll")(
  function*<E, R>(ids: ReadonlyArray<Authorization.AuthorizationId>, journal: string, deliver: Deliver<E, R>) {
    const fileSystem = yield* FileSystem.FileSystem
    const service = yield* AuthorizationService.AuthorizationService
    const file = yield* fileSystem.open(journal, { flag: "a" })
    const delivered = yield* readDelivered(journal)

    const write = Effect.fnUntraced(function*(step: typeof Step.Type["step"], id: Authorization.AuthorizationId) {
      yield* file.writeAll(new TextEncoder().encode(`${yield* Schema.encodeEffect(Line)({ step, id })}\n`))
      yield* file.sync
    })

    const rejected: Array<Authorization.AuthorizationId> = []
    for (const id of ids) {
      if (delivered.has(id)) continue
      yield* write("started", id)
      const rotated = yield* service.regenerate(id).pipe(
        Effect.asSome,
        Effect.catchTag(
          ["Forbidden", "NotFound"],
          ({ _tag }) => Effect.as(Console.error(`${id} cannot be rotated: ${_tag}`), Option.none())
        )
      )
      if (Option.isNone(rotated)) {
        yield* write("rejected", id)
        rejected.push(id)
        continue
      }
      // Only authorizations of the web flow have no access token, and Heroku does not regenerate those.
      const token = Option.getOrThrow(Authorization.accessToken(rotated.value))
      yield* deliver(id, token)
      yield* write("delivered", id)
      delivered.add(id)
      yield* Console.error(`${id} new token delivered`)
    }
    return rejected
  },
  Effect.scoped
)

const readDelivered = Effect.fnUntraced(function*(journal: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const text = yield* fileSystem.readFileString(journal)
  // A last line without a line break was cut off when the run was killed.
  const lines = text.slice(0, text.lastIndexOf("\n") + 1)
  yield* fileSystem.truncate(journal, new TextEncoder().encode(lines).length)
  const steps = yield* Effect.forEach(lines.split("\n").slice(0, -1), (line) => Schema.decodeEffect(Line)(line))
  return new Set(steps.filter(({ step }) => step === "delivered").map(({ id }) => id))
})

/** Delivers to a file named after the id that only its owner can read. The file is replaced atomically. */
export const deliverTo = (directory: string) =>
  Effect.fn("deliverTo")(function*(id: Authorization.AuthorizationId, token: Redacted.Redacted) {
    const fileSystem = yield* FileSystem.FileSystem
    const file = `${directory}/${encodeURIComponent(id)}`
    yield* fileSystem.makeDirectory(directory, { recursive: true, mode: 0o700 })
    const opened = yield* fileSystem.open(`${file}.new`, { flag: "w", mode: 0o600 })
    yield* opened.writeAll(new TextEncoder().encode(Redacted.value(token)))
    yield* opened.sync
    yield* fileSystem.rename(`${file}.new`, file)
  }, Effect.scoped)

const command = Command.make(
  "rotate",
  {
    journal: Flag.String("journal").pipe(Flag.withDescription("File that records the progress")),
    directory: Flag.String("deliver-to").pipe(Flag.withDescription("Directory for the new tokens")),
    ids: Argument.String("id").pipe(
      Argument.withDescription("Id of an authorization to rotate"),
      Argument.withSchema(Authorization.AuthorizationId),
      Argument.atLeast(1)
    )
  },
  ({ directory, ids, journal }) =>
    rotateAll(ids, journal, deliverTo(directory)).pipe(
      withAccount,
      Effect.tapError(() => Console.error("No token is lost: run this again with the same journal.")),
      Effect.flatMap((rejected) =>
        rejected.length === 0
          ? Console.log("all tokens are delivered")
          : new CliError.UserError({
            cause: "rejected",
            userMessage: `All other tokens are delivered. Not rotated: ${rejected.join(" ")}`
          })
      )
    )
)

if (import.meta.main) run(command)
