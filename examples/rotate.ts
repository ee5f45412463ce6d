/**
 * Replaces an authorization and writes the token of its successor to a file. After an interruption, run it again.
 *
 * Run it with `npx -y pnpm@12 exec node examples/rotate.ts`, HEROKU_API_KEY set to an access token, AUTHORIZATION to the id
 * of another authorization, and TOKEN_FILE to the file that its consumer reads. See `audit.ts` for the account it uses.
 */
import { Authorization, Rotation } from "@effect-heroku/core"
import { NodeAuthorizationService } from "@effect-heroku/http-node"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Config, Console, Effect, FileSystem, Layer, Option, Redacted } from "effect"
import { dirname } from "node:path"

/** Delivers to a file that only its owner can read. The consumer reads the old token or the new one, never a part. */
const layerDelivery = Layer.effect(
  Rotation.Delivery,
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const file = yield* Config.String("TOKEN_FILE")
    const temporary = `${file}.new`
    const removeTemporary = files.remove(temporary, { force: true })
    // `wx` fails if another run is delivering at this moment.
    const write = (token: string) => files.writeFileString(temporary, token, { flag: "wx", mode: 0o600 })
    const orFail = <A>(effect: Effect.Effect<A, Error>) =>
      Effect.mapError(effect, ({ message }) => new Rotation.DeliveryFailed({ message }))
    return {
      // Every run begins with the check, and so removes the token that a killed run left.
      check: orFail(Effect.andThen(removeTemporary, files.access(dirname(file), { writable: true }))),
      deliver: ({ token }) => orFail(Effect.andThen(write(Redacted.value(token)), files.rename(temporary, file))),
      current: () => orFail(Effect.map(files.readFileString(file), (token) => Option.some(Redacted.make(token))))
    }
  })
)

const program = Effect.gen(function*() {
  const id = yield* Config.schema(Authorization.AuthorizationId, "AUTHORIZATION")
  const actingToken = yield* Config.Redacted("HEROKU_API_KEY")
  const baseUrl = yield* Config.String("HEROKU_API_URL").pipe(Config.withDefault("https://api.heroku.com"))
  const outcome = yield* Rotation.replace(id, { actingToken, verify: NodeAuthorizationService.verify({ baseUrl }) })
  yield* Console.log(outcome._tag === "replaced" ? `replaced by ${outcome.successor}` : outcome._tag)
})

program.pipe(
  Effect.provide([NodeAuthorizationService.layerConfig(), Layer.provide(layerDelivery, NodeFileSystem.layer)]),
  NodeRuntime.runMain
)
