/** Every command, flag and exit code, as a process without a terminal. `process.test.ts` has the terminal. */
import { assert, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { HttpServer } from "effect/http"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import { layerFake, temporaryDirectory, token } from "./fixtures/cli.ts"
import { bundle, run } from "./fixtures/process.ts"

const program = { file: "", remove: () => {} }
beforeAll(async () => void Object.assign(program, await bundle()))
afterAll(() => program.remove())

const id = (digit: number) => `0000000${digit}-0000-4000-8000-000000000000`
const daysAgo = (days: number) => DateTime.makeUnsafe(Date.now() - days * 86_400_000)
const leaked = `HRKU-AA${"leak".repeat(14)}-1`
const other = `HRKU-AA${"none".repeat(14)}-2`

const layer = layerFake({
  clearTokens: true,
  defaultAuthorization: id(1),
  teams: [{ name: "ops" }],
  seed: [
    { id: id(1), description: "CI", createdAt: daysAgo(400), accessToken: leaked },
    {
      id: id(2),
      description: "Dashboard",
      scope: ["read"],
      expiresIn: "1 hour",
      client: { id: "client-id", name: "Heroku Dashboard" },
      createdAt: daysAgo(10)
    },
    { id: id(3), description: "CI mirror", scope: ["read", "write"], expiresIn: "0 seconds", createdAt: daysAgo(100) },
    { id: id(9), description: "own", accessToken: token, createdAt: daysAgo(500) }
  ]
})

/** Arguments, the exit code, and what has to be printed on either output. `@` is a directory, `$1` the id of 1. */
type Row = readonly [argv: string, code: number, printed: RegExp, stdin?: string]

/** Prints exactly the ids of these authorizations as JSON. */
const only = (...digits: ReadonlyArray<number>): RegExp =>
  new RegExp(`^${digits.map((digit) => `\\{[^\\n]*"id":"${id(digit)}"[^\\n]*\\n`).join("")}(?!\\{)`)

/** Each filter alone, for `list`. */
const selections: ReadonlyArray<readonly [flags: string, ...digits: ReadonlyArray<number>]> = [
  ["$3 $1", 3, 1],
  ["--client client-id", 2],
  ["--description CI*", 1, 3],
  ["--scope read", 2, 3],
  ["--older-than 99d", 1, 3, 9],
  ["--created-before 2020-01-01"],
  ["--never-expires", 1, 9],
  ["--expired", 3],
  ["--not $1 --not $9", 2, 3],
  ["--team ops"]
]

/** All filters together, for the other commands, and how many they select. */
const combined = [
  ["$1 $3", 2],
  ["--client client-id --description D* --scope read --older-than 9d --created-before 2100-01-01 --not $3", 1],
  ["--never-expires --not $9", 1],
  ["--expired --team ops", 0]
] as const

const rows: ReadonlyArray<Row> = [
  ["--help", 0, /^ {2}rotate /m],
  ["-h", 0, /^ {2}rotate /m],
  ["--version", 0, /^heroku-authorizations v\d/],
  ["-v", 0, /^heroku-authorizations v\d/],
  ["--completions bash", 0, /complete .*heroku-authorizations/],
  ["", 0, /SUBCOMMANDS/],
  ["nonsense", 2, /Unknown subcommand/],

  ["list", 0, /^ID +CREATED +EXPIRES/],
  ["list - --json", 0, only(3), id(3)],
  ["list missing", 1, /missing not found/],
  ["list --older-than soon", 2, /Expected: a duration/],
  ...selections.map(([flags, ...digits]): Row => [`list --json ${flags}`, 0, only(...digits)]),
  ["list --api-url http://127.0.0.1:1 --timeout 1s", 1, /Check the connection/],
  ["list --debug --no-color", 0, /Heroku list/],

  ["info ~", 0, /^Description: +CI$/m],
  ["info $2 --json", 0, only(2)],
  ["info missing", 1, /No authorization has the id missing/],
  ["info", 2, /Missing required argument: id/],

  ["audit", 0, /^HIGH +\S+ +has the scope global, never expires/m],
  ["audit --html @/report.html", 0, /Wrote \S+report\.html/],
  ["audit --json $1 --old 2000d --soon 1s", 0, /"kind":"never expires","why":"never expires"\}\]/],
  ["audit missing", 1, /missing not found/],
  ["audit --old 1y", 2, /Expected: a duration/],
  ...combined.map(([flags, count]): Row => [`audit ${flags}`, 0, new RegExp(`^${count} authorizations?:`, "m")]),

  ["find", 0, /^Exact matches\n/, leaked],
  ["find --json @/leaked.txt", 0, /^\{"match":"exact","source":"\S+leaked\.txt:1:1"/],
  ["find", 1, /1 token not found/, other],
  ["find --team ops", 1, /1 token not found/, leaked],
  ["find", 2, /begins like a token/, `${leaked} ${other.slice(0, 20)}`],
  ["find", 2, /holds no token/, "nothing"],
  ["find @/missing", 2, /no such file/],

  ["export @/all.ndjson", 0, /^Account \S+ at \S+\n4 authorizations in /],
  ["export @/all.ndjson", 1, /is complete since/],
  ["export -", 2, /- is not the name of a file/],
  ["audit --html -", 2, /- is not the name of a file/],
  ["export", 2, /Missing required argument: file/],
  ...combined.map(([flags, count], index): Row => [
    `export @/${index}.ndjson ${flags}`,
    0,
    new RegExp(`^${count} authorizations? in `, "m")
  ]),

  ["update $1 -d changed", 0, /^Description: +changed$/m],
  ["update $1 --description CI --json", 0, only(1)],
  ["update missing --description x", 1, /No authorization has the id missing/],
  ["update $1", 2, /Missing required flag: --description/],

  ["rotate --all --deliver-to @/tokens", 3, /^Account .*\nReplace 1 /],
  ["rotate --deliver-to @/tokens", 2, /or --all/],
  ["rotate --all", 2, /either --deliver-to or --deliver-command/],
  ...combined.map(([flags, count]): Row => [
    `rotate ${flags} --deliver-to @/tokens --now`,
    count === 0 ? 1 : 3,
    new RegExp(`^Regenerate the tokens of ${count} authorizations?:?$`, "m")
  ]),
  ["revoke --all", 3, /^Account .*\nRevoke 3 /],
  ["revoke", 2, /or --all/],
  ...combined.map(([flags, count]): Row => [
    `revoke ${flags}`,
    count === 0 ? 1 : 3,
    new RegExp(`^Revoke ${count} authorizations?:?$`, "m")
  ]),

  ["create -d one -s read,write -e 90d", 0, /^HRKU-\S{60}\n/],
  ["create --description two --scope read --scope write --expires-in 90d --json", 0, /"token":"HRKU-/],
  ["create --team ops --scope read", 0, /^HRKU-/],
  ["create --client client-id --json", 0, /"token":null/],
  ["create --client client-id", 1, /without a token/],
  ["create --client client-id --team ops", 1, /^--client: /m],
  ["create --expires-in 0s", 2, /one second or more/],
  ["create --scope ,", 2, /names no scope/],

  ["rotate $1 --deliver-to @/tokens --overlap 2h --yes", 0, /1 waiting/],
  ["rotate --status", 0, /^ID +REPLACES/],
  ["rotate $1 --deliver-to @/tokens --overlap 0s -y", 0, /1 rotated/],
  ["rotate $3 --deliver-command cat>@/token --deliver-timeout 20s --expires-in 30d --yes", 0, /1 rotated/],
  ["rotate --description CI --now --deliver-to @/tokens --yes", 0, /1 rotated/],
  ["rotate --description CI --now --deliver-to @/tokens --since 2020-01-01 --yes", 0, /Skipped: 1 /],
  ["rotate missing --deliver-to @/tokens --yes", 1, /1 not found/],
  ["rotate $9 --deliver-to @/tokens --yes", 1, /Left out: .* Rotate it with another token/],

  ["revoke --client other --yes", 1, /Nothing to revoke/],
  ["revoke - --yes", 1, /masked matches need --confirm/, `{"id":"${id(2)}","match":"masked"}`],
  ["revoke - --yes --confirm $2", 0, /1 revoked/, `{"id":"${id(2)}","match":"masked"}`],
  ["revoke --all -y", 0, /revoked, 0 not found, 0 failed/],
  ["revoke $9 --yes", 1, /--including-own/],
  ["revoke $9 --including-own --yes", 0, /^1 revoked/m],
  ["list", 1, /Heroku rejected the token/]
]

it.live(
  "every command, flag and exit code works in a process",
  () =>
    Effect.gen(function*() {
      const { address } = yield* HttpServer.HttpServer
      const directory = yield* temporaryDirectory
      writeFileSync(join(directory, "leaked.txt"), leaked)
      const env = { HEROKU_API_KEY: token, HEROKU_API_URL: HttpServer.formatAddress(address) }
      const start = (argv: ReadonlyArray<string>, stdin = "") =>
        Effect.promise(() => run(process.execPath, [program.file, ...argv], { env, stdin }))
      for (const [line, code, printed, stdin] of rows) {
        const argv = line.split(" ").filter((word) => word !== "")
          .map((word) => word.replace("@", directory).replace(/^\$(\d)$/, (_, digit) => id(Number(digit))))
        const result = yield* start(argv, stdin)
        assert.strictEqual(result.code, code, `${line}\n${result.stdout}\n${result.stderr}`)
        assert.isTrue(
          [result.stdout, result.stderr].some((text) => printed.test(text)),
          `${line}\n${result.stdout}\n${result.stderr}`
        )
      }

      // No flag of a command is left out above.
      const commands = ["", "list", "info", "audit", "find", "create", "update", "revoke", "rotate", "export"]
      const helps = yield* Effect.forEach(commands, (command) =>
        start([command, "--help"].filter((word) => word !== "")), {
        concurrency: 2
      })
      const unused = commands.flatMap((command, index) => {
        const [, flags = ""] = /^FLAGS\n(.*?)(?:^INHERITED FLAGS|^SUBCOMMANDS)/ms.exec(helps[index]!.stdout) ?? []
        const lines = rows.map(([line]) =>
          line.split(" ")
        ).filter(([first]) => command === "" || first === command)
        const words = new Set(lines.flat())
        return flags.split("\n").flatMap((line) => line.split(/ {4}/)[0]!.match(/-{1,2}[a-z-]+/g) ?? [])
          .filter((flag) => !words.has(flag)).map((flag) => `${command} ${flag}`)
      })
      assert.deepStrictEqual(unused, [])
    }).pipe(Effect.provide(layer)),
  180_000
)
