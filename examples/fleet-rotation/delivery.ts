/**
 * Delivers tokens to files of the directory TOKENS, which stands for the place where your consumers read their tokens.
 *
 * A consumer's file is named by the authorization that was replaced first, and stays the same. The id of each successor is a
 * link to it, so that the next rotation delivers to the same file.
 */
import { Rotation } from "@effect-heroku/core"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Config, Effect, FileSystem, Layer, Redacted } from "effect"
import { basename } from "node:path"

export const layerDelivery = Layer.effect(
  Rotation.Delivery,
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const directory = yield* Config.String("TOKENS")
    const pathOf = (name: string) => `${directory}/${name}`
    const orFail = <A>(effect: Effect.Effect<A, Error>) =>
      Effect.mapError(effect, ({ message }) => new Rotation.DeliveryFailed({ message }))
    return {
      check: orFail(Effect.scoped(Effect.asVoid(files.makeTempFileScoped({ directory })))),
      deliver: ({ authorization, replaces, token }) =>
        orFail(Effect.gen(function*() {
          const file = yield* files.realPath(pathOf(replaces)).pipe(
            Effect.map((path) => basename(path)),
            Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed(replaces))
          )
          const temporary = pathOf(`${file}.new`)
          // A worker that was killed left it, with a token.
          yield* files.remove(temporary, { force: true })
          yield* files.writeFileString(temporary, Redacted.value(token), { flag: "wx", mode: 0o600 })
          // Linked first, so that the file is found for every token that was delivered.
          yield* files.symlink(file, pathOf(authorization.id)).pipe(
            Effect.catchReason("PlatformError", "AlreadyExists", () => Effect.void)
          )
          yield* files.rename(temporary, pathOf(file))
        })),
      current: (replaces) => {
        const read = Effect.asSome(Effect.map(files.readFileString(pathOf(replaces)), (token) => Redacted.make(token)))
        return orFail(Effect.catchReason(read, "PlatformError", "NotFound", () => Effect.succeedNone))
      }
    }
  })
).pipe(Layer.provide(NodeFileSystem.layer))
