/** The log lines of calls. Warnings from Heroku are in `warnings.test.ts`. */
import { captureLogs } from "@effect-heroku/test-kit/logs"
import { operations } from "@effect-heroku/test-kit/operations"
import { connectionReset, type MakeReply, ok, scriptedClient, status } from "@effect-heroku/test-kit/scriptedClient"
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
