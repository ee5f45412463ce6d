/**
 * Prints the authorizations of many accounts that never expire. Any number of processes may run it at once: they share
 * each account's rate limit through Redis.
 *
 * Run it with `npx -y pnpm@12 exec node examples/fleet.ts`, HEROKU_ACCOUNTS set to names and tokens
 * (`ops=HRKU-…,billing=HRKU-…`) and REDIS_URL to a Redis. Set HEROKU_API_URL to run it against a sandbox.
 */
import { Authorization } from "@effect-heroku/core"
import { AccountClients, RequestBudget } from "@effect-heroku/http-node"
import * as RedisRateLimiter from "@effect-heroku/http-node/RedisRateLimiter"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Config, Console, Effect, Layer, Logger, Result, Schema, Stream } from "effect"

const layerBudget = RequestBudget.layer({ localShare: 0.25 }).pipe(Layer.provide(RedisRateLimiter.layerConfig()))

const layerClients = Layer.unwrap(Effect.gen(function*() {
  const baseUrl = yield* Config.String("HEROKU_API_URL").pipe(Config.withDefault("https://api.heroku.com"))
  return AccountClients.layerBudgeted({ baseUrl })
})).pipe(Layer.provide([layerBudget, NodeHttpClient.layerNodeHttp]))

const program = Effect.gen(function*() {
  const tokens = yield* Config.Record(Schema.String, Schema.RedactedFromValue(Schema.String), "HEROKU_ACCOUNTS")
  const accounts = Object.entries(tokens).map(([name, token]) => ({ name, token }))
  const { streamAll } = yield* AccountClients.AccountClients
  // One result per authorization. An account that cannot be listed has one failure instead and does not stop the others.
  yield* streamAll(accounts, { concurrency: 8 }).pipe(
    Stream.runForEach(({ account, result }) =>
      Result.match(result, {
        onFailure: (error) => Console.error(`${account.name}: ${error._tag}: ${error.message}`),
        onSuccess: (authorization) =>
          Authorization.neverExpires(authorization)
            ? Console.log(`${account.name}: ${authorization.id}`)
            : Effect.void
      })
    )
  )
})

program.pipe(Effect.provide(layerClients), Effect.provideService(Logger.LogToStderr, true), NodeRuntime.runMain)
