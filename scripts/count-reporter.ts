/**
 * A vitest reporter whose only output is the last line of the run: `N passed, N failed`, and `, N skipped` where some
 * were. Whatever makes the run red counts as failed, so that the line never looks green when the run is not.
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
    // The coverage report and errors while closing come after the end of the tests: only at exit is a line the last.
    if (!this.#watch) process.once("exit", (code) => this.#print(code))
  }

  onTestRunEnd(modules: ReadonlyArray<TestModule>, unhandledErrors: ReadonlyArray<SerializedError>): void {
    this.#counts = count(modules, unhandledErrors.length)
    if (this.#watch) this.#print(0)
  }

  #print(exitCode: number): void {
    const { failed, passed, skipped } = this.#counts
    const ran = passed + failed > 0
    // A run in which everything was filtered out proves nothing, but vitest lets it pass.
    if (!ran && !this.#watch) process.exitCode = 1
    // A missed coverage threshold, say: red, although no test failed.
    const red = ran && exitCode !== 0 ? Math.max(1, failed) : failed
    process.stdout.write(`${format({ passed, failed: red, skipped })}\n`)
  }
}

const format = ({ failed, passed, skipped }: Counts): string =>
  `${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`

const count = (modules: ReadonlyArray<TestModule>, unhandledErrors: number): Counts => {
  const tests = modules.flatMap((module) => [...module.children.allTests()]).map((test) => test.result().state)
  // Files that do not load and hooks that throw: their tests are skipped or never become known.
  const brokenSuites = modules.flatMap((module) => [module, ...module.children.allSuites()])
    .filter((suite) => suite.errors().length > 0)
  // Pending: the run was interrupted.
  const failedTests = tests.filter((state) => state === "failed" || state === "pending")
  return {
    passed: tests.filter((state) => state === "passed").length,
    failed: failedTests.length + brokenSuites.length + unhandledErrors,
    skipped: tests.filter((state) => state === "skipped").length
  }
}
