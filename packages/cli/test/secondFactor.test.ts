/** Accounts that require a second factor. */
import { FaultInjection, HerokuAccount } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { cli, layerFake, temporaryDirectory } from "./fixtures/cli.ts"

const code = "135790"
const layer = layerFake({ count: 5, twoFactorCode: code })
const remaining = HerokuAccount.HerokuAccount.use(({ size }) => size)
const expired = FaultInjection.status(403, { errorId: "two_factor" })

it.effect("a command asks for the two-factor code once, and uses it for all of its requests", () =>
  Effect.gen(function*() {
    const { questions, ...result } = yield* cli(["revoke", "--all", "--yes"], { replies: [" 135 790 "] })
    assert.deepStrictEqual([result.code, questions, yield* remaining], [0, ["Two-factor code: "], 0], result.stderr)
    assert.match(result.stderr, /^Account username@example\.com at /)
    assert.notInclude(result.stdout + result.stderr, code)
  }).pipe(Effect.provide(layer)))

it.effect("create asks for the two-factor code, and creates one authorization", () =>
  Effect.gen(function*() {
    const created = yield* cli(["create"], { replies: [code] })
    assert.deepStrictEqual([created.code, yield* remaining], [0, 6], created.stderr)
  }).pipe(Effect.provide(layer)))

it.effect("a command asks again for a two-factor code that was rejected, up to three times", () =>
  Effect.gen(function*() {
    const again = "Heroku rejected the code, or it has expired. Two-factor code: "
    const found = yield* cli(["list"], { replies: ["1", "é", code] })
    assert.deepStrictEqual([found.code, found.questions], [0, ["Two-factor code: ", again, again]])
    const failed = yield* cli(["revoke", "--all", "--yes"], { replies: ["1", "2", "3", code] })
    assert.deepStrictEqual([failed.code, failed.stdout, failed.questions.length, yield* remaining], [1, "", 3, 5])
    assert.include(failed.stderr, "Heroku requires the code of your second factor, and none was accepted")
  }).pipe(Effect.provide(layer)))

it.effect.each([["", 1], [" ", 1]] as const)(
  "an empty reply %j ends the questions for the two-factor code",
  ([reply]) =>
    Effect.gen(function*() {
      const { questions, ...result } = yield* cli(["revoke", "--all", "--yes"], { reply })
      assert.deepStrictEqual([result.code, questions.length, yield* remaining], [1, 1, 5])
    }).pipe(Effect.provide(layer))
)

it.effect("a command asks for another two-factor code whenever one expires while it works", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(expired, { operation: "delete", every: 4 })
    const { questions, ...result } = yield* cli(["revoke", "--all", "--yes"], { reply: code })
    assert.strictEqual(result.code, 0, result.stderr)
    assert.strictEqual(yield* remaining, 0)
    assert.isAbove(questions.length, 3)
  }).pipe(Effect.provide(layerFake({ count: 18, twoFactorCode: code }))))

it.effect("rotate asks for the two-factor code while it works", () =>
  Effect.gen(function*() {
    const directory = yield* temporaryDirectory
    const faults = yield* FaultInjection.FaultInjection
    for (const operation of ["create", "update", "delete"] as const) yield* faults.inject(expired, { operation })
    const { questions, ...result } = yield* cli(
      ["rotate", "--never-expires", "--deliver-to", directory, "--yes"],
      { reply: code }
    )
    assert.deepStrictEqual([result.code, questions.length, yield* remaining], [0, 4, 2], result.stderr)
  }).pipe(Effect.provide(layerFake({ seed: [{ scope: ["read"] }, {}], twoFactorCode: code }))))

it.effect("no progress is shown while the question for the two-factor code is open", () =>
  Effect.gen(function*() {
    const options = { reply: code, isStderrTerminal: false, onQuestion: TestClock.adjust("12 seconds") }
    const { stderr, ...result } = yield* cli(["list"], options)
    assert.deepStrictEqual([result.code, stderr], [0, ""])
  }).pipe(Effect.provide(layer)))

it.effect("without a terminal, HEROKU_TWO_FACTOR_CODE is the two-factor code", () =>
  Effect.gen(function*() {
    const found = yield* cli(["list", "--json"], { env: { HEROKU_TWO_FACTOR_CODE: ` ${code}\n` } })
    assert.deepStrictEqual([found.code, found.stdout.split("\n").length], [0, 5], found.stderr)
    for (const env of [{}, { HEROKU_TWO_FACTOR_CODE: "0" }, { HEROKU_TWO_FACTOR_CODE: "" }]) {
      const { questions, ...result } = yield* cli(["list"], { env })
      assert.deepStrictEqual([result.code, result.stdout, questions], [1, "", []])
      assert.match(
        result.stderr,
        /none was accepted: run this command on a terminal, which asks for it, or set HEROKU_TWO_FACTOR_CODE to a current code \(request id \S+\)$/
      )
    }
    const asked = yield* cli(["list"], { env: { HEROKU_TWO_FACTOR_CODE: "0" }, reply: code })
    assert.deepStrictEqual(asked.questions, ["Heroku rejected the code, or it has expired. Two-factor code: "])
  }).pipe(Effect.provide(layer)))
