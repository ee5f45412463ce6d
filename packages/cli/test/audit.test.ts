import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { lstatSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { cli, daysAgo, layerFake, temporaryDirectory } from "./fixtures/cli.ts"

const id = (digit: number) => `0000000${digit}-0000-4000-8000-000000000000`
const wide = "teams:01234567-89ab-cdef-0123-456789abcdef.apps:*.read+write"

const layer = layerFake({
  seed: [
    { id: id(1), description: "fine", scope: ["read"], expiresIn: "30 days" },
    { id: id(2), description: "dead", scope: ["global"], expiresIn: "0 seconds", createdAt: daysAgo(900) },
    { id: id(3), description: "soon", scope: ["read"], expiresIn: "13 days" },
    { id: id(4), description: "wide", scope: [wide], expiresIn: "30 days" },
    { id: id(5), description: "forever", scope: ["read"] },
    { id: id(6), description: "global", scope: ["global"], expiresIn: "30 days" },
    { id: id(7), description: "newer", scope: ["global"] },
    { id: id(8), description: "older", scope: ["global"], createdAt: daysAgo(10) },
    { id: id(9), description: "worst", scope: ["global"], createdAt: daysAgo(366) },
    {
      id: id(0),
      description: "changed",
      scope: ["read"],
      expiresIn: "30 days",
      createdAt: daysAgo(900),
      updatedAt: daysAgo(1)
    }
  ]
})

it.effect("the line that names the account names the team", () =>
  Effect.gen(function*() {
    const html = join(yield* temporaryDirectory, "report.html")
    const created = yield* cli(["create", "--team", "ops", "--scope", "read"])
    const { stdout } = yield* cli(["audit", "--team", "ops", "--html", html])
    const plan = yield* cli(["revoke", "--all", "--team", "ops"])
    const rotation = yield* cli(["rotate", "--all", "--team", "ops", "--deliver-command", "cat"])
    const found = yield* cli(["find", "--team", "ops"], { stdin: created.stdout })
    for (const text of [created.stderr, stdout, plan.stdout, rotation.stdout, found.stderr]) {
      assert.match(text, /^Account \S+ at 127\.0\.0\.1:\d+, team ops[,\n]/)
    }
    const report = readFileSync(html, "utf8")
    assert.match(report, /<title>Heroku authorizations of team ops, /)
    assert.match(report, /<bdi>127\.0\.0\.1:\d+<\/bdi>, <bdi>team ops<\/bdi>, /)
  }).pipe(Effect.provide(layerFake({ teams: [{ name: "ops" }] }))))

it.effect("audit lists what is risky and why, worst first", () =>
  Effect.gen(function*() {
    const { code, stderr, stdout } = yield* cli(["audit"])
    assert.deepStrictEqual([code, stderr], [0, ""])
    const [head, ...lines] = stdout.split("\n")
    assert.match(head!, /^Account \S+ at 127\.0\.0\.1:\d+, 1970-01-01T00:00:00\.000Z$/)
    assert.deepStrictEqual(lines.slice(0, 7), [
      "10 authorizations: 3 high risk, 3 medium risk, 2 low risk, 2 without findings",
      "  4 global scope",
      "  4 never expires",
      "  1 wide scope",
      "  1 old",
      "  1 expiring soon",
      "  1 expired"
    ])
    assert.deepStrictEqual(
      lines.slice(9).map((line) => line.split(/ {2,}/).slice(0, 3)),
      [
        ["HIGH", id(9), "has the scope global, never expires, not changed for 366 days"],
        ["HIGH", id(8), "has the scope global, never expires"],
        ["HIGH", id(7), "has the scope global, never expires"],
        ["MEDIUM", id(6), "has the scope global"],
        ["MEDIUM", id(5), "never expires"],
        ["MEDIUM", id(4), `has the scope ${wide}`],
        ["LOW", id(3), "expires in 13 days"],
        ["LOW", id(2), "the token has expired"]
      ]
    )
  }).pipe(Effect.provide(layer)))

it.effect("audit --json prints all authorizations with their findings", () =>
  Effect.gen(function*() {
    const { code, stderr, stdout } = yield* cli(["audit", "--json"])
    assert.strictEqual(code, 0)
    assert.match(stderr, /^Account \S+ at \S+, 1970-01-01T00:00:00\.000Z$/)
    const lines = stdout.split("\n").map((line) => JSON.parse(line))
    assert.lengthOf(lines, 10)
    assert.deepInclude(lines[0], { id: id(9), risk: "high" })
    assert.deepStrictEqual(lines[4].findings, [{ kind: "never expires", why: "never expires" }])
    assert.deepInclude(lines[9], { risk: "none", findings: [] })
    assert.notInclude(stdout, "HRKU")
  }).pipe(Effect.provide(layer)))

it.effect("audit takes a selection and the limits of old and soon", () =>
  Effect.gen(function*() {
    const { stdout } = yield* cli([
      "audit",
      "--json",
      "--old",
      "5d",
      "--soon",
      "31d",
      "--not",
      id(2),
      id(1),
      id(2),
      id(8)
    ])
    assert.deepStrictEqual(
      stdout.split("\n").map((line) => JSON.parse(line)).map(({ findings, id }) => [
        id,
        findings.map(({ kind }: { readonly kind: string }) => kind)
      ]),
      [[id(8), ["global scope", "never expires", "old"]], [id(1), ["expiring soon"]]]
    )
  }).pipe(Effect.provide(layer)))

it.effect("audit exits with 1 if an id was not found", () =>
  Effect.gen(function*() {
    assert.strictEqual((yield* cli(["audit", id(1), "missing"])).code, 1)
  }).pipe(Effect.provide(layer)))

it.effect("audit --html writes to the target of a symbolic link", () =>
  Effect.gen(function*() {
    const directory = yield* temporaryDirectory
    const [link, target] = [join(directory, "link.html"), join(directory, "target.html")]
    writeFileSync(target, "old")
    symlinkSync(target, link)
    assert.strictEqual((yield* cli(["audit", "--html", link])).code, 0)
    assert.isTrue(lstatSync(link).isSymbolicLink())
    assert.include(readFileSync(target, "utf8"), "<html")
  }).pipe(Effect.provide(layer)))
