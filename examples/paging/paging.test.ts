import type { ListRange } from "@effect-heroku/core"
import { FaultInjection, MemoryAuthorizationService } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { firstDirect } from "./first-direct.ts"
import { processAll } from "./resume.ts"

const layer = MemoryAuthorizationService.layerWithFaults({ count: 2500 })

it.effect("firstDirect requests only the pages that it needs", () =>
  Effect.gen(function*() {
    assert.lengthOf(yield* firstDirect, 10)
    assert.lengthOf(yield* (yield* FaultInjection.FaultInjection).calls, 1)
  }).pipe(Effect.provide(layer)))

it.effect("processAll resumes after a failure without skipping or repeating an authorization", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    const seen: Array<string> = []
    let cursor = Option.none<ListRange.Cursor>()
    const run = Effect.suspend(() =>
      processAll({
        from: cursor,
        process: ({ id }) => Effect.sync(() => void seen.push(id)),
        save: (next) => Effect.sync(() => void (cursor = next))
      })
    )
    yield* faults.inject(FaultInjection.status(503), { operation: "list", every: 2, times: 1 })
    assert.strictEqual((yield* Effect.flip(run))._tag, "UnexpectedStatus")
    assert.lengthOf(seen, 1000)
    yield* run
    assert.lengthOf(seen, 2500)
    assert.lengthOf(new Set(seen), 2500)
    assert.isTrue(Option.isNone(cursor))
  }).pipe(Effect.provide(layer)))
