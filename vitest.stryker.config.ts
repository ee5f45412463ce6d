/**
 * The tests that judge mutants. Stryker runs them in a copy of the repository whose `node_modules` lead back to the
 * original, so the packages are found by alias; else a mutant of one package would not be seen by the tests of another.
 */
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

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
    // They run everything, hundreds of times: each mutant would cost minutes. What they show, others show more precisely.
    exclude: ["contract", "differential", "fleet", "hostile", "imports", "model"].map((name) =>
      `packages/http-node/test/${name}.test.ts`
    ),
    // Ten times what the slowest needs: one that is slow on a busy machine has not found the mutant.
    testTimeout: 10_000,
    hookTimeout: 10_000
  }
})
