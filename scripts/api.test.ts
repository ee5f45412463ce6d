/** The API reference of small packages, in folders of their own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { assert, describe, it, onTestFinished } from "vitest"
import { apiReference, type Reference } from "./api.ts"

/** The reference of a package with this one module. */
const referenceOf = (code: string): Reference => {
  const root = mkdtempSync(join(tmpdir(), "api-"))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const files = {
    "packages/one/tsconfig.json": JSON.stringify({ include: ["src"], compilerOptions: { strict: true, types: [] } }),
    "packages/one/src/Thing.ts": code
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return apiReference(root)
}

describe("the API reference", () => {
  it("shows exports in the order of the code, with their types and comments", () => {
    const { pages, problems } = referenceOf(`/**
 * Things.
 *
 * @see https://example.com/things
 */

/** A thing. */
export interface Thing {
  /** What it is called. */
  readonly name?: string | undefined
}

const secret = 1

/**
 * Makes one.
 *
 * @see https://example.com/make
 */
export const make = (name: string): Thing => ({ name: name + secret })
`)
    assert.deepStrictEqual(problems, [])
    const page = pages.get("docs/api/one.md")!
    assert.include(
      page,
      `## Thing

Things.

\`\`\`ts
import * as Thing from "@effect-heroku/one/Thing"
\`\`\`

See <https://example.com/things>

[Source](../../packages/one/src/Thing.ts)

### Thing.Thing

\`\`\`ts
interface Thing {
  /** What it is called. */
  readonly name?: string
}
\`\`\`

A thing.

### Thing.make

\`\`\`ts
const make: (name: string) => Thing
\`\`\`

Makes one.

See <https://example.com/make>
`
    )
    assert.notInclude(page, "secret")
  })

  it("refuses what has no comment, a member as well as an export", () => {
    const { problems } = referenceOf("export interface Thing { readonly name: string }\nexport const one = 1\n")
    assert.deepStrictEqual(problems, [
      "Thing: Thing.name has no comment",
      "Thing: Thing has no comment",
      "Thing: one has no comment"
    ])
  })

  it("refuses a type that nobody would read", () => {
    const fields = Array.from({ length: 20 }, (_, index) => `readonly attribute${index}: string`)
    const { problems } = referenceOf(`/** One. */\nexport declare const one: { ${fields.join("; ")} }\n`)
    assert.lengthOf(problems, 1)
    assert.match(problems[0]!, /^Thing: the type of one has \d+ characters, more than 280$/)
  })

  it("describes what two modules export once", () => {
    const { pages } = referenceOf("/** One. */\nexport const one = 1\n/** Two. */\nexport { one as two }\n")
    assert.include(pages.get("docs/api/one.md"), "The same as [Thing.one](#thingone).")
  })
})
