/** `audit`: risky authorizations and the reasons, worst first. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { writeAtomic } from "../internal/atomicFile.ts"
import { colorLines } from "../internal/colors.ts"
import * as Connection from "../internal/connection.ts"
import { json } from "../internal/flags.ts"
import { checkComplete, nothingChanged, outputWidth } from "../internal/output.ts"
import { withProgress } from "../internal/progress.ts"
import { heading, toRecord, toRow } from "../internal/record.ts"
import { formatReport } from "../internal/report.ts"
import { auditAll, type Audited, countKinds, levels } from "../internal/risk.ts"
import * as Selection from "../internal/selection.ts"
import { invalidUsage, noStandardOutput } from "../internal/stop.ts"
import { formatTable } from "../internal/table.ts"
import { countOf, formatCount, safe, toJson } from "../internal/text.ts"
import { duration } from "../internal/times.ts"

export const audit = Command.make(
  "audit",
  {
    selection: Selection.input,
    json,
    html: Flag.String("html").pipe(
      Flag.withMetavar("FILE"),
      Flag.optional,
      Flag.withDescription("Write the report as one HTML page that loads nothing")
    ),
    old: duration("old").pipe(
      Flag.withDefault(Duration.days(365)),
      Flag.withDescription("Report authorizations that were not changed for this long, by default 365d")
    ),
    soon: duration("soon").pipe(
      Flag.withDefault(Duration.days(14)),
      Flag.withDescription("Report authorizations that expire within this time, by default 14d")
    )
  },
  ({ html, json, old, selection, soon }) =>
    Effect.gen(function*() {
      if (Option.contains(html, "-")) return yield* invalidUsage(noStandardOutput("audit --json"))
      const selected = yield* Selection.make(selection)
      const { items, missing } = yield* withProgress(
        "Read",
        Option.none(),
        ({ advance }) => Selection.collect(selected, advance)
      )
      const now = yield* DateTime.now
      const audited = auditAll(items, now, { old, soon })
      const { account, host } = yield* Connection.Connection
      if (Option.isSome(html)) {
        yield* writeAtomic(
          html.value,
          formatReport({ account: yield* account, host, team: selection.team, at: now }, audited)
        )
      }
      if (json) {
        yield* Console.error(`${yield* Connection.whoami}, ${DateTime.formatIso(now)}`)
        if (audited.length > 0) yield* Console.log(audited.map((one) => toLine(one, now)).join("\n"))
      } else {
        yield* Console.log(`${yield* Connection.whoami}, ${DateTime.formatIso(now)}`)
        yield* Console.log(summarize(audited).join("\n"))
        if (Option.isNone(html)) {
          const lines = formatAudit(audited, now, yield* outputWidth)
          yield* Console.log((yield* colorLines(lines)).join("\n"))
        }
      }
      if (Option.isSome(html)) yield* Console.error(`Wrote ${safe(html.value)}`)
      yield* checkComplete(missing)
    }).pipe(nothingChanged, Effect.provideService(Connection.Team, selection.team), Connection.withAccount)
).pipe(
  Command.withDescription("Reports which authorizations are risky and why, worst first"),
  Command.withExamples([
    { command: "heroku-authorizations audit --html report.html", description: "A page to read and to pass on" }
  ])
)

const toLine = ({ findings, item, level }: Audited, now: DateTime.Utc): string =>
  toJson({ risk: level, findings, ...toRecord(item, now) })

const summarize = (audited: ReadonlyArray<Audited>): ReadonlyArray<string> => [
  `${countOf(audited.length, "authorization")}: ${
    levels.map((level) => {
      const count = audited.filter((one) => one.level === level).length
      return `${formatCount(count)} ${level === "none" ? "without findings" : `${level} risk`}`
    }).join(", ")
  }`,
  ...countKinds(audited).map(([kind, count]) => `  ${formatCount(count)} ${kind}`)
]

/** Lists the authorizations with findings, and only counts the others. */
const formatAudit = (audited: ReadonlyArray<Audited>, now: DateTime.Utc, width: number): ReadonlyArray<string> => {
  const rows = audited.filter(({ level }) => level !== "none").map(({ findings, item, level }) =>
    toRow(item, now).toSpliced(1, 0, safe(findings.map(({ why }) => why).join(", "))).toSpliced(
      0,
      0,
      level.toUpperCase()
    )
  )
  const titles = heading.toSpliced(1, 0, "WHY").toSpliced(0, 0, "RISK")
  return rows.length === 0 ? [] : ["", ...formatTable(titles, rows, width)]
}
