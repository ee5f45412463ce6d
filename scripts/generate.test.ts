/** Code from the examples in the documents. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { assert, describe, it, onTestFinished } from "vitest"
import { findUncompiled, generate } from "./generate.ts"

const example = `/** An example. */
import * as Effect from "effect/Effect"

// #region run
const run = () => {
  // #region body

  if (true) {
    one()
  }
  // #endregion body
}
// #endregion run
`

/** A folder with these files, gone after the test. */
const folder = (files: Readonly<Record<string, string>>): string => {
  const root = mkdtempSync(join(tmpdir(), "generate-"))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

/** What a README becomes, next to `examples/a.ts`. */
const generated = (readme: string): string => {
  const root = folder({ "README.md": readme, "examples/a.ts": example })
  generate(root, false)
  return readFileSync(join(root, "README.md"), "utf8")
}

const document = (marker: string, code: string): string =>
  `# Title\n\n${marker}\n\n\`\`\`ts\n${code}\n\`\`\`\n\nText after.\n`

describe("generate", () => {
  it("puts the whole file where the marker names no region, without its region comments", () => {
    const code = `/** An example. */
import * as Effect from "effect/Effect"

const run = () => {

  if (true) {
    one()
  }
}`
    assert.strictEqual(
      generated(document("<!-- code: examples/a.ts -->", "old")),
      document("<!-- code: examples/a.ts -->", code)
    )
  })

  it("puts the region that the marker names, unindented", () => {
    assert.strictEqual(
      generated(document("<!-- code: examples/a.ts#body -->", "old\n\nold")),
      document("<!-- code: examples/a.ts#body -->", "if (true) {\n  one()\n}")
    )
  })

  it("fills an empty fence, and one that follows its marker at once", () => {
    assert.strictEqual(
      generated("<!-- code: examples/a.ts#body -->\n~~~~ts\n~~~~\n"),
      "<!-- code: examples/a.ts#body -->\n~~~~ts\nif (true) {\n  one()\n}\n~~~~\n"
    )
  })

  it("leaves other fences alone, even those that show a marker", () => {
    const text = "```md\n<!-- code: examples/a.ts -->\n```\n\n```sh\nleft()\n```\n"
    assert.strictEqual(generated(text), text)
  })

  it("changes nothing the second time", () => {
    const root = folder({
      "docs/deep/guide.md": document("<!-- code: examples/a.ts#run -->", "old"),
      "examples/a.ts": example
    })
    assert.deepStrictEqual(generate(root, false), ["docs/deep/guide.md"])
    assert.deepStrictEqual(generate(root, false), [])
    assert.deepStrictEqual(generate(root, true), [])
  })

  it("only names the stale documents when it checks", () => {
    const text = document("<!-- code: examples/a.ts -->", "old")
    const root = folder({ "README.md": text, "docs/plain.md": "No code.\n", "examples/a.ts": example })
    assert.deepStrictEqual(generate(root, true), ["README.md"])
    assert.strictEqual(readFileSync(join(root, "README.md"), "utf8"), text)
  })

  it("has nothing to do where there are no documents", () => {
    assert.deepStrictEqual(generate(folder({}), true), [])
  })

  it.for([
    [
      "a file that does not exist",
      document("<!-- code: examples/b.ts -->", ""),
      "README.md:5: there is no examples/b.ts"
    ],
    [
      "a region that does not exist",
      document("<!-- code: examples/a.ts#x -->", ""),
      "README.md:5: examples/a.ts has no complete region x"
    ],
    [
      "a marker without a fence",
      "<!-- code: examples/a.ts -->\n\nText.\n",
      "README.md:3: no fence follows the marker of examples/a.ts"
    ],
    [
      "a marker at the end",
      "<!-- code: examples/a.ts -->\n",
      "README.md: no fence follows the marker of examples/a.ts"
    ],
    [
      "a fence that is not closed",
      "<!-- code: examples/a.ts -->\n```ts\n",
      "README.md:2: the fence is not closed"
    ],
    [
      "a file outside of the examples, which nothing compiles",
      document("<!-- code: docs/a.ts -->", ""),
      "README.md:3: write the marker as <!-- code: examples/name.ts#region --> on a line of its own"
    ]
  ])("refuses %s", ([, text, message]) => {
    assert.throws(() => generated(text!), message!)
  })
})

describe("a fence of TypeScript", () => {
  it("is refused where no example stands behind it", () => {
    const root = folder({ "README.md": "# Title\n\n```ts\nconst made = up\n```\n" })
    assert.throws(() => generate(root, true), /README\.md:3: take the code from an example/)
  })

  it("is not a fence of something else", () => {
    const root = folder({ "docs/a.md": "```sh\nls\n```\n\n```\ntext\n```\n" })
    assert.deepStrictEqual(generate(root, true), [])
  })
})

describe("code in comments", () => {
  const commented = (code: string): string =>
    `/**\n * One.\n *\n * \`\`\`ts\n * ${code}\n * \`\`\`\n */\nexport const one = 1\n`

  it("is found in an example, whatever its indentation", () => {
    const root = folder({ "packages/a/src/A.ts": commented("if (true) {\n *   one()\n * }"), "examples/a.ts": example })
    assert.deepStrictEqual(findUncompiled(root), [])
  })

  it("is refused when no example has it", () => {
    const root = folder({ "packages/a/src/A.ts": commented("two()"), "examples/a.ts": example })
    assert.deepStrictEqual(findUncompiled(root), [
      "packages/a/src/A.ts: no example has the code of a comment, which begins two()"
    ])
  })
})

describe("the picture of the imports", () => {
  it("is put where its marker is", () => {
    const root = folder({
      "docs/a.md": "<!-- imports -->\n\n```mermaid\n```\n",
      "packages/a/src/A.ts": "export const a = 1\n"
    })
    generate(root, false)
    assert.include(readFileSync(join(root, "docs/a.md"), "utf8"), "```mermaid\nflowchart BT\n  subgraph a")
  })
})
