/** `find`: the authorizations that leaked tokens belong to. */
import * as Authorization from "@effect-heroku/core/Authorization"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import * as Connection from "../internal/connection.ts"
import { explain } from "../internal/explain.ts"
import { json, team } from "../internal/flags.ts"
import { type Leaked, type LeakedToken, makeCollector } from "../internal/leakedTokens.ts"
import { nothingChanged, outputWidth } from "../internal/output.ts"
import { limitLines } from "../internal/plan.ts"
import { withProgress } from "../internal/progress.ts"
import { heading, toRecord, toRow } from "../internal/record.ts"
import * as Selection from "../internal/selection.ts"
import { exitCode, invalidUsage, Stop } from "../internal/stop.ts"
import { formatTable } from "../internal/table.ts"
import { countOf, formatCount, safe, toJson } from "../internal/text.ts"

export const find = Command.make(
  "find",
  {
    files: Argument.String("file").pipe(
      Argument.variadic(),
      Argument.withDescription("Files with leaked tokens, by default standard input, which is also -")
    ),
    team,
    json
  },
  ({ files, json, team }) =>
    Effect.gen(function*() {
      const leaked = yield* readTokens(files.length === 0 ? ["-"] : files)
      yield* Console.error(
        `${yield* Connection.whoami}\n${countOf(leaked.tokens.size, "token")} in the input. `
          + "Bare UUID tokens of old authorizations are looked for only where a line holds nothing else"
      )
      const result = yield* withProgress("Compared", Option.none(), ({ advance }) =>
        search(leaked, Selection.listed(Option.getOrUndefined(team)), advance))
      yield* json ? printLines(result.matches) : printTables(result.matches)
      yield* conclude(leaked, result)
    }).pipe(
      nothingChanged,
      Effect.provideService(Connection.Team, team),
      Connection.withAccount,
      // 1 would mean that a token was not found.
      Effect.mapError((error) =>
        error._tag === "Stop" ? error : inconclusive(explain(error))
      )
    )
).pipe(
  Command.withDescription(
    `Finds the authorizations of leaked tokens (HRKU-…), one on a line or anywhere in text. Tokens are compared here and sent nowhere

  Exit codes:
    0    every token was found, exactly or masked
    1    a token was not found: it is revoked already, or belongs to another account or team
    2    inconclusive: a token was not found and some authorizations could not be compared, a token in the input is masked or
         cut off, the search failed, or invalid usage
    130  interrupted`
  ),
  Command.withShortDescription("Finds the authorizations of leaked tokens"),
  Command.withExamples([
    {
      command: "heroku-authorizations find < leaked.txt",
      description: "Standard input: arguments are visible to others"
    },
    {
      command: "heroku-authorizations find --json app.log | heroku-authorizations revoke -",
      description: "Revoke what was found, after a question"
    }
  ])
)

const readTokens = Effect.fnUntraced(function*(files: ReadonlyArray<string>) {
  const fileSystem = yield* FileSystem.FileSystem
  const { stdin, stdinIsTerminal } = yield* Stdio.Stdio
  if (files.includes("-") && (yield* stdinIsTerminal)) {
    yield* Console.error("Paste the tokens, or text that contains them, and press Ctrl-D on an empty line")
  }
  const { addLine, leaked } = makeCollector()
  for (const file of files) {
    if (/^HRKU-/i.test(file)) {
      return yield* invalidUsage(
        "Pass tokens on standard input or in files: other users can see the arguments of a program"
      )
    }
    let line = 0
    yield* (file === "-" ? stdin : fileSystem.stream(file)).pipe(
      Stream.decodeText,
      Stream.splitLines,
      Stream.runForEach((text) => Effect.sync(() => addLine(text, `${file === "-" ? "stdin" : file}:${++line}`)))
    )
  }
  const { tokens, unsearchable } = leaked
  for (const line of limitLines(unsearchable.map((problem) => `${problem}: it cannot be searched for`), "text")) {
    yield* Console.error(line)
  }
  if (tokens.size === 0 && unsearchable.length > 0) return yield* inconclusive(describeUnsearchable(unsearchable))
  if (tokens.size === 0) {
    return yield* invalidUsage(
      "The input holds no token: put one on each line, or any text with tokens that begin with HRKU-"
    )
  }
  return leaked
})

/** A token and an authorization that has it, or may have it as far as the masked token shows. */
interface Match {
  readonly match: "exact" | "masked"
  readonly source: string
  readonly item: Authorization.Authorization
}

interface SearchResult {
  readonly matches: ReadonlyArray<Match>
  readonly missing: ReadonlyArray<LeakedToken>
  /** The number of authorizations that were compared with every token. */
  readonly compared: number
  /** The number of authorizations that could not be compared with some token. */
  readonly incomparable: number
}

const search = Effect.fnUntraced(function*(
  leaked: Leaked,
  authorizations: ReturnType<typeof Selection.listed>,
  advance: (count: number) => Effect.Effect<void>
) {
  const tokens = [...leaked.tokens.values()]
  const found = new Set<LeakedToken>()
  const matches: Array<Match> = []
  let compared = 0
  let incomparable = 0
  yield* authorizations.pipe(
    Stream.chunks,
    Stream.runForEach((items) =>
      Effect.andThen(
        Effect.sync(() => {
          for (const item of items) {
            let isComparable = true
            for (const leakedToken of tokens) {
              const match = Authorization.matchToken(item, leakedToken.token)
              if (match === "unknown") isComparable = false
              if (match !== "exact" && match !== "masked") continue
              matches.push({ match, source: leakedToken.source, item })
              found.add(leakedToken)
            }
            if (isComparable) compared++
            else incomparable++
          }
        }),
        advance(items.length)
      )
    )
  )
  const { invalidCount } = yield* Connection.Connection
  const result: SearchResult = {
    matches,
    missing: tokens.filter((token) => !found.has(token)),
    compared,
    incomparable: incomparable + invalidCount()
  }
  return result
})

const printLines = (matches: ReadonlyArray<Match>) =>
  Effect.gen(function*() {
    const now = yield* DateTime.now
    for (const { item, match, source } of matches) yield* Console.log(toJson({ match, source, ...toRecord(item, now) }))
  })

const printTables = (matches: ReadonlyArray<Match>) =>
  Effect.gen(function*() {
    const now = yield* DateTime.now
    const width = yield* outputWidth
    const print = Effect.fnUntraced(function*(title: string, kind: Match["match"]) {
      const rows = matches.filter(({ match }) => match === kind)
        .map(({ item, source }) => toRow(item, now).toSpliced(1, 0, safe(source)))
      if (rows.length === 0) return
      yield* Console.log([title, ...formatTable(heading.toSpliced(1, 0, "TOKEN"), rows, width)].join("\n"))
    })
    yield* print("Exact matches", "exact")
    yield* print("Masked matches: equal as far as Heroku shows the token; other tokens can look the same", "masked")
  })

const inconclusive = (message: string): Stop => new Stop({ code: exitCode.inconclusive, message })

const describeUnsearchable = (texts: ReadonlyArray<string>): string =>
  `${
    countOf(texts.length, "text")
  } could not be searched for: pass the token in full, with 65 or 41 characters, or look for `
  + "its authorization with `heroku-authorizations list`, by description and date"

const conclude = Effect.fnUntraced(function*(
  { unsearchable }: Leaked,
  { compared, incomparable, matches, missing }: SearchResult
) {
  const countMatches = (kind: Match["match"]) => formatCount(matches.filter(({ match }) => match === kind).length)
  yield* Console.error(
    `Exact matches: ${countMatches("exact")}, masked: ${countMatches("masked")}. `
      + `Authorizations compared: ${formatCount(compared)}, not comparable: ${formatCount(incomparable)}`
  )
  for (const { source } of missing) yield* Console.error(`The token at ${safe(source)} was not found`)
  const problems = [
    ...(missing.length > 0 && incomparable > 0
      ? [
        `${
          countOf(incomparable, "authorization")
        } could not be compared, for example because Heroku masks their tokens: a token that was not found may belong to one of them`
      ]
      : []),
    ...(unsearchable.length > 0 ? [describeUnsearchable(unsearchable)] : [])
  ]
  if (problems.length > 0) return yield* inconclusive(problems.join("\n"))
  if (missing.length > 0) {
    const elsewhere = Option.match(yield* Connection.Team, {
      onNone: () => "of another account or of a team, which --team searches",
      onSome: () => "not of this team"
    })
    return yield* new Stop({
      code: exitCode.failed,
      message: `${countOf(missing.length, "token")} not found: revoked already, or ${elsewhere}`
    })
  }
})
