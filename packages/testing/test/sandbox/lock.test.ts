/** The lock of the file of `--state`. `bin.test.ts` tests the sandbox that holds it. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FileSystem from "effect/FileSystem"
import { randomUUID } from "node:crypto"
import { join } from "node:path"
import * as Lock from "../../src/sandbox/lock.ts"

/** A lock that a killed sandbox left behind: this process has its id, and did not write it. */
const stale = () => `${process.pid} ${randomUUID()}`

/** A file to lock, with a lock that has this content. */
const makeLocked = Effect.fnUntraced(function*(content: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const file = join(yield* fileSystem.realPath(yield* fileSystem.makeTempDirectoryScoped()), "account.json")
  yield* fileSystem.writeFileString(`${file}.lock`, content)
  return { file, read: fileSystem.readFileString(`${file}.lock`), fileSystem }
})

it.effect("a lock without a running process is replaced, and removed at the end", () =>
  Effect.gen(function*() {
    const { file, fileSystem, read } = yield* makeLocked(stale())
    yield* Effect.scoped(Effect.gen(function*() {
      const before = yield* read
      assert.strictEqual(yield* Lock.acquire(file), file)
      assert.notStrictEqual(yield* read, before)
      assert.match(yield* read, new RegExp(`^${process.pid} [0-9a-f-]{36}$`))
    }))
    assert.deepStrictEqual(yield* fileSystem.readDirectory(join(file, "..")), [])
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

it.effect.each(["", "\n", "PID", "PID 0", "0 x"])(
  "a lock with the content %j, which its owner is just writing, is left alone",
  (unfinished) =>
    Effect.gen(function*() {
      const content = unfinished.replace("PID", String(process.pid))
      const { file, read } = yield* makeLocked(content)
      const error = yield* Effect.flip(Lock.acquire(file))
      assert.deepStrictEqual([error._tag, yield* read], ["Locked", content])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
)

it.effect("of two sandboxes that read the same lock of a killed one, only the faster one continues", () =>
  Effect.gen(function*() {
    const { file, fileSystem, read } = yield* makeLocked(stale())
    const hasRead = yield* Deferred.make<void>()
    const canContinue = yield* Deferred.make<void>()
    const wait = Effect.andThen(Deferred.succeed(hasRead, undefined), Deferred.await(canContinue))
    const slower = yield* Lock.acquire(file).pipe(
      Effect.provideService(FileSystem.FileSystem, {
        ...fileSystem,
        readFileString: (path) => Effect.tap(fileSystem.readFileString(path), () => wait)
      }),
      Effect.flip,
      Effect.forkScoped
    )
    yield* Deferred.await(hasRead)
    yield* Lock.acquire(file)
    const lock = yield* read
    yield* Deferred.succeed(canContinue, undefined)
    const error = yield* Fiber.join(slower)
    assert.deepStrictEqual([error._tag, yield* read], ["Locked", lock])
    assert.lengthOf(yield* fileSystem.readDirectory(join(file, "..")), 1)
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
