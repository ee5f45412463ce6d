import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { exportTo } from "./export.ts"

const layer = MemoryAuthorizationService.layer({ count: 25 }).pipe(
  Layer.provideMerge(FaultInjection.layer),
  Layer.merge(NodeServices.layer)
)

const exported = (file: string) =>
  Effect.gen(function*() {
    const fileSystem = yield* FileSystem.FileSystem
    const lines = (yield* fileSystem.readFileString(file)).trimEnd().split("\n")
    return lines.map((line): string => JSON.parse(line).id)
  })

const inTempDirectory = <A, E, R>(use: (file: string) => Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fileSystem = yield* FileSystem.FileSystem
    return yield* use(`${yield* fileSystem.makeTempDirectoryScoped()}/authorizations.ndjson`)
  }).pipe(Effect.scoped, Effect.provide(layer))

describe("export", () => {
  it.effect("writes every authorization once, and no token", () =>
    inTempDirectory((file) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* exportTo(file, { pageSize: 10 }), 25)
        assert.lengthOf(new Set(yield* exported(file)), 25)
        assert.notInclude(yield* (yield* FileSystem.FileSystem).readFileString(file), "HRKU-")
      })
    ))

  it.effect("writes what the report and a search need: whose, for what, since when and until when", () =>
    Effect.gen(function*() {
      const fileSystem = yield* FileSystem.FileSystem
      const file = `${yield* fileSystem.makeTempDirectoryScoped()}/one.ndjson`
      yield* exportTo(file)
      assert.deepStrictEqual(JSON.parse(yield* fileSystem.readFileString(file)), {
        id: "one",
        description: "CI",
        scope: ["read"],
        client: { id: "client", name: "Dashboard" },
        user: { id: "user", email: "ann@example.com" },
        created_at: "2024-05-01T12:00:00.000Z",
        updated_at: "2024-06-01T12:00:00.000Z",
        expires_at: "1970-01-01T01:00:00.000Z"
      })
    }).pipe(
      Effect.scoped,
      Effect.provide(Layer.merge(
        MemoryAuthorizationService.layer({
          seed: [{
            id: "one",
            description: "CI",
            scope: ["read"],
            client: { id: "client", name: "Dashboard" },
            user: { id: "user", email: "ann@example.com" },
            createdAt: DateTime.makeUnsafe("2024-05-01T12:00:00Z"),
            updatedAt: DateTime.makeUnsafe("2024-06-01T12:00:00Z"),
            expiresIn: "1 hour"
          }]
        }),
        NodeServices.layer
      ))
    ))

  it.effect("does not begin a complete one again, and says since when it is complete", () =>
    inTempDirectory((file) =>
      Effect.gen(function*() {
        const told: Array<unknown> = []
        const console = { ...yield* Console.Console, error: (line: unknown) => void told.push(line) }
        yield* TestClock.setTime(0)
        yield* exportTo(file)
        yield* TestClock.adjust("1 day")
        assert.strictEqual(yield* Effect.provideService(exportTo(file), Console.Console, console), 0)
        assert.deepStrictEqual(told, [
          `${file} is complete since 1970-01-01T00:00:00.000Z; delete it and ${file}.progress to begin again`
        ])
      })
    ))

  it.effect("resumes where a run failed, without a line missing or double", () =>
    inTempDirectory((file) =>
      Effect.gen(function*() {
        const fileSystem = yield* FileSystem.FileSystem
        const faults = yield* FaultInjection.FaultInjection
        const gate = yield* faults.hold({ operation: "list" })
        yield* gate.open
        yield* faults.inject(FaultInjection.status(503), { operation: "list" })
        assert.strictEqual((yield* Effect.flip(exportTo(file, { pageSize: 10 })))._tag, "UnexpectedStatus")
        assert.lengthOf(yield* exported(file), 10)

        // As if the run had died after writing a page and before saving its progress.
        yield* fileSystem.writeFileString(file, `{"id":"half a`, { flag: "a" })
        assert.strictEqual(yield* exportTo(file), 15)
        const ids = yield* exported(file)
        assert.lengthOf(ids, 25)
        assert.deepStrictEqual(ids, ids.toSorted())
        assert.lengthOf(new Set(ids), 25)
      })
    ))

  it.effect("begins again when the file is gone, or was cut", () =>
    inTempDirectory((file) =>
      Effect.gen(function*() {
        const fileSystem = yield* FileSystem.FileSystem
        yield* exportTo(file)
        const whole = yield* fileSystem.readFileString(file)
        yield* fileSystem.remove(file)
        assert.strictEqual(yield* exportTo(file), 25)
        assert.strictEqual(yield* fileSystem.readFileString(file), whole)
        yield* fileSystem.truncate(file, 100)
        assert.strictEqual(yield* exportTo(file), 25)
        assert.strictEqual(yield* fileSystem.readFileString(file), whole)
      })
    ))
})
