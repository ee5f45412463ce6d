/**
 * Delivers tokens to files of a directory, one for each consumer.
 *
 * A file is named by the id of the authorization that was replaced first, so that its consumer always reads the same file. The
 * index of the directory maps each file to its current authorization. It is written after the token: a run that is killed
 * between the two delivers another token to the same file when it runs again.
 */
import { type Authorization, AuthorizationId, matchToken } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as Rotation from "@effect-heroku/core/Rotation"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import type * as PlatformError from "effect/PlatformError"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import { writeAtomic } from "./atomicFile.ts"
import { Connection } from "./connection.ts"
import { explainPlatformError } from "./explain.ts"
import { lock } from "./lock.ts"
import { isMarked } from "./marks.ts"
import { failed } from "./stop.ts"
import * as UnfinishedRun from "./unfinishedRun.ts"

/** The index: the state of each file by its name. */
const Index = Schema.Record(
  Schema.String,
  Schema.Struct({
    /** The authorization whose token the file contains. */
    authorization: AuthorizationId,
    /** The authorization that it replaced. Both are the same after a regeneration. */
    replaces: AuthorizationId,
    deliveredAt: Schema.DateTimeUtcFromString
  })
)
const IndexJson = Schema.fromJsonString(Index)
type Index = typeof Index.Type

const indexName = "index.json"

/** The file of the consumer that used the token of an authorization so far. */
const findFile = (index: Index, replaces: AuthorizationId): string => {
  const entries = Object.entries(index)
  const [file] = entries.find(([, { authorization }]) => authorization === replaces)
    // Delivered in an earlier run, which did not complete.
    ?? entries.find(([, entry]) => entry.replaces === replaces)
    ?? [encodeURIComponent(replaces)]
  return file
}

const isSince = (time: Option.Option<DateTime.Utc>, other: DateTime.Utc): boolean =>
  Option.exists(time, (start) => DateTime.isGreaterThanOrEqualTo(other, start))

/** Opens a directory for deliveries. It exists after that, and only this user can read it. */
export const make = Effect.fnUntraced(function*(directory: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const services = yield* Effect.context<FileSystem.FileSystem>()
  const writing = yield* Semaphore.make(1)
  const inDirectory = (name: string) => path.join(directory, name)

  const readFile = (name: string): Effect.Effect<Option.Option<string>, PlatformError.PlatformError> =>
    fileSystem.readFileString(inDirectory(name)).pipe(
      Effect.asSome,
      Effect.catchReason("PlatformError", "NotFound", () => Effect.succeedNone)
    )

  const readIndex = Effect.flatMap(
    readFile(indexName),
    (text): Effect.Effect<Index, Rotation.DeliveryFailed> =>
      Option.isNone(text)
        ? Effect.succeed({})
        : Effect.mapError(
          Schema.decodeEffect(IndexJson)(text.value),
          () => new Rotation.DeliveryFailed({ message: `${inDirectory(indexName)} is damaged: restore it` })
        )
  )

  const unfinished = yield* UnfinishedRun.make(inDirectory("run.json"))

  const current = (replaces: AuthorizationId) =>
    Effect.flatMap(readIndex, (index) => readFile(findFile(index, replaces))).pipe(
      Effect.map(Option.map((text) => Redacted.make(text.trim()))),
      Effect.mapError(toDeliveryFailed)
    )

  const makeDirectory = Effect.mapError(
    fileSystem.makeDirectory(directory, { recursive: true, mode: 0o700 }),
    toDeliveryFailed
  )

  const delivery = {
    check: Effect.gen(function*() {
      yield* makeDirectory
      const index = yield* readIndex
      yield* writeAtomic(inDirectory(indexName), Schema.encodeSync(IndexJson)(index))
    }).pipe(Effect.mapError(toDeliveryFailed), Effect.provideContext(services)),

    deliver: ({ authorization: { id }, replaces, token }: Rotation.DeliveryInput) =>
      Effect.gen(function*() {
        const index = yield* readIndex
        const file = findFile(index, replaces)
        yield* writeAtomic(inDirectory(file), Redacted.value(token))
        const entry = { authorization: id, replaces, deliveredAt: yield* DateTime.now }
        yield* writeAtomic(inDirectory(indexName), Schema.encodeSync(IndexJson)({ ...index, [file]: entry }))
      }).pipe(Effect.mapError(toDeliveryFailed), Semaphore.withPermits(writing, 1), Effect.provideContext(services)),

    current
  } satisfies Rotation.DeliveryService

  return {
    delivery,

    /** Holds the lock of the directory until the scope closes, and then checks that the directory is usable. */
    acquire: Effect.gen(function*() {
      yield* makeDirectory
      yield* lock(inDirectory("lock"))
      yield* delivery.check
    }),

    /**
     * Returns a function from the id that names a file, or that an interrupted run of the command replaced, to the id of the
     * current authorization. Other ids stay as they are.
     */
    findCurrent: Effect.fnUntraced(function*(command: string) {
      const index = yield* readIndex
      const continued = yield* unfinished.findStart(command)
      const replaced = new Map<string, string>(
        Object.values(index)
          .filter(({ deliveredAt }) => isSince(continued, deliveredAt))
          .map((entry) => [entry.replaces, entry.authorization])
      )
      return (id: string): string => index[encodeURIComponent(id)]?.authorization ?? replaced.get(id) ?? id
    }),

    /** The authorizations whose tokens the files contain. Fails if nothing was ever delivered to the directory. */
    findDelivered: Effect.gen(function*() {
      if (Option.isNone(yield* readFile(indexName))) {
        return yield* failed(`${inDirectory(indexName)} does not exist: pass the directory of an earlier --deliver-to`)
      }
      return new Set(Object.values(yield* readIndex).map(({ authorization }) => authorization))
    }),

    /** Leaves out what was delivered since a time, or since the same command began if it was interrupted. */
    findRemaining: Effect.fnUntraced(
      function*(items: ReadonlyArray<Authorization>, { command, since }: RunOptions) {
        const index = yield* readIndex
        const entries = new Map(Object.values(index).map((entry) => [entry.authorization, entry.deliveredAt]))
        const continued = yield* unfinished.findStart(command)
        const remaining: ReadonlyArray<Authorization> = items.filter((item) => {
          const deliveredAt = entries.get(item.id)
          // The rotation of a marked one is not complete.
          if (deliveredAt === undefined || isMarked(item)) return true
          // With an overlap, the interrupted run may only have completed what was delivered before: that updates it.
          return !(isSince(since, deliveredAt) || isSince(continued, deliveredAt) || isSince(continued, item.updatedAt))
        })
        return { remaining, continued }
      }
    ),

    /** Records that a command begins, or that it continues an interrupted run. */
    begin: unfinished.begin,

    /** Records that nothing is left to continue. */
    end: unfinished.end,

    /**
     * Removes successors of earlier runs that no file contains. The directory is the only place that tokens are delivered to, so
     * that nothing can use them, whatever their age. Returns their ids.
     */
    removeLeftovers: Effect.fnUntraced(function*(team: string | undefined) {
      const service = yield* AuthorizationService
      const { actingToken } = yield* Connection
      const index = yield* readIndex
      const unused = yield* Effect.filter(
        yield* Rotation.leftovers({ team }),
        ({ authorization, replaces, state }) =>
          Effect.gen(function*() {
            const entry = index[findFile(index, replaces)]
            if (state === "delivered" || entry === undefined) return false
            const token = yield* current(replaces)
            if (Option.isNone(token) || matchToken(authorization, token.value) !== "none") return false
            // The consumer's own authorization has to exist and to have the token of the file.
            return yield* service.info(entry.authorization).pipe(
              Effect.map((item) => ["exact", "masked"].includes(matchToken(item, token.value))),
              Effect.catchTag("NotFound", () => Effect.succeed(false))
            )
          })
      )
      if (unused.length === 0) return []
      const ids = unused.map(({ authorization }) => authorization.id)
      return yield* Effect.provideService(
        Rotation.removeLeftovers({ actingToken, team, ids }),
        Rotation.Delivery,
        delivery
      )
    })
  }
})

/** The options of a run on a directory. */
export interface RunOptions {
  /** Identifies the selection of the run. */
  readonly command: string
  readonly since: Option.Option<DateTime.Utc>
}

/** A place that tokens are delivered to. */
export type Target = Omit<Effect.Success<ReturnType<typeof make>>, "delivery"> & {
  readonly delivery: Rotation.DeliveryService
}

const toDeliveryFailed = (error: Rotation.DeliveryFailed | PlatformError.PlatformError) =>
  error._tag === "DeliveryFailed" ? error : new Rotation.DeliveryFailed({ message: explainPlatformError(error) })
