import type { Authorization } from "@effect-heroku/core/Authorization"
import type { Cursor } from "@effect-heroku/core/ListRange"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { firstDirect, workThrough } from "./places.ts"

const layer = MemoryAuthorizationService.layer({ count: 2500 }).pipe(Layer.provideMerge(FaultInjection.layer))

describe("the guide to paging", () => {
  it.effect("fetches no page that is not needed", () =>
    Effect.gen(function*() {
      assert.lengthOf(yield* firstDirect, 10)
      assert.lengthOf(yield* (yield* FaultInjection.FaultInjection).calls, 1)
    }).pipe(Effect.provide(layer)))

  it.effect("goes on after a failure without a page missing or double", () =>
    Effect.gen(function*() {
      const faults = yield* FaultInjection.FaultInjection
      const seen: Array<string> = []
      let place = Option.none<Cursor>()
      const run = Effect.suspend(() =>
        workThrough({
          from: place,
          work: ({ id }: Authorization) => Effect.sync(() => void seen.push(id)),
          save: (next) => Effect.sync(() => void (place = next))
        })
      )
      yield* faults.inject(FaultInjection.status(503), { operation: "list", every: 2, times: 1 })
      assert.strictEqual((yield* Effect.flip(run))._tag, "UnexpectedStatus")
      assert.lengthOf(seen, 1000)
      yield* run
      assert.lengthOf(seen, 2500)
      assert.lengthOf(new Set(seen), 2500)
      assert.isTrue(Option.isNone(place))
    }).pipe(Effect.provide(layer)))
})
