/** The log lines of calls, and the warnings from Heroku among them. */
import { captureLogs } from "@effect-heroku/test-kit/logs"
import { operations } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import {
  connectionReset,
  json,
  type MakeReply,
  ok,
  scriptedClient,
  status
} from "@effect-heroku/test-kit/scriptedClient"
import { whileTimePasses } from "@effect-heroku/test-kit/testTime"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as LogLevel from "effect/LogLevel"
import { layerOver } from "./fixtures/liveService.ts"

/** The lines logged from this level on by an `info` that gets these replies. */
const linesOf = (level: LogLevel.LogLevel, ...replies: ReadonlyArray<MakeReply>) => {
  const { layer, lines } = captureLogs(level)
  return Effect.exit(operations.info).pipe(
    Effect.provide(layerOver(scriptedClient(...replies), { retry: { times: 1 } })),
    whileTimePasses,
    Effect.provide(layer),
    Effect.as(lines)
  )
}

describe("log lines", () => {
  it.effect("each request and each retry is logged at debug level", () =>
    Effect.gen(function*() {
      const [failed, retried, succeeded, ...others] = yield* linesOf("Debug", status(503), ok)
      assert.strictEqual(failed, "Debug: Heroku info: UnexpectedStatus in 0 ms")
      assert.match(String(retried), /^Debug: Heroku info: UnexpectedStatus 503, retrying in 0\.\d\d s$/)
      assert.strictEqual(succeeded, "Debug: Heroku info: success in 0 ms")
      assert.isEmpty(others)
    }))

  it.effect("the retry of a failed request is logged with its reason", () =>
    Effect.gen(function*() {
      const lines = yield* linesOf("Debug", connectionReset, ok)
      assert.match(String(lines[1]), /^Debug: Heroku info: RequestFailed \(connection\), retrying in/)
    }))

  it.effect.each<[string, ReadonlyArray<MakeReply>]>([
    ["a success", [ok]],
    ["a retry within a second", [status(503), ok]],
    ["a retry after 30 seconds", [status(503, { "Retry-After": "30" }), ok]],
    ["a failed request", [connectionReset]],
    ["an error", [status(404)]]
  ])("nothing is logged at info level or above after %s", ([, replies]) =>
    Effect.gen(function*() {
      assert.isEmpty(yield* linesOf("Info", ...replies))
    }))
})

/** The lines logged at info level and above by one call for each reply. */
const linesOfCalls = (...replies: ReadonlyArray<MakeReply>) => {
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
      const lines = yield* linesOfCalls(
        warned(stack),
        status(404, stack),
        warned({ ...stack, "X-Heroku-Warning": "Maintenance tonight, HRKU-our-own-token." }),
        warned({ "X-Heroku-Warning": "" }),
        ok
      )
      assert.deepStrictEqual(lines, [
        "Warn: Heroku warns: Your stack is old.",
        "Warn: Heroku warns: Maintenance tonight, [redacted secret]."
      ])
    }))

  it.effect("a warning in both headers is logged once", () =>
    Effect.gen(function*() {
      const both = { "Warning-Id": "stack", "Warning-Message": "Old.", "X-Heroku-Warning": "Old." }
      assert.deepStrictEqual(yield* linesOfCalls(warned(both)), ["Warn: Heroku warns: Old."])
    }))

  it.effect("a warning is logged again only after a thousand others", () =>
    Effect.gen(function*() {
      const numbered = (id: number) => warned({ "Warning-Id": String(id), "Warning-Message": `Number ${id}.` })
      // The first thousand, then one that is known, one that is new, and the first again.
      const ids = [...Array.from({ length: 1000 }, (_, id) => id), 0, 1000, 0]
      const lines = yield* linesOfCalls(...ids.map(numbered))
      assert.deepStrictEqual(lines.slice(999).map((line) => line.slice("Warn: Heroku warns: ".length)), [
        "Number 999.",
        "Number 1000.",
        "Number 0."
      ])
    }))
})
