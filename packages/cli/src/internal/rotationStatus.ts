/** The rotations that wait or were left over. */
import * as Rotation from "@effect-heroku/core/Rotation"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { whoami } from "./connection.ts"
import { outputWidth } from "./output.ts"
import { descriptionOf } from "./record.ts"
import { formatTable } from "./table.ts"
import { safe } from "./text.ts"

const states = {
  delivered: "waiting",
  created: "left over: interrupted before its token was delivered, or before that was recorded",
  orphaned: "left over: what it replaces is gone"
} as const

/** Prints the successors that no run has completed. */
export const printStatus = Effect.fnUntraced(function*(team: string | undefined) {
  yield* Console.error(yield* whoami)
  const leftovers = yield* Rotation.leftovers({ team })
  if (leftovers.length === 0) return yield* Console.error("No rotation waits, and nothing is left over")
  const rows = leftovers.map(({ authorization, replaces, state }) => [
    safe(authorization.id),
    safe(replaces),
    DateTime.formatIso(authorization.createdAt),
    states[state],
    descriptionOf(authorization)
  ])
  yield* Console.log(
    formatTable(["ID", "REPLACES", "CREATED", "STATE", "DESCRIPTION"], rows, yield* outputWidth).join("\n")
  )
  const has = (wanted: typeof leftovers[number]["state"]) => leftovers.some(({ state }) => state === wanted)
  if (has("delivered")) {
    yield* Console.error("The same command completes what waits, once the overlap is over")
  }
  if (has("created") || has("orphaned")) {
    yield* Console.error(
      "Make sure that nothing uses the token of what was left over, and revoke it with `heroku-authorizations revoke ID`"
    )
  }
})
