import { Authorization, AuthorizationService } from "@effect-heroku/core"
import { FaultInjection, HerokuAccount, MemoryAuthorizationService } from "@effect-heroku/testing"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it } from "@effect/vitest"
import { Effect, Exit, FileSystem, Layer, Option, Redacted } from "effect"
import { deliverTo, rotateAll } from "./rotate.ts"
import { captureConsole } from "./support/console.ts"

const ids = ["a", "b", "c"].map((letter) =>
  Authorization.AuthorizationId.make(`00000000-0000-4000-8000-00000000000${letter}`)
)

const layer = Layer.mergeAll(
  MemoryAuthorizationService.layerWithFaults({ seed: ids.map((id) => ({ id })) }),
  NodeServices.layer,
  captureConsole().layer
)

const makeDirectory = FileSystem.FileSystem.use((fileSystem) => fileSystem.makeTempDirectoryScoped())

const currentTokens = Effect.gen(function*() {
  const account = yield* HerokuAccount.HerokuAccount
  return (yield* account.authorizations).map((item) =>
    Redacted.value(Option.getOrThrow(Authorization.accessToken(item)))
  )
})

const deliveredTokens = Effect.fnUntraced(function*(directory: string) {
  const fileSystem = yield* FileSystem.FileSystem
  return yield* Effect.forEach(ids, (id) => fileSystem.readFileString(`${directory}/tokens/${id}`))
})

const rotate = (directory: string, rotated: ReadonlyArray<Authorization.AuthorizationId> = ids) =>
  rotateAll(rotated, `${directory}/journal`, deliverTo(`${directory}/tokens`))

/** Dies on its nth execution. */
const makeKill = (at: number) => {
  let count = 0
  return Effect.suspend(() => ++count === at ? Effect.die("killed") : Effect.void)
}

const around = (kill: Effect.Effect<void>) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  kill.pipe(Effect.andThen(effect), Effect.tap(() => kill))

/** A file system that executes `kill` before, in the middle of, and after each write. */
const withKillInFileSystem = (fileSystem: FileSystem.FileSystem, kill: Effect.Effect<void>): FileSystem.FileSystem => ({
  ...fileSystem,
  open: (path, options) =>
    Effect.map(fileSystem.open(path, options), (file): FileSystem.File =>
      new Proxy(file, {
        get: (target, name) =>
          name === "writeAll"
            ? (bytes: Uint8Array) =>
              target.writeAll(bytes.subarray(0, 10)).pipe(
                around(kill),
                Effect.andThen(target.writeAll(bytes.subarray(10)))
              )
            : Reflect.get(target, name, target)
      })),
  rename: (from, to) => fileSystem.rename(from, to).pipe(around(kill))
})

/** Rotates all authorizations in a run that is killed at its nth step, and returns how the run ended. */
const rotateKilledAt = Effect.fnUntraced(function*(at: number, directory: string) {
  const kill = makeKill(at)
  const service = yield* AuthorizationService.AuthorizationService
  const fileSystem = yield* FileSystem.FileSystem
  return yield* rotate(directory).pipe(
    Effect.provideService(AuthorizationService.AuthorizationService, {
      ...service,
      regenerate: (id) => service.regenerate(id).pipe(around(kill))
    }),
    Effect.provideService(FileSystem.FileSystem, withKillInFileSystem(fileSystem, kill)),
    Effect.exit
  )
})

it.effect("rotateAll delivers the new tokens", () =>
  Effect.gen(function*() {
    const directory = yield* makeDirectory
    const before = yield* currentTokens
    yield* rotate(directory)
    const after = yield* currentTokens
    assert.deepStrictEqual(yield* deliveredTokens(directory), after)
    assert.isEmpty(after.filter((token) => before.includes(token)))
  }).pipe(Effect.provide(layer)))

// For each of the three authorizations: two journal lines, the request, the file and its name, before and after.
const steps = 30

it.effect.each(Array.from({ length: steps }, (_, index) => index + 1))(
  "rotateAll loses no token when it is killed at step %i and run again",
  (at) =>
    Effect.gen(function*() {
      const directory = yield* makeDirectory
      const faults = yield* FaultInjection.FaultInjection
      const before = yield* currentTokens
      assert.isTrue(Exit.hasDies(yield* rotateKilledAt(at, directory)))
      assert.isTrue(Exit.isSuccess(yield* rotateKilledAt(Infinity, directory)))
      const after = yield* currentTokens
      assert.deepStrictEqual(yield* deliveredTokens(directory), after)
      assert.isEmpty(after.filter((token) => before.includes(token)))
      // Only the authorization that was being rotated is regenerated twice.
      assert.isAtMost((yield* faults.calls).length, ids.length + 1)
    }).pipe(Effect.provide(layer))
)

it.effect(`rotateAll has exactly ${steps} steps at which it can be killed`, () =>
  Effect.gen(function*() {
    assert.isTrue(Exit.isSuccess(yield* rotateKilledAt(steps + 1, yield* makeDirectory)))
  }).pipe(Effect.provide(layer)))

it.effect("rotateAll regenerates again after a response was lost", () =>
  Effect.gen(function*() {
    const directory = yield* makeDirectory
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.connectionReset, { id: ids[1]!, afterActing: true })
    assert.strictEqual((yield* Effect.flip(rotate(directory)))._tag, "RequestFailed")
    yield* rotate(directory)
    assert.deepStrictEqual(yield* deliveredTokens(directory), yield* currentTokens)
  }).pipe(Effect.provide(layer)))

it.effect("rotateAll continues after a rejected authorization, returns it, and tries it again in the next run", () =>
  Effect.gen(function*() {
    const directory = yield* makeDirectory
    const account = yield* HerokuAccount.HerokuAccount
    const [ofClient] = yield* account.put({ client: { name: "CI" } })
    const unknown = Authorization.AuthorizationId.make("00000000-0000-4000-8000-00000000000f")
    const run = rotate(directory, [ids[0]!, ofClient!.id, unknown, ids[1]!, ids[2]!])
    assert.deepStrictEqual(yield* run, [ofClient!.id, unknown])
    yield* account.remove(ofClient!.id)
    assert.deepStrictEqual(yield* deliveredTokens(directory), yield* currentTokens)
    assert.deepStrictEqual(yield* run, [ofClient!.id, unknown])
    assert.deepStrictEqual(yield* deliveredTokens(directory), yield* currentTokens)
  }).pipe(Effect.provide(layer)))

it.effect("rotateAll writes no token to the journal, and delivers to files that only their owner can read", () =>
  Effect.gen(function*() {
    const directory = yield* makeDirectory
    const fileSystem = yield* FileSystem.FileSystem
    yield* rotate(directory)
    assert.notInclude(yield* fileSystem.readFileString(`${directory}/journal`), "HRKU")
    const { mode } = yield* fileSystem.stat(`${directory}/tokens/${ids[0]}`)
    assert.strictEqual(mode & 0o777, 0o600)
  }).pipe(Effect.provide(layer)))
