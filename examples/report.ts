/**
 * Writes a report on an account's authorizations: JSON for programs, and one page of HTML for people, with nothing to load.
 *
 * Run it with `npx -y pnpm@12 exec node examples/report.ts FILE`, which writes FILE.json and FILE.html; `audit.ts` says how
 * it finds the account. No token is in either.
 */
import * as Authorization from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { explained } from "./explain.ts"
import { format, type Report } from "./report/page.ts"

/** What is wrong with an authorization, the worst first. */
const findings: ReadonlyArray<readonly [string, (one: Authorization.Authorization, now: DateTime.Utc) => boolean]> = [
  ["everything, for ever", (one) => Authorization.hasGlobalScope(one) && Authorization.neverExpires(one)],
  ["never expires", (one) => !Authorization.hasGlobalScope(one) && Authorization.neverExpires(one)],
  [
    "older than a year",
    (one, now) => DateTime.isLessThan(one.createdAt, DateTime.subtractDuration(now, Duration.days(365)))
  ],
  ["expired", (one, now) => Authorization.isExpired(one, now)]
]

// #region report
/** Reads every authorization, page by page, and keeps of each what the report shows. */
export const makeReport = Effect.fn("report")(function*() {
  const service = yield* AuthorizationService
  const rows: Array<Report["authorizations"][number]> = []
  yield* service.pages().pipe(
    Stream.runForEach((page) =>
      Effect.gen(function*() {
        const now = yield* DateTime.now
        rows.push(...page.items.map((one) => toRow(one, now)))
        yield* Console.error(`${rows.length} authorizations read`)
      })
    )
  )
  return {
    at: DateTime.formatIso(yield* DateTime.now),
    findings: findings.map(([name]) => name),
    authorizations: rows
  } satisfies Report
})
// #endregion report

const toRow = (one: Authorization.Authorization, now: DateTime.Utc): Report["authorizations"][number] => ({
  id: one.id,
  description: Option.getOrElse(one.description, () => ""),
  client: Option.getOrNull(Option.map(one.client, ({ name }) => name)),
  scope: one.scope,
  createdAt: DateTime.formatIsoDateUtc(one.createdAt),
  updatedAt: DateTime.formatIso(one.updatedAt),
  expiresAt: Option.getOrNull(Option.map(Authorization.expiresAt(one, now), DateTime.formatIsoDateUtc)),
  findings: findings.filter(([, applies]) => applies(one, now)).map(([name]) => name)
})

const command = Command.make(
  "report",
  { file: Argument.String("file").pipe(Argument.withDescription("Where to write, without .json and .html")) },
  ({ file }) =>
    Effect.gen(function*() {
      const fileSystem = yield* FileSystem.FileSystem
      const report = yield* makeReport()
      yield* fileSystem.writeFileString(`${file}.json`, `${JSON.stringify(report, null, 2)}\n`)
      yield* fileSystem.writeFileString(`${file}.html`, format(report))
      yield* Console.log(`${report.authorizations.length} authorizations in ${file}.json and ${file}.html`)
    }).pipe(Effect.provide(NodeAuthorizationService.layerConfig()), explained)
)

if (import.meta.main) {
  Command.run(command, { version: "0.0.0" }).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
}
