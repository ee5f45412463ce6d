import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { assert, it, onTestFinished } from "vitest"
import { findWithoutExample, generate } from "./generate.ts"

const example = `/** An example. */
import * as Effect from "effect/Effect"
import {
  type One,
  two
} from "./numbers.ts"

// #region run
const run = () => {
  // #region body

  if (true) {
    two()
  }
  // #endregion body
}
// #endregion run
`

/** Creates a folder with these files and the example, until the end of the test. */
const folder = (files: Readonly<Record<string, string>>): string => {
  const root = mkdtempSync(join(tmpdir(), "generate-"))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const [name, text] of Object.entries({ "examples/deep/a.ts": example, ...files })) {
    mkdirSync(join(root, dirname(name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

const generated = (files: Readonly<Record<string, string>>): ReadonlyMap<string, string> => generate(folder(files))

const body = `import { two } from "./numbers.ts"\n\nif (true) {\n  two()\n}`

const documentWith = (marker: string, from: string, code: string): string =>
  `# Title\n\n<!-- code: ${marker} -->\n\n${from}\`\`\`ts\n${code}\n\`\`\`\n\nText.\n`

it("generate fills a fence with a region, unindented, after the imports that it uses, and names the file", () => {
  const files = generated({ "docs/a.md": documentWith("examples/deep/a.ts#body", "", "old\n\nold") })
  assert.strictEqual(
    files.get("docs/a.md"),
    documentWith("examples/deep/a.ts#body", "From [`examples/deep/a.ts`](../examples/deep/a.ts):\n\n", body)
  )
  assert.strictEqual(files.get(".documents/examples/deep/a.body.ts"), `${body}\n`)
})

it("generate fills a fence with a whole file, without its region comments", () => {
  const from = "From [`examples/deep/a.ts`](examples/deep/a.ts):\n\n"
  const code = example.replaceAll(/^ *\/\/ #.*\n/gm, "").trimEnd()
  assert.strictEqual(
    generated({ "README.md": documentWith("examples/deep/a.ts", from, "old") }).get("README.md"),
    documentWith("examples/deep/a.ts", from, code)
  )
})

it("generate leaves a document as it is the second time", () => {
  const first = generated({ "README.md": documentWith("examples/deep/a.ts#run", "", "old") }).get("README.md")!
  assert.strictEqual(generated({ "README.md": first }).get("README.md"), first)
})

it("generate leaves fences of other languages as they are", () => {
  const text = "```sh\nls\n```\n\n```\ntext\n```\n"
  assert.strictEqual(generated({ "README.md": text }).get("README.md"), text)
})

it("generate writes the version of a package", () => {
  const files = generated({
    "packages/one/package.json": `{"version":"1.2.3"}`,
    "packages/one/src/internal/version.ts": ""
  })
  assert.include(files.get("packages/one/src/internal/version.ts"), `export const version = "1.2.3"`)
})

const comment = (code: string): string => `/**\n * \`\`\`ts\n * ${code}\n * \`\`\`\n */\n`

it("findWithoutExample finds code in a comment that no example contains", () => {
  const files = {
    "packages/one/src/A.ts": comment("if (true) {\n * two()\n * }"),
    "packages/one/src/B.ts": comment("three()")
  }
  assert.deepStrictEqual(findWithoutExample(folder(files)), ["packages/one/src/B.ts: no example has\nthree()"])
})

it.for<[string, string, string, RegExp]>([
  ["a fence without a marker", "README.md", "```ts\nconst a = 1\n```\n", /^README\.md: put <!-- code:/],
  [
    "a marker without a fence",
    "README.md",
    "<!-- code: examples/deep/a.ts -->\n",
    /^README\.md: a marker has no fence/
  ],
  ["an unknown region", "README.md", documentWith("examples/deep/a.ts#x", "", ""), /a\.ts has no region x$/],
  ["an unknown file", "README.md", documentWith("examples/b.ts", "", ""), /no such file.*examples\/b\.ts/]
])("generate rejects %s", ([, name, text, error]) => {
  assert.throws(() => generated({ [name]: text }), error)
})
