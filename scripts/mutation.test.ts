/** Stryker's report, held against the document. */
import { assert, describe, it } from "vitest"
import { judge, type Report, withScores } from "./mutation.ts"

const source = `export const a = (x: string) =>
  x === "a"
  || x === \`b\`
`

/** A mutant of the text between two places, given as line and column. */
const mutant = (
  status: string,
  [line, column]: readonly [number, number],
  [endLine, endColumn]: readonly [number, number],
  replacement: string
) => ({ status, replacement, location: { start: { line, column }, end: { line: endLine, column: endColumn } } })

const killed = mutant("Killed", [2, 3], [3, 15], "true")
const survivor = mutant("Survived", [2, 9], [2, 12], "\"\"")
const several = mutant("NoCoverage", [2, 3], [3, 15], "x === \"a\" && x === `b`")

const file = "packages/core/src/a.ts"
const reportOf = (...mutants: ReadonlyArray<Report["files"][string]["mutants"][number]>): Report => ({
  files: { [file]: { source, mutants } }
})
const many = Array.from({ length: 20 }, () => killed)

const row = "| `x === \"a\"` | `x === \"\"` |"
const documentOf = (...rows: ReadonlyArray<string>) =>
  `# Title\n\n### ${file}\n\n| code | becomes | why |\n| --- | --- | --- |\n${rows.join("\n")}\n`

describe("judge", () => {
  it("finds nothing wrong where every survivor is listed with its reason", () => {
    const { enough, stale, unlisted } = judge(reportOf(...many, survivor), documentOf(`${row} no matter |`))
    assert.deepStrictEqual({ enough, stale, unlisted }, { enough: true, stale: [], unlisted: [] })
  })

  it("gives the row of a survivor that is not listed, and where it is", () => {
    const { unlisted } = judge(reportOf(survivor), documentOf())
    assert.deepStrictEqual(unlisted, [{ file, line: 2, row }])
  })

  it("writes code of several lines in one, which a table can hold", () => {
    const { unlisted } = judge(reportOf(several), documentOf())
    assert.deepStrictEqual(unlisted.map(({ row }) => row), [
      "| `` x === \"a\" \\|\\| x === `b` `` | `` x === \"a\" && x === `b` `` |"
    ])
  })

  it("puts code with backticks into more of them", () => {
    const { unlisted } = judge(reportOf(mutant("Survived", [3, 12], [3, 15], "``")), documentOf())
    assert.deepStrictEqual(unlisted.map(({ row }) => row), [
      "| `` \\|\\| x === `b` `` | ``` \\|\\| x === `` ``` |"
    ])
  })

  it("gives the rows in the order of the code", () => {
    const { unlisted } = judge(reportOf(mutant("Survived", [3, 6], [3, 15], "true"), survivor), documentOf())
    assert.deepStrictEqual(unlisted.map(({ line }) => line), [2, 3])
  })

  it("does not take a row without a reason", () => {
    assert.lengthOf(judge(reportOf(survivor), documentOf(row)).unlisted, 1)
    assert.lengthOf(judge(reportOf(survivor), documentOf(`${row}  |`)).unlisted, 1)
  })

  it("does not take the row of another file", () => {
    const document = documentOf(`${row} no matter |`).replace("a.ts", "b.ts")
    const { stale, unlisted } = judge(reportOf(survivor), document)
    assert.lengthOf(unlisted, 1)
    // Of b.ts nothing is known.
    assert.lengthOf(stale, 0)
  })

  it("tells of a row whose mutant is killed, or is no more", () => {
    const { stale } = judge(reportOf(...many), documentOf(`${row} no matter |`))
    assert.deepStrictEqual(stale, [{ file, row: `${row} no matter |` }])
  })

  it("knows nothing of mutants that were not tried, and says how many there are", () => {
    const untried = { ...survivor, status: "Ignored" }
    const { scores, stale, unlisted } = judge(reportOf(...many, untried), documentOf(`${row} no matter |`))
    assert.deepStrictEqual({ stale, unlisted }, { stale: [], unlisted: [] })
    assert.match(scores, /\n\nNot tried: 1 mutants of code that runs only while modules load\.$/)
  })

  it("wants nine of ten killed in each package", () => {
    const ninety = [...many.slice(0, 9), survivor]
    assert.isTrue(judge(reportOf(...ninety), "").enough)
    assert.isFalse(judge(reportOf(...ninety, survivor), "").enough)
    assert.isFalse(
      judge({ files: { ...reportOf(...many).files, "packages/b/src/b.ts": { source, mutants: [survivor] } } }, "")
        .enough
    )
  })

  it("counts what ran too long as killed, and what did not load not at all", () => {
    const report = reportOf({ ...killed, status: "Timeout" }, { ...killed, status: "RuntimeError" }, killed, survivor)
    assert.strictEqual(
      judge(report, "").scores,
      [
        "| | mutants | killed | score |",
        "| --- | --- | --- | --- |",
        "| **packages/core** | 3 | 2 | 66.7 % |",
        "| `src/a.ts` | 3 | 2 | 66.7 % |"
      ].join("\n")
    )
  })
})

describe("withScores", () => {
  it("puts the scores in the place of the last ones", () => {
    const before = "Text.\n\n<!-- scores -->\nold\n<!-- end of scores -->\n\nMore.\n"
    const after = withScores(before, "| $1 |", "2026-01-02")
    assert.strictEqual(
      after,
      "Text.\n\n<!-- scores -->\n\nMeasured on 2026-01-02:\n\n| $1 |\n\n<!-- end of scores -->\n\nMore.\n"
    )
    assert.strictEqual(withScores(after, "| $1 |", "2026-01-02"), after)
  })
})
