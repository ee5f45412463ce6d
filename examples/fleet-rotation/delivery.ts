/**
 * Delivers tokens to files of the directory TOKENS. A file is named by the authorization whose token its consumer has used so
 * far. It stands for the place where your consumers read their tokens.
 */
import { Rotation } from "@effect-heroku/core"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Config, Effect, FileSystem, Layer, Redacted } from "effect"

export const layerDelivery = Layer.effect(
  Rotation.Delivery,
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const directory = yield* Config.String("TOKENS")
    const orFail = <A>(effect: Effect.Effect<A, Error>) =>
      Effect.mapError(effect, ({ message }) => new Rotation.DeliveryFailed({ message }))
    return {
      deliver: ({ replaces, token }) => {
        const file = `${directory}/${replaces}`
        const temporary = `${file}.new`
        return orFail(
          // A worker that was killed left it, with a token.
          files.remove(temporary, { force: true }).pipe(
            Effect.andThen(files.writeFileString(temporary, Redacted.value(token), { flag: "wx", mode: 0o600 })),
            Effect.andThen(files.rename(temporary, file))
          )
        )
      },
      current: (replaces) => {
        const file = `${directory}/${replaces}`
        const read = Effect.map(files.readFileString(file), (token) => Redacted.make(token))
        return orFail(Effect.flatMap(files.exists(file), (exists) => exists ? Effect.asSome(read) : Effect.succeedNone))
      }
    }
  })
).pipe(Layer.provide(NodeFileSystem.layer))
