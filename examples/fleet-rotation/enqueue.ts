/**
 * Puts every direct authorization of many accounts into the queue of `work.ts`. An authorization that is in the queue or has
 * been replaced is not added again.
 *
 * Run it with `npx -y pnpm@12 exec node examples/fleet-rotation/enqueue.ts`, HEROKU_ACCOUNTS set to names and tokens
 * (`ops=HRKU-…,billing=HRKU-…`) and REDIS_URL to a Redis. Set HEROKU_API_URL to run it against a sandbox.
 */
import { Authorization } from "@effect-heroku/core"
import { AccountClients } from "@effect-heroku/http-node"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Config, Console, Effect, Layer, Stream } from "effect"
import { accounts, layerQueue, rotations } from "./queue.ts"

const layerClients = Layer.unwrap(Config.map(
  Config.String("HEROKU_API_URL").pipe(Config.withDefault("https://api.heroku.com")),
  (baseUrl) => AccountClients.layer({ baseUrl })
)).pipe(Layer.provide(NodeHttpClient.layerNodeHttp))

const program = Effect.gen(function*() {
  const queue = yield* rotations
  const { streamAll } = yield* AccountClients.AccountClients
  const named = Array.from(yield* accounts, ([name, token]) => ({ name, token }))
  const count = yield* streamAll(named).pipe(
    Stream.mapEffect(({ account, result }) => Effect.map(Effect.fromResult(result), (one) => ({ account, one }))),
    // The acting token replaces the others, and not itself.
    Stream.filter(({ account, one }) =>
      Authorization.isDirect(one) && Authorization.matchToken(one, account.token) === "none"
    ),
    Stream.mapEffect(({ account, one }) =>
      queue.offer({ account: account.name, id: one.id }, { id: `${account.name}:${one.id}` })
    ),
    Stream.runCount
  )
  yield* Console.log(`${count} authorizations in the queue`)
})

program.pipe(Effect.provide([layerQueue, layerClients]), NodeRuntime.runMain)
