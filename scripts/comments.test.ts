import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it, onTestFinished } from "vitest"
import { findUncommented } from "./comments.ts"

it("findUncommented names exports and members without a comment, and no private code", () => {
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
  assert.deepStrictEqual(findUncommented(root), ["Thing: Thing.name has no comment", "Thing: make has no comment"])
})
