import { serve } from "@effect-heroku/test-kit/httpServer"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { FaultInjection } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { cli, daysAgo, layerFake } from "./fixtures/cli.ts"

const id = (digit: number) => `0000000${digit}-0000-4000-8000-000000000000`

const seed = [
  { id: id(1), description: "CI server", scope: ["global"], createdAt: daysAgo(400) },
  {
    id: id(2),
    description: "Dashboard",
    scope: ["read"],
    expiresIn: "1 hour",
    client: { id: "client-id", name: "Heroku Dashboard" },
    createdAt: daysAgo(10)
  },
  { id: id(3), description: "CI mirror", scope: ["read", "write"], expiresIn: "0 seconds", createdAt: daysAgo(100) }
] as const

const ids = (json: string): ReadonlyArray<string> => json.split("\n").map((line) => JSON.parse(line).id)

it.effect("list prints an aligned table", () =>
  Effect.gen(function*() {
    const { code, stderr, stdout } = yield* cli(["list"])
    assert.deepStrictEqual([code, stderr], [0, ""])
    assert.deepStrictEqual(stdout.split("\n"), [
      "ID                                    CREATED     EXPIRES     SCOPE       CLIENT            DESCRIPTION",
      `${id(1)}  1968-11-27  never       global      -                 CI server`,
      `${id(2)}  1969-12-22  1970-01-01  read        Heroku Dashboard  Dashboard`,
      `${id(3)}  1969-09-23  expired     read,write  -                 CI mirror`
    ])
  }).pipe(Effect.provide(layerFake({ seed }))))

it.effect("list says that nothing is selected", () =>
  Effect.gen(function*() {
    const { code, stderr } = yield* cli(["list", "--description", "CI"])
    assert.deepStrictEqual([code, stderr], [0, "No authorization is selected"])
  }).pipe(Effect.provide(layerFake({ seed }))))

it.effect("list --json prints one object on each line, without tokens", () =>
  Effect.gen(function*() {
    const { code, stdout } = yield* cli(["list", "--json", id(2)])
    assert.strictEqual(code, 0)
    assert.notInclude(stdout, "HRKU")
    assert.deepInclude(JSON.parse(stdout), {
      id: id(2),
      description: "Dashboard",
      scope: ["read"],
      client: { id: "client-id", name: "Heroku Dashboard" },
      created_at: "1969-12-22T00:00:00.000Z",
      updated_at: "1969-12-22T00:00:00.000Z",
      expires_at: "1970-01-01T01:00:00.000Z"
    })
  }).pipe(Effect.provide(layerFake({ seed }))))

it.effect.each(
  [
    [["--client", "Heroku Dashboard"], [2]],
    [["--client", "client-id"], [2]],
    [["--description", "CI*"], [1, 3]],
    [["--description", "CI ser?er"], [1]],
    [["--description", "CI"], []],
    [["--scope", "read"], [2, 3]],
    [["--older-than", "99d"], [1, 3]],
    [["--older-than", "57w"], [1]],
    [["--created-before", "1969-09-23"], [1]],
    [["--created-before", "1969-09-23T00:00:01Z"], [1, 3]],
    [["--never-expires"], [1]],
    [["--expired"], [3]],
    [["--not", id(1)], [2, 3]],
    [["--not", id(1), "--not", id(3)], [2]],
    [["--scope", "read", "--older-than", "99 days"], [3]],
    [[id(3), id(1)], [3, 1]],
    [[id(3), id(1), "--scope", "global"], [1]]
  ] as const
)("list selects with %j", ([flags, expected]) =>
  Effect.gen(function*() {
    const { code, stdout } = yield* cli(["list", "--json", ...flags])
    assert.strictEqual(code, 0)
    assert.deepStrictEqual(stdout === "" ? [] : ids(stdout), expected.map(id))
  }).pipe(Effect.provide(layerFake({ seed }))))

it.effect.each([
  `${id(3)}\n\n ${id(1)} \r\n`,
  `{"id":"${id(3)}","description":"x"}\n{"id":"${id(1)}"}`
])("list - reads ids from standard input (%#)", (stdin) =>
  Effect.gen(function*() {
    assert.deepStrictEqual(ids((yield* cli(["list", "--json", "-"], { stdin })).stdout), [id(3), id(1)])
  }).pipe(Effect.provide(layerFake({ seed }))))

it.effect("list finds more than a hundred ids in the listing, and looks up the rest", () =>
  Effect.gen(function*() {
    const { stdout } = yield* cli(["list", "--json"])
    const given = [...ids(stdout).slice(0, 149), "missing"]
    const { code, stderr, stdout: found } = yield* cli(["list", "--json", "-"], { stdin: given.join("\n") })
    assert.deepStrictEqual(ids(found), given.slice(0, -1))
    assert.deepStrictEqual([code, stderr], [1, "missing not found\n1 id not found in this account"])
  }).pipe(Effect.provide(layerFake({ count: 200 }))))

it.effect("list --not also leaves out an id that no authorization has", () =>
  Effect.gen(function*() {
    const { code, stderr, stdout } = yield* cli(["list", "--json", id(1), "missing", "--not", "missing"])
    assert.deepStrictEqual([code, ids(stdout), stderr], [0, [id(1)], ""])
  }).pipe(Effect.provide(layerFake({ seed }))))

it.effect("list --description also matches what a rotation has marked", () =>
  Effect.gen(function*() {
    const { stdout } = yield* cli(["list", "--json", "--description", "CI"])
    assert.deepStrictEqual(ids(stdout), [id(1), id(2), id(3)])
  }).pipe(Effect.provide(layerFake({
    seed: [
      { id: id(1), description: `CI [replaced by ${id(2)}]` },
      { id: id(2), description: `CI [replaces ${id(1)}]` },
      { id: id(3), description: "CI [regenerating]" },
      { id: id(4), description: "CI [nightly]" }
    ]
  }))))

it.effect("list counts ~ and the id of the default authorization once", () =>
  Effect.gen(function*() {
    const { stdout } = yield* cli(["list", "--json", "~", id(1)])
    assert.deepStrictEqual(ids(stdout), [id(1)])
  }).pipe(Effect.provide(layerFake({ seed, defaultAuthorization: id(1) }))))

it.effect("list exits with 1 and names ids that no authorization has", () =>
  Effect.gen(function*() {
    const { code, stderr, stdout } = yield* cli(["list", "--json", id(1), "missing"])
    assert.deepStrictEqual(ids(stdout), [id(1)])
    assert.deepStrictEqual([code, stderr], [1, "missing not found\n1 id not found in this account"])
  }).pipe(Effect.provide(layerFake({ seed }))))

it.effect("without a terminal, progress is a line on standard error every five seconds", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    const gate = yield* faults.hold({ operation: "list", every: 2, times: 1 })
    const running = yield* Effect.forkChild(cli(["list"], { isStderrTerminal: false }))
    yield* gate.arrived
    yield* TestClock.adjust("11 seconds")
    yield* gate.open
    const { code, stderr } = yield* Fiber.join(running)
    assert.strictEqual(code, 0)
    assert.match(stderr, /^Read [\d,]+, \d+\/s, rate limit: 4,499 requests left\nRead [^\n]+$/)
  }).pipe(Effect.provide(layerFake({ count: 1500 }))))

it.effect.each([3_600_000, -3_600_000])(
  "progress has the right rate though the clock jumps by %d ms",
  (jump) =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      let offset = 0
      const currentTimeMillisUnsafe = () => clock.currentTimeMillisUnsafe() + offset
      const currentTimeMillis = Effect.sync(currentTimeMillisUnsafe)
      const jumping = Object.assign(Object.create(clock), { currentTimeMillisUnsafe, currentTimeMillis })
      const faults = yield* FaultInjection.FaultInjection
      const gate = yield* faults.hold({ operation: "list", every: 2, times: 1 })
      const call = cli(["list"], { isStderrTerminal: false })
      const running = yield* Effect.forkChild(Effect.provideService(call, Clock.Clock, jumping))
      yield* gate.arrived
      offset = jump
      yield* TestClock.adjust("11 seconds")
      yield* gate.open
      const { stderr } = yield* Fiber.join(running)
      assert.match(stderr, /^Read 1,000, 200\/s[^\n]+\nRead 1,000, 100\/s[^\n]+$/)
    }).pipe(Effect.provide(layerFake({ count: 1500 })))
)

it.effect("an invalid proxy is named once", () =>
  Effect.gen(function*() {
    const env = { HEROKU_API_URL: "https://api.heroku.test", HTTPS_PROXY: "socks5://127.0.0.1:1080" }
    const { stderr } = yield* cli(["list"], { env })
    assert.match(stderr, /^HTTPS_PROXY: must be the URL of an HTTP proxy/m)
    assert.lengthOf(stderr.match(/HTTPS_PROXY/g) ?? [], 1)
  }).pipe(Effect.provide(layerFake({ count: 1 }))))

it.effect("list makes text from Heroku safe for terminals", () =>
  Effect.gen(function*() {
    const table = (yield* cli(["list"])).stdout
    const json = (yield* cli(["list", "--json"])).stdout
    assert.include(table, String.raw`a\u001b[2Jb\u000ac\u202ed`)
    assert.include(json, String.raw`a\u001b[2Jb\nc\u202ed`)
    assert.strictEqual(JSON.parse(json).description, "a\u001b[2Jb\nc\u202ed")
  }).pipe(Effect.provide(layerFake({ seed: [{ description: "a\u001b[2Jb\nc\u202ed" }] }))))

it.effect.each(
  [
    [["list", "HRKU-secret"], "argument 1 is a token"],
    [["list", "--not", "HRKU-secret"], "--not is a token"],
    [["list", "a b"], "argument 1 is not an id: it contains spaces"],
    [["list", "--older-than", "soon"], "Expected: a duration such as 90d"],
    [["list", "--created-before", "yesterday"], "Expected: a day such as 2026-01-31"],
    [["list", "--created-before", "2026-13-31"], "Expected: a day such as 2026-01-31"],
    [["list", "--created-before", "2026-02-31"], "Expected: a day such as 2026-01-31"],
    [["list", "--unknown"], "Unrecognized flag: --unknown"],
    [["list", "--api-url", "heroku"], "Expected: an absolute URL, like https://api.heroku.com"],
    [["info", "HRKU-secret"], "The argument is a token"],
    [["info"], "Missing required argument: id"],
    [["info", id(1), "HRKU-secret"], "Unexpected positional argument"],
    [["update", id(1)], "Missing required flag: --description"],
    [["create", "--expires-in", "never"], "Expected: a duration of one second or more, such as 90d"],
    [["nonsense"], "Unknown subcommand"]
  ] as const
)("the program rejects %j with exit code 2 and quotes no token", ([argv, message]) =>
  Effect.gen(function*() {
    const { code, stderr, stdout } = yield* cli(argv)
    assert.deepStrictEqual([code, stdout], [2, ""])
    assert.include(stderr, message)
    assert.notInclude(stderr, "secret")
  }).pipe(Effect.provide(layerFake({ seed }))))

it.effect("list prints the other authorizations and exits with 1 if one cannot be read", () =>
  Effect.gen(function*() {
    const url = yield* serve((_, response) => {
      response.writeHead(200, { "content-type": "application/json" })
      response.end(JSON.stringify([{ id: id(1), scope: "broken" }, { ...payloads.full, id: id(2) }]))
    })
    const { code, stderr, stdout } = yield* cli(["list", "--json"], { env: { HEROKU_API_URL: url } })
    assert.deepStrictEqual([code, ids(stdout)], [1, [id(2)]])
    assert.match(
      stderr,
      new RegExp(`^Authorization ${id(1)} cannot be read: .*\\n1 authorization could not be read$`, "s")
    )
  }).pipe(Effect.provide(layerFake({}))))

it.effect("list --team lists the authorizations of a team, and create --team creates one", () =>
  Effect.gen(function*() {
    const created = yield* cli(["create", "--team", "ops", "--description", "team token", "--scope", "read", "--json"])
    assert.strictEqual(created.code, 0, created.stderr)
    const { stdout } = yield* cli(["list", "--team", "ops", "--json"])
    assert.deepStrictEqual(ids(stdout), [JSON.parse(created.stdout).id])
    const unknown = yield* cli(["list", "--team", "unknown"])
    assert.strictEqual(unknown.code, 1)
    assert.include(unknown.stderr, "Couldn't find that team. Check --team and --api-url")
    assert.notInclude(unknown.stderr, "outages")
  }).pipe(Effect.provide(layerFake({ seed, teams: [{ name: "ops" }] }))))
