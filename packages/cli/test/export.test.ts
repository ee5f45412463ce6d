import { serve } from "@effect-heroku/test-kit/httpServer"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { FaultInjection } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import { cli, layerFake, temporaryDirectory } from "./fixtures/cli.ts"

const layer = layerFake({ count: 2500 })

const file = Effect.map(temporaryDirectory, (directory) => join(directory, "all.ndjson"))

const idsIn = (path: string): ReadonlyArray<string> =>
  readFileSync(path, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line).id)

const allIds = Effect.map(
  cli(["list", "--json"]),
  ({ stdout }) => stdout.split("\n").map((line): string => JSON.parse(line).id)
)

it.effect("export writes every authorization once, in a file that only its owner can read", () =>
  Effect.gen(function*() {
    const path = yield* file
    const { code, stderr, stdout } = yield* cli(["export", path])
    assert.deepStrictEqual([code, stdout], [0, ""])
    assert.match(stderr, /^Account \S+ at \S+\n2,500 authorizations in /)
    assert.deepStrictEqual(idsIn(path), yield* allIds)
    assert.notInclude(readFileSync(path, "utf8"), "HRKU-")
    assert.strictEqual(statSync(path).mode & 0o777, 0o600)
    assert.deepStrictEqual(readdirSync(join(path, "..")), ["all.ndjson", "all.ndjson.progress"])
  }).pipe(Effect.provide(layer)))

it.effect("export continues after a failed run, also if a page was written and not recorded", () =>
  Effect.gen(function*() {
    const path = yield* file
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.status(403), { operation: "list", every: 2, times: 1 })
    assert.strictEqual((yield* cli(["export", path])).code, 1)
    assert.lengthOf(idsIn(path), 1000)
    yield* faults.clear
    const [next = "", afterNext = ""] = (yield* allIds).slice(1000)
    yield* faults.clear
    writeFileSync(path, `{"id":"${next}","description":null}\n{"id":"${afterNext.slice(0, 5)}`, { flag: "a" })
    assert.strictEqual((yield* cli(["export", path])).code, 0)
    assert.lengthOf(yield* faults.calls, 2)
    assert.deepStrictEqual(idsIn(path), yield* allIds)
  }).pipe(Effect.provide(layer)))

const precious = "precious\n".repeat(100_000)

it.effect.each<[string, (written: string) => string]>([
  ["is another file", () => precious],
  ["was changed", (written) => written.replace("1", "2")],
  ["continues with other text", (written) => `${written}${precious}`],
  ["continues with lines of another export", (written) => `${written}${written}`]
])("export changes nothing if the file that it would continue %s", ([, change]) =>
  Effect.gen(function*() {
    const path = yield* file
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.status(403), { operation: "list", every: 2, times: 1 })
    yield* cli(["export", path])
    yield* faults.clear
    const content = change(readFileSync(path, "utf8"))
    const progress = readFileSync(`${path}.progress`, "utf8")
    writeFileSync(path, content)
    const { code, stderr } = yield* cli(["export", path])
    assert.strictEqual(code, 1)
    assert.include(
      stderr,
      `${path} is not as this export left it: choose another name, or delete it and ${path}.progress`
    )
    assert.isTrue(readFileSync(path, "utf8") === content)
    assert.strictEqual(readFileSync(`${path}.progress`, "utf8"), progress)
  }).pipe(Effect.provide(layer)))

it.effect("export fails if another file has the name of a complete export, and starts over if it was deleted", () =>
  Effect.gen(function*() {
    const path = yield* file
    yield* cli(["export", path])
    writeFileSync(path, "precious")
    const { code, stderr } = yield* cli(["export", path])
    assert.strictEqual(code, 1)
    assert.include(stderr, "is not as this export left it")
    assert.strictEqual(readFileSync(path, "utf8"), "precious")
    rmSync(path)
    assert.strictEqual((yield* cli(["export", path])).code, 0)
    assert.deepStrictEqual(idsIn(path), yield* allIds)
  }).pipe(Effect.provide(layer)))

it.effect("export does not overwrite a complete export or another file", () =>
  Effect.gen(function*() {
    const path = yield* file
    yield* cli(["export", path])
    const again = yield* cli(["export", path])
    assert.strictEqual(again.code, 1)
    assert.include(again.stderr, "is complete since 1970-01-01T00:00:00.000Z")
    const other = `${path}.other`
    writeFileSync(other, "precious")
    for (const flags of [[], [idsIn(path)[0]!]]) {
      const { code, stderr } = yield* cli(["export", other, ...flags])
      assert.strictEqual(code, 1)
      assert.include(stderr, "exists")
    }
    assert.strictEqual(readFileSync(other, "utf8"), "precious")
    assert.isFalse(existsSync(`${other}.progress`) || existsSync(`${other}.lock`))
  }).pipe(Effect.provide(layer)))

it.effect("export does not continue with another selection", () =>
  Effect.gen(function*() {
    const path = yield* file
    assert.strictEqual((yield* cli(["export", path, "--scope", "global"])).code, 0)
    const { code, stderr } = yield* cli(["export", path])
    assert.strictEqual(code, 1)
    assert.include(stderr, "with other filters")
  }).pipe(Effect.provide(layer)))

it.effect("export applies filters, and exports ids in the order given", () =>
  Effect.gen(function*() {
    const path = yield* file
    yield* cli(["export", path, "--never-expires"])
    for (const line of readFileSync(path, "utf8").trimEnd().split("\n")) assert.isNull(JSON.parse(line).expires_at)
    const [first = "", second = ""] = yield* allIds
    const { code, stderr } = yield* cli(["export", `${path}.ids`, second, first, "missing"])
    assert.strictEqual(code, 1)
    assert.include(stderr, "missing not found")
    assert.deepStrictEqual(idsIn(`${path}.ids`), [second, first])
  }).pipe(Effect.provide(layer)))

it.effect("export rejects a second run on the same file, and takes over the lock of a dead process", () =>
  Effect.gen(function*() {
    const path = yield* file
    const lock = `${path}.lock`
    for (
      const holder of [
        { pid: process.ppid, host: hostname(), startedAt: 0 },
        { pid: 1, host: "another-host", startedAt: 0 },
        { pid: process.pid, host: hostname(), startedAt: performance.timeOrigin }
      ]
    ) {
      writeFileSync(lock, JSON.stringify(holder))
      const { code, stderr } = yield* cli(["export", path])
      assert.strictEqual(code, 1)
      assert.include(stderr, `Another run is at work: process ${holder.pid} on ${holder.host}`)
      assert.isFalse(existsSync(path))
    }
    for (
      const holder of [
        { pid: 2 ** 30, host: hostname(), startedAt: 0 },
        { pid: process.pid, host: hostname(), startedAt: 0 }
      ]
    ) {
      writeFileSync(lock, JSON.stringify(holder))
      rmSync(path, { force: true })
      assert.strictEqual((yield* cli(["export", path])).code, 0)
      assert.isFalse(existsSync(lock))
    }
  }).pipe(Effect.provide(layer)))

it.effect("export that continues also counts what an earlier run could not read", () =>
  Effect.gen(function*() {
    const path = yield* file
    let isBroken = true
    const url = yield* serve((request, response) => {
      const isFirst = request.headers.range?.includes("id ..") ?? true
      if (!isFirst && isBroken) {
        response.writeHead(403, { "content-type": "application/json" })
        return response.end("{}")
      }
      response.writeHead(isFirst ? 206 : 200, {
        "content-type": "application/json",
        ...(isFirst && { "next-range": "id ]first..; max=1000" })
      })
      return response.end(JSON.stringify([isFirst ? { id: "bad", scope: "broken" } : payloads.full]))
    })
    const env = { HEROKU_API_URL: url }
    assert.strictEqual((yield* cli(["export", path], { env })).code, 1)
    isBroken = false
    const { code, stderr } = yield* cli(["export", path], { env })
    assert.strictEqual(code, 1)
    assert.notInclude(stderr, "cannot be read")
    assert.include(stderr, "\n1 authorization could not be read")
  }).pipe(Effect.provide(layer)))
