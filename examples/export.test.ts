import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
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
        assert.strictEqual(yield* exportTo(file, { pageSize: 10 }), 0)
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
