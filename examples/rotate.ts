/**
 * Replaces the tokens of authorizations and delivers each new one, so that none is lost whenever the run dies.
 *
 * Regenerating cannot be taken back and cannot be repeated unnoticed: the old token stops working, and the new one comes
 * once, in the answer. So each step is written to a journal before it is taken. What was begun and not delivered, the next
 * run regenerates again: nobody has that token, so nobody misses it. What was delivered stays as it is. What Heroku refuses
 * to rotate, because it belongs to a client or is gone, is told and left as it was, and the next run asks for it again.
 *
 * Run it with `npx -y pnpm@12 exec node examples/rotate.ts --journal FILE --deliver-to DIRECTORY ID [ID …]`, and again
 * until it says that all are delivered, or names those that cannot be rotated. `audit.ts` says how it finds the account.
 */
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Argument from "effect/cli/Argument"
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import { explained } from "./explain.ts"

// #region rotate
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

const Step = Schema.Struct({
  step: Schema.Literals(["begun", "delivered", "refused"]),
  id: AuthorizationId
})

/** A line of the journal. There is no token in it. */
const Line = Schema.fromJsonString(Step)

/** Takes a new token to whoever needs it. It may be called again with a newer one for the same authorization. */
export type Deliver<E, R> = (id: AuthorizationId, token: Redacted.Redacted) => Effect.Effect<void, E, R>

/** Rotates those that this journal does not say are delivered. Gives those that Heroku refuses to rotate. */
export const rotateAll = Effect.fn("rotateAll")(
  function*<E, R>(ids: ReadonlyArray<AuthorizationId>, journal: string, deliver: Deliver<E, R>) {
    const fileSystem = yield* FileSystem.FileSystem
    const service = yield* AuthorizationService
    const file = yield* fileSystem.open(journal, { flag: "a" })
    const delivered = yield* readDelivered(journal)

    const write = Effect.fnUntraced(function*(step: typeof Step.Type["step"], id: AuthorizationId) {
      yield* file.writeAll(new TextEncoder().encode(`${yield* Schema.encodeEffect(Line)({ step, id })}\n`))
      yield* file.sync
    })

    const refused: Array<AuthorizationId> = []
    for (const id of ids) {
      if (delivered.has(id)) continue
      yield* write("begun", id)
      const rotated = yield* service.regenerate(id).pipe(
        Effect.asSome,
        Effect.catchTag(
          ["Forbidden", "NotFound"],
          ({ _tag }) => Effect.as(Console.error(`${id} cannot be rotated: ${_tag}`), Option.none())
        )
      )
      if (Option.isNone(rotated)) {
        yield* write("refused", id)
        refused.push(id)
        continue
      }
      // Only those of the web flow have none, and Heroku regenerates none of them.
      const { token } = Option.getOrThrow(rotated.value.accessToken)
      yield* deliver(id, token)
      yield* write("delivered", id)
      delivered.add(id)
      yield* Console.error(`${id} has a new token, delivered`)
    }
    return refused
  },
  Effect.scoped
)

const readDelivered = Effect.fnUntraced(function*(journal: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const text = yield* fileSystem.readFileString(journal)
  // A last line without an end was being written when the run died.
  const lines = text.slice(0, text.lastIndexOf("\n") + 1)
  yield* fileSystem.truncate(journal, new TextEncoder().encode(lines).length)
  const steps = yield* Effect.forEach(lines.split("\n").slice(0, -1), (line) => Schema.decodeEffect(Line)(line))
  return new Set(steps.filter(({ step }) => step === "delivered").map(({ id }) => id))
})
// #endregion rotate

/** Delivers to a file named by the id, that only its owner can read. It is there as a whole, or not at all. */
export const deliverTo = (directory: string) =>
  Effect.fn("deliverTo")(function*(id: AuthorizationId, token: Redacted.Redacted) {
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
    journal: Flag.String("journal").pipe(Flag.withDescription("The file that says how far it came")),
    directory: Flag.String("deliver-to").pipe(Flag.withDescription("The directory that the new tokens go to")),
    ids: Argument.String("id").pipe(
      Argument.withDescription("The id of an authorization whose tokens are to be replaced"),
      Argument.withSchema(AuthorizationId),
      Argument.atLeast(1)
    )
  },
  ({ directory, ids, journal }) =>
    rotateAll(ids, journal, deliverTo(directory)).pipe(
      Effect.provide(NodeAuthorizationService.layerConfig()),
      explained,
      Effect.tapError(() => Console.error("Nothing is lost: run it again, with the same journal.")),
      Effect.flatMap((refused) =>
        refused.length === 0
          ? Console.log("all are delivered")
          : new CliError.UserError({
            cause: "refused",
            userMessage: `All others are delivered. Not rotated: ${refused.join(" ")}`
          })
      )
    )
)

if (import.meta.main) {
  Command.run(command, { version: "0.0.0" }).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
}
