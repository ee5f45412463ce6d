/** The lock of a file of `--state`, so that only one sandbox at a time writes it. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"
import { randomUUID } from "node:crypto"

/** Another sandbox holds the lock. */
class Locked extends Schema.TaggedError<Locked>()("Locked", {
  /** The file of the lock. */
  lock: Schema.String,
  /** The process that created it. `None`: one that is just starting. */
  pid: Schema.Option(Schema.String)
}) {}

/**
 * Holds the lock of a file until the scope closes, and returns the real path of the file: two links to it share one lock. A
 * lock of a process that no longer runs was left behind, because the process was killed, and is replaced.
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
  const write = fileSystem.writeFileString(lock, content, { flag: "wx" }).pipe(
    Effect.as(true),
    Effect.catchReason("PlatformError", "AlreadyExists", () => Effect.succeed(false))
  )
  if (yield* write) return { lock, content }
  const old = yield* fileSystem.readFileString(lock)
  const pid = Option.fromUndefinedOr(/^([1-9]\d*) [0-9a-f-]{36}$/.exec(old)?.[1])
  // An incomplete lock is one that is just being written.
  if (Option.isNone(pid) || isRunning(Number(pid.value))) return yield* new Locked({ lock, pid })
  yield* moveAway(lock, old)
  return (yield* write) ? { lock, content } : yield* new Locked({ lock, pid: Option.none() })
})

/** Two sandboxes may find the same old lock. Only one of them can move it away, and only that one continues. */
const moveAway = Effect.fnUntraced(function*(lock: string, old: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const locked = new Locked({ lock, pid: Option.none() })
  const dead = `${lock}.${randomUUID()}`
  yield* Effect.catchReason(fileSystem.rename(lock, dead), "PlatformError", "NotFound", () => Effect.fail(locked))
  const moved = yield* fileSystem.readFileString(dead)
  yield* fileSystem.remove(dead)
  if (moved === old) return
  yield* fileSystem.writeFileString(lock, moved)
  return yield* locked
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
