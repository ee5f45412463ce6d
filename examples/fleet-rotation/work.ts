/**
 * Replaces the authorizations in the queue of `enqueue.ts`. Any number of processes may run it at once, and be killed at any
 * moment. It runs until it is stopped.
 *
 * Run it with `npx -y pnpm@12 exec node examples/fleet-rotation/work.ts`, the variables of `enqueue.ts`, and TOKENS set to a
 * directory: it stands for the place where your consumers read their tokens.
 */
import { Rotation } from "@effect-heroku/core"
import { AccountClients, HttpAuthorizationService, RequestBudget } from "@effect-heroku/http-node"
import * as RedisRateLimiter from "@effect-heroku/http-node/RedisRateLimiter"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Config, Console, Effect, FileSystem, Layer, Redacted } from "effect"
import { accounts, layerQueue, rotations } from "./queue.ts"

const baseUrl = Config.String("HEROKU_API_URL").pipe(Config.withDefault("https://api.heroku.com"))

// With four workers, each may use a quarter of the rate limit while Redis is unavailable.
const layerBudget = RequestBudget.layer({ localShare: 0.25 }).pipe(Layer.provide(RedisRateLimiter.layerConfig()))

const layerClients = Layer.unwrap(Config.map(baseUrl, (baseUrl) => AccountClients.layerBudgeted({ baseUrl }))).pipe(
  Layer.provide(layerBudget)
)

const layerDelivery = Layer.effect(
  Rotation.Delivery,
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const directory = yield* Config.String("TOKENS")
    const orFail = <A>(effect: Effect.Effect<A, Error>) =>
      Effect.mapError(effect, ({ message }) => new Rotation.DeliveryFailed({ message }))
    return {
      deliver: ({ replaces, token }) => {
        const file = `${directory}/${replaces}`
        const temporary = `${file}.${process.pid}`
        return orFail(Effect.andThen(
          files.writeFileString(temporary, Redacted.value(token), { mode: 0o600 }),
          files.rename(temporary, file)
        ))
      },
      current: (replaces) => {
        const file = `${directory}/${replaces}`
        const read = Effect.map(files.readFileString(file), (token) => Redacted.make(token))
        return orFail(Effect.flatMap(files.exists(file), (exists) => exists ? Effect.asSome(read) : Effect.succeedNone))
      }
    }
  })
)

const work = Effect.gen(function*() {
  const queue = yield* rotations
  const tokens = yield* accounts
  const clients = yield* AccountClients.AccountClients
  const verify = yield* HttpAuthorizationService.makeVerify({ baseUrl: yield* baseUrl })
  const replaceNext = queue.take(({ account, id }) =>
    Effect.gen(function*() {
      const actingToken = yield* Effect.fromNullishOr(tokens.get(account))
      const outcome = yield* Rotation.replace(id, { actingToken, verify }).pipe(
        Effect.provide(clients.get(actingToken))
      )
      yield* Console.log(`${account}:${id} ${outcome._tag}`)
    }).pipe(
      // These fail again whenever they are retried.
      Effect.catchTag(
        ["NotReplaceable", "OwnAuthorization"],
        ({ message }) => Console.error(`${account}:${id} ${message}`)
      )
    )
  )
  // The queue retries an item that failed, after a growing delay.
  return yield* replaceNext.pipe(
    Effect.catch((error) => Console.error(`${error._tag}: ${error.message}`)),
    Effect.forever
  )
})

const program = Effect.all(Array.from({ length: 4 }, () => work), { concurrency: "unbounded" }).pipe(
  // Interactive requests of other programs go first.
  RequestBudget.withPriority("bulk")
)

program.pipe(
  Effect.provide([layerQueue, layerClients, Layer.provide(layerDelivery, NodeFileSystem.layer)]),
  Effect.provide(NodeHttpClient.layerNodeHttp),
  NodeRuntime.runMain
)
