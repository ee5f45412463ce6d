/**
 * Configures the tests that judge mutants. Stryker runs them in a copy of the repository whose `node_modules` lead back to
 * the original, so packages are found by alias: otherwise the tests of one package would not see the mutants of another.
 */
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

// Few runs of each property, and far from UTC, so that a time read in the zone of the machine is a different one.
process.env["PROPERTY_RUNS"] ??= "50"
process.env["TZ"] = "Asia/Kolkata"

const root = fileURLToPath(new URL(".", import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@effect-heroku\/test-kit\/(.+)$/, replacement: `${root}packages/test-kit/$1.ts` },
      { find: /^@effect-heroku\/([^/]+)$/, replacement: `${root}packages/$1/src/index.ts` },
      { find: /^@effect-heroku\/([^/]+)\/(?!internal\/)(.+)$/, replacement: `${root}packages/$1/src/$2.ts` }
    ]
  },
  test: {
    include: ["packages/{core,http-node}/test/**/*.test.ts"],
    // These run everything hundreds of times, so each mutant would cost minutes. Other tests show the same more precisely.
    exclude: [
      "connections",
      "contract",
      "differential",
      "fleet",
      "hostile",
      "imports",
      "keychain",
      "load",
      "model",
      "modelTls",
      "processes",
      "secretService",
      "tls"
    ]
      .map((name) => `packages/http-node/test/**/${name}.test.ts`),
    // Ten times as long as the slowest test needs: slowness on a busy machine does not kill a mutant.
    testTimeout: 20_000,
    hookTimeout: 20_000
  }
})
