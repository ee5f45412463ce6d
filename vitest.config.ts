/** The tests of all packages, of the examples and of the scripts. The run ends with a line that counts them. */
import { defineConfig } from "vitest/config"
import { CountReporter } from "./scripts/count-reporter.ts"

export default defineConfig({
  test: {
    include: ["packages", "examples", "scripts"].map((folder) => `${folder}/**/*.{test,spec}.ts`),
    // One forgotten `.only` would leave out the rest, and stay green.
    allowOnly: false,
    reporters: ["default", new CountReporter()]
  }
})
