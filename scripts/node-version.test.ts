// When pnpm cannot install this Node, it silently uses that of the machine.
import { assert, it } from "vitest"
import manifest from "../package.json" with { type: "json" }

it("the tests run on the Node version of package.json", () => {
  assert.strictEqual(process.version, `v${manifest.devDependencies.node}`)
})
