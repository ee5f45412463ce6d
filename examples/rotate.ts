/**
 * Replaces an authorization and writes the token of its successor to a file. After an interruption, run it again.
 *
 * Run it with `npx -y pnpm@12 exec node examples/rotate.ts`, HEROKU_API_KEY set to an access token, AUTHORIZATION to the id
 * of another authorization, and TOKEN_FILE to the file that its consumer reads. See `audit.ts` for the account it uses.
 */
// #region rotate
import { Authorization, Rotation } from "@effect-heroku/core"
import { NodeAuthorizationService } from "@effect-heroku/http-node"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Config, Console, Effect, FileSystem, Layer, Option, Redacted } from "effect"

/** Delivers to a file that only its owner can read. The consumer reads the old token or the new one, never a part. */
const layerDelivery = Layer.effect(
  Rotation.Delivery,
  Effect.gen(function*() {
    const fileSystem = yield* FileSystem.FileSystem
    const file = yield* Config.String("TOKEN_FILE")
    const toDeliveryFailed = ({ message }: Error) => new Rotation.DeliveryFailed({ message })
    const write = (token: string) =>
      fileSystem.writeFileString(`${file}.new`, token, { mode: 0o600 }).pipe(Effect.mapError(toDeliveryFailed))
    return {
      check: write(""),
      deliver: ({ token }) =>
        Effect.andThen(
          write(Redacted.value(token)),
          fileSystem.rename(`${file}.new`, file).pipe(Effect.mapError(toDeliveryFailed))
        ),
      current: () =>
        fileSystem.readFileString(file).pipe(
          Effect.map((token) => Option.some(Redacted.make(token))),
          Effect.mapError(toDeliveryFailed)
        )
    }
  })
)

const program = Effect.gen(function*() {
  const id = yield* Config.schema(Authorization.AuthorizationId, "AUTHORIZATION")
  const actingToken = yield* Config.Redacted("HEROKU_API_KEY")
  const baseUrl = yield* Config.String("HEROKU_API_URL").pipe(Config.withDefault("https://api.heroku.com"))
  const verify = NodeAuthorizationService.verify({ baseUrl })
  const outcome = yield* Rotation.replace(id, { actingToken, verify })
  yield* Console.log(outcome._tag === "replaced" ? `replaced by ${outcome.successor}` : outcome._tag)
})

program.pipe(
  Effect.provide([NodeAuthorizationService.layerConfig(), Layer.provide(layerDelivery, NodeFileSystem.layer)]),
  NodeRuntime.runMain
)
// #endregion rotate
