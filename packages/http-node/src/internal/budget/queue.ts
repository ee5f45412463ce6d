/** The requests of one account that wait for a permit: interactive ones first, with a share for bulk. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import * as Telemetry from "../telemetry.ts"
import { type Bucket, bulkShare } from "./bucket.ts"
import { now } from "./monotonicClock.ts"
import type { Settings } from "./options.ts"
import type { Priority } from "./priority.ts"

/**
 * Makes a queue, which takes a permit and waits for it. It returns 0, or the milliseconds to wait if those exceed `maxWait`.
 * A waiting request holds no permit, so none is lost if it is interrupted or its process dies.
 */
export const make = (bucket: Bucket, { interval, maxWait }: Settings) => {
  const makeQueue = () => ({ head: Semaphore.makeUnsafe(1), size: 0, readyAt: 0 })
  const queues = { interactive: makeQueue(), bulk: makeQueue() }
  /** When bulk can claim its share again. */
  let claimAt = 0
  const untilClaim = (priority: Priority, since: number, time: number) =>
    priority === "bulk" ? Math.max(claimAt, since + bulkShare * interval) - time : Infinity

  const waitAtHead = Effect.fnUntraced(function*(priority: Priority, since: number) {
    while (true) {
      const time = yield* now
      let claimable = untilClaim(priority, since, time)
      if (claimable <= 0) {
        claimable = yield* bucket.claimBulkShare
        claimAt = time + Math.max(claimable, bulkShare * interval)
        if (claimable <= 0) return yield* bucket.reserve
      }
      const isBehind = priority === "bulk" && queues.interactive.size > 0
      const available = isBehind ? interval : yield* bucket.take(priority)
      if (available <= 0) {
        if (priority === "bulk") claimAt = time + bulkShare * interval
        return 0
      }
      const wait = Math.min(available, claimable)
      if (time + wait - since > maxWait) return wait
      queues[priority].readyAt = time + wait
      // Timers cut off fractions, and one that is early would find nothing and wait as long again.
      yield* Effect.sleep(Math.ceil(wait) + 1)
    }
  })

  const enqueue = (priority: Priority, since: number) =>
    Effect.acquireUseRelease(
      Effect.sync(() => queues[priority].size++),
      () => queues[priority].head.withPermit(waitAtHead(priority, since)),
      () => Effect.sync(() => queues[priority].size--)
    )

  return Effect.fnUntraced(function*(priority: Priority) {
    const since = yield* now
    const queue = queues[priority]
    const ahead = queue.size + (priority === "bulk" ? queues.interactive.size : 0)
    const wait = ahead > 0
      ? Math.max(0, queue.readyAt - since) + ahead * interval
      : Math.min(yield* bucket.take(priority), untilClaim(priority, since, since))
    if (wait <= 0 || wait > maxWait) return Math.max(0, wait)
    yield* Effect.logDebug(`A request of account ${bucket.name} waits ${(wait / 1000).toFixed(1)} s for its rate limit`)
    const waiting = Effect.timeoutOrElse(enqueue(priority, since), {
      duration: maxWait,
      // The next request comes after the head of the queue.
      orElse: () => Effect.map(now, (time) => Math.max(interval, queue.readyAt - time))
    }).pipe(
      Effect.ensuring(Effect.flatMap(now, (time) => Telemetry.budgetWait(priority, Duration.millis(time - since))))
    )
    return yield* Effect.withSpan(waiting, "RequestBudget.wait", {
      captureStackTrace: false,
      attributes: { "heroku.budget.priority": priority, "heroku.budget.ahead": ahead }
    })
  })
}
