/** The queue of authorizations to replace, in Redis. */
import { Authorization } from "@effect-heroku/core"
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import { Config, Layer, Schema } from "effect"
import { PersistedQueue } from "effect/persistence"

/** One authorization of one account. The queue contains no token. */
export const Item = Schema.Struct({ account: Schema.String, id: Authorization.AuthorizationId })

export const rotations = PersistedQueue.make({ name: "rotations", schema: Item })

const layerStore = Layer.unwrap(Config.map(
  Config.Duration("QUEUE_LOCK").pipe(Config.withDefault("90 seconds")),
  // An item of a worker that has stopped is worked on again after this time.
  (lockExpiration) => PersistedQueue.layerStoreRedis({ lockExpiration, lockRefreshInterval: "1 second" })
))

/** Until an item is removed, its authorization cannot be put into the queue again. */
const layerCleanup = PersistedQueue.layerCleanup({ timeToLive: "1 day", failedTimeToLive: "1 hour" })

export const layerQueue = Layer.merge(PersistedQueue.layer, layerCleanup).pipe(
  Layer.provide(layerStore),
  Layer.provide(NodeRedis.layerConfig({ url: Config.String("REDIS_URL") }))
)
