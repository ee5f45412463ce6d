/**
 * Puts every direct authorization of many accounts into the queue of `work.ts`. An authorization that is in the queue is not
 * added again. A successor that no run has completed stands for the authorization that it replaces.
 *
 * Run it with `npx -y pnpm@12 exec node examples/fleet-rotation/enqueue.ts`, HEROKU_ACCOUNTS set to names and tokens
 * (`ops=HRKU-…,billing=HRKU-…`) and REDIS_URL to a Redis. Set HEROKU_API_URL to run it against a sandbox.
 */
import { Authorization, Rotation } from "@effect-heroku/core"
import { AccountClients } from "@effect-heroku/http-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Stream } from "effect"
import { accounts, layerClients } from "./clients.ts"
import { layerQueue, rotations } from "./queue.ts"

const program = Effect.gen(function*() {
  const queue = yield* rotations
  const { get, streamAll } = yield* AccountClients.AccountClients
  const named = Object.entries(yield* accounts).map(([name, token]) => ({ name, token }))
  const leftovers = yield* Effect.forEach(named, ({ token }) => Effect.provide(Rotation.leftovers(), get(token)))
  const replaces = new Map(leftovers.flat().map(({ authorization, replaces }) => [authorization.id, replaces]))
  const queued = yield* streamAll(named).pipe(
    Stream.mapEffect(({ account, result }) => Effect.map(Effect.fromResult(result), (one) => ({ account, one }))),
    // The acting token replaces the others, and not itself.
    Stream.filter(({ account, one }) =>
      Authorization.isDirect(one) && Authorization.matchToken(one, account.token) === "none"
    ),
    Stream.map(({ account, one }) => ({ account: account.name, id: replaces.get(one.id) ?? one.id })),
    Stream.mapEffect((item) => queue.offer(item, { id: `${item.account}:${item.id}` })),
    Stream.runCollect
  )
  yield* Console.log(`${new Set(queued).size} authorizations in the queue`)
})

program.pipe(Effect.provide([layerQueue, layerClients]), NodeRuntime.runMain)
