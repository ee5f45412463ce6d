/** Runs the tests of the packages, examples, scripts and the benchmark. The last line of the run counts them. */
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
    restoreMocks: true,
    // Shows what failed tests print, and keeps a run that passes quiet.
    silent: "passed-only",
    reporters: ["default", new CountReporter()]
  }
})
