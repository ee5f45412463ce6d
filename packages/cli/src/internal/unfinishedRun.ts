/** The file that records a run until it is complete, so that the same command continues it. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { writeAtomic } from "./atomicFile.ts"

const Run = Schema.fromJsonString(Schema.Struct({
  command: Schema.String,
  startedAt: Schema.DateTimeUtcFromString
}))

/** Later, the same command is a new rotation: a job that runs each week must not skip what it rotated the week before. */
const maxAge = Duration.days(2)

/** Opens the file. It need not exist. */
export const make = Effect.fnUntraced(function*(file: string) {
  const fileSystem = yield* FileSystem.FileSystem
  return {
    /** Returns when the run of a command began that is not complete. */
    findStart: Effect.fnUntraced(function*(command: string) {
      const text = yield* fileSystem.readFileString(file).pipe(
        Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed(""))
      )
      const oldest = DateTime.subtractDuration(yield* DateTime.now, maxAge)
      return Schema.decodeOption(Run)(text).pipe(
        Option.filter((run) => run.command === command && DateTime.isGreaterThan(run.startedAt, oldest)),
        Option.map(({ startedAt }) => startedAt)
      )
    }),

    /** Records a run. */
    begin: (command: string, startedAt: DateTime.Utc) =>
      writeAtomic(file, Schema.encodeSync(Run)({ command, startedAt })),

    /** Records that the run is complete. */
    end: fileSystem.remove(file, { force: true })
  }
})
