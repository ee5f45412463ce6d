/** The tests of all packages, of the examples and of the scripts. The run ends with a line that counts them. */
import { defineConfig } from "vitest/config"
import { CountReporter } from "./scripts/count-reporter.ts"

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "examples/**/*.test.ts", "scripts/**/*.test.ts"],
    reporters: ["default", new CountReporter()]
  }
})
