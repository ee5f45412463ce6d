import { Authorization } from "@effect-heroku/core"
import { FaultInjection, HerokuAccount } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Option, Redacted } from "effect"
import type { HttpServer } from "effect/http"
import { TestClock } from "effect/testing"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import { cli, daysAgo, layerFake, temporaryDirectory, token } from "./fixtures/cli.ts"

const id = (digit: number) => `0000000${digit}-0000-4000-8000-000000000000`
const own = id(9)

const layer = layerFake({
  seed: [
    { id: id(1), description: "CI", scope: ["read"], createdAt: daysAgo(100) },
    { id: id(2), description: "deploys", scope: ["global"] },
    { id: own, description: "my own", accessToken: token, createdAt: daysAgo(500) }
  ]
})

const directory = Effect.map(temporaryDirectory, (path) => join(path, "tokens"))

const all = HerokuAccount.HerokuAccount.use((account) => account.authorizations)

/** The description of the live authorization that a token belongs to. */
const ownerOf = (text: string) =>
  Effect.map(
    all,
    (items) =>
      items.filter((item) => Option.exists(Authorization.accessToken(item), (other) => Redacted.value(other) === text))
        .flatMap(({ description }) => Option.toArray(description))
  )

const files = (path: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(path).filter((name) => !name.endsWith(".json")).map((
      name
    ) => [name, readFileSync(join(path, name), "utf8")])
  )

it.effect("rotate --deliver-to replaces tokens and writes the new ones to files of their consumers", () =>
  Effect.gen(function*() {
    const path = yield* directory
    const { code, stderr, stdout } = yield* cli(["rotate", "--all", "--deliver-to", path, "--yes"])
    assert.strictEqual(code, 0, stderr)
    assert.match(stderr, /^Account \S+ at \S+\nReplace 2 authorizations:\n/)
    assert.include(stderr, `Left out: ${own}, whose token this command uses`)
    assert.match(stderr, /\n2 rotated, 0 waiting, 0 not found, 0 failed$/)
    assert.match(stdout, new RegExp(`^${id(1)} replaced by \\S+$`, "m"))
    const delivered = files(path)
    assert.deepStrictEqual(Object.keys(delivered), [id(1), id(2)])
    assert.deepStrictEqual(yield* ownerOf(delivered[id(1)]!), ["CI"])
    assert.deepStrictEqual(yield* ownerOf(delivered[id(2)]!), ["deploys"])
    assert.lengthOf(yield* all, 3)
    assert.strictEqual(statSync(path).mode & 0o777, 0o700)
    for (const name of readdirSync(path)) assert.strictEqual(statSync(join(path, name)).mode & 0o777, 0o600)
    assert.notInclude(stdout + stderr + readFileSync(join(path, "index.json"), "utf8"), "HRKU-")
  }).pipe(Effect.provide(layer)))

it.effect("rotate overwrites the same file when the successor is rotated", () =>
  Effect.gen(function*() {
    const path = yield* directory
    const argv = ["rotate", "--description", "CI", "--deliver-to", path, "--yes"]
    yield* cli(argv)
    const first = files(path)[id(1)]
    assert.strictEqual((yield* cli(argv)).code, 0)
    const delivered = files(path)
    assert.deepStrictEqual(Object.keys(delivered), [id(1)])
    assert.notStrictEqual(delivered[id(1)], first)
    assert.deepStrictEqual(yield* ownerOf(delivered[id(1)]!), ["CI"])
  }).pipe(Effect.provide(layer)))

it.effect("rotate with an overlap waits, and a later run deletes the old authorization", () =>
  Effect.gen(function*() {
    const path = yield* directory
    const argv = ["rotate", id(1), "--deliver-to", path, "--yes"]
    const first = yield* cli([...argv, "--overlap", "2h"])
    assert.strictEqual(first.code, 0, first.stderr)
    assert.match(
      first.stdout,
      new RegExp(
        `^${id(1)} delivered \\S+, the old token works until the command runs again after 1970-01-01T02:00:00.000Z$`
      )
    )
    assert.include(first.stderr, "Run the same command again when the overlap is over")
    const status = yield* cli(["rotate", "--status"])
    assert.strictEqual(status.code, 0)
    assert.match(status.stdout, new RegExp(`^ID .*\\n\\S+ +${id(1)} .* waiting `))
    assert.match(
      status.stderr,
      /\nThe same command completes what waits. If it has an overlap, run it when that is over$/
    )
    const plan = yield* cli(["rotate", "--description", "CI*", "--deliver-to", path])
    assert.include(plan.stdout, "\nReplace 1 authorization:\n")
    assert.strictEqual((yield* cli(argv)).code, 0)
    assert.include((yield* cli(["rotate", "--status"])).stderr, "No rotation waits")
  }).pipe(Effect.provide(layer)))

it.effect.each([[[]], [["--now"]]] as const)(
  "rotate %j of an id that names a file rotates what the file contains",
  ([flags]) =>
    Effect.gen(function*() {
      const path = yield* directory
      const argv = ["rotate", id(1), "--deliver-to", path, "--yes"]
      const successor = (yield* cli(argv)).stdout.split(" ").at(-1)!
      const first = files(path)[id(1)]
      const { code, stderr, stdout } = yield* cli([...argv, id(2), ...flags])
      assert.strictEqual(code, 0, stderr)
      assert.include(stderr, `\n${id(1)} names a file, which contains the token of ${successor}\n`)
      assert.match(stdout, new RegExp(`^${successor} re`, "m"))
      assert.include(stderr, "2 rotated, 0 waiting, 0 not found")
      assert.notStrictEqual(files(path)[id(1)], first)
      assert.deepStrictEqual(yield* ownerOf(files(path)[id(1)]!), ["CI"])
      const without = yield* cli(["rotate", "--all", "--not", id(1), "--deliver-to", path])
      assert.include(without.stdout, "\nReplace 1 authorization:\n")
    }).pipe(Effect.provide(layer))
)

it.effect("rotate does not count what it did not rotate", () =>
  Effect.gen(function*() {
    const path = yield* directory
    const argv = ["rotate", id(1), "--deliver-to", path, "--yes"]
    yield* cli([...argv, "--now"])
    yield* cli(["revoke", id(1), "--yes"])
    const revoked = yield* cli(argv)
    assert.deepStrictEqual([revoked.code, revoked.stdout], [1, `${id(1)} not found`])
    const successor = (yield* cli(["rotate", id(2), "--deliver-to", path, "--yes"])).stdout.split(" ").at(-1)!
    yield* cli(["rotate", id(2), "--deliver-to", path, "--yes"])
    const replaced = yield* cli(["rotate", successor, "--deliver-to", path, "--yes"])
    assert.deepStrictEqual([replaced.code, replaced.stdout], [1, `${successor} not found`])
  }).pipe(Effect.provide(layer)))

it.effect("rotate of ids continues with those that are not delivered yet", () =>
  Effect.gen(function*() {
    const path = yield* directory
    const successor = (yield* cli(["rotate", id(1), "--deliver-to", path, "--yes"])).stdout.split(" ").at(-1)!
    const argv = ["rotate", successor, id(2), id(3), "--deliver-to", path, "--yes"]
    const obstacle = obstructDelivery(path)
    assert.strictEqual((yield* cli(argv)).code, 1)
    obstacle.remove()
    const delivered = files(path)
    const { code, stderr, stdout } = yield* cli(argv)
    assert.strictEqual(code, 0, stderr)
    assert.match(stdout, new RegExp(`^${id(2)} replaced by \\S+$`))
    assert.include(stderr, "\nSkipped: 2 authorizations delivered since an unfinished run")
    assert.deepInclude(files(path), delivered)
  }).pipe(Effect.provide(fleet)))

it.effect("rotate - of other ids than those of an unfinished run skips none of them", () =>
  Effect.gen(function*() {
    const path = yield* directory
    const argv = ["rotate", "--now", "-", "--deliver-to", path, "--yes"]
    const stdin = `${id(1)}\n${id(2)}\n`
    const obstacle = obstructDelivery(path)
    assert.strictEqual((yield* cli(argv, { stdin })).code, 1)
    obstacle.remove()
    const same = yield* cli(argv.slice(0, -1), { stdin: `${id(2)}\n${id(1)}\n` })
    assert.include(same.stdout, "Skipped: 1 authorization delivered since an unfinished run")
    const { code, stdout } = yield* cli(argv, { stdin: id(1) })
    assert.deepStrictEqual([code, stdout], [0, `${id(1)} regenerated`])
  }).pipe(Effect.provide(fleet)))

it.effect("rotate --now regenerates tokens, and --since skips what was delivered since then", () =>
  Effect.gen(function*() {
    const path = yield* directory
    const first = yield* cli(["rotate", id(1), "--now", "--deliver-to", path, "--yes"])
    assert.deepStrictEqual([first.code, first.stdout], [0, `${id(1)} regenerated`], first.stderr)
    assert.include(first.stderr, "Old tokens stop working at once")
    assert.deepStrictEqual(yield* ownerOf(files(path)[id(1)]!), ["CI"])
    const second = yield* cli(
      ["rotate", id(1), id(2), "--now", "--since", "1970-01-01", "--deliver-to", path, "--yes"]
    )
    assert.deepStrictEqual([second.code, second.stdout], [0, `${id(2)} regenerated`])
    assert.include(second.stderr, "Skipped: 1 authorization delivered since then")
    const replaced = yield* cli(["rotate", id(2), "--deliver-to", path, "--yes"])
    const successor = replaced.stdout.split(" ").at(-1)!
    const skipped = yield* cli(
      ["rotate", successor, "--now", "--since", "1970-01-01", "--deliver-to", path, "--yes"]
    )
    assert.deepStrictEqual([skipped.code, skipped.stdout], [0, ""])
    const third = yield* cli(["rotate", id(1), "--now", "--since", "1970-01-02", "--deliver-to", path, "--yes"])
    assert.strictEqual(third.stdout, `${id(1)} regenerated`)
    assert.lengthOf(yield* all, 3)
  }).pipe(Effect.provide(layer)))

it.live("rotate --deliver-command passes the token on standard input and the ids in the environment", () =>
  Effect.gen(function*() {
    const file = join(yield* temporaryDirectory, "out")
    const command = `cat > ${file}; echo " $HEROKU_REPLACES_ID $HEROKU_AUTHORIZATION_ID" >> ${file}; echo printed`
    const { code, stderr, stdout } = yield* cli(["rotate", id(1), "--deliver-command", command, "--yes"])
    assert.strictEqual(code, 0, stderr)
    const [delivered = "", replaces, successor] = readFileSync(file, "utf8").trim().split(" ")
    assert.strictEqual(replaces, id(1))
    assert.strictEqual(stdout, `${id(1)} replaced by ${successor}`)
    assert.deepStrictEqual(yield* ownerOf(delivered), ["CI"])
  }).pipe(Effect.provide(layer)))

it.live.each(
  [
    ["exit 7", "exited with 7"],
    ["kill -9 $$", "was ended by a signal"],
    ["sleep 60", "did not end within 1 second"]
  ] as const
)("rotate fails and keeps the old token if the command does: %s", ([command, problem]) =>
  Effect.gen(function*() {
    const { code, stderr, stdout } = yield* cli(
      ["rotate", id(1), "--deliver-command", command, "--deliver-timeout", "1s", "--yes"]
    )
    assert.strictEqual(code, 1)
    assert.strictEqual(stdout, `${id(1)} failed: The command of --deliver-command ${problem}`)
    assert.include(stderr, "1 failed")
    assert.isTrue((yield* all).some((item) => item.id === id(1)))
  }).pipe(Effect.provide(layer)))

it.live("rotate --deliver-command names what earlier runs could not deliver", () =>
  Effect.gen(function*() {
    const argv = ["rotate", id(1), "--yes", "--deliver-command"]
    const first = yield* cli([...argv, "exit 7"])
    assert.notInclude(first.stderr, "left over")
    const leftover = (yield* all).find((item) => ![id(1), id(2), own].includes(item.id))
    const { code, stderr } = yield* cli([...argv, "cat > /dev/null"])
    assert.strictEqual(code, 0)
    const line = `\nEarlier runs left over what is not in use. Remove it: heroku-authorizations revoke ${
      leftover!.id
    }\n`
    assert.include(stderr, line)
    assert.strictEqual((yield* cli(["revoke", leftover!.id, "--yes"])).code, 0)
    const last = yield* cli(["rotate", id(2), "--yes", "--deliver-command", "cat > /dev/null"])
    assert.notInclude(last.stderr, "left over")
  }).pipe(Effect.provide(layer)))

it.effect("rotate without a terminal prints the plan, changes nothing and exits with 3", () =>
  Effect.gen(function*() {
    const path = yield* directory
    const { code, stdout } = yield* cli(["rotate", "--all", "--deliver-to", path])
    assert.strictEqual(code, 3)
    assert.match(stdout, /\nReplace 2 authorizations:\n/)
    assert.isFalse(existsSync(path))
    assert.lengthOf(yield* all, 3)
  }).pipe(Effect.provide(layer)))

it.effect("rotate --debug logs no token", () =>
  Effect.gen(function*() {
    const { code, stderr } = yield* cli(["rotate", id(1), "--deliver-to", yield* directory, "--yes", "--debug"])
    assert.strictEqual(code, 0)
    assert.include(stderr, "Heroku create")
    assert.notInclude(stderr, "HRKU-")
  }).pipe(Effect.provide(layer)))

it.effect("rotate asks on the terminal", () =>
  Effect.gen(function*() {
    const path = yield* directory
    const argv = ["rotate", id(1), "--deliver-to", path]
    const rejected = yield* cli(argv, { reply: "no" })
    assert.deepStrictEqual([rejected.code, rejected.questions], [1, [
      "Replace 1 authorization? Type yes to go ahead: "
    ]])
    assert.strictEqual((yield* cli(argv, { reply: "yes" })).code, 0)
    const now = yield* cli(["rotate", id(2), "--deliver-to", path, "--now"], { reply: "no" })
    assert.include(now.questions, "Regenerate 1 authorization? Type yes to go ahead: ")
  }).pipe(Effect.provide(layer)))

it.effect("rotate never touches the authorization of the acting token", () =>
  Effect.gen(function*() {
    const path = yield* directory
    for (const flags of [[], ["--now"]]) {
      const { code, stderr } = yield* cli(["rotate", own, "--deliver-to", path, "--yes", ...flags])
      assert.strictEqual(code, 1)
      assert.include(stderr, `Left out: ${own}`)
    }
    assert.strictEqual((yield* cli(["rotate", own, id(1), "--deliver-to", path, "--yes"])).code, 1)
    assert.isTrue((yield* all).some((item) => item.id === own))
  }).pipe(Effect.provide(layer)))

it.effect("rotate reports failures, continues with the others and exits with 1", () =>
  Effect.gen(function*() {
    const path = yield* directory
    const { code, stderr, stdout } = yield* cli(["rotate", "client", id(1), "missing", "--deliver-to", path, "--yes"])
    assert.strictEqual(code, 1)
    assert.include(stderr, "\nReplace 1 authorization:\n")
    assert.include(stderr, "\nNot found: missing. If an earlier run has created a successor, this one completes it\n")
    assert.include(stderr, "\nLeft out: client, which belongs to an OAuth client.")
    assert.match(stdout, new RegExp(`^${id(1)} replaced by`, "m"))
    assert.match(stdout, /^missing not found$/m)
    assert.include(
      stderr,
      "1 rotated, 0 waiting, 1 not found, 0 failed. An id that was not found is revoked already, of another account, or mistyped"
    )
    assert.notInclude(stderr, "Run the same command again")
  }).pipe(Effect.provide(layerFake({ seed: [{ id: "client", client: {} }, { id: id(1) }] }))))

it.effect("rotate --deliver-to removes successors of earlier runs that no file contains", () =>
  Effect.gen(function*() {
    const path = yield* directory
    yield* cli(["rotate", id(1), "--deliver-to", path, "--yes"])
    const account = yield* HerokuAccount.HerokuAccount
    yield* account.put(
      { id: id(5), description: `CI [replaces ${id(1)}]`, scope: ["read"] },
      { id: id(6), description: `other [replaces ${id(7)}]`, scope: ["read"] }
    )
    const { code, stderr } = yield* cli(["rotate", id(2), "missing", "--deliver-to", path, "--yes"])
    assert.strictEqual(code, 1)
    assert.include(stderr, `Removed ${id(5)}, which an earlier run left over`)
    const left = (yield* all).map((item): string => item.id)
    assert.notInclude(left, id(5))
    assert.include(left, id(6))
    assert.deepStrictEqual(yield* ownerOf(files(path)[id(1)]!), ["CI"])
  }).pipe(Effect.provide(layer)))

const leftOver = layerFake({
  seed: [
    { id: id(1) },
    { id: id(2), description: "deploys [regenerating]" },
    { id: id(5), description: `CI [replaces ${id(1)}]` },
    { id: id(6), description: `other [replaces ${id(7)}]` }
  ]
})

it.effect("rotate --status says how to find out whether what was left over is in use", () =>
  Effect.gen(function*() {
    const { stderr, stdout } = yield* cli(["rotate", "--status"])
    assert.match(stdout, /^\S+5-\S+ +\S+1-\S+ .* left over: interrupted/m)
    assert.match(stdout, /^\S+6-\S+ +\S+7-\S+ .* left over: what it replaces is gone/m)
    assert.match(
      stderr,
      /\nThe token of what was left over may be in use: `rotate --status --deliver-to DIR` shows whether DIR contains it/
    )
    assert.notInclude(stderr, "revoke")
  }).pipe(Effect.provide(leftOver)))

it.effect("rotate --status lists interrupted regenerations", () =>
  Effect.gen(function*() {
    const { stderr, stdout } = yield* cli(["rotate", "--status"])
    assert.match(stdout, /^\S+2-\S+ .* interrupted: its token may not be delivered +deploys/m)
    assert.include(stderr, "\nComplete interrupted regenerations with `rotate --now ID`, and deliver as before")
  }).pipe(Effect.provide(leftOver)))

it.effect("rotate --status --deliver-to tells leftovers in use from others", () =>
  Effect.gen(function*() {
    const path = yield* directory
    mkdirSync(path)
    const entry = { authorization: id(6), replaces: id(7), deliveredAt: "1970-01-01T00:00:00.000Z" }
    writeFileSync(join(path, "index.json"), JSON.stringify({ [id(8)]: entry }))
    const inUse = (yield* all).find((item) => item.id === id(6))!
    writeFileSync(join(path, id(8)), Redacted.value(Option.getOrThrow(Authorization.accessToken(inUse))))
    const { stderr, stdout } = yield* cli(["rotate", "--status", "--deliver-to", path])
    assert.match(stdout, /^\S+5-\S+ +\S+1-\S+ .* left over: interrupted/m)
    assert.match(stdout, /^\S+6-\S+ +\S+7-\S+ .* in use: interrupted after its token was delivered/m)
    assert.include(stderr, "\nComplete those in use with `rotate ID --deliver-to DIR`")
    assert.match(
      stderr,
      /\nDIR does not contain the tokens of what was left over\. Unless they are in use elsewhere, revoke them with `[^`]+`$/
    )
    const other = yield* cli(["rotate", "--status", "--deliver-to", `${path}-other`])
    assert.strictEqual(other.code, 1)
    assert.include(other.stderr, "index.json does not exist: pass the directory of an earlier --deliver-to")
    const completed = yield* cli(["rotate", id(6), "--deliver-to", path, "--yes"])
    assert.deepStrictEqual([completed.code, completed.stdout], [0, `${id(7)} replaced by ${id(6)}`])
  }).pipe(Effect.provide(leftOver)))

it.effect("rotate completes successors of an unfinished run that its filters do not select", () =>
  Effect.gen(function*() {
    const path = yield* directory
    const argv = ["rotate", "--older-than", "90d", "--deliver-to", path, "--yes"]
    const faults = yield* FaultInjection.FaultInjection
    // Fails once the old authorization is deleted.
    yield* faults.inject(FaultInjection.status(409), {
      operation: "update",
      when: ({ input }) => input?.description === "CI 2"
    })
    assert.include((yield* cli(argv)).stderr, "2 rotated, 0 waiting, 0 not found, 1 failed. Run the same command again")
    yield* faults.clear
    const delivered = files(path)
    const { code, stderr, stdout } = yield* cli(argv)
    assert.strictEqual(code, 0, stderr)
    assert.include(stderr, "\nCompletes 1 authorization that an unfinished run delivered\n")
    assert.match(stdout, new RegExp(`^${id(2)} replaced by \\S+$`))
    assert.deepStrictEqual(files(path), delivered)
    assert.include((yield* cli(["rotate", "--status"])).stderr, "nothing is left over")
  }).pipe(Effect.provide(fleet)))

it.effect("rotate continues a run that failed after it delivered a token", () =>
  Effect.gen(function*() {
    const path = yield* directory
    const argv = ["rotate", id(1), "--deliver-to", path, "--yes"]
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.status(403), { operation: "update", id: id(1) })
    assert.strictEqual((yield* cli(argv)).code, 1)
    const { code, stderr } = yield* cli(argv)
    assert.strictEqual(code, 0, stderr)
    assert.deepStrictEqual(yield* ownerOf(files(path)[id(1)]!), ["CI"])
    assert.lengthOf(yield* all, 3)
  }).pipe(Effect.provide(layer)))

it.effect("rotate --deliver-to rejects a second run on the same directory", () =>
  Effect.gen(function*() {
    const path = yield* directory
    mkdirSync(path)
    writeFileSync(join(path, "lock"), JSON.stringify({ pid: process.ppid, host: hostname(), startedAt: 0 }))
    const argv = ["rotate", id(1), "--deliver-to", path, "--yes"]
    const { code, stderr } = yield* cli(argv)
    assert.strictEqual(code, 1)
    assert.include(stderr, "Another run is at work")
    rmSync(join(path, "lock"))
    assert.strictEqual((yield* cli(argv)).code, 0)
  }).pipe(Effect.provide(layer)))

it.effect("rotate changes nothing if it cannot deliver", () =>
  Effect.gen(function*() {
    const path = yield* directory
    writeFileSync(path, "a file")
    const { code, stderr } = yield* cli(["rotate", id(1), "--deliver-to", path, "--yes"])
    assert.strictEqual(code, 1)
    assert.include(stderr, path)
    rmSync(path)
    mkdirSync(path)
    writeFileSync(join(path, "index.json"), "{")
    const damaged = yield* cli(["rotate", id(1), "--deliver-to", path, "--yes"])
    assert.strictEqual(damaged.code, 1)
    assert.include(damaged.stderr, "is damaged")
    assert.lengthOf(yield* all, 3)
  }).pipe(Effect.provide(layer)))

it.effect.each(
  [
    [[id(1)], "either --deliver-to or --deliver-command"],
    [[id(1), "--deliver-to", "d", "--deliver-command", "c"], "either --deliver-to or --deliver-command"],
    [[id(1), "--deliver-to", ""], "--deliver-to is empty"],
    [[id(1), "--deliver-command", ""], "--deliver-command is empty"],
    [[id(1), "--deliver-command", " \t"], "--deliver-command is empty"],
    [["--status", "--deliver-to", ""], "--deliver-to is empty"],
    [[id(1), "--deliver-to", "d", "--now", "--overlap", "1h"], "--overlap is impossible with --now"],
    [[id(1), "--deliver-to", "d", "--since", "1970-01-01"], "--since needs --now and --deliver-to"],
    [[id(1), "--deliver-command", "c", "--now", "--since", "1970-01-01"], "--since needs --now and --deliver-to"],
    [["--deliver-to", "d"], "pass ids, filters such as --older-than 90d, or --all"]
  ] as const
)("rotate rejects %j with exit code 2", ([argv, message]) =>
  Effect.gen(function*() {
    const { code, stderr } = yield* cli(["rotate", ...argv, "--yes"])
    assert.strictEqual(code, 2)
    assert.include(stderr, message)
  }).pipe(Effect.provide(layer)))

it.effect("rotate leaves out what it cannot replace, and counts the others once", () =>
  Effect.gen(function*() {
    const path = yield* directory
    const argv = ["rotate", "--all", "--deliver-to", path]
    const { questions, stderr } = yield* cli(argv, { reply: "no" })
    assert.include(stderr, "\nReplace 1 authorization:\n")
    assert.include(stderr, "\nLeft out: client, which belongs to an OAuth client.")
    assert.include(stderr, `\nLeft out: ${id(2)}, which has expired or has no token. Pass --expires-in`)
    assert.deepStrictEqual(questions, ["Replace 1 authorization? Type yes to go ahead: "])
    const { stdout } = yield* cli([...argv, "--expires-in", "30d"])
    assert.include(stdout, "\nReplace 2 authorizations:\n")
    assert.strictEqual((yield* cli([...argv, "--yes"])).code, 0)
  }).pipe(Effect.provide(layerFake({
    seed: [{ id: "client", client: {} }, { id: id(1) }, { id: id(2), expiresIn: "0 seconds" }]
  }))))

const fleet = layerFake({
  seed: [1, 2, 3].map((digit) => ({ id: id(digit), description: `CI ${digit}`, createdAt: daysAgo(100) }))
})

/** Puts a directory in the place of the file of a token. */
const obstructDelivery = (path: string) => {
  const file = join(path, id(2))
  mkdirSync(join(file, "obstacle"), { recursive: true })
  return { remove: () => rmSync(file, { recursive: true }) }
}

it.effect.each([[[]], [["--now"]]] as const)(
  "rotate --all %j continues after a failure with what is not delivered yet",
  ([flags]) =>
    Effect.gen(function*() {
      const path = yield* directory
      const argv = ["rotate", "--all", ...flags, "--deliver-to", path, "--yes"]
      const obstacle = obstructDelivery(path)
      const first = yield* cli(argv)
      assert.strictEqual(first.code, 1)
      assert.include(
        first.stderr,
        "2 rotated, 0 waiting, 0 not found, 1 failed. Run the same command again to continue"
      )
      obstacle.remove()
      const delivered = files(path)
      const second = yield* cli(argv)
      assert.strictEqual(second.code, 0, second.stderr)
      assert.match(
        second.stderr,
        /\nSkipped: 2 authorizations delivered since an unfinished run of this command began at/
      )
      assert.match(second.stdout, new RegExp(`^${id(2)} re\\S+`))
      assert.deepInclude(files(path), delivered)
      assert.isFalse(existsSync(join(path, "run.json")))
      const third = yield* cli(argv)
      assert.include(third.stderr, "3 rotated")
      assert.lengthOf(yield* all, 3)
    }).pipe(Effect.provide(fleet))
)

it.effect("rotate of ids that do not exist exits with 1, and asks a question that says so", () =>
  Effect.gen(function*() {
    const argv = ["rotate", "missing", "gone", "--deliver-to", yield* directory]
    const { questions } = yield* cli(argv, { reply: "no" })
    assert.deepStrictEqual(questions, [
      "Complete what earlier runs left of 2 authorizations that were not found? Type yes to go ahead: "
    ])
    const { code, stderr, stdout } = yield* cli([...argv, "--yes"])
    assert.deepStrictEqual([code, stdout.split("\n").toSorted()], [1, ["gone not found", "missing not found"]])
    assert.include(stderr, "\nReplace 0 authorizations\n")
    assert.include(stderr, "0 rotated, 0 waiting, 2 not found, 0 failed. An id that was not found is revoked already")
    const now = yield* cli([...argv, "--now", "--yes"])
    assert.deepStrictEqual([now.code, now.stdout], [1, ""])
    assert.include(now.stderr, "Not found: gone\nOld tokens stop")
    assert.include(now.stderr, "Nothing to rotate: no authorization that can be rotated is selected")
  }).pipe(Effect.provide(layer)))

it.effect.each<[number, FaultInjection.StatusOptions, boolean]>([
  [403, { message: "The scope of this token does not allow this request." }, true],
  [403, { errorId: "suspended" }, true],
  [402, {}, true],
  [409, {}, true],
  [422, { errorId: "password_expired" }, true],
  [422, { errorId: "invalid_params" }, false],
  [400, {}, false]
])(
  "rotate --all after %d %j for one authorization can be continued: %s",
  ([status, options, canContinue]) =>
    Effect.gen(function*() {
      const path = yield* directory
      const faults = yield* FaultInjection.FaultInjection
      yield* faults.inject(FaultInjection.status(status, options), {
        operation: "create",
        when: ({ input }) => input?.description?.includes(`replaces ${id(2)}`) ?? false,
        times: Infinity
      })
      const argv = ["rotate", "--all", "--deliver-to", path, "--yes"]
      const failed = yield* cli(argv)
      assert.strictEqual(failed.code, 1)
      assert.include(failed.stderr, "2 rotated, 0 waiting, 0 not found, 1 failed")
      assert.strictEqual(failed.stderr.includes("Run the same command again to continue"), canContinue)
      assert.strictEqual(existsSync(join(path, "run.json")), canContinue)
      yield* faults.clear
      assert.include((yield* cli(argv)).stderr, canContinue ? "\n1 rotated" : "\n3 rotated")
    }).pipe(Effect.provide(fleet))
)

it.effect("rotate --all --now says what to do with those that Heroku does not regenerate, and is complete", () =>
  Effect.gen(function*() {
    const path = yield* directory
    const { code, stderr, stdout } = yield* cli(["rotate", "--all", "--now", "--deliver-to", path, "--yes"])
    assert.strictEqual(code, 1)
    assert.match(
      stdout,
      /^client failed: Heroku does not regenerate it: .* If it belongs to an OAuth client, revoke it and authorize/m
    )
    assert.notInclude(stderr, "Run the same command again")
    assert.isFalse(existsSync(join(path, "run.json")))
  }).pipe(Effect.provide(layerFake({ seed: [{ id: "client", client: {} }, { id: id(1) }] }))))

it.effect("rotate that completes an overlap continues without replacing what it completed", () =>
  Effect.gen(function*() {
    const path = yield* directory
    const argv = ["rotate", "--all", "--deliver-to", path, "--yes"]
    assert.include((yield* cli([...argv, "--overlap", "2h"])).stderr, "3 waiting")
    yield* TestClock.adjust("2 hours")
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.status(409), { operation: "delete", id: id(2) })
    assert.include((yield* cli(argv)).stderr, "2 rotated, 0 waiting, 0 not found, 1 failed. Run the same command again")
    yield* faults.clear
    const last = yield* cli(argv)
    assert.deepStrictEqual([last.code, last.stdout.split("\n").length], [0, 1], last.stderr)
    assert.lengthOf(yield* all, 3)
  }).pipe(Effect.provide(fleet)))

it.effect("rotate --deliver-command says that filters also select what is rotated already", () =>
  Effect.gen(function*() {
    const { stderr } = yield* cli(["rotate", "--all", "--deliver-command", "exit 7", "--yes"])
    assert.include(stderr, "To continue, pass the ids of the rest")
  }).pipe(Effect.provide(layer)))

it.effect("rotate starts over if another command or more than two days follow an unfinished run", () =>
  Effect.gen(function*() {
    const path = yield* directory
    const argv = ["rotate", "--all", "--deliver-to", path, "--yes"]
    obstructDelivery(path)
    yield* cli(argv)
    assert.notInclude((yield* cli(["rotate", "--older-than", "0d", "--deliver-to", path])).stdout, "Skipped")
    assert.include((yield* cli(["rotate", "--all", "--deliver-to", path])).stdout, "Skipped: 2")
    yield* TestClock.adjust("3 days")
    assert.notInclude((yield* cli(["rotate", "--all", "--deliver-to", path])).stdout, "Skipped")
  }).pipe(Effect.provide(fleet)))

it.effect("rotate removes leftovers also if --since skips everything", () =>
  Effect.gen(function*() {
    const path = yield* directory
    const argv = ["rotate", id(1), "--now", "--deliver-to", path]
    yield* cli([...argv, "--yes"])
    const account = yield* HerokuAccount.HerokuAccount
    yield* account.put({ id: id(5), description: `CI [replaces ${id(1)}]`, scope: ["read"] })
    const since = [...argv, "--since", "1970-01-01"]
    const { questions } = yield* cli(since, { reply: "no" })
    assert.deepStrictEqual(questions, ["Remove what earlier runs left over? Type yes to go ahead: "])
    const { code, stderr } = yield* cli([...since, "--yes"])
    assert.strictEqual(code, 0, stderr)
    assert.include(stderr, `Removed ${id(5)}, which an earlier run left over`)
  }).pipe(Effect.provide(layer)))

it.effect("rotate compares deliveries with --since after it has the lock", () =>
  Effect.gen(function*() {
    const path = yield* directory
    const argv = ["rotate", id(1), "--now", "--deliver-to", path, "--since", "1970-01-01"]
    const other = Effect.provideContext(cli([...argv, "--yes"]), yield* Effect.context<HttpServer.HttpServer>())
    const first = yield* cli(argv, { reply: "yes", onQuestion: other })
    assert.deepStrictEqual([first.code, first.stdout], [0, ""], first.stderr)
  }).pipe(Effect.provide(layer)))

it.effect("rotate rejected by the lock writes nothing to the directory", () =>
  Effect.gen(function*() {
    const path = yield* directory
    mkdirSync(path)
    writeFileSync(join(path, "lock"), JSON.stringify({ pid: process.ppid, host: hostname(), startedAt: 0 }))
    yield* cli(["rotate", id(1), "--deliver-to", path, "--yes"])
    assert.deepStrictEqual(readdirSync(path), ["lock"])
  }).pipe(Effect.provide(layer)))

it.effect("rotate shows apart what is delivered and what failed", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.status(409), {
      operation: "create",
      when: ({ input }) => input?.description?.includes(`replaces ${id(2)}`) ?? false
    })
    // The listing between the deliveries and the deletions.
    const gate = yield* faults.hold({ operation: "list", every: 2, times: 1 }, FaultInjection.status(403))
    const argv = ["rotate", id(1), id(2), id(3), "--deliver-to", yield* directory, "--yes"]
    const fiber = yield* Effect.forkChild(cli(argv, { isStderrTerminal: false }))
    yield* gate.arrived
    yield* TestClock.adjust("5 seconds")
    yield* gate.open
    const { code, stderr } = yield* Fiber.join(fiber)
    assert.strictEqual(code, 1)
    assert.include(stderr, "\nRotated 0 of 3, 2 delivered, 1 failed, 0/s, ")
    assert.include(stderr, "\nStopped: 0 rotated, 0 waiting, 0 not found, 1 failed, 2 delivered. Run the same command")
  }).pipe(Effect.provide(fleet)))
