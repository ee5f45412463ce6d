/** The accounts, and their clients, which share the rate limit of each account with all other processes. */
import { AccountClients, RequestBudget } from "@effect-heroku/http-node"
import * as RedisRateLimiter from "@effect-heroku/http-node/RedisRateLimiter"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Config, Layer, Schema } from "effect"

/** The tokens that act, by the name of their account: `ops=HRKU-…,billing=HRKU-…`. */
export const accounts = Config.Record(Schema.String, Schema.RedactedFromValue(Schema.String), "HEROKU_ACCOUNTS")

export const baseUrl = Config.String("HEROKU_API_URL").pipe(Config.withDefault("https://api.heroku.com"))

// With four workers, each may use a quarter of the rate limit while Redis is unavailable.
const layerBudget = RequestBudget.layer({ localShare: 0.25 }).pipe(Layer.provide(RedisRateLimiter.layerConfig()))

export const layerClients = Layer.unwrap(Config.map(baseUrl, (baseUrl) => AccountClients.layerBudgeted({ baseUrl })))
  .pipe(
    Layer.provide(layerBudget),
    Layer.provideMerge(NodeHttpClient.layerNodeHttp)
  )
