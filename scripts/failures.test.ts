import { existsSync, globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, it } from "vitest"

const root = join(import.meta.dirname, "..")
const read = (path: string): string => existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : ""

it("the tests that docs/contributing/failures.md quotes exist", () => {
  const quotes = globSync("docs/**/failures.md", { cwd: root })
    .flatMap((document) => Array.from(read(document).matchAll(/`([\w./-]+)`: ("[^|;]+")/g)))
    .flatMap(([, file = "", titles = ""]) =>
      [...titles.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => ({ file: `packages/${file}`, title }))
    )
  assert.isAbove(quotes.length, 40)
  assert.deepStrictEqual(quotes.filter(({ file, title }) => !read(file).includes(title)), [])
})
