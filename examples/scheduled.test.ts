import { FaultInjection, HerokuAccount, MemoryAuthorizationService } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { job } from "./scheduled.ts"
import { captureConsole } from "./support/console.ts"

const layer = MemoryAuthorizationService.layerWithFaults({
  seed: [{ expiresIn: "2 hours" }, { expiresIn: "12 hours" }, {}]
})

/** Starts the job in the background, and returns its fiber and the lines that it prints. */
const startJob = Effect.gen(function*() {
  const { layer, lines } = captureConsole()
  const fiber = yield* Effect.forkChild(Effect.provide(job, layer))
  return { fiber, lines }
})

it.effect("the scheduled job revokes expired authorizations every night at 3:00", () =>
  Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    yield* startJob
    yield* TestClock.adjust("170 minutes")
    assert.strictEqual(yield* account.size, 3)
    yield* TestClock.adjust("10 minutes")
    assert.strictEqual(yield* account.size, 2)
    yield* TestClock.adjust("1 day")
    assert.strictEqual(yield* account.size, 1)
  }).pipe(Effect.provide(layer)))

it.effect("the scheduled job revokes the next night what it skipped after a failure", () =>
  Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.connectionReset, { operation: "delete" })
    const { lines } = yield* startJob
    yield* TestClock.adjust("3 hours")
    assert.strictEqual(yield* account.size, 3)
    assert.match(String(lines.at(-1)), /^Skipped: RequestFailed: /)
    yield* TestClock.adjust("1 day")
    assert.strictEqual(yield* account.size, 1)
    assert.strictEqual(lines.at(-1), "2 expired authorizations are revoked")
  }).pipe(Effect.provide(layer)))

it.effect("the scheduled job counts as revoked what another program revoked first", () =>
  Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    const faults = yield* FaultInjection.FaultInjection
    const gate = yield* faults.hold({ operation: "delete" })
    const { lines } = yield* startJob
    yield* TestClock.adjust("3 hours")
    yield* gate.arrived
    const [expired] = yield* account.authorizations
    yield* account.remove(expired!.id)
    yield* gate.open
    yield* TestClock.adjust(0)
    assert.deepStrictEqual(lines, [`${expired!.id} is revoked`, "1 expired authorizations are revoked"])
  }).pipe(Effect.provide(layer)))

it.effect("the scheduled job skips a night on which Heroku is unavailable", () =>
  Effect.gen(function*() {
    const account = yield* HerokuAccount.HerokuAccount
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.connectionRefused, { operation: "list" })
    const { lines } = yield* startJob
    yield* TestClock.adjust("3 hours")
    assert.strictEqual(yield* account.size, 3)
    assert.match(String(lines.at(-1)), /^Skipped: RequestFailed: /)
    yield* TestClock.adjust("1 day")
    assert.strictEqual(yield* account.size, 1)
  }).pipe(Effect.provide(layer)))

it.effect("the scheduled job ends when the token is rejected", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.status(401), { operation: "list" })
    const { fiber } = yield* startJob
    yield* TestClock.adjust("3 hours")
    assert.strictEqual((yield* Effect.flip(Fiber.join(fiber)))._tag, "Unauthorized")
  }).pipe(Effect.provide(layer)))
