/** Runs vitest on small suites in folders of their own, and reads the last line that it prints. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "vitest"

const vitest = join(import.meta.dirname, "../node_modules/vitest/vitest.mjs")
const reporter = join(import.meta.dirname, "count-reporter.ts")

/** Runs vitest on files, given by name and code; `setup.js` runs before and after the tests. */
const run = (files: Readonly<Record<string, string>>, args: ReadonlyArray<string> = [], CI?: string) => {
  const folder = mkdtempSync(join(tmpdir(), "count-reporter-"))
  const globalSetup = "setup.js" in files ? ["setup.js"] : []
  // Globals, because a file outside of the repository cannot import "vitest".
  const config = `
    import { CountReporter } from ${JSON.stringify(reporter)}
    const reporters = ["default", new CountReporter()]
    export default { test: { globals: true, pool: "threads", reporters, globalSetup: ${JSON.stringify(globalSetup)} } }
  `
  try {
    for (const [name, code] of Object.entries({ ...files, "vitest.config.mjs": config })) {
      writeFileSync(join(folder, name), code)
    }
    // Both streams in one: the line has to be the last of all output.
    const { status, stdout } = spawnSync("sh", ["-c", `"$0" "$@" 2>&1`, process.execPath, vitest, "run", ...args], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, CI }
    })
    return { lastLine: stdout.split("\n").at(-2), code: status }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const passes = `test("passes", () => {});`

describe("the last line of a test run", { timeout: 60_000 }, () => {
  it("counts passed and skipped tests in a run that passes", () => {
    assert.deepStrictEqual(run({ "a.test.js": passes, "b.test.js": `${passes} ${passes} test.skip("skips")` }), {
      lastLine: "3 passed, 0 failed, 1 skipped",
      code: 0
    })
  })

  it("counts a run with skipped tests as failed in CI", () => {
    assert.deepStrictEqual(run({ "a.test.js": `${passes} test.skip("skips", () => {})` }, [], "true"), {
      lastLine: "1 passed, 1 failed, 1 skipped",
      code: 1
    })
  })

  it("counts failed tests, hooks and files, and unhandled errors", () => {
    const files = {
      "test.test.js": `${passes} test("fails", () => { throw new Error("no") })`,
      "hook.test.js": `describe("suite", () => { beforeAll(() => { throw new Error("no") }); ${passes} })`,
      "load.test.js": `throw new Error("no"); ${passes}`,
      "empty.test.js": "",
      "unhandled.test.js": `test("passes", () => { Promise.reject(new Error("no")) })`
    }
    assert.deepStrictEqual(run(files), { lastLine: "2 passed, 5 failed, 1 skipped", code: 1 })
  })

  it("shows a run whose tests were all filtered out, which fails", () => {
    assert.deepStrictEqual(run({ "a.test.js": passes }, ["--testNamePattern", "no such test"]), {
      lastLine: "0 passed, 0 failed, 1 skipped",
      code: 1
    })
  })

  it("counts a run as failed that fails for another reason than a test", () => {
    const teardown = `export const teardown = () => { process.exitCode = 1 }`
    assert.deepStrictEqual(run({ "a.test.js": passes, "setup.js": teardown }), {
      lastLine: "1 passed, 1 failed",
      code: 1
    })
  })
})
