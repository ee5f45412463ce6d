/**
 * Runs the model test for longer than the suite does: `pnpm model` (30,000 sequences), `pnpm model 100000`. With
 * `--replay TOKEN` it runs the one sequence that a failure printed the token of.
 */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { parseArgs } from "node:util"

const { positionals: [runs = "30000"], values: { replay } } = parseArgs({
  allowPositionals: true,
  options: { replay: { type: "string" } }
})
if (!/^[1-9]\d*$/.test(runs)) throw new RangeError(`${runs} is no number of sequences`)

const root = join(import.meta.dirname, "..")
const vitest = join(root, "node_modules/vitest/vitest.mjs")
const { status } = spawnSync(process.execPath, [vitest, "run", "packages/http-node/test/model.test.ts"], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, MODEL_RUNS: runs, ...(replay === undefined ? {} : { MODEL_REPLAY: replay }) }
})
process.exitCode = status ?? 1
