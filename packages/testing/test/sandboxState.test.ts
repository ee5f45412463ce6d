/** The file that keeps the account of a sandbox. What the sandbox does with it is tested in `bin.test.ts`. */
import { HerokuAccount } from "@effect-heroku/testing/HerokuAccount"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Sink from "effect/Sink"
import * as TestClock from "effect/testing/TestClock"
import * as State from "../src/internal/sandboxState.ts"

/** A file system of one file, and the pieces in which it was written last. */
const makeDisk = () => {
  const disk: { content: string; pieces: Array<string> } = { content: "", pieces: [] }
  const write = (piece: string) => Effect.sync(() => void disk.pieces.push(piece))
  const layer = FileSystem.layerNoop({
    exists: () => Effect.succeed(disk.content !== ""),
    readFileString: () => Effect.sync(() => disk.content),
    writeFileString: (_, text) => write(text),
    sink: () => Sink.forEach((bytes: Uint8Array) => write(new TextDecoder().decode(bytes))),
    rename: () =>
      Effect.sync(() => {
        disk.content = disk.pieces.join("")
      })
  })
  return { disk, layer }
}

describe("the file of a sandbox", () => {
  it.effect("holds every authorization as it is when it is read", () =>
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
    }).pipe(Effect.provide(MemoryAuthorizationService.layer({ count: 300 }))))

  it.effect("is written in pieces, between which the sandbox answers", () =>
    Effect.gen(function*() {
      const { disk, layer } = makeDisk()
      yield* Effect.flatMap(HerokuAccount, (account) => State.save("account.json", account)).pipe(Effect.provide(layer))
      assert.lengthOf(JSON.parse(disk.content).authorizations, 5000)
      for (const piece of disk.pieces) assert.isBelow(piece.length, 1_000_000)
    }).pipe(Effect.provide(MemoryAuthorizationService.layer({ count: 5000 }))))

  it.effect("of an account that is empty can be read", () =>
    Effect.gen(function*() {
      const { layer } = makeDisk()
      yield* Effect.flatMap(HerokuAccount, (account) => State.save("account.json", account)).pipe(Effect.provide(layer))
      const state = Option.getOrThrow(yield* State.load("account.json").pipe(Effect.provide(layer)))
      assert.deepStrictEqual([state.authorizations, state.defaultAuthorization], [[], Option.none()])
    }).pipe(Effect.provide(MemoryAuthorizationService.layer())))

  it.effect("that somebody broke is refused, and the error says where", () =>
    Effect.gen(function*() {
      const { disk, layer } = makeDisk()
      const refused = (content: string) => {
        disk.content = content
        return State.load("account.json").pipe(Effect.provide(layer), Effect.flip, Effect.map(({ message }) => message))
      }
      const head = `"savedAt":"2026-01-01T00:00:00Z","defaultAuthorization":null`
      assert.include(yield* refused(`{${head},"authorizations":[`), "JSON")
      assert.include(yield* refused(`{${head}}`), `["authorizations"]`)
      assert.include(yield* refused(`{${head},"authorizations":[{"id":7}]}`), `[0]["id"]`)
    }))
})
