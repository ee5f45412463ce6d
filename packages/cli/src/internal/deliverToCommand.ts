/** Delivers tokens to a command of the user. */
import * as Rotation from "@effect-heroku/core/Rotation"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as ChildProcess from "effect/process/ChildProcess"
import { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { formatDuration } from "./times.ts"

/**
 * Runs a command in the shell for each token: the token is its standard input, the ids are in its environment. The token is
 * delivered when it exits with 0 within the time limit.
 */
export const make = Effect.fnUntraced(function*(command: string, limit: Duration.Duration) {
  const spawner = yield* ChildProcessSpawner
  const delivery: Rotation.DeliveryService = {
    deliver: ({ authorization, replaces, token }) =>
      Effect.gen(function*() {
        const child = yield* spawner.spawn(ChildProcess.make(command, [], {
          shell: true,
          stdin: Stream.make(new TextEncoder().encode(Redacted.value(token))),
          // Standard output carries the results of this program.
          stdout: "ignore",
          stderr: "inherit",
          env: { HEROKU_AUTHORIZATION_ID: authorization.id, HEROKU_REPLACES_ID: replaces },
          extendEnv: true,
          forceKillAfter: "2 seconds"
        }))
        return yield* Effect.catchTag(child.exitCode, "PlatformError", () => fail("was ended by a signal"))
      }).pipe(
        Effect.scoped,
        Effect.timeout(limit),
        Effect.catchTags({
          TimeoutError: () => fail(`did not end within ${formatDuration(limit)}`),
          PlatformError: () => fail("could not be run")
        }),
        Effect.flatMap((code) => code === 0 ? Effect.void : fail(`exited with ${code}`))
      )
  }
  return delivery
})

const fail = (problem: string) =>
  Effect.fail(new Rotation.DeliveryFailed({ message: `The command of --deliver-command ${problem}` }))
