/** The lock of a file of `--state`, so that only one sandbox at a time writes it. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"
import { randomUUID } from "node:crypto"

/** Another sandbox holds the lock. */
class Locked extends Schema.TaggedError<Locked>()("Locked", {
  /** The file of the lock. */
  lock: Schema.String,
  /** The process that created it. */
  pid: Schema.String
}) {}

/**
 * Holds the lock of a file until the scope closes, and returns the real path of the file: two links to it share one lock. A
 * lock without the id of a running process was left behind by a process that was killed, and is replaced.
 */
export const acquire = Effect.fnUntraced(function*(file: string) {
  const realFile = yield* toRealPath(file)
  yield* Effect.acquireRelease(create(`${realFile}.lock`), release)
  return realFile
})

const toRealPath = Effect.fnUntraced(function*(file: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  // A new file has no real path yet, but its directory does.
  return yield* fileSystem.realPath(file).pipe(
    Effect.catchReason(
      "PlatformError",
      "NotFound",
      () =>
        Effect.map(fileSystem.realPath(path.dirname(file)), (directory) => path.join(directory, path.basename(file)))
    )
  )
})

const create = Effect.fnUntraced(function*(lock: string) {
  const fileSystem = yield* FileSystem.FileSystem
  // Containers reuse process ids, so the random part tells the owners apart.
  const content = `${process.pid} ${randomUUID()}`
  const write = fileSystem.writeFileString(lock, content, { flag: "wx" })
  yield* write.pipe(
    Effect.catchReason("PlatformError", "AlreadyExists", () =>
      Effect.gen(function*() {
        const pid = /^[1-9]\d*(?= |$)/.exec(yield* fileSystem.readFileString(lock))?.[0]
        if (pid !== undefined && isRunning(Number(pid))) return yield* new Locked({ lock, pid })
        yield* fileSystem.remove(lock)
        yield* write
      }))
  )
  return { lock, content }
})

/** Removes the lock, unless another sandbox has replaced it. */
const release = Effect.fnUntraced(function*({ content, lock }: { readonly content: string; readonly lock: string }) {
  const fileSystem = yield* FileSystem.FileSystem
  if ((yield* fileSystem.readFileString(lock)) === content) yield* fileSystem.remove(lock)
}, (effect) => Effect.ignore(effect))

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
