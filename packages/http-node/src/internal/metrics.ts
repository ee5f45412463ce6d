/**
 * The metrics of the client. Their names and attributes are public (docs/fleets.md); no value of an attribute is a
 * secret, and each has few values. An account is told by the first eight digits of its token's hash.
 */
import type { Operation } from "@effect-heroku/core/AuthorizationError"
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

const requests = Metric.counter("heroku.requests", {
  description: "Requests sent, by operation and by what became of them",
  incremental: true
})

const retries = Metric.counter("heroku.retries", {
  description: "Requests that repeated an earlier one, by operation",
  incremental: true
})

const remaining = Metric.gauge("heroku.budget.remaining", {
  description: "Requests that the account has left, as Heroku said last"
})

const waits = Metric.histogram("heroku.budget.wait", {
  description: "How long requests waited for the budget, in seconds, by priority; those that did not are not counted",
  boundaries: [0.01, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300]
})

const corrections = Metric.counter("heroku.budget.corrections", {
  description: "Requests taken off the budget because Heroku said that fewer were left",
  incremental: true
})

const fallbacks = Metric.counter("heroku.budget.fallbacks", {
  description: "How often the store of the budget became unavailable",
  incremental: true
})

const refusals = Metric.counter("heroku.budget.refusals", {
  description: "Requests not sent because the wait would have been too long, by priority",
  incremental: true
})

const cacheReads = Metric.counter("heroku.cache.reads", {
  description: "Reads with a response cache, by operation and by what it had",
  incremental: true
})

/** Counts of requests by their attributes: there are few, and each works out the key of its series once only. */
const requestsBy = new Map<string, Metric.Counter<number>>()

/** What became of a request: `success`, the tag of the error, `interrupted` or `defect`. */
export const request = (operation: Operation, outcome: string): Effect.Effect<void> => {
  const name = `${operation} ${outcome}`
  const known = requestsBy.get(name)
  if (known !== undefined) return Metric.update(known, 1)
  const counter = Metric.withAttributes(requests, { operation, outcome })
  requestsBy.set(name, counter)
  return Metric.update(counter, 1)
}

export const retry = (operation: Operation): Effect.Effect<void> =>
  Metric.update(Metric.withAttributes(retries, { operation }), 1)

export const budgetRemaining = (account: string, count: number): Effect.Effect<void> =>
  Metric.update(Metric.withAttributes(remaining, { account }), count)

export const budgetWait = (priority: string, wait: Duration.Duration): Effect.Effect<void> =>
  Metric.update(Metric.withAttributes(waits, { priority }), Duration.toSeconds(wait))

export const budgetCorrection = (account: string, count: number): Effect.Effect<void> =>
  Metric.update(Metric.withAttributes(corrections, { account }), count)

export const budgetFallback: Effect.Effect<void> = Metric.update(fallbacks, 1)

export const budgetRefusal = (priority: string): Effect.Effect<void> =>
  Metric.update(Metric.withAttributes(refusals, { priority }), 1)

/**
 * What the cache had for a read: `hit`, the answer still holds; `changed`, it does not; `miss`, nothing; `unreadable`, an
 * entry that is of no use.
 */
export const cacheRead = (
  operation: Operation,
  result: "hit" | "changed" | "miss" | "unreadable"
): Effect.Effect<void> => Metric.update(Metric.withAttributes(cacheReads, { operation, result }), 1)
