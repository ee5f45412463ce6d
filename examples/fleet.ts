/**
 * Lists the authorizations of many accounts that never expire, as one of any number of processes that may do so at once.
 *
 * Run it with `npx -y pnpm@12 exec node examples/fleet.ts`, with HEROKU_ACCOUNTS set to names and tokens as in
 * `ops=HRKU-…,billing=HRKU-…`, REDIS_URL to a Redis that the processes share, and HEROKU_CACHE_KEY to what
 * `openssl rand -base64 32` prints. Against a sandbox (`npx -y pnpm@12 sandbox --port 4567`) set HEROKU_API_URL as well.
 */
import { neverExpires } from "@effect-heroku/core/Authorization"
import * as AccountClients from "@effect-heroku/http-node/AccountClients"
import * as RedisPersistence from "@effect-heroku/http-node/RedisPersistence"
import * as RedisRateLimiter from "@effect-heroku/http-node/RedisRateLimiter"
import * as RequestBudget from "@effect-heroku/http-node/RequestBudget"
import * as ResponseCache from "@effect-heroku/http-node/ResponseCache"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Config, Console, Effect, Layer, Redacted, Result, Stream } from "effect"

// #region budget
// In one process this would be `RequestBudget.layerMemory()`.
const layerBudget = RequestBudget.layer({ localShare: 0.25 }).pipe(
  Layer.provide(RedisRateLimiter.layerConfig())
)
// #endregion budget

// #region cache
const layerCache = ResponseCache.layerConfig().pipe(
  Layer.provide(RedisPersistence.layerConfig())
)
// #endregion cache

// #region accounts
const layerClients = Layer.unwrap(Effect.gen(function*() {
  const baseUrl = yield* Config.String("HEROKU_API_URL").pipe(Config.withDefault(undefined))
  return AccountClients.layer({ baseUrl })
})).pipe(Layer.provide([layerBudget, layerCache, NodeHttpClient.layerUndici]))

const audit = (accounts: ReadonlyArray<{ readonly name: string; readonly token: Redacted.Redacted }>) =>
  Effect.gen(function*() {
    const { streamAll } = yield* AccountClients.AccountClients
    yield* streamAll(accounts, { concurrency: 8 }).pipe(
      Stream.runForEach(({ account, result }) =>
        Result.match(result, {
          onFailure: (error) => Console.error(`${account.name}: ${error._tag}: ${error.message}`),
          onSuccess: (authorization) =>
            neverExpires(authorization) ? Console.log(`${account.name}: ${authorization.id}`) : Effect.void
        })
      )
    )
  })
// #endregion accounts

const parseAccounts = (text: string) =>
  text.split(",").map((entry) => {
    const [name = "", token = ""] = entry.split("=", 2)
    return { name, token: Redacted.make(token) }
  })

const program = Effect.gen(function*() {
  const accounts = yield* Config.Redacted("HEROKU_ACCOUNTS")
  yield* audit(parseAccounts(Redacted.value(accounts)))
})

program.pipe(Effect.provide(layerClients), NodeRuntime.runMain)
