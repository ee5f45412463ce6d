/** The program as a process, without and with a terminal. */
import { Authorization } from "@effect-heroku/core"
import { serve } from "@effect-heroku/test-kit/httpServer"
import { HerokuAccount } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import { changesAccount } from "../src/internal/changesAccount.ts"
import { daysAgo, layerFake, temporaryDirectory, token } from "./fixtures/cli.ts"
import { bundle, type Options, run, runOnTerminal } from "./fixtures/process.ts"

const program = { file: "", remove: () => {} }
beforeAll(async () => void Object.assign(program, await bundle()))
afterAll(() => program.remove())

const id = (digit: number) => `0000000${digit}-0000-4000-8000-000000000000`
const layer = layerFake({
  seed: [{ id: id(1), description: "CI" }, { id: id(2), description: "deploys", createdAt: daysAgo(100) }]
})

const environment = Effect.map(HttpServer.HttpServer, ({ address }) => ({
  HEROKU_API_KEY: token,
  HEROKU_API_URL: HttpServer.formatAddress(address)
}))

/** Runs the program without a terminal. */
const start = Effect.fnUntraced(function*(args: ReadonlyArray<string>, options: Omit<Options, "env"> = { stdin: "" }) {
  const env = yield* environment
  return yield* Effect.promise(() => run(process.execPath, [program.file, ...args], { env, ...options }))
})

/** Runs a shell command with `$cli` in it on a terminal. */
const startOnTerminal = Effect.fnUntraced(function*(command: string, onOutput: Options["onOutput"] = () => {}) {
  const env = { ...(yield* environment), cli: `${process.execPath} ${program.file}` }
  return yield* Effect.promise(() => runOnTerminal(command, { env, onOutput }))
})

/** Types a text once after the screen shows something. */
const typeAfter = (shown: string | RegExp, text: string): Options["onOutput"] => {
  let isTyped = false
  return (output, child) => {
    if (isTyped || output.search(shown) === -1) return
    isTyped = true
    child.stdin.write(text)
  }
}

const leakedToken = `HRKU-AA${"leak".repeat(14)}-1`
const unknownToken = `HRKU-AA${"none".repeat(14)}-Z`

const remaining = HerokuAccount.HerokuAccount.use(({ size }) => size)

it.effect("the process prints results on standard output, all else on standard error, and exits with the code", () =>
  Effect.gen(function*() {
    const { code, stderr, stdout } = yield* start(["list", "--json", id(1), "missing"])
    assert.deepStrictEqual([code, JSON.parse(stdout).id], [1, id(1)])
    assert.strictEqual(stderr, "missing not found\n1 id not found in this account\n")
    assert.strictEqual((yield* start(["list", "--nonsense"])).code, 2)
    assert.strictEqual((yield* start(["list"])).code, 0)
  }).pipe(Effect.provide(layer)))

it.effect("the process reads ids from a pipe, and without a terminal only prints the plan", () =>
  Effect.gen(function*() {
    const planned = yield* start(["revoke", "-"], { stdin: id(1) })
    assert.deepStrictEqual([planned.code, yield* remaining], [3, 2])
    assert.include(planned.stdout, "Revoke 1 authorization:")
    const revoked = yield* start(["revoke", "-", "--yes"], { stdin: id(1) })
    assert.deepStrictEqual([revoked.code, revoked.stdout, yield* remaining], [0, `${id(1)} revoked\n`, 1])
  }).pipe(Effect.provide(layer)))

it.effect("the process ends quietly when the reader of its output does", () =>
  Effect.gen(function*() {
    const env = { ...(yield* environment), cli: `${process.execPath} ${program.file}` }
    const { code, stderr, stdout } = yield* Effect.promise(() =>
      run("sh", ["-c", "$cli list --json | head -n 1; $cli export \"$0\"", "/nonexistent/file"], { env, stdin: "" })
    )
    assert.deepStrictEqual([code, stdout.split("\n").length], [1, 2])
    assert.notInclude(stderr, "EPIPE")
    assert.match(stderr, /nonexistent/)
    assert.notMatch(stderr, /^ +at /m)
  }).pipe(Effect.provide(layerFake({ count: 3000 }))))

/** Runs a shell command with `$cli` in it without a terminal. Its exit code is that of the part that fails. */
const startShell = Effect.fnUntraced(function*(command: string) {
  const env = { ...(yield* environment), cli: `${process.execPath} ${program.file}` }
  return yield* Effect.promise(() => run("bash", ["-o", "pipefail", "-c", command], { env, stdin: "" }))
})

it.each(
  [
    [["list", "--not", "create"], false],
    [["find", "revoke"], false],
    [["--debug", "revoke", "--all"], true],
    [["--api-url", "http://127.0.0.1", "export", "rotate"], false],
    [["--version"], false]
  ] as const
)("the arguments %j name a command that changes the account: %s", (argv, expected) => {
  assert.strictEqual(changesAccount(argv), expected)
})

it.effect("a revocation completes without a reader of its output, and exits with its own code", () =>
  Effect.gen(function*() {
    const { code, stderr } = yield* startShell("$cli revoke --description deploys --yes | true")
    assert.deepStrictEqual([code, yield* remaining], [0, 1], stderr)
    assert.strictEqual((yield* startShell(`$cli revoke ${id(1)} missing --yes 2>&1 | true`)).code, 1)
    assert.strictEqual(yield* remaining, 0)
  }).pipe(Effect.provide(layer)))

it.effect("the exit code of find is that of its result without a reader of its output", () =>
  Effect.gen(function*() {
    const file = join(yield* temporaryDirectory, "two.txt")
    writeFileSync(file, [leakedToken, unknownToken].join("\n"))
    for (const flag of ["", "--json"]) {
      const { code, stderr } = yield* startShell(`$cli find ${flag} ${file} | true`)
      assert.strictEqual(code, 1, stderr)
      assert.strictEqual((yield* startShell(`$cli find ${flag} ${file} 2>&1 >&- | true`)).code, 1)
    }
    writeFileSync(file, leakedToken)
    assert.strictEqual((yield* startShell(`$cli find ${file} | true`)).code, 0)
  }).pipe(Effect.provide(layerFake({ seed: [{ accessToken: leakedToken }], clearTokens: true }))))

it.effect.each([["find", 2], ["list", 1], ["list --json", 1], ["audit", 1], [`info ${id(1)}`, 1]] as const)(
  "%s fails with a sentence if standard output cannot be written",
  ([command, expected]) =>
    Effect.gen(function*() {
      const { code, stderr } = yield* startShell(`echo ${leakedToken} | $cli ${command} > /dev/full`)
      assert.strictEqual(code, expected)
      assert.match(stderr, /^Standard output could not be written: ENOSPC: no space left on device/m)
      assert.notMatch(stderr, /^ +at /m)
    }).pipe(Effect.provide(layerFake({ seed: [{ id: id(1), accessToken: leakedToken }], clearTokens: true })))
)

it.effect.each(["revoke --all --yes", "rotate --all --yes --deliver-command cat"])(
  "%s completes without a reader of standard error",
  (command) =>
    Effect.gen(function*() {
      const directory = yield* temporaryDirectory
      const { stdout } = yield* startShell(
        `($cli ${command} 2>&1 >${directory}/out; echo $? >${directory}/code) | true; cat ${directory}/code`
      )
      assert.strictEqual(stdout, "0\n")
      assert.strictEqual(readFileSync(join(directory, "out"), "utf8").trim().split("\n").length, 2)
    }).pipe(Effect.provide(layer))
)

it.effect("a rotation completes without a reader of its output, and removes its lock", () =>
  Effect.gen(function*() {
    const directory = join(yield* temporaryDirectory, "tokens")
    const { code, stderr } = yield* startShell(
      `$cli rotate --all --deliver-to ${directory} --yes | true`
    )
    assert.strictEqual(code, 0, stderr)
    assert.deepStrictEqual(readdirSync(directory), [id(1), id(2), "index.json"])
  }).pipe(Effect.provide(layer)))

it.effect.each(["create", "create --json"])(
  "%s exits with 1 and names the id if its token cannot be written",
  (command) =>
    Effect.gen(function*() {
      const { code, stderr } = yield* startShell(`$cli ${command} > /dev/full`)
      assert.strictEqual(code, 1)
      assert.match(stderr, /\nCreated [0-9a-f-]{36}, but its token was not written: standard output failed\. Revoke it/)
      const piped = yield* startShell(`($cli ${command}; echo $? >&2) | exec true`)
      assert.match(piped.stderr, /was not written.*\n1\n$/)
      assert.strictEqual((yield* startShell("$cli list > /dev/full")).code, 1)
    }).pipe(Effect.provide(layer))
)

it.effect("the process asks on the controlling terminal although standard input is a pipe", () =>
  Effect.gen(function*() {
    const { code, stdout } = yield* startOnTerminal(
      `echo ${id(1)} | $cli revoke -`,
      typeAfter("Type yes to go ahead: ", "yes\n")
    )
    assert.deepStrictEqual([code, yield* remaining], [0, 1])
    assert.include(stdout, `${id(1)} revoked`)
  }).pipe(Effect.provide(layer)))

it.effect("the process asks on the controlling terminal although its output goes to a file", () =>
  Effect.gen(function*() {
    const file = join(yield* temporaryDirectory, "out")
    const { code, stdout } = yield* startOnTerminal(
      `$cli revoke --all > ${file} 2>&1`,
      typeAfter(/Revoke 2 authorizations\? Type yes to go ahead: /, "no\n")
    )
    assert.deepStrictEqual([code, yield* remaining], [1, 2])
    assert.include(stdout, "Type yes")
    for (const digit of [1, 2]) assert.include(stdout, id(digit))
  }).pipe(Effect.provide(layer)))

it.effect.each([["Ctrl-C", "\u0003", 130], ["Ctrl-D", "\u0004", 1]] as const)(
  "%s at a question changes nothing",
  ([, key, expected]) =>
    Effect.gen(function*() {
      const { code, stdout } = yield* startOnTerminal("$cli revoke --all", typeAfter("Type yes to go ahead: ", key))
      assert.deepStrictEqual([code, yield* remaining], [expected, 2])
      assert.match(stdout, /Type yes to go ahead: (?:\^\S+)?\r\n/)
      assert.match(stdout, /^(?:Interrupted: nothing was changed|Nothing was changed: )/m)
      assert.notMatch(stdout, /^ +at /m)
    }).pipe(Effect.provide(layer))
)

it.live("one question on the terminal confirms the masked matches of find", () =>
  Effect.gen(function*() {
    const file = join(yield* temporaryDirectory, "leaked.txt")
    const items = yield* HerokuAccount.HerokuAccount.use(({ authorizations }) => authorizations)
    const tokens = items.flatMap((item) => Option.toArray(Authorization.accessToken(item))).map(Redacted.value)
    writeFileSync(file, tokens.join("\n"))
    const { code, stdout } = yield* startOnTerminal(
      `$cli find --json ${file} | $cli revoke -`,
      typeAfter(/Revoke the 30 masked matches\? Type 30 to revoke them, or each to decide one by one: /, "30\n")
    )
    assert.deepStrictEqual([code, yield* remaining], [0, 0], stdout)
    items.forEach(({ id }, index) => assert.match(stdout, new RegExp(`\n${id} +masked, ${file}:${index + 1}:1 `)))
  }).pipe(Effect.provide(layerFake({
    seed: Array.from({ length: 30 }, (_, index) => ({ description: `app ${index}` }))
  }))))

const layerTwoFactor = layerFake({ count: 5, twoFactorCode: "135790", latency: "300 millis" })

it.live("a command asks for the two-factor code on the controlling terminal, which does not show it", () =>
  Effect.gen(function*() {
    let typed = 0
    const { code, stdout } = yield* startOnTerminal(
      "$cli list --json | $cli revoke - --yes; stty -a",
      (output, child) => {
        const asked = output.split("Two-factor code: ").length - 1
        if (asked > typed) child.stdin.write(["0\n", "13x\u007f5790\n", "135790\n"][typed++]!)
      }
    )
    assert.deepStrictEqual([code, yield* remaining, typed], [0, 0, 3], stdout)
    assert.notInclude(stdout, "5790")
    assert.include(stdout, "\r\n\r\u001b[KHeroku rejected the code, or it has expired. Two-factor code: \r\n")
    assert.match(stdout, / echo /)
  }).pipe(Effect.provide(layerTwoFactor)))

it.live.each([["Ctrl-C", "\u0003", 130], ["Ctrl-D", "\u0004", 1]] as const)(
  "%s at the question for the two-factor code ends the command",
  ([, key, expected]) =>
    Effect.gen(function*() {
      const { stdout } = yield* startOnTerminal(
        "$cli revoke --all --yes; echo code $?; stty -a",
        typeAfter("Two-factor code: ", key)
      )
      assert.include(stdout, `code ${expected}\r\n`)
      assert.match(stdout, / echo /)
      assert.strictEqual(yield* remaining, 5)
    }).pipe(Effect.provide(layerTwoFactor))
)

it.live("without a terminal, the process takes the two-factor code from the environment", () =>
  Effect.gen(function*() {
    const { code, stderr } = yield* startShell("$cli revoke --all --yes")
    assert.deepStrictEqual([code, yield* remaining], [1, 5])
    assert.include(stderr, "or set HEROKU_TWO_FACTOR_CODE to a current code (request id ")
    assert.strictEqual((yield* startShell("HEROKU_TWO_FACTOR_CODE=135790 $cli revoke --all --yes")).code, 0)
    assert.strictEqual(yield* remaining, 0)
  }).pipe(Effect.provide(layerTwoFactor)))

it.effect("find asks for tokens when standard input is a terminal", () =>
  Effect.gen(function*() {
    const { code, stdout } = yield* startOnTerminal("$cli find", typeAfter("press Ctrl-D", `${unknownToken}\n\u0004`))
    assert.strictEqual(code, 1)
    assert.include(stdout, "1 token not found")
  }).pipe(Effect.provide(layerFake({ seed: [{}], clearTokens: true }))))

it.live("a table fits the terminal, and progress is shown while pages are read", () =>
  Effect.gen(function*() {
    const { code, stdout } = yield* startOnTerminal("$cli list")
    assert.strictEqual(code, 0)
    assert.include(stdout, "\u001b[KRead 0, 0/s\r")
    const lines = stdout.split(/\r?\n/).filter((line) => line.includes(id(3)))
    assert.deepStrictEqual(lines.map((line) => line.length), [100])
    assert.isTrue(lines[0]?.endsWith("…"))
  }).pipe(Effect.provide(layerFake({
    latency: "1 second",
    seed: [{ id: id(3), description: "long ".repeat(40) }]
  }))))

it.effect("colors are for terminals, and --no-color and NO_COLOR leave them out", () =>
  Effect.gen(function*() {
    const hasColor = ({ stdout }: { readonly stdout: string }) => stdout.includes("\u001b[31mHIGH\u001b[0m")
    assert.isTrue(hasColor(yield* startOnTerminal("$cli audit")))
    assert.isFalse(hasColor(yield* startOnTerminal("$cli audit --no-color")))
    assert.isFalse(hasColor(yield* startOnTerminal("NO_COLOR=1 $cli audit")))
    assert.isFalse(hasColor(yield* startOnTerminal("$cli audit | cat")))
    assert.notInclude((yield* startOnTerminal("$cli --no-color --help")).stdout, "\u001b[1m")
  }).pipe(Effect.provide(layer)))

it.live("Ctrl-C during a revocation reports what is revoked and how to continue", () =>
  Effect.gen(function*() {
    const { code, stdout } = yield* startOnTerminal(
      "$cli revoke --all --yes",
      typeAfter(/Revoked \d+ of 30, \d+\/s, .* left, rate limit: [\d,]+ requests left/, "\u0003")
    )
    assert.strictEqual(code, 130)
    const [, count] = /Interrupted: (\d+) of 30 are revoked\. Run the same command again for the rest/.exec(stdout) ??
      []
    const left = yield* remaining
    assert.isAtLeast(30 - left, Number(count))
    assert.isAbove(left, 0)
    assert.strictEqual((yield* start(["revoke", "--all", "--yes"])).code, 0)
    assert.strictEqual(yield* remaining, 0)
  }).pipe(Effect.provide(layerFake({ count: 30, latency: "250 millis" }))))

it.live("Ctrl-C during a rotation leaves tokens that work, and the next run continues", () =>
  Effect.gen(function*() {
    const directory = join(yield* temporaryDirectory, "tokens")
    const command = `rotate --all --deliver-to ${directory} --yes`
    const interrupted = yield* startOnTerminal(`$cli ${command}`, typeAfter(/Rotated [1-9]\d* of 20/, "\u0003"))
    assert.strictEqual(interrupted.code, 130)
    assert.match(interrupted.stdout, /Interrupted: \d+ rotated, .*\. Run the same command again to continue/)
    const { code, stderr } = yield* start(command.split(" "))
    assert.strictEqual(code, 0, stderr)
    assert.include(stderr, "\nSkipped: ")
    const live = (yield* HerokuAccount.HerokuAccount.use(({ authorizations }) => authorizations))
      .flatMap((item) => Option.toArray(Authorization.accessToken(item))).map(Redacted.value)
    const delivered = readdirSync(directory).filter((name) => name !== "index.json")
      .map((name) => readFileSync(join(directory, name), "utf8"))
    assert.lengthOf(delivered, 20)
    for (const text of delivered) assert.include(live, text)
    assert.lengthOf(live, 20)
  }).pipe(Effect.provide(layerFake({
    latency: "50 millis",
    seed: Array.from({ length: 20 }, (_, index) => ({ description: `app ${index}` }))
  }))), 60_000)

const isReading = "nothing was changed"

it.live.each(
  [
    [["list"], isReading],
    [["audit"], isReading],
    [["find"], isReading],
    [["info", id(1)], isReading],
    [["revoke", "--all"], isReading],
    [
      ["create", "--description", "It's CI", "--team", "ops"],
      "the authorization may have been created, with a token that is shown nowhere. Look for it among the newest of "
      + "`heroku-authorizations list --description 'It'\\''s CI' --team 'ops'`, and revoke it with"
    ],
    [
      ["update", id(1), "--description", "x"],
      `the description may have been changed. \`heroku-authorizations info ${id(1)}\``
    ]
  ] as const
)("Ctrl-C during %j says what may have been changed", ([command, message]) =>
  Effect.gen(function*() {
    let interrupt = () => {}
    // The request whose response never comes.
    const url = yield* serve((request, response) => {
      if (request.url === "/account") response.writeHead(200).end("{}")
      else interrupt()
    })
    const { code, stderr } = yield* Effect.promise(() =>
      run(process.execPath, [program.file, ...command], {
        env: { HEROKU_API_KEY: token, HEROKU_API_URL: url },
        stdin: unknownToken,
        onStart: (child) => {
          interrupt = () => void child.kill("SIGINT")
        }
      })
    )
    assert.strictEqual(code, 130, stderr)
    assert.include(stderr, `Interrupted: ${message}`)
  }))

it.live("Ctrl-C during an export leaves a file that the next run completes", () =>
  Effect.gen(function*() {
    const file = join(yield* temporaryDirectory, "all.ndjson")
    const interrupted = yield* startOnTerminal(`$cli export ${file}`, typeAfter("Exported 1,000", "\u0003"))
    assert.strictEqual(interrupted.code, 130)
    assert.include(interrupted.stdout, "Interrupted: run the same command again, and it continues where it stopped")
    const { code, stderr } = yield* start(["export", file])
    assert.strictEqual(code, 0)
    assert.include(stderr, "3,500 authorizations in")
  }).pipe(Effect.provide(layerFake({ count: 3500, latency: "500 millis" }))))

/** No file can become larger than a number of KiB, as if the disk were full. Pipes can. */
const withLimit = (kibibytes: number, command: string) =>
  `set -o pipefail; (trap "" XFSZ; ulimit -f ${kibibytes}; ${command}) 2>&1 | cat`

it.effect("an export that fails because the disk is full continues in the same file", () =>
  Effect.gen(function*() {
    const file = join(yield* temporaryDirectory, "all.ndjson")
    for (const limit of [0, 8]) {
      const { code, stdout } = yield* startShell(withLimit(limit, `$cli export ${file}`))
      assert.strictEqual(code, 1, stdout)
      assert.match(stdout, /\n\S+all\.ndjson\S*: no space is left\. Free some, then run this command again\n$/)
    }
    assert.strictEqual(statSync(file).size, 8192)
    const { code, stderr } = yield* start(["export", file])
    assert.strictEqual(code, 0, stderr)
    assert.lengthOf(new Set(readFileSync(file, "utf8").trimEnd().split("\n")), 1200)
  }).pipe(Effect.provide(layerFake({ count: 1200 }))))

it.effect("a rotation changes nothing if the disk is full, and works once it is not", () =>
  Effect.gen(function*() {
    const command = `$cli rotate --all --yes --deliver-to ${join(yield* temporaryDirectory, "tokens")}`
    const before = yield* HerokuAccount.HerokuAccount.use(({ authorizations }) => authorizations)
    const { code, stdout } = yield* startShell(withLimit(0, command))
    assert.strictEqual(code, 1)
    assert.match(stdout, /: no space is left\. Free some, then run this command again\n$/)
    assert.deepStrictEqual(yield* HerokuAccount.HerokuAccount.use(({ authorizations }) => authorizations), before)
    assert.strictEqual((yield* startShell(command)).code, 0)
  }).pipe(Effect.provide(layer)))

it.effect("audit --html writes to a pipe, and keeps it", () =>
  Effect.gen(function*() {
    const pipe = join(yield* temporaryDirectory, "pipe")
    const { code, stdout } = yield* startShell(
      `mkfifo ${pipe}; cat ${pipe} & $cli audit --html ${pipe} && wait && test -p ${pipe}`
    )
    assert.strictEqual(code, 0, stdout)
    assert.include(stdout, "</html>")
  }).pipe(Effect.provide(layer)))
