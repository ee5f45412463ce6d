/** Failures of Heroku, of the network and of files. */
import { FaultInjection, HerokuAccount } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { cli, layerFake, temporaryDirectory } from "./fixtures/cli.ts"

const id = (digit: number) => `0000000${digit}-0000-4000-8000-000000000000`
const digits = [1, 2, 3, 4, 5, 6, 7, 8, 9]
const layer = layerFake({ seed: digits.map((digit) => ({ id: id(digit) })) })
const remaining = HerokuAccount.HerokuAccount.use(({ size }) => size)

/** Runs the program while the time passes that it waits for. */
const cliWithTime = Effect.fnUntraced(function*(...args: Parameters<typeof cli>) {
  const fiber = yield* Effect.forkChild(cli(...args))
  yield* Effect.forkChild(Effect.forever(Effect.andThen(TestClock.adjust("10 seconds"), Effect.yieldNow)))
  return yield* Fiber.join(fiber)
})

it.effect.each<[string, FaultInjection.Fault, RegExp]>([
  [
    "403",
    FaultInjection.status(403, { message: "No." }),
    /^The token may not do this: No\. Use a token with the scope global/
  ],
  [
    "429 with a long Retry-After",
    FaultInjection.status(429, { message: "Slow down.", headers: { "Retry-After": "600" } }),
    /^The rate limit of the account is used up: Slow down\. Run this command again in 10m/
  ],
  [
    "429",
    FaultInjection.status(429, { message: "Slow down." }),
    /^The rate limit .* Run this command again in a few minutes/
  ],
  [
    "500",
    FaultInjection.status(500, { message: "Oops." }),
    /^Heroku returned status 500 for list: Oops\. See https:\/\/status/
  ],
  [
    "503 without a message",
    FaultInjection.status(503, { body: "" }),
    /^Heroku returned status 503 for list, without a message\. See https:\/\/status/
  ],
  [
    "429 without a message",
    FaultInjection.status(429, { body: "" }),
    /^The rate limit .* without a message\. Run this command again in a few minutes/
  ],
  ["a broken connection", FaultInjection.connectionReset, /\. Check the connection, then run this command again$/],
  ["a truncated response", FaultInjection.cutBody, /\. Check the connection, then run this command again$/],
  [
    "an invalid response",
    FaultInjection.garbled,
    /^Heroku's response to list is invalid: .* report the request id to Heroku/
  ]
])("a command exits with 1 after %s, and says in one line what to do", ([, fault, expected]) =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(fault, { times: Infinity })
    const { code, stderr, stdout } = yield* cliWithTime(["list"])
    assert.deepStrictEqual([code, stdout], [1, ""])
    assert.match(stderr, expected)
    assert.lengthOf(stderr.split("\n"), 1)
  }).pipe(Effect.provide(layer)))

it.effect.each<[string, FaultInjection.Fault, RegExp]>([
  ["the token stops working", FaultInjection.status(401), /The token comes from|Heroku rejected the token/],
  ["the rate limit is used up", FaultInjection.status(429, { headers: { "Retry-After": "600" } }), /in 10m/]
])("revoke stops when %s, and says how many were not attempted", ([, fault, expected]) =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(fault, { operation: "delete", id: id(1), times: Infinity })
    const gates = yield* Effect.forEach([2, 3, 4], (digit) => faults.hold({ operation: "delete", id: id(digit) }))
    const running = yield* Effect.forkChild(cli(["revoke", ...digits.map(id), "--yes"]))
    yield* Effect.forEach(gates, ({ arrived }) => arrived)
    yield* Effect.forEach(gates, ({ open }) => open)
    const { code, stderr, stdout } = yield* Fiber.join(running)
    assert.strictEqual(code, 1)
    assert.match(stdout, expected)
    const [, revoked, skipped] =
      /\n(\d) revoked, 0 not found, 1 failed, (\d) not attempted\. Run the same command again for the rest; revoking twice is/
        .exec(stderr) ?? []
    assert.deepStrictEqual([Number(revoked) + Number(skipped), yield* remaining], [8, 9 - Number(revoked)])
    yield* faults.clear
    const again = yield* cli(["revoke", ...digits.map(id), "--yes"])
    assert.deepStrictEqual([again.code, yield* remaining], [1, 0])
    assert.include(again.stderr, `${9 - Number(revoked)} revoked, ${revoked} not found, 0 failed`)
  }).pipe(Effect.provide(layer)))

it.effect("rotate stops when the token stops working, and continues with another one", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.status(401), { operation: "create", every: 4, times: Infinity })
    const argv = ["rotate", "--all", "--yes", "--deliver-to", join(yield* temporaryDirectory, "tokens")]
    const { code, stderr } = yield* cli(argv)
    assert.strictEqual(code, 1)
    assert.match(
      stderr,
      /\nStopped: \d rotated, .*\. Run the same command again to continue\nThe token comes from HEROKU_API_KEY\n/
    )
    yield* faults.clear
    const again = yield* cli(argv)
    assert.deepStrictEqual([again.code, yield* remaining], [0, 9], again.stderr)
  }).pipe(Effect.provide(layer)))

it.effect("revoke counts what Heroku revoked before the connection broke", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.connectionReset, { operation: "delete", times: 3, afterActing: true })
    const { code, stderr } = yield* cliWithTime(["revoke", ...digits.map(id), "--yes"])
    assert.deepStrictEqual([code, yield* remaining], [0, 0])
    assert.include(stderr, "9 revoked, 0 not found, 0 failed")
  }).pipe(Effect.provide(layer)))

it.effect("revoke looks up what may be revoked after the last attempt broke, and reports the rest as failed", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.connectionReset, { operation: "delete", id: id(1), times: 3 })
    yield* faults.inject(FaultInjection.connectionReset, { operation: "delete", id: id(1), afterActing: true })
    yield* faults.inject(FaultInjection.connectionReset, { operation: "delete", id: id(2), times: Infinity })
    const { code, stderr, stdout } = yield* cliWithTime(["revoke", id(1), id(2), "--yes"])
    assert.deepStrictEqual([code, yield* remaining], [1, 8])
    assert.match(stdout, new RegExp(`^${id(1)} revoked$`, "m"))
    assert.match(stdout, new RegExp(`^${id(2)} failed: .*Heroku may have processed the request: check with`, "m"))
    assert.include(stderr, "1 revoked, 0 not found, 1 failed. Run the same command again")
  }).pipe(Effect.provide(layer)))

it.effect("create says that it may have created an authorization when the connection breaks, and creates no other", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.connectionReset, { operation: "create", afterActing: true, times: Infinity })
    const { code, stderr, stdout } = yield* cli(["create"])
    assert.deepStrictEqual([code, stdout, yield* remaining], [1, "", 10])
    assert.match(stderr, /Heroku may have processed the request: check with `heroku-authorizations list`/)
  }).pipe(Effect.provide(layer)))

it.effect.each<[string, (file: string) => ReadonlyArray<string>]>([
  ["export", (file) => ["export", file]],
  ["audit --html", (file) => ["audit", "--html", file]],
  ["rotate --deliver-to", (file) => ["rotate", "--all", "--yes", "--deliver-to", file]]
])("%s names a path that cannot be written, and changes nothing", ([, argv]) =>
  Effect.gen(function*() {
    const notDirectory = join(yield* temporaryDirectory, "file")
    writeFileSync(notDirectory, "")
    const { code, stderr } = yield* cli(argv(join(notDirectory, "out")))
    assert.strictEqual(code, 1)
    const path = join(notDirectory, "out").replaceAll(/\W/g, "\\$&")
    assert.match(
      stderr,
      new RegExp(
        `^${path}(?:\\.lock|/index.json)?: is a directory, or its path leads through a file$`,
        "m"
      )
    )
    assert.notMatch(stderr, /^ +at /m)
    assert.strictEqual(yield* remaining, 9)
  }).pipe(Effect.provide(layer)))
