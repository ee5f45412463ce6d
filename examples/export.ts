/**
 * Exports all authorizations to a file, a line of JSON each, and resumes where an earlier run stopped.
 *
 * After each page it saves the cursor of the next one together with the length of the file. A run that died between the
 * two is no problem: the next one cuts the file back to the saved length, so no line is missing and none is there twice.
 * A file that is gone or shorter than it was is begun again; one that is complete stays as it is, and is said to be. No token
 * is written.
 *
 * Run it with `npx -y pnpm@12 exec node examples/export.ts FILE`; `audit.ts` says how it finds the account.
 */
import { type Authorization, expiresAt } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import { Cursor } from "@effect-heroku/core/ListRange"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { explained } from "./explain.ts"

/** Where a run stopped: how long the file was, and where the listing goes on, or since when it is complete. */
const Progress = Schema.fromJsonString(Schema.Struct({
  bytes: Schema.Int,
  cursor: Schema.optionalKey(Cursor),
  completeSince: Schema.optionalKey(Schema.DateTimeUtcFromString)
}))

const start: typeof Progress.Type = { bytes: 0 }

// #region export
export const exportTo = Effect.fn("export")(function*(file: string, options?: { readonly pageSize: number }) {
  const fileSystem = yield* FileSystem.FileSystem
  const service = yield* AuthorizationService
  const progressFile = `${file}.progress`

  const saved = yield* fileSystem.readFileString(progressFile).pipe(
    Effect.flatMap(Schema.decodeEffect(Progress)),
    Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed(start))
  )
  yield* fileSystem.writeFileString(file, "", { flag: "a" })
  const { size } = yield* fileSystem.stat(file)
  const { bytes, completeSince, cursor } = size < saved.bytes ? start : saved
  if (bytes > 0 && completeSince !== undefined) {
    const since = DateTime.formatIso(completeSince)
    yield* Console.error(`${file} is complete since ${since}; delete it and ${progressFile} to begin again`)
    return 0
  }
  yield* fileSystem.truncate(file, bytes)

  return yield* service.pages(cursor === undefined ? options : { cursor }).pipe(
    Stream.runFoldEffect(() => ({ bytes, exported: 0 }), (total, page) =>
      Effect.gen(function*() {
        const now = yield* DateTime.now
        const lines = new TextEncoder().encode(page.items.map((one) => toLine(one, now)).join(""))
        const bytes = total.bytes + lines.length
        yield* fileSystem.writeFile(file, lines, { flag: "a" })
        const next = Option.match(page.next, {
          onNone: () => ({ completeSince: now }),
          onSome: (cursor) => ({ cursor })
        })
        yield* fileSystem.writeFileString(progressFile, yield* Schema.encodeEffect(Progress)({ bytes, ...next }))
        const exported = total.exported + page.items.length
        yield* Console.error(`${exported} authorizations written`)
        return { bytes, exported }
      })),
    Effect.map(({ exported }) => exported)
  )
})
// #endregion export

/** All but the secrets, by the names of Heroku's JSON. When the token expires counts from when Heroku answered. */
const toLine = (one: Authorization, now: DateTime.Utc): string =>
  `${
    JSON.stringify({
      id: one.id,
      description: Option.getOrNull(one.description),
      scope: one.scope,
      client: Option.getOrNull(Option.map(one.client, ({ id, name }) => ({ id, name }))),
      user: Option.getOrNull(Option.map(one.user, ({ email, id }) => ({ id, email: Option.getOrNull(email) }))),
      created_at: DateTime.formatIso(one.createdAt),
      updated_at: DateTime.formatIso(one.updatedAt),
      expires_at: Option.getOrNull(Option.map(expiresAt(one, now), DateTime.formatIso))
    })
  }\n`

const file = Argument.String("file").pipe(Argument.withDescription("The file to write to, and to resume"))

const command = Command.make("export", { file }, ({ file }) =>
  exportTo(file).pipe(
    Effect.flatMap((exported) => Console.log(`${exported} authorizations more in ${file}`)),
    Effect.provide(NodeAuthorizationService.layerConfig()),
    explained
  ))

if (import.meta.main) {
  Command.run(command, { version: "0.0.0" }).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
}
