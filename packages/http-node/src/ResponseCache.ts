/**
 * Remembers what was read, so that what has not changed is not sent again: reads ask with the `ETag` of the answer before,
 * and a 304 says that it still holds.
 *
 * The store is Effect's `Persistence`: memory, files or Redis. Answers hold access tokens, so they are encrypted with a key
 * that the program gives. Where `ResponseCache` is in the context of a live layer when that is built, its reads use it.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#caching
 */
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import { SourceError } from "effect/ConfigProvider"
import * as Aead from "effect/crypto/Aead"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Persistable from "effect/persistence/Persistable"
import * as Persistence from "effect/persistence/Persistence"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import { type Kept, type Place, ResponseCache } from "./internal/cache.ts"
import * as Metrics from "./internal/metrics.ts"
import { reveal } from "./internal/options.ts"
import { patience } from "./internal/patience.ts"

export { ResponseCache } from "./internal/cache.ts"
export type { AccountCache, Kept, Place, Service } from "./internal/cache.ts"

/** How answers are kept. */
export interface Options {
  /** The key that they are encrypted with: 32 bytes in base64, as `openssl rand -base64 32` makes them. */
  readonly key: Redacted.Redacted
  /** How long they are kept. By default 7 days. */
  readonly timeToLive?: Duration.Input | undefined
  /** How long the store may take before a read goes on without it. By default 400 ms. */
  readonly storeTimeout?: Duration.Input | undefined
}

/**
 * The cache over a `Persistence`.
 *
 * **Details**
 *
 * Every read still asks Heroku, so nothing is ever out of date; what is saved is the body. An entry that cannot be read
 * (another key, damaged, written by another version) is not there, and so is everything while the store is out of reach.
 * The layer fails when the key is none.
 *
 * **Gotchas**
 *
 * `expiresIn` of what comes from the cache is what it was when Heroku sent it.
 */
export const layer = (options: Options): Layer.Layer<ResponseCache, Config.ConfigError, Persistence.Persistence> =>
  Layer.effect(ResponseCache, make(options))

/** The cache with options from `Config`: without argument with the key in `HEROKU_CACHE_KEY`. */
export const layerConfig = (
  options: Config.Wrap<Options> = { key: Config.Redacted("HEROKU_CACHE_KEY") }
): Layer.Layer<ResponseCache, Config.ConfigError, Persistence.Persistence> =>
  Layer.effect(ResponseCache, Effect.flatMap(Config.unwrap(options), make))

// -----------------------------------------------------------------------------
// Entries
// -----------------------------------------------------------------------------

/** An entry of the store: a nonce and the encrypted answer, in base64. */
class Entry extends Persistable.Class<{ payload: { readonly name: string } }>()("HerokuResponse", {
  primaryKey: ({ name }) => name,
  success: Schema.String
}) {}

const KeptJson = Schema.fromJsonString(Schema.Struct({
  etag: Schema.String,
  status: Schema.Int,
  headers: Schema.Record(Schema.String, Schema.String),
  body: Schema.String
}))
const encodeKept = Schema.encodeEffect(KeptJson)
const decodeKept = Schema.decodeEffect(KeptJson)

const nonceLength = Aead.aes256Gcm.nonceLength

const make = Effect.fnUntraced(function*(options: Options) {
  const key = yield* parseKey(options.key)
  const persistence = yield* Persistence.Persistence
  const { aead, random } = yield* Effect.provide(crypto, layerCrypto)
  const store = yield* persistence.make({
    storeId: "effect-heroku-responses",
    timeToLive: () => options.timeToLive ?? Duration.days(7)
  })
  const reach = makeReach(Duration.fromInputUnsafe(options.storeTimeout ?? "400 millis"))

  const seal = Effect.fnUntraced(function*(name: string, kept: Kept) {
    const nonce = yield* random.randomBytes(nonceLength)
    const text = new TextEncoder().encode(yield* encodeKept(kept))
    // The name is sealed with it, so that no entry can be put in the place of another.
    const sealed = yield* aead.encrypt(key, text, { nonce, aad: new TextEncoder().encode(name) })
    const bytes = new Uint8Array(nonceLength + sealed.length)
    bytes.set(nonce)
    bytes.set(sealed, nonceLength)
    return Base64.encode(bytes)
  })

  const open = Effect.fnUntraced(function*(name: string, text: string) {
    const bytes = yield* Effect.fromResult(Base64.decode(text))
    const opened = yield* aead.decrypt(key, bytes.subarray(nonceLength), {
      nonce: bytes.subarray(0, nonceLength),
      aad: new TextEncoder().encode(name)
    })
    return Redacted.make(yield* decodeKept(new TextDecoder().decode(opened)), { label: "answer" })
  })

  return ResponseCache.of({
    forToken: (token) => {
      const nameOf = ({ operation, range, url }: Place): string =>
        createHash("sha256").update([Redacted.value(token), operation, url, range].join("\n")).digest("hex")

      return {
        find: Effect.fnUntraced(function*(place) {
          const name = nameOf(place)
          const exit = yield* reach(
            Effect.catchTag(store.get(new Entry({ name })), "SchemaError", () => Effect.undefined)
          )
          if (Option.isNone(exit)) return Option.none()
          if (exit.value === undefined || Exit.isFailure(exit.value)) {
            yield* Metrics.cacheRead(place.operation, "miss")
            return Option.none()
          }
          const kept = yield* Effect.option(open(name, exit.value.value))
          if (Option.isNone(kept)) {
            yield* Metrics.cacheRead(place.operation, "unreadable")
            yield* Effect.logDebug(
              "An entry of the response cache cannot be read: written with another key, or damaged"
            )
          }
          return kept
        }),

        keep: Effect.fnUntraced(function*(place, answer) {
          const name = nameOf(place)
          const sealed = yield* Effect.option(seal(name, Redacted.value(answer)))
          if (Option.isSome(sealed)) yield* reach(store.set(new Entry({ name }), Exit.succeed(sealed.value)))
        })
      }
    }
  })
})

// -----------------------------------------------------------------------------
// The key
// -----------------------------------------------------------------------------

const crypto = Effect.gen(function*() {
  return { aead: yield* Aead.Aead, random: yield* SecureRandom.SecureRandom }
})

const layerCrypto = Layer.provideMerge(Aead.layerWebCrypto, SecureRandom.layerWebCrypto)

const parseKey = (key: Redacted.Redacted) =>
  Effect.fromResult(Base64.decode(reveal(key)?.trim() ?? "")).pipe(
    Effect.flatMap((bytes) => Aead.key(Aead.aes256Gcm, bytes)),
    // What was wrong with it would quote it.
    Effect.mapError(() =>
      new Config.ConfigError(
        new SourceError({
          message: "The key of the response cache must be 32 bytes in base64, as `openssl rand -base64 32` makes them"
        })
      )
    )
  )

// -----------------------------------------------------------------------------
// The store
// -----------------------------------------------------------------------------

/** How long a store that failed is left alone. */
const rest = Duration.seconds(5)

/**
 * Makes what runs a command of the store: none when it fails or takes too long. After that it is left alone for a while,
 * so that not every read waits for it; that is told once, until it works again.
 */
const makeReach = (timeout: Duration.Duration) => {
  let until = -Infinity
  let told = false
  const unavailable = Effect.flatMap(Clock.currentTimeMillis, (now) => {
    until = now + Duration.toMillis(rest)
    if (told) return Effect.void
    told = true
    return Effect.logWarning("The store of the response cache is out of reach: reads go on without it")
  })
  return <A, E>(command: Effect.Effect<A, E>): Effect.Effect<Option.Option<A>> =>
    Effect.gen(function*() {
      if ((yield* Clock.currentTimeMillis) < until) return Option.none()
      // Also what dies of a store that breaks: the read itself can do without.
      const exit = yield* Effect.raceFirst(
        Effect.asSome(Effect.exit(command)),
        Effect.as(patience(timeout), Option.none())
      )
      if (Option.isNone(exit) || Exit.isFailure(exit.value)) {
        yield* unavailable
        return Option.none()
      }
      told = false
      return Option.some(exit.value.value)
    })
}
