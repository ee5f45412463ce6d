/** Files that are always complete: a program that is killed leaves the old content or the new. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as PlatformError from "effect/PlatformError"

/** Names the file in errors of its descriptor. */
export const nameFile = (file: string) => <A, R>(effect: Effect.Effect<A, PlatformError.PlatformError, R>) =>
  Effect.mapError(effect, ({ reason }) =>
    reason._tag === "BadArgument"
      ? new PlatformError.PlatformError(reason)
      : PlatformError.systemError({ ...reason, cause: reason.cause, pathOrDescriptor: file }))

/** Writes a file that only this user can read. */
export const writeAtomic = Effect.fnUntraced(
  function*(file: string, text: string) {
    const fileSystem = yield* FileSystem.FileSystem
    // A symbolic link stays: its target is replaced.
    const target = yield* Effect.orElseSucceed(fileSystem.realPath(file), () => file)
    const isFile = yield* Effect.orElseSucceed(
      Effect.map(fileSystem.stat(target), ({ type }) => type === "File"),
      () => true
    )
    // Pipes and devices stay, too.
    if (!isFile) return yield* fileSystem.writeFileString(target, text)
    const unfinished = `${target}.unfinished`
    // Not `writeFile`: its mode does not change that of a file that a killed run left.
    yield* fileSystem.remove(unfinished, { force: true })
    const opened = yield* fileSystem.open(unfinished, { flag: "wx", mode: 0o600 })
    yield* opened.writeAll(new TextEncoder().encode(text)).pipe(
      Effect.andThen(opened.sync),
      Effect.andThen(fileSystem.rename(unfinished, target)),
      // It may contain a token.
      Effect.onError(() => Effect.ignore(fileSystem.remove(unfinished, { force: true })))
    )
  },
  Effect.scoped,
  (effect, file) => nameFile(file)(effect)
)
