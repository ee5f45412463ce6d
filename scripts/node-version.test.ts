/** The Node that runs the tests. pnpm falls back to the machine's own when it could not install ours, without a word. */
import { assert, it } from "vitest"
import manifest from "../package.json" with { type: "json" }

it("runs on the Node that package.json asks for", () => {
  assert.strictEqual(process.version, `v${manifest.devDependencies.node}`)
})
