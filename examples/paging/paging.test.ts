import type { ListRange } from "@effect-heroku/core"
import { HttpAuthorizationService } from "@effect-heroku/http-node"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { FaultInjection, MemoryAuthorizationService } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { DateTime, Effect, Fiber, Logger, Option, Redacted, Stream } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { expiryTimes } from "./expiry.ts"
import { firstDirect } from "./first-direct.ts"
import { processAll } from "./resume.ts"
import { countValid } from "./skip-invalid.ts"

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

it.effect("countValid logs a record that does not decode, and counts the others", () =>
  Effect.gen(function*() {
    const records = [{ ...payloads.direct, id: "a" }, { ...payloads.direct, id: "b", scope: null }, payloads.direct]
    const client = HttpClient.make((request) =>
      Effect.succeed(HttpClientResponse.fromWeb(request, Response.json(records)))
    )
    const lines: Array<unknown> = []
    const count = yield* countValid.pipe(
      Effect.provide(HttpAuthorizationService.layer({ token: Redacted.make("any") })),
      Effect.provideService(HttpClient.HttpClient, client),
      Effect.provide(Logger.layer([Logger.make(({ message }) => void lines.push(message))]))
    )
    assert.strictEqual(count, 2)
    assert.match(String(lines), /^Skipped b: Expected array.* at \[1\]\["scope"\]$/)
  }))

it.effect("expiryTimes counts from the response of each page", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.delay("30 minutes"), { operation: "list", every: 2, times: 1 })
    const fiber = yield* Effect.forkChild(Stream.runCollect(expiryTimes))
    yield* TestClock.adjust("30 minutes")
    const times = (yield* Fiber.join(fiber)).flatMap(({ expiresAt }) => Option.toArray(expiresAt))
    assert.lengthOf(times, 1001)
    assert.deepStrictEqual([...new Set(times.map(DateTime.formatIso))], ["1970-01-01T01:00:00.000Z"])
  }).pipe(
    Effect.provide(MemoryAuthorizationService.layerWithFaults({
      seed: Array.from({ length: 1001 }, () => ({ expiresIn: "1 hour" as const }))
    }))
  ))
