/** Runs the tests of the packages, examples, scripts and the benchmark. The last line of the run counts them. */
import { join } from "node:path"
import { defineConfig } from "vitest/config"
import { CountReporter } from "./.ci/count-reporter.ts"

export default defineConfig({
  test: {
    include: ["packages", "examples", "scripts", "bench", ".ci"].map((folder) => `${folder}/**/*.{test,spec}.ts`),
    // A forgotten `.only` would leave out the rest and stay green.
    allowOnly: false,
    // No test waits for time to pass; a busy machine is not a failure.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Modules have no mutable state, so files can share a process. Loading them once halves the CPU time of the run.
    isolate: false,
    // Many tests wait for programs that they start, so one file per core leaves the cores idle.
    maxWorkers: 3,
    restoreMocks: true,
    // Tests start some eighty programs. Cached code takes them from 1.2 to 0.8 s of CPU time each.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/compile") },
    // Shows what failed tests print, and keeps a run that passes quiet.
    silent: "passed-only",
    reporters: ["default", new CountReporter()]
  }
})
