/**
 * Exports all authorizations to a file, one JSON object a line, and resumes where an earlier run stopped. Tokens are not
 * exported.
 *
 * After each page it saves the cursor of the next page and the length of the file to FILE.progress. If a run ends between
 * writing a page and saving its progress, the next run truncates the file to the saved length first, so that no line is
 * missing or written twice.
 *
 * Run it with `npx -y pnpm@12 exec node examples/export.ts FILE`; see `audit.ts` for the account it uses.
 */
import { Authorization, AuthorizationService, ListRange } from "@effect-heroku/core"
import { Console, DateTime, Effect, FileSystem, Option, Schema, Stream } from "effect"
import { Argument, Command } from "effect/cli"
import { run, withAccount } from "./command.ts"

/** The state after a page: the length of the file, and either the next page's cursor or the time of completion. */
const Progress = Schema.fromJsonString(Schema.Struct({
  bytes: Schema.Int,
  cursor: Schema.optionalKey(ListRange.Cursor),
  completeSince: Schema.optionalKey(Schema.DateTimeUtcFromString)
}))

const initial: typeof Progress.Type = { bytes: 0 }

/** Exports to a file and returns how many authorizations this run wrote. Starts over if the file was deleted or cut. */
export const exportTo = Effect.fn("export")(function*(file: string, options?: { readonly pageSize: number }) {
  const fileSystem = yield* FileSystem.FileSystem
  const service = yield* AuthorizationService.AuthorizationService
  const progressFile = `${file}.progress`

  const saved = yield* fileSystem.readFileString(progressFile).pipe(
    Effect.flatMap(Schema.decodeEffect(Progress)),
    Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed(initial))
  )
  yield* fileSystem.writeFileString(file, "", { flag: "a" })
  const { size } = yield* fileSystem.stat(file)
  const { bytes, completeSince, cursor } = size < saved.bytes ? initial : saved
  if (bytes > 0 && completeSince !== undefined) {
    const time = DateTime.formatIso(completeSince)
    yield* Console.error(`export was completed at ${time}; to start over, delete ${file} and ${progressFile}`)
    return 0
  }
  yield* fileSystem.truncate(file, bytes)

  return yield* service.pages(cursor === undefined ? options : { cursor }).pipe(
    Stream.runFoldEffect(() => ({ bytes, exported: 0 }), (total, page) =>
      Effect.gen(function*() {
        const now = yield* DateTime.now
        const lines = new TextEncoder().encode(page.items.map((item) => toLine(item, now)).join(""))
        const bytes = total.bytes + lines.length
        yield* fileSystem.writeFile(file, lines, { flag: "a" })
        const next = Option.match(page.next, {
          onNone: () => ({ completeSince: now }),
          onSome: (cursor) => ({ cursor })
        })
        yield* fileSystem.writeFileString(progressFile, yield* Schema.encodeEffect(Progress)({ bytes, ...next }))
        const exported = total.exported + page.items.length
        yield* Console.error(`exported ${exported} authorizations`)
        return { bytes, exported }
      })),
    Effect.map(({ exported }) => exported)
  )
})

/** One line, with the field names of Heroku's JSON. */
const toLine = (item: Authorization.Authorization, now: DateTime.Utc): string =>
  `${
    JSON.stringify({
      id: item.id,
      description: Option.getOrNull(item.description),
      scope: item.scope,
      client: Option.getOrNull(
        Option.map(item.client, ({ id, name }) => ({ id, name: Option.getOrNull(name) }))
      ),
      user: Option.getOrNull(Option.map(item.user, ({ email, id }) => ({ id, email: Option.getOrNull(email) }))),
      created_at: DateTime.formatIso(item.createdAt),
      updated_at: DateTime.formatIso(item.updatedAt),
      expires_at: Option.getOrNull(Option.map(Authorization.expiresAt(item, now), DateTime.formatIso))
    })
  }\n`

const file = Argument.String("file").pipe(Argument.withDescription("File to write to or to resume"))

const command = Command.make("export", { file }, ({ file }) =>
  exportTo(file).pipe(
    Effect.flatMap((exported) => Console.log(`${exported} new authorizations, ${file} is up to date`)),
    withAccount
  ))

if (import.meta.main) run(command)
