/** What documents point to, in folders of their own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { assert, describe, it, onTestFinished } from "vitest"
import { findBroken } from "./links.ts"

/** What is broken in a README next to a guide with the headings "Two words", twice, and "`code`, too". */
const brokenIn = (readme: string): ReadonlyArray<string> => {
  const root = mkdtempSync(join(tmpdir(), "links-"))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const files = {
    "package.json": JSON.stringify({ scripts: { demo: "" } }),
    "docs/guide.md": "# Two words\n\n## Two words\n\n## `code`, too\n\n[up](../README.md)\n",
    "README.md": readme
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return findBroken(root)
}

describe("links", () => {
  it.for([
    "[guide](docs/guide.md)",
    "[folder](docs)",
    "[heading](docs/guide.md#two-words)",
    "[second](docs/guide.md#two-words-1)",
    "[code](docs/guide.md#code-too)",
    "# Here\n\n[here](#here)",
    "[elsewhere](https://example.com/nowhere)",
    "`[code](nowhere.md)`",
    "```md\n[code](nowhere.md)\n```",
    "npx -y pnpm@12 demo --live",
    "pnpm install"
  ])("accepts %s", (readme) => {
    assert.deepStrictEqual(brokenIn(readme), [])
  })

  it.for<[string, string]>([
    ["[guide](guide.md)", "README.md: there is no guide.md"],
    ["[heading](docs/guide.md#three-words)", "README.md: docs/guide.md has no heading #three-words"],
    ["[second](docs/guide.md#two-words-2)", "README.md: docs/guide.md has no heading #two-words-2"],
    ["[here](#here)", "README.md: README.md has no heading #here"],
    ["```sh\nnpx -y pnpm@12 dmeo\n```", "README.md: there is no command dmeo"],
    ["`pnpm demo`", "README.md: not everybody has pnpm: npx -y pnpm@12 demo"]
  ])("finds what is wrong in %s", ([readme, problem]) => {
    assert.deepStrictEqual(brokenIn(readme), [problem])
  })
})
