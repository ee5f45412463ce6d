/** The requests of one account that wait for a permit: interactive ones first, with a share for bulk. */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Semaphore from "effect/Semaphore"
import type { Bucket } from "./bucket.ts"
import * as Metrics from "./metrics.ts"
import type { Settings } from "./options.ts"
import type { Priority } from "./service.ts"
import { nowMillis } from "./time.ts"

/**
 * Creates a queue: it takes a permit, waits for it and returns 0, or returns the wait in milliseconds if that exceeds
 * `maxWait`. A waiting request holds no permit, so that none is lost if it is interrupted while it sleeps, or its process
 * dies.
 */
export const make = (bucket: Bucket, { intervalMillis, maxWaitMillis }: Settings) => {
  const makeQueue = () => ({ head: Semaphore.makeUnsafe(1), size: 0, readyAtMillis: 0 })
  const queues = { interactive: makeQueue(), bulk: makeQueue() }
  /** When bulk requests can claim their share: ten intervals after the last permit, or after the first of them arrived. */
  let shareAtMillis = 0

  /** Takes a permit behind all interactive requests, or the share where that comes sooner. */
  const takeBulk = Effect.gen(function*() {
    const time = yield* nowMillis
    if (time >= shareAtMillis) {
      const wait = yield* bucket.takeShare
      shareAtMillis = time + (wait || bucket.shareMillis)
      if (wait === 0) return wait
    }
    const wait = queues.interactive.size > 0 ? intervalMillis : yield* bucket.take("bulk")
    if (wait === 0) shareAtMillis = time + bucket.shareMillis
    return Math.min(wait, shareAtMillis - time)
  })
  const take = { interactive: bucket.take("interactive"), bulk: takeBulk }

  const takeAtHead = Effect.fnUntraced(function*(priority: Priority, sinceMillis: number) {
    while (true) {
      const wait = yield* take[priority]
      if (wait === 0) return wait
      const readyAtMillis = (yield* nowMillis) + wait
      if (readyAtMillis - sinceMillis > maxWaitMillis) return wait
      queues[priority].readyAtMillis = readyAtMillis
      // Timers cut off fractions, and one that is early would find nothing and wait as long again.
      yield* Effect.sleep(Math.ceil(wait) + 1)
    }
  })

  return Effect.fnUntraced(function*(priority: Priority) {
    const time = yield* nowMillis
    const queue = queues[priority]
    if (priority === "bulk" && queue.size === 0) shareAtMillis = time + bucket.shareMillis
    const ahead = queue.size + (priority === "bulk" ? queues.interactive.size : 0)
    const untilHeadMillis = Math.max(0, queue.readyAtMillis - time)
    const wait = ahead > 0 ? untilHeadMillis + ahead * intervalMillis : yield* take[priority]
    if (wait === 0 || wait > maxWaitMillis) return wait
    const seconds = (wait / 1000).toFixed(1)
    yield* Effect.logDebug(`A request of account ${bucket.name} waits ${seconds} s for its rate limit`)
    const metric = Metric.withAttributes(Metrics.wait, { priority })
    return yield* Effect.acquireUseRelease(
      Effect.sync(() => queue.size++),
      () => queue.head.withPermit(takeAtHead(priority, time)),
      () => Effect.sync(() => queue.size--)
    ).pipe(
      // The next request comes after the head of the queue.
      Effect.timeoutOrElse({
        duration: maxWaitMillis,
        orElse: () => Effect.map(nowMillis, (end) => Math.max(intervalMillis, queue.readyAtMillis - end))
      }),
      Effect.ensuring(Effect.flatMap(nowMillis, (end) => Metric.update(metric, (end - time) / 1000))),
      Effect.withSpan(
        "RequestBudget.wait",
        { attributes: { "heroku.budget.priority": priority, "heroku.budget.ahead": ahead } },
        { captureStackTrace: false }
      )
    )
  })
}
