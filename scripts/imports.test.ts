/** The picture of the imports of small packages. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { assert, describe, it, onTestFinished } from "vitest"
import { drawImports } from "./imports.ts"

const arrowsOf = (files: Readonly<Record<string, string>>): ReadonlyArray<string> => {
  const root = mkdtempSync(join(tmpdir(), "imports-"))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, "packages", dirname(name)), { recursive: true })
    writeFileSync(join(root, "packages", name), text)
  }
  return drawImports(root).split("\n").filter((line) => line.includes("-->")).map((line) => line.trim())
}

describe("the picture of the imports", () => {
  it("shows what a module imports, of its package and of others, as a value or a type", () => {
    assert.deepStrictEqual(
      arrowsOf({
        "a/src/One.ts": `import * as Effect from "effect/Effect"\n`,
        "a/src/Two.ts": `import type { One } from "./One.ts"\n`,
        "b/src/Three.ts": `import {\n  One\n} from "@effect-heroku/a/One"\n`
      }),
      ["Two --> One", "Three --> One"]
    )
  })

  it("looks through private files", () => {
    assert.deepStrictEqual(
      arrowsOf({
        "a/src/One.ts": "",
        "a/src/Two.ts": `import * as Inner from "./internal/inner.ts"\n`,
        "a/src/internal/inner.ts": `export { one } from "../One.ts"\n`
      }),
      ["Two --> One"]
    )
  })

  it("leaves out what other arrows say already", () => {
    assert.deepStrictEqual(
      arrowsOf({
        "a/src/One.ts": "",
        "a/src/Two.ts": `import { one } from "./One.ts"\n`,
        "a/src/Three.ts": `import { one } from "./One.ts"\nimport { two } from "./Two.ts"\n`
      }),
      ["Three --> Two", "Two --> One"]
    )
  })
})
