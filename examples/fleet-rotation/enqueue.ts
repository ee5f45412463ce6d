/**
 * Puts every direct authorization of many accounts into the queue of `work.ts`. An authorization that is in the queue is not
 * added again. A successor that no run has completed stands for the authorization that it replaces. An account that cannot be
 * listed is reported, and does not stop the others. The exit code is 1 then.
 *
 * Run it with `npx -y pnpm@12 exec node examples/fleet-rotation/enqueue.ts`, HEROKU_ACCOUNTS set to names and tokens
 * (`ops=HRKU-…,billing=HRKU-…`) and REDIS_URL to a Redis. Set HEROKU_API_URL to run it against a sandbox.
 */
import { Authorization, AuthorizationService, Rotation } from "@effect-heroku/core"
import { AccountClients } from "@effect-heroku/http-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, type Redacted, Stream } from "effect"
import { accounts, layerClients } from "./clients.ts"
import { layerQueue, rotations } from "./queue.ts"

/** Lists the ids to replace of the account that a token belongs to. */
const listIds = Effect.fnUntraced(function*(token: Redacted.Redacted) {
  const service = yield* AuthorizationService.AuthorizationService
  const leftovers = yield* Rotation.leftovers()
  const replaces = new Map(leftovers.map(({ authorization, replaces }) => [authorization.id, replaces]))
  const all = yield* Stream.runCollect(service.stream())
  return all
    // The acting token replaces the others, and not itself.
    .filter((one) => Authorization.isDirect(one) && Authorization.matchToken(one, token) === "none")
    .map(({ id }) => replaces.get(id) ?? id)
})

const program = Effect.gen(function*() {
  const queue = yield* rotations
  const { get } = yield* AccountClients.AccountClients
  const enqueue = Effect.fnUntraced(function*(account: string, token: Redacted.Redacted) {
    const ids = yield* Effect.provide(listIds(token), get(token))
    return yield* Effect.forEach(ids, (id) => queue.offer({ account, id }, { id: `${account}:${id}` }))
  })
  const [queued, failed] = yield* Effect.partition(
    Object.entries(yield* accounts),
    ([account, token]) =>
      Effect.tapError(enqueue(account, token), ({ message }) => Console.error(`${account}: ${message}`)),
    { concurrency: 4 }
  )
  yield* Console.log(`${new Set(queued.flat()).size} authorizations in the queue`)
  if (failed.length > 0) process.exitCode = 1
})

program.pipe(Effect.provide([layerQueue, layerClients]), NodeRuntime.runMain)
