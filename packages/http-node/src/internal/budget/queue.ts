/** The requests of one account that wait for a permit: interactive ones first, with a share for bulk. */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Semaphore from "effect/Semaphore"
import * as Telemetry from "../telemetry.ts"
import type { Bucket } from "./bucket.ts"
import type { Settings } from "./options.ts"
import type { Priority } from "./service.ts"
import { now } from "./time.ts"

/**
 * Makes a queue, which takes a permit and waits for it. It returns 0, or the milliseconds to wait if those exceed `maxWait`.
 * A waiting request holds no permit, so that none is lost if it is interrupted while it sleeps, or its process dies.
 */
export const make = (bucket: Bucket, { interval, maxWait }: Settings) => {
  const makeQueue = () => ({ head: Semaphore.makeUnsafe(1), size: 0, readyAt: 0 })
  const queues = { interactive: makeQueue(), bulk: makeQueue() }
  /** When bulk requests can claim their share: ten intervals after the last permit, or after the first of them arrived. */
  let shareAt = 0

  /** Bulk requests wait behind all interactive ones, but no longer than their share allows. */
  const tryTake = Effect.fnUntraced(function*(priority: Priority, time: number) {
    if (priority === "interactive") return yield* bucket.take(priority)
    if (time >= shareAt) {
      const untilShare = yield* bucket.takeShare
      shareAt = time + (untilShare > 0 ? untilShare : bucket.shareInterval)
      if (untilShare <= 0) return 0
    }
    const wait = queues.interactive.size > 0 ? interval : yield* bucket.take(priority)
    if (wait <= 0) shareAt = time + bucket.shareInterval
    return Math.min(wait, shareAt - time)
  })

  const takeAtHead = Effect.fnUntraced(function*(priority: Priority, since: number) {
    while (true) {
      const time = yield* now
      const wait = yield* tryTake(priority, time)
      if (wait <= 0 || time + wait - since > maxWait) return wait
      queues[priority].readyAt = time + wait
      // Timers cut off fractions, and one that is early would find nothing and wait as long again.
      yield* Effect.sleep(Math.ceil(wait) + 1)
    }
  })

  return Effect.fnUntraced(function*(priority: Priority) {
    const since = yield* now
    const queue = queues[priority]
    if (priority === "bulk" && queue.size === 0) shareAt = since + bucket.shareInterval
    const ahead = queue.size + (priority === "bulk" ? queues.interactive.size : 0)
    const wait = ahead > 0 ? Math.max(0, queue.readyAt - since) + ahead * interval : yield* tryTake(priority, since)
    if (wait <= 0 || wait > maxWait) return wait
    yield* Effect.logDebug(`A request of account ${bucket.name} waits ${(wait / 1000).toFixed(1)} s for its rate limit`)
    const metric = Metric.withAttributes(Telemetry.budgetWait, { priority })
    return yield* Effect.acquireUseRelease(
      Effect.sync(() => queue.size++),
      () => queue.head.withPermit(takeAtHead(priority, since)),
      () => Effect.sync(() => queue.size--)
    ).pipe(
      Effect.timeoutOrElse({
        duration: maxWait,
        // The next request comes after the head of the queue.
        orElse: () => Effect.map(now, (time) => Math.max(interval, queue.readyAt - time))
      }),
      Effect.ensuring(Effect.flatMap(now, (time) => Metric.update(metric, (time - since) / 1000))),
      Effect.withSpan(
        "RequestBudget.wait",
        { attributes: { "heroku.budget.priority": priority, "heroku.budget.ahead": ahead } },
        { captureStackTrace: false }
      )
    )
  })
}
