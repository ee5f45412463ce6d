/** The lock of a file of `--state`, so that only one sandbox at a time writes it. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Schema from "effect/Schema"

/** Another sandbox holds the lock. */
class Locked extends Schema.TaggedError<Locked>()("Locked", {
  /** The file of the lock. */
  lock: Schema.String,
  /** The process that created it. */
  pid: Schema.String
}) {}

/** Holds the lock of a file until the scope closes. A lock that a process left behind when it was killed is replaced. */
export const acquire = (file: string) =>
  Effect.acquireRelease(
    create(`${file}.lock`),
    (lock) => FileSystem.FileSystem.use((fileSystem) => Effect.ignore(fileSystem.remove(lock)))
  )

const create = Effect.fnUntraced(function*(lock: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const write = fileSystem.writeFileString(lock, String(process.pid), { flag: "wx" })
  yield* write.pipe(
    Effect.catchReason("PlatformError", "AlreadyExists", () =>
      Effect.gen(function*() {
        const pid = yield* fileSystem.readFileString(lock)
        if (isRunning(Number(pid))) return yield* new Locked({ lock, pid })
        yield* fileSystem.remove(lock)
        yield* write
      }))
  )
  return lock
})

/** Returns whether another process has this id. In a container, every run of a program can have the same id. */
const isRunning = (pid: number): boolean => {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH")
  }
}
