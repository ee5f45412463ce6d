import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, it } from "vitest"
import manifest from "../package.json" with { type: "json" }

const root = join(import.meta.dirname, "..")

it("documents name commands of package.json only, and call them with npx", () => {
  const documents = globSync(["*.md", "bench/*.md", "docs/**/*.md", "packages/*/README.md"], { cwd: root })
  const problems = documents.flatMap((document) => {
    const text = readFileSync(join(root, document), "utf8")
    return [
      ...[...text.matchAll(/\bpnpm@12 ([a-z][\w:-]*)/g)]
        .filter(([, command = ""]) => !(command in manifest.scripts || ["exec", "install"].includes(command))),
      ...[...text.matchAll(/\bpnpm ([a-z][\w:-]*)/g)].filter(([, command = ""]) => command in manifest.scripts)
    ].map(([command]) => `${document}: ${command}`)
  })
  assert.deepStrictEqual(problems, [])
})
