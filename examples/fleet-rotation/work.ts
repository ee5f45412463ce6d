/**
 * Replaces the authorizations in the queue of `enqueue.ts`. Any number of processes may run it at once, and be killed at any
 * moment. It runs until it is stopped, and ends at once if it cannot deliver.
 *
 * Run it with `npx -y pnpm@12 exec node examples/fleet-rotation/work.ts`, the variables of `enqueue.ts`, and TOKENS set to a
 * directory.
 */
import { Rotation } from "@effect-heroku/core"
import { AccountClients, HttpAuthorizationService, RequestBudget } from "@effect-heroku/http-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect } from "effect"
import { accounts, baseUrl, layerClients } from "./clients.ts"
import { layerDelivery } from "./delivery.ts"
import { layerQueue, rotations } from "./queue.ts"

const program = Effect.gen(function*() {
  yield* Rotation.Delivery.use(({ check }) => check ?? Effect.void)
  const queue = yield* rotations
  const tokens = yield* accounts
  const { get } = yield* AccountClients.AccountClients
  const verify = yield* HttpAuthorizationService.makeVerify({ baseUrl: yield* baseUrl })
  const replaceNext = queue.take(({ account, id }) =>
    Effect.gen(function*() {
      const actingToken = yield* Effect.fromNullishOr(tokens[account])
      const outcome = yield* Rotation.replace(id, { actingToken, verify }).pipe(Effect.provide(get(actingToken)))
      yield* Console.log(`${account}:${id} ${outcome._tag}`)
    }).pipe(
      Effect.tapError((error) => Console.error(`${account}:${id} ${error.message}`)),
      // These fail again whenever they are retried.
      Effect.catchTag(["NotReplaceable", "OwnAuthorization"], () => Effect.void)
    )
  )
  yield* replaceNext.pipe(
    Effect.catchTag("PersistedQueueError", (error) => Console.error(error.message)),
    // The queue retries an item that failed, after a growing delay.
    Effect.ignore,
    Effect.forever,
    Effect.replicateEffect(4, { concurrency: "unbounded", discard: true })
  )
})

program.pipe(
  // Interactive requests of other programs go first.
  RequestBudget.withPriority("bulk"),
  Effect.provide([layerQueue, layerClients, layerDelivery]),
  NodeRuntime.runMain
)
