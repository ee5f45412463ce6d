/** The plan of a command that changes authorizations. */
import * as Authorization from "@effect-heroku/core/Authorization"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Connection, whoami } from "./connection.ts"
import { nothingChanged } from "./output.ts"
import { withProgress } from "./progress.ts"
import { heading, toRow } from "./record.ts"
import * as Selection from "./selection.ts"
import { invalidUsage } from "./stop.ts"
import { formatTable } from "./table.ts"
import { countOf, formatCount, safe } from "./text.ts"

/**
 * Reads the authorizations to change. `own` are those that the acting token belongs to or, as far as masked tokens show, may
 * belong to.
 */
export const selectTargets = Effect.fnUntraced(function*(input: Selection.Input, all: boolean) {
  const selection = yield* Selection.make(input)
  if (!selection.isNarrowed && !all) {
    return yield* invalidUsage("Nothing is selected: pass ids, filters such as --older-than 90d, or --all")
  }
  const { items, missing } = yield* withProgress(
    "Read",
    Option.none(),
    ({ advance }) => Selection.collect(selection, advance)
  ).pipe(nothingChanged)
  const { actingToken } = yield* Connection
  const matching = (...matches: ReadonlyArray<Authorization.TokenMatch>) =>
    items.filter((item) => matches.includes(Authorization.matchToken(item, actingToken)))
  const comparable = matching("none")
  const incomparable = matching("unknown")
  return {
    // Those that may be that of the acting token come last: without it, the others could not be changed any more.
    others: [...comparable, ...incomparable],
    own: matching("exact", "masked"),
    /** Authorizations in `others` that may belong to the acting token: Heroku masks their tokens entirely. */
    incomparable,
    comparable,
    missing,
    masked: selection.masked,
    isNamed: Option.isSome(selection.ids)
  }
})

/** A plan shows this many rows at most, and `list` all of them. */
const maxRows = 100

/** Shortens lines, each about one thing, to as many as a plan shows. */
export const limitLines = (lines: ReadonlyArray<string>, noun = "authorization"): ReadonlyArray<string> =>
  lines.length > maxRows
    ? [...lines.slice(0, maxRows), `… and ${countOf(lines.length - maxRows, `more ${noun}`)}`]
    : lines

/** The content of a plan. */
interface Parts {
  /** The action and the number of authorizations. */
  readonly title: string
  readonly targets: ReadonlyArray<Authorization.Authorization>
  /** The ids that no authorization has. */
  readonly missing: ReadonlyArray<string>
  /** A sentence that says how the command treats these. */
  readonly ifMissing?: string
  /** The masked matches, which come first, all of them, and are marked. */
  readonly masked: Selection.Masked
}

/** Formats the account, the authorizations, and notes about them. */
export const makePlan = Effect.fnUntraced(
  function*({ ifMissing = "", masked, missing, targets, title }: Parts, notes: ReadonlyArray<string>) {
    const { actingToken, invalidCount } = yield* Connection
    const now = yield* DateTime.now
    const incomparable = targets.filter((item) => Authorization.matchToken(item, actingToken) === "unknown").length
    const uncertain = targets.filter(({ id }) => masked.has(id))
    const shown = [...uncertain, ...targets.filter(({ id }) => !masked.has(id))]
      .slice(0, Math.max(maxRows, uncertain.length))
    const addMatch = (row: ReadonlyArray<string>, match: string) =>
      uncertain.length === 0 ? row : row.toSpliced(1, 0, match)
    const rows = shown.map((item) => {
      const sources = masked.get(item.id)
      return addMatch(toRow(item, now), sources === undefined ? "" : ["masked", ...sources.map(safe)].join(", "))
    })
    return [
      yield* whoami,
      `${title}${targets.length === 0 ? "" : ":"}`,
      ...(targets.length === 0 ? [] : formatTable(addMatch(heading, "MATCH"), rows)),
      ...(targets.length > shown.length
        ? [
          `… and ${
            countOf(targets.length - shown.length, "more authorization")
          }. \`list\` with the same selection shows all`
        ]
        : []),
      ...(uncertain.length > 0
        ? [
          `Masked matches: ${
            formatCount(uncertain.length)
          }. Other tokens can look the same, so compare descriptions and dates`
        ]
        : []),
      ...limitLines(findAmbiguous(uncertain.flatMap(({ id }) => masked.get(id) ?? [])), "token"),
      ...missing.map((id) => `Not found: ${safe(id)}${ifMissing}`),
      ...(invalidCount() > 0 ? [`Left out: ${countOf(invalidCount(), "authorization")} that could not be read`] : []),
      ...notes,
      ...(incomparable === 0
        ? []
        : [
          `Heroku masks the tokens of ${
            countOf(incomparable, "authorization")
          }: one of them may be that of the acting token`
        ])
    ]
  }
)

/** Formats a line for each token, by its position, that several masked matches have. */
const findAmbiguous = (sources: ReadonlyArray<string>): ReadonlyArray<string> =>
  Array.from(Map.groupBy(sources, (source) => source).values())
    .filter((same) => same.length > 1)
    .map((same) =>
      `The token at ${safe(same[0]!)} matches ${formatCount(same.length)} of them, and belongs to one at most`
    )
