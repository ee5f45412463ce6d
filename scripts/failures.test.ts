/** The table of failures names tests. What it names must be there, or nobody knows whether what it says is so. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"

const root = join(import.meta.dirname, "..")

/** A row's last cell: one file of tests or more, each with words that stand in it. */
const reference = /`(?<file>[\w./-]+)`: (?<words>"[^"]+"(?:, "[^"]+")*)/g

const rows = readFileSync(join(root, "docs/failures.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !/^\| (?:case|---) \|/.test(line))
  .map((line) => line.slice(2, -2).split(" | "))

describe("docs/failures.md", () => {
  it("has rows", () => assert.isAbove(rows.length, 40))

  it.each(rows.map((cells) => [cells[0]!, cells] as const))("names tests that exist: %s", (_, cells) => {
    assert.lengthOf(cells, 3)
    const shownBy = cells[2]!
    assert.strictEqual(shownBy.replaceAll(reference, "").replaceAll("; ", ""), "")
    for (const { groups } of shownBy.matchAll(reference)) {
      const file = join(root, "packages", groups!["file"]!)
      assert.isTrue(existsSync(file), file)
      const source = readFileSync(file, "utf8")
      for (const [words] of groups!["words"]!.matchAll(/(?<=")[^",][^"]*(?=")/g)) {
        assert.isTrue(source.includes(words), `${words} in ${file}`)
      }
    }
  })
})
