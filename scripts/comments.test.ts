import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it, onTestFinished } from "vitest"

it("the check of comments names exports and members without one, and no private code", () => {
  const root = mkdtempSync(join(tmpdir(), "comments-"))
  onTestFinished(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, "packages/one/src"), { recursive: true })
  writeFileSync(join(root, "packages/one/tsconfig.json"), JSON.stringify({ compilerOptions: { types: [] } }))
  writeFileSync(
    join(root, "packages/one/src/Thing.ts"),
    `/** A thing. */
export interface Thing {
  readonly name: string
  /** Its size. */
  readonly size: number
}
const secret = 1
export const make = (name: string): Thing => ({ name, size: secret })
`
  )
  const { status, stdout } = spawnSync(process.execPath, [join(import.meta.dirname, "comments.ts"), root], {
    encoding: "utf8"
  })
  assert.strictEqual(stdout, "Thing.Thing.name has no comment\nThing.make has no comment\n")
  assert.strictEqual(status, 1)
})
