/**
 * Writes a report about an account's authorizations: FILE.json for programs and FILE.html for people. The page loads
 * nothing else. Neither file contains a token.
 *
 * Run it with `npx -y pnpm@12 exec node examples/report.ts FILE`; see `audit.ts` for the account it uses.
 */
import { Authorization, AuthorizationService } from "@effect-heroku/core"
import { Config, Console, DateTime, Effect, FileSystem, Option, Stream } from "effect"
import { Argument, Command } from "effect/cli"
import { run, withAccount } from "./command.ts"
import { format, type Report } from "./report/page.ts"

type Row = Report["authorizations"][number]

/** The findings of the report, worst first. */
const findings: ReadonlyArray<readonly [string, (item: Authorization.Authorization, now: DateTime.Utc) => boolean]> = [
  ["global scope, never expires", (item) => Authorization.hasGlobalScope(item) && Authorization.neverExpires(item)],
  ["never expires", (item) => !Authorization.hasGlobalScope(item) && Authorization.neverExpires(item)],
  ["expired", Authorization.isExpired]
]

/** Reads all authorizations, page by page, and stores only the fields that the report shows. */
export const makeReport = Effect.fn("report")(function*() {
  const service = yield* AuthorizationService.AuthorizationService
  const { host } = yield* Config.URL("HEROKU_API_URL").pipe(
    Config.orElse(() => Config.succeed(new URL("https://api.heroku.com")))
  )
  const rows: Array<Row> = []
  const users = new Set<string>()
  yield* service.pages().pipe(
    Stream.runForEach((page) =>
      Effect.gen(function*() {
        const now = yield* DateTime.now
        for (const item of page.items) {
          rows.push(toRow(item, now))
          for (const email of Option.toArray(Option.flatMap(item.user, ({ email }) => email))) users.add(email)
        }
        yield* Console.error(`read ${rows.length} authorizations`)
      })
    )
  )
  return {
    at: DateTime.formatIso(yield* DateTime.now),
    host,
    users: [...users],
    findings: findings.map(([name]) => name),
    authorizations: rows
  } satisfies Report
})

const toRow = (item: Authorization.Authorization, now: DateTime.Utc): Row => ({
  id: item.id,
  description: Option.getOrElse(item.description, () => ""),
  client: Option.getOrNull(Option.map(item.client, ({ id, name }) => Option.getOrElse(name, () => id))),
  scope: item.scope,
  createdAt: DateTime.formatIso(item.createdAt),
  updatedAt: DateTime.formatIso(item.updatedAt),
  expiresAt: Option.getOrNull(Option.map(Authorization.expiresAt(item, now), DateTime.formatIso)),
  findings: findings.filter(([, applies]) => applies(item, now)).map(([name]) => name)
})

const file = Argument.String("file").pipe(Argument.withDescription("Path of the report, without .json and .html"))

const command = Command.make("report", { file }, ({ file }) =>
  Effect.gen(function*() {
    const fileSystem = yield* FileSystem.FileSystem
    const report = yield* makeReport()
    yield* fileSystem.writeFileString(`${file}.json`, `${JSON.stringify(report, null, 2)}\n`)
    yield* fileSystem.writeFileString(`${file}.html`, format(report))
    yield* Console.log(`wrote ${report.authorizations.length} authorizations to ${file}.json and ${file}.html`)
  }).pipe(withAccount))

if (import.meta.main) run(command)
