import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import { HerokuAccount } from "@effect-heroku/testing/HerokuAccount"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, describe, it } from "@effect/vitest"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { job } from "./scheduled.ts"

const layer = MemoryAuthorizationService.layer({
  seed: [{ expiresIn: "2 hours" }, { expiresIn: "12 hours" }, {}]
}).pipe(Layer.provideMerge(FaultInjection.layer))

describe("the scheduled job", () => {
  it.effect("revokes at three what has expired, every night", () =>
    Effect.gen(function*() {
      const account = yield* HerokuAccount
      yield* Effect.forkChild(job)
      yield* TestClock.adjust("170 minutes")
      assert.strictEqual(yield* account.size, 3)
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(yield* account.size, 2)
      yield* TestClock.adjust("1 day")
      assert.strictEqual(yield* account.size, 1)
    }).pipe(Effect.provide(layer)))

  it.effect("counts as revoked only what is", () =>
    Effect.gen(function*() {
      const faults = yield* FaultInjection.FaultInjection
      const told: Array<unknown> = []
      const console = { ...yield* Console.Console, log: (line: unknown) => void told.push(line) }
      yield* faults.inject(FaultInjection.connectionReset, { operation: "delete" })
      yield* Effect.forkChild(Effect.provideService(job, Console.Console, console))
      yield* TestClock.adjust("3 hours")
      assert.strictEqual(told.at(-1), "1 expired, 0 revoked")
      yield* TestClock.adjust("1 day")
      assert.strictEqual(told.at(-1), "2 expired, 2 revoked")
    }).pipe(Effect.provide(layer)))

  it.effect("leaves out a night on which Heroku is out of reach", () =>
    Effect.gen(function*() {
      const account = yield* HerokuAccount
      const faults = yield* FaultInjection.FaultInjection
      yield* faults.inject(FaultInjection.connectionRefused, { operation: "list" })
      yield* Effect.forkChild(job)
      yield* TestClock.adjust("3 hours")
      assert.strictEqual(yield* account.size, 3)
      yield* TestClock.adjust("1 day")
      assert.strictEqual(yield* account.size, 1)
    }).pipe(Effect.provide(layer)))

  it.effect("ends when the token is refused", () =>
    Effect.gen(function*() {
      const faults = yield* FaultInjection.FaultInjection
      yield* faults.inject(FaultInjection.status(401), { operation: "list" })
      const fiber = yield* Effect.forkChild(job)
      yield* TestClock.adjust("3 hours")
      assert.strictEqual((yield* Effect.flip(Fiber.join(fiber)))._tag, "Unauthorized")
    }).pipe(Effect.provide(layer)))
})
