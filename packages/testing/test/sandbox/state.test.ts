/** The file that stores the account of a sandbox. `bin.test.ts` tests the sandbox that uses it. */
import * as payloads from "@effect-heroku/test-kit/payloads"
import { HerokuAccount } from "@effect-heroku/testing/HerokuAccount"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Sink from "effect/Sink"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as State from "../../src/sandbox/state.ts"

/** A file system with one file, and the chunks in which it was last written. */
const makeDisk = () => {
  const disk: { content: string; chunks: Array<string> } = { content: "", chunks: [] }
  const write = (chunk: string) => Effect.sync(() => void disk.chunks.push(chunk))
  const layer = FileSystem.layerNoop({
    exists: () => Effect.succeed(disk.content !== ""),
    // In chunks that end inside lines and characters.
    stream: () =>
      Stream.rechunk(Stream.fromIterable(new TextEncoder().encode(disk.content)), 1001).pipe(
        Stream.mapArray((bytes) => [Uint8Array.from(bytes)])
      ),
    sink: () => Sink.forEach((bytes: Uint8Array) => write(new TextDecoder().decode(bytes))),
    rename: () =>
      Effect.sync(() => {
        disk.content = disk.chunks.join("")
      })
  })
  return { disk, layer }
}

it.effect("a loaded account has every authorization with its current lifetime", () =>
  Effect.gen(function*() {
    const { layer } = makeDisk()
    const account = yield* HerokuAccount
    yield* State.save("account.json", account).pipe(Effect.provide(layer))
    yield* TestClock.adjust("1 hour")
    const before = yield* account.authorizations
    const state = Option.getOrThrow(yield* State.load("account.json").pipe(Effect.provide(layer)))
    const again = yield* Effect.provide(
      HerokuAccount.use(({ authorizations }) => authorizations),
      MemoryAuthorizationService.layer({ seed: state.authorizations, observedAt: state.savedAt })
    )
    assert.deepStrictEqual(again, before)
    assert.deepStrictEqual(
      state.defaultAuthorization,
      Option.map(yield* account.get("~"), ({ id }) => id)
    )
  }).pipe(Effect.provide(MemoryAuthorizationService.layer({ count: 300, oldShapes: true }))))

it.effect("a large account is written in chunks", () =>
  Effect.gen(function*() {
    const { disk, layer } = makeDisk()
    yield* Effect.flatMap(HerokuAccount, (account) => State.save("account.json", account)).pipe(Effect.provide(layer))
    assert.lengthOf(JSON.parse(disk.content).authorizations, 5000)
    for (const chunk of disk.chunks) assert.isBelow(chunk.length, 1_000_000)
  }).pipe(Effect.provide(MemoryAuthorizationService.layer({ count: 5000 }))))

it.effect("an empty account can be saved and loaded", () =>
  Effect.gen(function*() {
    const { layer } = makeDisk()
    yield* Effect.flatMap(HerokuAccount, (account) => State.save("account.json", account)).pipe(Effect.provide(layer))
    const state = Option.getOrThrow(yield* State.load("account.json").pipe(Effect.provide(layer)))
    assert.deepStrictEqual([state.authorizations, state.defaultAuthorization], [[], Option.none()])
  }).pipe(Effect.provide(MemoryAuthorizationService.layer())))

it.effect("the file is JSON with one authorization per line", () =>
  Effect.gen(function*() {
    const { disk, layer } = makeDisk()
    const account = yield* HerokuAccount
    yield* State.save("account.json", account).pipe(Effect.provide(layer))
    const ids = (yield* account.authorizations).map(({ id }) => id)
    assert.deepStrictEqual(JSON.parse(disk.content).authorizations.map(({ id }: { readonly id: string }) => id), ids)
    assert.lengthOf(disk.content.trim().split("\n"), ids.length + 2)
  }).pipe(Effect.provide(MemoryAuthorizationService.layer({ count: 3, oldShapes: true }))))

it.effect("a loaded account has the authorizations of its teams", () =>
  Effect.gen(function*() {
    const { layer } = makeDisk()
    const account = yield* HerokuAccount
    yield* State.save("account.json", account).pipe(Effect.provide(layer))
    const { authorizations: seed } = Option.getOrThrow(yield* State.load("account.json").pipe(Effect.provide(layer)))
    assert.deepStrictEqual(seed.map(({ team }) => team), [undefined, "acme", "acme"])
  }).pipe(Effect.provide(MemoryAuthorizationService.layer({ count: 1, teams: [{ name: "acme", count: 2 }] }))))

it.effect("a broken file is rejected with an error that names the line and the path", () =>
  Effect.gen(function*() {
    const { disk, layer } = makeDisk()
    const rejected = (content: string) => {
      disk.content = content
      return State.load("account.json").pipe(Effect.provide(layer), Effect.flip, Effect.map(({ message }) => message))
    }
    const head = `{"savedAt":"2026-01-01T00:00:00Z","defaultAuthorization":null,"revokedTokens":[],"authorizations":[`
    const first = JSON.stringify(payloads.full)
    assert.include(yield* rejected("{}"), "line 1: ")
    assert.include(yield* rejected(`{"x":1,"authorizations":[`), `["savedAt"]`)
    assert.strictEqual(yield* rejected(head), "the end is missing")
    assert.strictEqual(yield* rejected(`${head}\n${first}\n`), "the end is missing")
    assert.match(yield* rejected(`${head}\n${first},\n{"id":7}\n]}\n`), /^line 3: .*\["id"\]/s)
    assert.match(yield* rejected(`${head}\n${first.slice(0, 100)}`), /^line 2: .*JSON/s)
  }))
