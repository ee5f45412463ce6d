/**
 * Runs Stryker for each package, because its threshold applies to a whole run: `pnpm mutation`, `pnpm mutation core`, or
 * `pnpm mutation --mutate packages/core/src/ListRange.ts`. With `--force` it also tries mutants that it tried before.
 */
import { spawnSync } from "node:child_process"
import { parseArgs } from "node:util"

const { positionals, values: { force = false, mutate } } = parseArgs({
  allowPositionals: true,
  options: { force: { type: "boolean" }, mutate: { type: "string" } }
})
const named = mutate === undefined ? positionals : [mutate.split("/")[1]!]

for (const name of named.length === 0 ? ["core", "http-node"] : named) {
  const runStryker = (...flags: ReadonlyArray<string>): boolean =>
    spawnSync("stryker", [
      "run",
      `--mutate=${mutate ?? `packages/${name}/src/**/*.ts,!packages/${name}/src/index.ts`}`,
      `--incrementalFile=reports/mutation-${name}.json`,
      ...flags
    ], { stdio: "inherit" }).status === 0
  // Most code runs in tests as well as while modules load. With `--ignoreStatic` only the tests that reach it judge its
  // mutants, which is enough. The second run keeps these results and tries the code that runs only while modules load:
  // each of its mutants needs a fresh start and all tests.
  if (!runStryker("--ignoreStatic", ...(force ? ["--force"] : [])) || !runStryker()) {
    console.log(`${name} failed`)
    process.exitCode = 1
  }
}
