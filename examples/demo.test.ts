import { FakeHeroku, FaultInjection } from "@effect-heroku/testing"
import { assert, it, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { layerLoopback, layerSandbox, run, runAgainstSandbox } from "./support/run.ts"

it.effect("demo.ts stops at once when it is interrupted during a request", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.hang, { operation: "list", every: 2 })
    const { code, stderr, stdout } = yield* runAgainstSandbox("demo.ts", {
      args: ["--live"],
      on: { text: "page 1", act: (child) => child.kill("SIGINT") }
    })
    assert.deepStrictEqual([code, stderr], [130, ""])
    assert.strictEqual(stdout, "page 1: 250 authorizations, 250 so far\n")
  }).pipe(Effect.provide(FakeHeroku.layerServerWithFaults({ count: 300 }).pipe(Layer.provideMerge(layerLoopback)))))

layer(layerSandbox)((it) => {
  it.effect("demo.ts streams 2,500 authorizations from its own sandbox and prints the total", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* run("demo.ts")
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.match(stdout, /^page 3: 250 authorizations, 750 so far$/m)
      assert.match(stdout, / Authorizations +│ 2500 /)
      for (const label of ["Expired", "Never expiring", "With global scope"]) {
        assert.match(stdout, new RegExp(` ${label} +│ [1-9]`))
      }
      assert.strictEqual(stdout.trimEnd().split("\n").at(-1), "streamed 2500 authorizations in 10 pages")
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

  it.effect.each<[string, ReadonlyArray<string>, Record<string, string>, RegExp]>([
    ["no token", ["--live"], {}, /No Heroku token: HEROKU_API_KEY is not set/],
    [
      "an unreachable host",
      ["--live"],
      { HEROKU_API_KEY: "x", HEROKU_API_URL: "http://127.0.0.1:1" },
      /connect/
    ],
    ["an invalid base URL", ["--live"], { HEROKU_API_KEY: "x", HEROKU_API_URL: "heroku" }, /HEROKU_API_URL/],
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
        /^Invalid credentials provided\. The token comes from HEROKU_API_KEY\.$/m
      )
    }))
})
