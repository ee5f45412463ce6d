/** `rotate.ts`, with a run that dies at any moment, and another one after it. */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import { AuthorizationService, type Service } from "@effect-heroku/core/AuthorizationService"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import { HerokuAccount } from "@effect-heroku/testing/HerokuAccount"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { deliverTo, rotateAll } from "./rotate.ts"

const ids = ["a", "b", "c"].map((letter) => AuthorizationId.make(`00000000-0000-4000-8000-00000000000${letter}`))

const layer = Layer.merge(
  MemoryAuthorizationService.layer({ seed: ids.map((id) => ({ id })) }).pipe(Layer.provideMerge(FaultInjection.layer)),
  NodeServices.layer
)

const tokens = Effect.gen(function*() {
  const account = yield* HerokuAccount
  return (yield* account.authorizations).map(({ accessToken }) => Redacted.value(Option.getOrThrow(accessToken).token))
})

const deliveredTo = Effect.fnUntraced(function*(directory: string) {
  const fileSystem = yield* FileSystem.FileSystem
  return yield* Effect.forEach(ids, (id) => fileSystem.readFileString(`${directory}/${id}`))
})

/** Kills what it is in when it comes there for the nth time. */
const makeDeath = (at: number) => {
  let count = 0
  return Effect.suspend(() => ++count === at ? Effect.die("killed") : Effect.void)
}

const around = (point: Effect.Effect<void>) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  point.pipe(Effect.andThen(effect), Effect.tap(() => point))

/** A file system whose writes can be cut off before, in the middle and after. */
const mortal = (fileSystem: FileSystem.FileSystem, point: Effect.Effect<void>): FileSystem.FileSystem => ({
  ...fileSystem,
  open: (path, options) =>
    Effect.map(fileSystem.open(path, options), (file): FileSystem.File =>
      new Proxy(file, {
        get: (target, name) =>
          name === "writeAll"
            ? (bytes: Uint8Array) =>
              target.writeAll(bytes.subarray(0, 10)).pipe(
                around(point),
                Effect.andThen(target.writeAll(bytes.subarray(10)))
              )
            : Reflect.get(target, name, target)
      })),
  rename: (from, to) => fileSystem.rename(from, to).pipe(around(point))
})

const mortalService = (service: Service, point: Effect.Effect<void>): Service => ({
  ...service,
  regenerate: (id) => service.regenerate(id).pipe(around(point))
})

const inTempDirectory = <A, E, R>(use: (directory: string) => Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fileSystem = yield* FileSystem.FileSystem
    return yield* use(yield* fileSystem.makeTempDirectoryScoped())
  }).pipe(Effect.scoped, Effect.provide(layer))

/** Rotates all in a run that is killed when it comes to one of its steps for the nth time; gives how it ended. */
const rotateKilledAt = Effect.fnUntraced(function*(at: number, directory: string) {
  const point = makeDeath(at)
  const service = mortalService(yield* AuthorizationService, point)
  const fileSystem = mortal(yield* FileSystem.FileSystem, point)
  return yield* rotateAll(ids, `${directory}/journal`, deliverTo(`${directory}/tokens`)).pipe(
    Effect.provideService(AuthorizationService, service),
    Effect.provideService(FileSystem.FileSystem, fileSystem),
    Effect.exit
  )
})

describe("rotate", () => {
  it.effect("delivers the new tokens, and those that work are these", () =>
    inTempDirectory((directory) =>
      Effect.gen(function*() {
        const before = yield* tokens
        yield* rotateAll(ids, `${directory}/journal`, deliverTo(`${directory}/tokens`))
        const after = yield* tokens
        assert.deepStrictEqual(yield* deliveredTo(`${directory}/tokens`), after)
        assert.isEmpty(after.filter((token) => before.includes(token)))
      })
    ))

  // Three authorizations: in each two lines of the journal, the request, the file and its name, before and after.
  it.effect.each(Array.from({ length: 30 }, (_, index) => index + 1))(
    "loses none when it is killed at step %i and run again",
    (at) =>
      inTempDirectory((directory) =>
        Effect.gen(function*() {
          const faults = yield* FaultInjection.FaultInjection
          const before = yield* tokens
          assert.isTrue(Exit.hasDies(yield* rotateKilledAt(at, directory)))
          assert.isTrue(Exit.isSuccess(yield* rotateKilledAt(Infinity, directory)))
          const after = yield* tokens
          assert.deepStrictEqual(yield* deliveredTo(`${directory}/tokens`), after)
          assert.isEmpty(after.filter((token) => before.includes(token)))
          // At most the one that was under way is regenerated twice.
          assert.isAtMost((yield* faults.calls).length, ids.length + 1)
        })
      )
  )

  it.effect("has no further step to be killed at", () =>
    inTempDirectory((directory) =>
      Effect.gen(function*() {
        assert.isTrue(Exit.isSuccess(yield* rotateKilledAt(31, directory)))
      })
    ))

  it.effect("delivers again what Heroku may have replaced although its answer was lost", () =>
    inTempDirectory((directory) =>
      Effect.gen(function*() {
        const faults = yield* FaultInjection.FaultInjection
        yield* faults.inject(FaultInjection.connectionReset, { id: ids[1]!, afterActing: true })
        const rotate = rotateAll(ids, `${directory}/journal`, deliverTo(`${directory}/tokens`))
        assert.strictEqual((yield* Effect.flip(rotate))._tag, "RequestFailed")
        yield* rotate
        assert.deepStrictEqual(yield* deliveredTo(`${directory}/tokens`), yield* tokens)
      })
    ))

  it.effect("goes on past those that Heroku rotates for nobody, tells which, and asks for them again in the next run", () =>
    inTempDirectory((directory) =>
      Effect.gen(function*() {
        const account = yield* HerokuAccount
        const [ofClient] = yield* account.put({ client: { name: "CI" } })
        const gone = AuthorizationId.make("00000000-0000-4000-8000-00000000000f")
        const rotate = rotateAll(
          [ids[0]!, ofClient!.id, gone, ids[1]!, ids[2]!],
          `${directory}/journal`,
          deliverTo(`${directory}/tokens`)
        )
        assert.deepStrictEqual(yield* rotate, [ofClient!.id, gone])
        yield* account.remove(ofClient!.id)
        assert.deepStrictEqual(yield* deliveredTo(`${directory}/tokens`), yield* tokens)
        assert.deepStrictEqual(yield* rotate, [ofClient!.id, gone])
        assert.deepStrictEqual(yield* deliveredTo(`${directory}/tokens`), yield* tokens)
      })
    ))

  it.effect("writes no token to the journal, and lets nobody else read those it delivers", () =>
    inTempDirectory((directory) =>
      Effect.gen(function*() {
        const fileSystem = yield* FileSystem.FileSystem
        yield* rotateAll(ids, `${directory}/journal`, deliverTo(`${directory}/tokens`))
        assert.notInclude(yield* fileSystem.readFileString(`${directory}/journal`), "HRKU")
        const { mode } = yield* fileSystem.stat(`${directory}/tokens/${ids[0]}`)
        assert.strictEqual(mode & 0o777, 0o600)
      })
    ))
})
