/** A lock file, so that two runs do not write the same files. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { hostname } from "node:os"
import { failed } from "./stop.ts"

/** The process that holds a lock. */
const Holder = Schema.Struct({
  pid: Schema.Int,
  host: Schema.String,
  /** The start of the process: process ids are reused, in a container by every run. */
  startedAt: Schema.Finite
})

/**
 * Holds a lock until the scope closes. Fails if a live process holds it, and takes over the lock of a dead one. Processes
 * of other machines count as live.
 */
export const lock = Effect.fnUntraced(function*(file: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const own = JSON.stringify(thisProcess())
  const create = fileSystem.writeFileString(file, own, { flag: "wx", mode: 0o600 }).pipe(
    Effect.as(true),
    Effect.catchReason("PlatformError", "AlreadyExists", () => Effect.succeed(false)),
    // A full disk leaves an empty file, which would look like the lock of another run.
    Effect.onError(() => Effect.ignore(fileSystem.remove(file)))
  )
  const acquire = Effect.gen(function*() {
    if (yield* create) return
    const text = yield* fileSystem.readFileString(file)
    const holder = Schema.decodeUnknownOption(Schema.fromJsonString(Holder))(text)
    // An unreadable lock is one that is just being written.
    if (Option.isNone(holder) || isAlive(holder.value)) {
      return yield* failed(
        `Another run is at work${
          Option.match(holder, { onNone: () => "", onSome: ({ host, pid }) => `: process ${pid} on ${host}` })
        }. Wait until it ends. If it no longer exists, delete ${file}`
      )
    }
    // Two runs may find the same dead lock. Only one of them can move it away, and only that one continues.
    const dead = `${file}.${process.pid}.dead`
    yield* fileSystem.rename(file, dead)
    const moved = yield* fileSystem.readFileString(dead)
    yield* fileSystem.remove(dead)
    if (moved !== text) yield* fileSystem.writeFileString(file, moved)
    if (moved !== text || !(yield* create)) {
      return yield* failed("Another run has just started on the same files. Wait until it ends")
    }
  })
  yield* Effect.acquireRelease(acquire, () => Effect.ignore(fileSystem.remove(file)))
})

const thisProcess = (): typeof Holder.Type => ({
  pid: process.pid,
  host: hostname(),
  startedAt: performance.timeOrigin
})

const isAlive = ({ host, pid, startedAt }: typeof Holder.Type): boolean => {
  const self = thisProcess()
  if (host !== self.host) return true
  if (pid === self.pid) return startedAt === self.startedAt
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}
