/** The commands about one authorization. */
import { FaultInjection, HerokuAccount } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { cli, daysAgo, layerFake, temporaryDirectory } from "./fixtures/cli.ts"

const id = "00000001-0000-4000-8000-000000000000"
const seed = [{ id, description: "CI", scope: ["read"], expiresIn: "1 hour", createdAt: daysAgo(1) }] as const

const layer = layerFake({ seed, defaultAuthorization: id })

it.effect.each([id, "~"])("info %s prints the fields of an authorization", (argument) =>
  Effect.gen(function*() {
    const { code, stderr, stdout } = yield* cli(["info", argument])
    assert.deepStrictEqual([code, stderr], [0, ""])
    assert.deepStrictEqual(stdout.split("\n"), [
      `ID:           ${id}`,
      "Description:  CI",
      "Scope:        read",
      "Client:       -",
      "Account:      username@example.com",
      "Created at:   1969-12-31T00:00:00.000Z",
      "Updated at:   1969-12-31T00:00:00.000Z",
      "Expires at:   1970-01-01T01:00:00.000Z"
    ])
  }).pipe(Effect.provide(layer)))

it.effect("info --json prints an authorization as one line", () =>
  Effect.gen(function*() {
    const { code, stdout } = yield* cli(["info", id, "--json"])
    assert.deepStrictEqual([code, JSON.parse(stdout).description], [0, "CI"])
  }).pipe(Effect.provide(layer)))

it.effect("info exits with 1 for an unknown id, and prints the request id", () =>
  Effect.gen(function*() {
    const { code, stderr, stdout } = yield* cli(["info", "unknown"])
    assert.deepStrictEqual([code, stdout], [1, ""])
    assert.match(stderr, /^No authorization has the id unknown: .* \(request id [0-9a-f-]{36}\)$/)
  }).pipe(Effect.provide(layer)))

it.effect("update changes the description and prints the authorization", () =>
  Effect.gen(function*() {
    const { code, stderr, stdout } = yield* cli(["update", id, "--description", "CI, nightly"])
    assert.strictEqual(code, 0)
    assert.match(stderr, /^Account \S+ at 127\.0\.0\.1:\d+$/)
    assert.include(stdout, "Description:  CI, nightly")
    assert.deepStrictEqual(
      Option.flatMap(yield* read(id), ({ description }) => description),
      Option.some("CI, nightly")
    )
  }).pipe(Effect.provide(layer)))

it.effect("create prints the token alone on standard output", () =>
  Effect.gen(function*() {
    const { code, stderr, stdout } = yield* cli(
      ["create", "--description", "deploys", "--scope", "read,write", "--scope", "identity", "--expires-in", "90d"]
    )
    assert.strictEqual(code, 0)
    assert.match(stdout, /^HRKU-[\w-]+$/)
    const [, account, createdId = ""] = /^(Account \S+ at \S+)\nCreated (\S+)\. Its token is not shown a second time$/
      .exec(stderr) ?? []
    assert.isDefined(account)
    const created = Option.getOrThrow(yield* read(createdId))
    assert.deepStrictEqual([created.description, created.scope], [Option.some("deploys"), [
      "read",
      "write",
      "identity"
    ]])
    const token = Option.getOrThrow(created.accessToken)
    assert.strictEqual(Redacted.value(token.token), stdout)
    assert.strictEqual((yield* cli(["list", createdId])).stdout.split(/\s+/)[8], "1970-04-01")
  }).pipe(Effect.provide(layer)))

it.effect("create --json prints the authorization with its token", () =>
  Effect.gen(function*() {
    const { code, stdout } = yield* cli(["create", "--json"])
    const { token, ...record } = JSON.parse(stdout)
    assert.strictEqual(code, 0)
    assert.match(token, /^HRKU-/)
    assert.deepInclude(record, { scope: ["global"], expires_at: null })
  }).pipe(Effect.provide(layer)))

it.effect.each(["", ",", "read,"])("create --scope %j exits with 2", (scope) =>
  Effect.gen(function*() {
    const { code, stderr, stdout } = yield* cli(["create", "--scope", scope])
    assert.deepStrictEqual([code, stdout], [2, ""])
    assert.include(stderr, "--scope names no scope")
    assert.strictEqual(yield* HerokuAccount.HerokuAccount.use(({ size }) => size), 1)
  }).pipe(Effect.provide(layer)))

it.effect.each(
  [
    ["create", "--expires-in", "0s"],
    ["create", "--expires-in", "0d"],
    ["rotate", "--expires-in", "0s", "--all", "--deliver-command", "cat"],
    ["rotate", "--deliver-timeout", "0s", "--all", "--deliver-command", "cat"],
    ["list", "--timeout", "0s"]
  ] as const
)("%s %s %s is rejected with the durations that are allowed", (argv) =>
  Effect.gen(function*() {
    const { code, stderr, stdout } = yield* cli(argv)
    assert.deepStrictEqual([code, stdout], [2, ""])
    assert.include(
      stderr,
      `Invalid value for flag ${argv[1]}: "${
        argv[2]
      }". Expected: a duration of one second or more, such as 90d, 12h, 30m or 45s\n`
    )
    assert.strictEqual(yield* HerokuAccount.HerokuAccount.use(({ size }) => size), 1)
  }).pipe(Effect.provide(layer)))

it.effect("an error about an input names its flag", () =>
  Effect.gen(function*() {
    const { code, stderr } = yield* cli(["create", "--expires-in", "999999999w"])
    assert.strictEqual(code, 1)
    assert.match(stderr, /\n--expires-in: /)
  }).pipe(Effect.provide(layer)))

it.effect("a command exits with 1 and says what to do when Heroku rejects the token", () =>
  Effect.gen(function*() {
    const { code, stderr, stdout } = yield* cli(["list"], { env: { HEROKU_API_KEY: "HRKU-wrong-token" } })
    assert.deepStrictEqual([code, stdout], [1, ""])
    assert.match(stderr, /^The token comes from HEROKU_API_KEY\nHeroku rejected the token: /)
    assert.include(stderr, "unset HEROKU_API_KEY; heroku login; export HEROKU_API_KEY=\"$(heroku auth:token)\"")
    assert.notInclude(stderr, "HRKU")
  }).pipe(Effect.provide(layer)))

it.effect("--api-url names another API than HEROKU_API_URL", () =>
  Effect.gen(function*() {
    const argv = ["list", "--api-url", "http://192.0.2.1:9"]
    const { code, stderr } = yield* cli(argv)
    assert.strictEqual(code, 1)
    assert.include(stderr, "must begin with https://")
  }).pipe(Effect.provide(layer)))

it.effect("commands trim HEROKU_API_URL", () =>
  Effect.gen(function*() {
    const { address } = yield* HttpServer.HttpServer
    const env = { HEROKU_API_URL: ` ${HttpServer.formatAddress(address)}\n` }
    const argv = ["rotate", id, "--yes", "--deliver-to", yield* temporaryDirectory]
    const { code, stderr } = yield* cli(argv, { env })
    assert.strictEqual(code, 0, stderr)
    assert.match(stderr, /^Account \S+ at 127\.0\.0\.1:\d+\n/)
  }).pipe(Effect.provide(layer)))

it.effect.each(["hrku-secret", "id-HRKU-secret"])(
  "info %s says that a token is not an id",
  (argument) =>
    Effect.gen(function*() {
      const { code, stderr } = yield* cli(["info", argument])
      assert.strictEqual(code, 2)
      assert.match(
        stderr,
        /^The argument is a token: pass the id of an authorization, which `heroku-authorizations find`/
      )
      assert.notInclude(stderr, "secret")
    }).pipe(Effect.provide(layer))
)

it.live("--timeout limits how long a request takes", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.hang)
    const { code, stderr } = yield* cli(["info", id, "--timeout", "1s"])
    assert.strictEqual(code, 1)
    assert.match(stderr, /Check the connection, then run this command again$/)
  }).pipe(Effect.provide(layer)))

it.effect("--debug logs requests and no secrets", () =>
  Effect.gen(function*() {
    const { code, stderr } = yield* cli(["info", id, "--debug"])
    assert.strictEqual(code, 0)
    assert.include(stderr, "Heroku info")
    assert.notInclude(stderr, "HRKU")
  }).pipe(Effect.provide(layer)))

it.effect("--help explains the exit codes, and --version prints the version", () =>
  Effect.gen(function*() {
    const { code, stdout } = yield* cli(["--help"])
    assert.strictEqual(code, 0)
    for (const exitCode of ["0 ", "1 ", "2 ", "3 ", "130 "]) assert.include(stdout, `\n    ${exitCode}`)
    for (const name of ["list", "info", "audit", "find", "create", "update", "revoke", "rotate", "export"]) {
      assert.include(stdout, `\n  ${name} `)
    }
    assert.lengthOf(stdout.match(/Exit codes:/g) ?? [], 1)
    assert.match((yield* cli(["--version"])).stdout, /^heroku-authorizations v\d+\.\d+\.\d+$/)
  }).pipe(Effect.provide(layer)))

const read = (authorization: string) => HerokuAccount.HerokuAccount.use((account) => account.get(authorization))
