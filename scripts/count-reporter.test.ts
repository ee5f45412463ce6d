/** The last line of a test run, by running vitest on small suites in a folder of their own. */
import { spawn } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "vitest"

const vitest = join(import.meta.dirname, "../node_modules/vitest/vitest.mjs")
const reporter = join(import.meta.dirname, "count-reporter.ts")

// Globals, because nothing can be imported from "vitest" outside of the repository.
const config = (globalSetup: ReadonlyArray<string>): string => `
  import { CountReporter } from ${JSON.stringify(reporter)}
  const reporters = ["default", new CountReporter()]
  export default { test: { globals: true, pool: "threads", reporters, globalSetup: ${JSON.stringify(globalSetup)} } }
`

interface Run {
  readonly lastLine: string | undefined
  readonly code: number | null
}

/** Runs vitest on files, given by name and code; `setup.js` is run before and after the tests. */
const run = async (files: Readonly<Record<string, string>>, ...args: ReadonlyArray<string>): Promise<Run> => {
  const folder = await mkdtemp(join(tmpdir(), "count-reporter-"))
  try {
    const setup = Object.keys(files).filter((name) => name === "setup.js")
    const all = Object.entries({ ...files, "vitest.config.mjs": config(setup) })
    await Promise.all(all.map(([name, code]) => writeFile(join(folder, name), code)))
    return await execute(["run", "--root", folder, ...args])
  } finally {
    await rm(folder, { recursive: true })
  }
}

const execute = (args: ReadonlyArray<string>): Promise<Run> =>
  new Promise((resolve, reject) => {
    // Both streams into one text: the line must come last of all that is printed.
    const child = spawn(process.execPath, [vitest, ...args], { stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    child.stdout.on("data", (data) => output += data)
    child.stderr.on("data", (data) => output += data)
    child.on("error", reject)
    child.on("close", (code) => resolve({ lastLine: output.split("\n").at(-2), code }))
  })

const passes = `test("passes", () => {})`

describe.concurrent("the last line of a test run", { timeout: 60_000 }, () => {
  it("counts passed tests", async () => {
    assert.deepStrictEqual(await run({ "a.test.js": passes, "b.test.js": `${passes}; ${passes}` }), {
      lastLine: "3 passed, 0 failed",
      code: 0
    })
  })

  it("counts failed and skipped tests", async () => {
    const code =
      `${passes}; test("fails", () => { throw new Error("no") }); test.skip("skips", () => {}); test.todo("x")`
    assert.deepStrictEqual(await run({ "a.test.js": code }), { lastLine: "1 passed, 1 failed, 2 skipped", code: 1 })
  })

  it("is red when there are no tests", async () => {
    assert.deepStrictEqual(await run({}), { lastLine: "0 passed, 0 failed", code: 1 })
  })

  it("is red when every test was filtered out", async () => {
    assert.deepStrictEqual(await run({ "a.test.js": passes }, "--testNamePattern", "no such test"), {
      lastLine: "0 passed, 0 failed, 1 skipped",
      code: 1
    })
  })

  it("counts a file that does not load as failed", async () => {
    assert.deepStrictEqual(await run({ "a.test.js": passes, "b.test.js": `throw new Error("no"); ${passes}` }), {
      lastLine: "1 passed, 1 failed",
      code: 1
    })
  })

  it("counts a file without tests as failed", async () => {
    assert.deepStrictEqual(await run({ "a.test.js": passes, "b.test.js": "" }), {
      lastLine: "1 passed, 1 failed",
      code: 1
    })
  })

  it("counts hooks that throw as failed", async () => {
    const code = `${passes}; describe("suite", () => { beforeAll(() => { throw new Error("no") }); ${passes} })`
    assert.deepStrictEqual(await run({ "a.test.js": code }), { lastLine: "1 passed, 1 failed, 1 skipped", code: 1 })
  })

  it("counts an error that nothing handled as failed", async () => {
    const code = `test("passes", () => { Promise.reject(new Error("no")) })`
    assert.deepStrictEqual(await run({ "a.test.js": code }), { lastLine: "1 passed, 1 failed", code: 1 })
  })

  it("counts a run as failed that is red for another reason", async () => {
    const teardown = `export const teardown = () => { process.exitCode = 1 }`
    assert.deepStrictEqual(await run({ "a.test.js": passes, "setup.js": teardown }), {
      lastLine: "1 passed, 1 failed",
      code: 1
    })
  })
})
