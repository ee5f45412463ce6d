/** The rotations that wait, were interrupted or were left over. */
import type { Authorization, AuthorizationId } from "@effect-heroku/core/Authorization"
import * as Rotation from "@effect-heroku/core/Rotation"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { whoami } from "./connection.ts"
import { isRegenerating } from "./marks.ts"
import { outputWidth } from "./output.ts"
import { descriptionOf } from "./record.ts"
import * as Selection from "./selection.ts"
import { formatTable } from "./table.ts"
import { safe } from "./text.ts"

const states = {
  regenerating: "interrupted: its token may not be delivered",
  waiting: "waiting",
  inUse: "in use: interrupted after its token was delivered",
  created: "left over: interrupted before its token was delivered, or before that was recorded",
  orphaned: "left over: what it replaces is gone"
} as const

interface Row {
  readonly authorization: Authorization
  readonly replaces: string
  readonly state: keyof typeof states
}

/** Prints what no run has completed. `delivered` are the authorizations whose tokens a directory contains, if one is passed. */
export const printStatus = Effect.fnUntraced(
  function*(team: string | undefined, delivered: ReadonlySet<AuthorizationId> | undefined) {
    yield* Console.error(yield* whoami)
    const regenerating = yield* Selection.listed(team).pipe(Stream.filter(isRegenerating), Stream.runCollect)
    const leftovers = yield* Rotation.leftovers({ team })
    const rows: ReadonlyArray<Row> = [
      ...regenerating.map((authorization): Row => ({ authorization, replaces: "", state: "regenerating" })),
      ...leftovers.map(({ authorization, replaces, state }): Row => ({
        authorization,
        replaces,
        state: state === "delivered" ? "waiting" : delivered?.has(authorization.id) ? "inUse" : state
      }))
    ]
    if (rows.length === 0) return yield* Console.error("No rotation waits, and nothing is left over")
    const cells = rows.map(({ authorization, replaces, state }) => [
      safe(authorization.id),
      safe(replaces),
      DateTime.formatIso(authorization.createdAt),
      states[state],
      descriptionOf(authorization)
    ])
    yield* Console.log(
      formatTable(["ID", "REPLACES", "CREATED", "STATE", "DESCRIPTION"], cells, yield* outputWidth).join("\n")
    )
    const has = (...wanted: ReadonlyArray<Row["state"]>) => rows.some(({ state }) => wanted.includes(state))
    if (has("regenerating")) {
      yield* Console.error("Complete interrupted regenerations with `rotate --now ID`, and deliver as before")
    }
    if (has("waiting")) {
      yield* Console.error("The same command completes what waits. If it has an overlap, run it when that is over")
    }
    if (has("inUse")) yield* Console.error("Complete those in use with `rotate ID --deliver-to DIR`")
    if (!has("created", "orphaned")) return
    yield* Console.error(
      delivered === undefined
        ? "The token of what was left over may be in use: `rotate --status --deliver-to DIR` shows whether DIR contains it. "
          + "For other consumers, `heroku-authorizations find` finds the authorization of the token that they use"
        : "DIR does not contain the tokens of what was left over. Unless they are in use elsewhere, revoke them with "
          + "`heroku-authorizations revoke ID`"
    )
  }
)
