/** The tests of all packages, of the examples, the scripts and the benchmark. The run ends with a line that counts them. */
import { defineConfig } from "vitest/config"
import { CountReporter } from "./scripts/count-reporter.ts"

export default defineConfig({
  test: {
    include: ["packages", "examples", "scripts", "bench"].map((folder) => `${folder}/**/*.{test,spec}.ts`),
    // One forgotten `.only` would leave out the rest, and stay green.
    allowOnly: false,
    // Nothing here waits for time to pass; a busy machine is no failure.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ["default", new CountReporter()]
  }
})
