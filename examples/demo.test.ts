import { FaultInjection } from "@effect-heroku/testing"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { layerSandbox, run, runAgainstSandbox } from "./support/run.ts"

layer(layerSandbox)((it) => {
  it.effect("demo.ts streams 2,500 authorizations from its own sandbox and prints the total", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* run("demo.ts", { args: ["--page-size", "1000"] })
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.match(stdout, /page 1: 1000 authorizations/)
      for (const row of [/^Authorizations +2,500$/m, /^Oldest +\d{4}-/m, /^Expired +[1-9]/m, /^By client$/m]) {
        assert.match(stdout, row)
      }
      assert.strictEqual(stdout.trimEnd().split("\n").at(-1), "streamed 2500 authorizations in 3 pages")
      assert.notInclude(stdout, "HRKU-")
    }))

  it.effect("demo.ts ends without an error when its output is closed early", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* run("demo.ts", {
        on: { text: "Sandbox", act: (child) => child.stdout.destroy() }
      })
      assert.deepStrictEqual([code, stderr], [0, ""])
    }))

  it.effect("demo.ts --live reads the account of the environment", () =>
    Effect.gen(function*() {
      const { code, stdout } = yield* runAgainstSandbox("demo.ts", { args: ["--live"] })
      assert.strictEqual(code, 0)
      assert.match(stdout, /^streamed 2 authorizations in 1 pages\n$/m)
    }))

  it.effect("demo.ts stops at once when it is interrupted during a request", () =>
    Effect.gen(function*() {
      const faults = yield* FaultInjection.FaultInjection
      yield* faults.hold({ operation: "list" }).pipe(Effect.flatMap((gate) => gate.open))
      yield* faults.inject(FaultInjection.hang, { operation: "list" })
      const { code, stderr, stdout } = yield* runAgainstSandbox("demo.ts", {
        args: ["--live", "--page-size", "1"],
        on: { text: "page 1", act: (child) => child.kill("SIGINT") }
      })
      assert.deepStrictEqual([code, stderr], [130, ""])
      assert.strictEqual(stdout, "page 1: 1 authorizations, 1 so far\n")
    }))

  it.effect.each<[string, ReadonlyArray<string>, Record<string, string>, RegExp]>([
    ["no token", ["--live"], {}, /No Heroku token: HEROKU_API_KEY is not set/],
    [
      "an unreachable host",
      ["--live"],
      { HEROKU_API_KEY: "x", HEROKU_API_URL: "http://127.0.0.1:1" },
      /connect/
    ],
    ["an invalid base URL", ["--live"], { HEROKU_API_KEY: "x", HEROKU_API_URL: "heroku" }, /HEROKU_API_URL/],
    ["a page size out of range", ["--page-size", "1001"], {}, /an integer from 1 to 1000/],
    ["an unknown flag", ["--pages"], {}, /Unrecognized flag: --pages/]
  ])(
    "demo.ts fails with an error message, without a stack trace, for %s",
    ([, args, env, message]) =>
      Effect.gen(function*() {
        const { code, stderr } = yield* run("demo.ts", { args, env })
        assert.notStrictEqual(code, 0)
        assert.match(stderr, message)
        assert.notMatch(stderr, /^ +at /m)
      })
  )

  it.effect("demo.ts fails with an error message when the token is rejected", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* runAgainstSandbox("demo.ts", {
        args: ["--live"],
        env: { HEROKU_API_KEY: "HRKU-wrong" }
      })
      assert.strictEqual(code, 1)
      assert.match(
        stderr,
        /Heroku rejected the token: Invalid credentials provided\. The token comes from HEROKU_API_KEY\. Set/
      )
    }))
})
