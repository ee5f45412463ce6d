/** The metrics of the request budget. Their names and attributes are public (docs/observability.md). */
import * as Metric from "effect/Metric"

const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })

export const remaining = Metric.gauge("heroku.budget.remaining", {
  description: "Requests that the account has left, as Heroku last reported"
})

export const wait = Metric.histogram("heroku.budget.wait", {
  description: "How long requests waited for the budget, in seconds, by priority; without those that did not wait",
  boundaries: [0.01, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300]
})

export const corrections = counter(
  "heroku.budget.corrections",
  "Requests taken off the budget because Heroku reported fewer"
)

export const fallbacks = counter(
  "heroku.budget.fallbacks",
  "How often the store of the budget became unavailable"
)

export const rejections = counter(
  "heroku.budget.rejections",
  "Requests not sent because the wait would have been too long, by priority"
)
