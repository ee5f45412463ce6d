import { captureLogs } from "@effect-heroku/test-kit/logs"
import { operations } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { json, type MakeReply, ok, scriptedClient, status } from "@effect-heroku/test-kit/scriptedClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { layerOver } from "./fixtures/liveService.ts"

/** The lines logged at info and above by one call for each reply. */
const linesOf = (...replies: ReadonlyArray<MakeReply>) => {
  const { layer, lines } = captureLogs()
  return Effect.replicateEffect(Effect.exit(operations.info), replies.length, { discard: true }).pipe(
    Effect.provide([layerOver(scriptedClient(...replies)), layer]),
    Effect.as(lines)
  )
}
const warned = (headers: Record<string, string>) => () => json(200, payloads.full, headers)

describe("warnings from Heroku", () => {
  it.effect("a warning of any response is logged once, with the token redacted", () =>
    Effect.gen(function*() {
      const stack = { "Warning-Id": "stack", "Warning-Message": "Your stack is old." }
      const lines = yield* linesOf(
        warned({ ...stack, "X-Heroku-Warning": "Maintenance tonight, HRKU-our-own-token." }),
        status(404, stack),
        warned({ ...stack, "X-Heroku-Warning": "Maintenance tonight, HRKU-our-own-token." }),
        warned({ "X-Heroku-Warning": "" }),
        ok
      )
      assert.deepStrictEqual(lines, [
        "Warn: Heroku warns: Your stack is old.",
        "Warn: Heroku warns: Maintenance tonight, [redacted secret].",
        "Warn: Heroku warns: Another."
      ])
    }))

  it.effect("a warning in both headers is logged once", () =>
    Effect.gen(function*() {
      const both = { "Warning-Id": "stack", "Warning-Message": "Old.", "X-Heroku-Warning": "Old." }
      assert.deepStrictEqual(yield* linesOf(warned(both)), ["Warn: Heroku warns: Old."])
    }))

  it.effect("a warning is logged again only after a thousand others", () =>
    Effect.gen(function*() {
      const numbered = (id: number) => warned({ "Warning-Id": String(id), "Warning-Message": `Number ${id}.` })
      // The first thousand, then one that is known, one that is new, and the first again.
      const ids = [...Array.from({ length: 1000 }, (_, id) => id), 0, 1000, 0]
      const lines = yield* linesOf(...ids.map(numbered))
      assert.deepStrictEqual(lines.slice(999).map((line) => line.slice("Warn: Heroku warns: ".length)), [
        "Number 999.",
        "Number 1000.",
        "Number 0."
      ])
    }))
})
