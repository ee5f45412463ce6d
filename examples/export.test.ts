import { FaultInjection, MemoryAuthorizationService } from "@effect-heroku/testing"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it } from "@effect/vitest"
import { DateTime, Effect, FileSystem, Layer } from "effect"
import { TestClock } from "effect/testing"
import { exportTo } from "./export.ts"
import { captureConsole } from "./support/console.ts"

const layer = Layer.merge(MemoryAuthorizationService.layerWithFaults({ count: 25 }), NodeServices.layer)

/** Returns the ids in an exported file. */
const exportedIds = Effect.fnUntraced(function*(file: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const lines = (yield* fileSystem.readFileString(file)).trimEnd().split("\n")
  return lines.map((line): string => JSON.parse(line).id)
})

const makeFile = Effect.gen(function*() {
  const fileSystem = yield* FileSystem.FileSystem
  return `${yield* fileSystem.makeTempDirectoryScoped()}/authorizations.ndjson`
})

it.effect("exportTo writes every authorization once, without its token", () =>
  Effect.gen(function*() {
    const fileSystem = yield* FileSystem.FileSystem
    const file = yield* makeFile
    assert.strictEqual(yield* exportTo(file, { pageSize: 10 }), 25)
    assert.lengthOf(new Set(yield* exportedIds(file)), 25)
    assert.notInclude(yield* fileSystem.readFileString(file), "HRKU-")
  }).pipe(Effect.provide([layer, captureConsole().layer])))

it.effect("exportTo writes an authorization as a line of JSON", () =>
  Effect.gen(function*() {
    const fileSystem = yield* FileSystem.FileSystem
    const file = yield* makeFile
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
  }).pipe(Effect.provide([
    NodeServices.layer,
    captureConsole().layer,
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
    })
  ])))

it.effect("exportTo leaves a complete file unchanged and prints when it was completed", () => {
  const console = captureConsole()
  return Effect.gen(function*() {
    const file = yield* makeFile
    yield* exportTo(file)
    yield* TestClock.adjust("1 day")
    assert.strictEqual(yield* exportTo(file), 0)
    assert.strictEqual(
      console.lines.at(-1),
      `export was completed at 1970-01-01T00:00:00.000Z; to start over, delete ${file} and ${file}.progress`
    )
  }).pipe(Effect.provide([layer, console.layer]))
})

it.effect("exportTo resumes after a failure without skipping or repeating a line", () =>
  Effect.gen(function*() {
    const fileSystem = yield* FileSystem.FileSystem
    const faults = yield* FaultInjection.FaultInjection
    const file = yield* makeFile
    const gate = yield* faults.hold({ operation: "list" })
    yield* gate.open
    yield* faults.inject(FaultInjection.status(503), { operation: "list" })
    assert.strictEqual((yield* Effect.flip(exportTo(file, { pageSize: 10 })))._tag, "UnexpectedStatus")
    assert.lengthOf(yield* exportedIds(file), 10)

    // The state after a run that was killed between writing a page and saving its progress.
    yield* fileSystem.writeFileString(file, `{"id":"half a`, { flag: "a" })
    assert.strictEqual(yield* exportTo(file), 15)
    const ids = yield* exportedIds(file)
    assert.lengthOf(ids, 25)
    assert.deepStrictEqual(ids, ids.toSorted())
    assert.lengthOf(new Set(ids), 25)
  }).pipe(Effect.provide([layer, captureConsole().layer])))

it.effect("exportTo starts over when the file was deleted or cut", () =>
  Effect.gen(function*() {
    const fileSystem = yield* FileSystem.FileSystem
    const file = yield* makeFile
    yield* exportTo(file)
    const complete = yield* fileSystem.readFileString(file)
    yield* fileSystem.remove(file)
    assert.strictEqual(yield* exportTo(file), 25)
    assert.strictEqual(yield* fileSystem.readFileString(file), complete)
    yield* fileSystem.truncate(file, 100)
    assert.strictEqual(yield* exportTo(file), 25)
    assert.strictEqual(yield* fileSystem.readFileString(file), complete)
  }).pipe(Effect.provide([layer, captureConsole().layer])))
