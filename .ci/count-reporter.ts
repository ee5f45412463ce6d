/**
 * Prints `N passed, N failed` as the last line of a test run, and `, N skipped` after it when tests were skipped. Counts
 * everything that fails the run as failed, and skipped tests too where the variable `CI` is set.
 */
import type { Reporter, SerializedError, TestModule, Vitest } from "vitest/node"

interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export class CountReporter implements Reporter {
  #counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  #watch = false

  onInit(vitest: Vitest): void {
    this.#watch = vitest.config.watch
    // Coverage and errors while closing are reported after the end of the tests: only at exit is a line the last.
    if (!this.#watch) process.once("exit", (code) => this.#print(code))
  }

  onTestRunEnd(modules: ReadonlyArray<TestModule>, unhandledErrors: ReadonlyArray<SerializedError>): void {
    this.#counts = count(modules, unhandledErrors.length)
    if (this.#watch) this.#print(0)
  }

  #print(exitCode: number): void {
    const { failed, passed, skipped } = this.#counts
    const ran = passed + failed > 0
    const isIncomplete = !ran || (skipped > 0 && process.env["CI"] !== undefined)
    // vitest lets a run pass in which every test was filtered out.
    if (isIncomplete && !this.#watch) process.exitCode = 1
    // A run can fail although no test did, by a missed coverage threshold for example.
    const shown = ran && (exitCode !== 0 || isIncomplete) ? Math.max(1, failed) : failed
    process.stdout.write(`${passed} passed, ${shown} failed${skipped === 0 ? "" : `, ${skipped} skipped`}\n`)
  }
}

const count = (modules: ReadonlyArray<TestModule>, unhandledErrors: number): Counts => {
  const tests = modules.flatMap((module) => [...module.children.allTests()]).map((test) => test.result().state)
  // Files that do not load and hooks that throw. Their tests are skipped or never become known.
  const brokenSuites = modules.flatMap((module) => [module, ...module.children.allSuites()])
    .filter((suite) => suite.errors().length > 0)
  // Tests are pending after the run was interrupted.
  const failedTests = tests.filter((state) => state === "failed" || state === "pending")
  return {
    passed: tests.filter((state) => state === "passed").length,
    failed: failedTests.length + brokenSuites.length + unhandledErrors,
    skipped: tests.filter((state) => state === "skipped").length
  }
}
