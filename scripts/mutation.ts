/**
 * Mutation testing: runs Stryker, then holds its report against docs/mutation.md, where every mutant that no test kills
 * is listed with the reason why it is harmless. Fails when a package has less than 90 % of its mutants killed, when one
 * survives that is not listed, and when one is listed that does not survive.
 *
 * `--write` puts the scores into the document. `--ignoreStatic` leaves out code that runs only while modules load.
 * Everything else is for Stryker: `--mutate FILE` tries one file only, and `--force` also those mutants that were tried
 * before and whose tests did not change.
 */
import { spawn } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"

/** What is read of Stryker's report. */
export interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: ReadonlyArray<Mutant> }>>
}

interface Mutant {
  readonly status: string
  readonly replacement: string
  readonly location: { readonly start: Position; readonly end: Position }
}

/** Lines and columns count from 1. */
interface Position {
  readonly line: number
  readonly column: number
}

/** What the report and the document say when they are compared. */
export interface Verdict {
  /** The table of scores, and whether each package has enough. */
  readonly scores: string
  readonly enough: boolean
  /** Survivors that the document does not list, as the rows to list them, with the line where each is. */
  readonly unlisted: ReadonlyArray<{ readonly file: string; readonly line: number; readonly row: string }>
  /** Rows of the document that are of no survivor, or give no reason. */
  readonly stale: ReadonlyArray<{ readonly file: string; readonly row: string }>
}

const enough = 90

/** Compares a report with the document. Of files that are not in the report nothing is said. */
export const judge = (report: Report, document: string): Verdict => {
  const listed = readRows(document)
  const files = Object.entries(report.files).toSorted(([a], [b]) => a < b ? -1 : 1).map((
    [file, { mutants, source }]
  ) => ({
    file,
    counts: count(mutants),
    untried: mutants.filter(({ status }) => status === "Ignored").map((mutant) => toRow(source, mutant)),
    survivors: mutants.filter(isSurvivor).map((mutant) => ({
      file,
      line: mutant.location.start.line,
      row: toRow(source, mutant)
    })).toSorted((a, b) => a.line - b.line),
    rows: listed.filter((one) => one.file === file)
  }))
  const packages = [...new Set(files.map(({ file }) => packageOf(file)))].map((name) => ({
    name,
    counts: files.filter(({ file }) => packageOf(file) === name).map(({ counts }) => counts).reduce(add)
  }))
  return {
    scores: [
      "| | mutants | killed | score |",
      "| --- | --- | --- | --- |",
      ...packages.flatMap(({ counts, name }) => [
        scoreRow(`**${name}**`, counts),
        ...files.filter(({ file }) => packageOf(file) === name).map(({ counts, file }) =>
          scoreRow(`\`${file.slice(name.length + 1)}\``, counts)
        )
      ])
    ].join("\n") + untriedLine(files.flatMap(({ untried }) => untried).length),
    enough: packages.every(({ counts }) => score(counts) >= enough),
    unlisted: files.flatMap(({ rows, survivors }) =>
      survivors.filter(({ row }) =>
        !rows.some((one) => one.row.startsWith(row) && /[^\s|]/.test(one.row.slice(row.length)))
      )
    ),
    stale: files.flatMap(({ rows, survivors, untried }) =>
      rows.filter((one) => ![...untried, ...survivors.map(({ row }) => row)].some((row) => one.row.startsWith(row)))
    )
  }
}

/** The document with these scores in the place of the last ones. */
export const withScores = (document: string, scores: string, date: string): string =>
  document.replace(
    /(?<=<!-- scores -->\n)[^]*(?=<!-- end of scores -->)/,
    () => `\nMeasured on ${date}:\n\n${scores}\n\n`
  )

// -----------------------------------------------------------------------------
// Scores
// -----------------------------------------------------------------------------

interface Counts {
  readonly mutants: number
  readonly killed: number
}

const isKilled = ({ status }: Mutant): boolean => status === "Killed" || status === "Timeout"
const isSurvivor = ({ status }: Mutant): boolean => status === "Survived" || status === "NoCoverage"

/** Those that do not even load are neither. */
const count = (mutants: ReadonlyArray<Mutant>): Counts => {
  const killed = mutants.filter(isKilled).length
  return { mutants: killed + mutants.filter(isSurvivor).length, killed }
}

const add = (a: Counts, b: Counts): Counts => ({ mutants: a.mutants + b.mutants, killed: a.killed + b.killed })

/** In per cent. */
const score = ({ killed, mutants }: Counts): number => mutants === 0 ? 100 : 100 * killed / mutants

const scoreRow = (name: string, counts: Counts): string =>
  `| ${name} | ${counts.mutants} | ${counts.killed} | ${score(counts).toFixed(1)} % |`

const untriedLine = (count: number): string =>
  count === 0 ? "" : `\n\nNot tried: ${count} mutants of code that runs only while modules load.`

const packageOf = (file: string): string => file.split("/").slice(0, 2).join("/")

// -----------------------------------------------------------------------------
// Rows of survivors
// -----------------------------------------------------------------------------

/** The rows under the headings of files: `### packages/core/src/ListRange.ts`. */
const readRows = (document: string): ReadonlyArray<{ readonly file: string; readonly row: string }> => {
  let file: string | undefined
  return document.split("\n").flatMap((line) => {
    if (line.startsWith("#")) file = /^### (\S+\.ts)$/.exec(line)?.[1]
    return file === undefined || !line.startsWith("| `") ? [] : [{ file, row: line }]
  })
}

/** A row without its reason. It shows the lines of code before and after, because their numbers change with each edit. */
const toRow = (source: string, { location: { end, start }, replacement }: Mutant): string => {
  const lines = source.split("\n")
  const before = lines[start.line - 1]!.slice(0, start.column - 1)
  const after = lines[end.line - 1]!.slice(end.column - 1)
  const original = lines.slice(start.line - 1, end.line).join("\n").slice(start.column - 1, -after.length || undefined)
  return `| ${toCell(before + original + after)} | ${toCell(before + replacement + after)} |`
}

/** Code in one line, shortened in the middle. */
const toCell = (code: string): string => {
  const line = code.replaceAll(/\s+/g, " ").trim()
  const short = line.length <= 160 ? line : `${line.slice(0, 100)} … ${line.slice(-50)}`
  const fence = "`".repeat(1 + Math.max(0, ...Array.from(short.matchAll(/`+/g), ([run]) => run.length)))
  const space = fence === "`" ? "" : " "
  return fence + space + short.replaceAll("|", "\\|") + space + fence
}

// -----------------------------------------------------------------------------
// The run
// -----------------------------------------------------------------------------

const root = join(import.meta.dirname, "..")

/** Stryker's exit code. */
const runStryker = (args: ReadonlyArray<string>, propertyRuns: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const PATH = [join(root, "node_modules/.bin"), process.env["PATH"]].join(delimiter)
    // Far from UTC, so that a time which is read in the zone of the machine is another one.
    const env = { ...process.env, PATH, TZ: "Asia/Kolkata", PROPERTY_RUNS: String(propertyRuns) }
    const child = spawn("stryker", ["run", ...args], { cwd: root, env, stdio: "inherit" })
    child.on("error", reject)
    child.on("close", (code) => resolve(code ?? 1))
  })

if (import.meta.main) {
  const args = process.argv.slice(2)
  const options = args.filter((arg) => arg !== "--write" && arg !== "--ignoreStatic")
  // Most of the code runs while modules load as well as in tests. Of such code the tests that reach it are enough, and
  // only so does Stryker leave it at those. What is left is code that runs while modules load and at no other time: each
  // of its mutants needs a fresh start and all tests, with few runs of each property. The second run takes over what the
  // first found.
  const first = await runStryker([...options, "--ignoreStatic"], 50)
  if (first !== 0) process.exit(first)
  if (!args.includes("--ignoreStatic")) {
    const second = await runStryker(options.filter((arg) => arg !== "--force"), 10)
    if (second !== 0) process.exit(second)
  }

  const report: Report = JSON.parse(readFileSync(join(root, "reports/mutation.json"), "utf8"))
  const path = join(root, "docs/mutation.md")
  const document = readFileSync(path, "utf8")
  const verdict = judge(report, document)
  console.log(`\n${verdict.scores}`)
  if (args.includes("--write")) {
    writeFileSync(path, withScores(document, verdict.scores, new Date().toISOString().slice(0, 10)))
  }
  if (verdict.unlisted.length > 0) {
    console.log("\nThese survive. Add a test that kills them, or list them in docs/mutation.md with the reason:")
    for (const { file, line, row } of verdict.unlisted) console.log(`${file}:${line}\n  ${row}`)
  }
  if (verdict.stale.length > 0) {
    console.log("\nThese are listed in docs/mutation.md, but do not survive any more:")
    for (const { file, row } of verdict.stale) console.log(`${file}\n  ${row}`)
  }
  if (!verdict.enough) console.log(`\nA package has less than ${enough} % of its mutants killed.`)
  if (!verdict.enough || verdict.unlisted.length > 0 || verdict.stale.length > 0) process.exitCode = 1
}
