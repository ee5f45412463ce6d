/**
 * Everything about the repository that can be wrong without a test failing. Runs every step, even after one that
 * failed, and shows what those that failed printed; `--verbose` shows it all.
 */
import { spawn } from "node:child_process"
import { delimiter, join } from "node:path"

interface Step {
  readonly name: string
  /** A program of the workspace, or `node`, and its arguments. */
  readonly command: readonly [string, ...ReadonlyArray<string>]
  /** What to do when it fails. */
  readonly fix: string
  /** A problem that the exit code does not tell. */
  readonly problem?: (output: string) => string | undefined
}

const steps: ReadonlyArray<Step> = [
  {
    name: "types of the packages",
    // By force: else the compiler trusts the times of files, which a checkout or a restored cache can make wrong.
    command: ["tsc", "-b", "--force", "packages/core", "packages/http-node", "packages/testing"],
    fix: "correct the types"
  },
  {
    name: "types of tests, type tests, examples and scripts",
    command: ["tsc", "-p", "tsconfig.test.json"],
    fix: "correct the types; an unused @ts-expect-error means that something compiles which must not"
  },
  {
    name: "lint",
    command: ["oxlint", "--deny-warnings", "--report-unused-disable-directives"],
    fix: "pnpm exec oxlint --fix, and the rest by hand"
  },
  {
    name: "unused code and dependencies",
    command: ["knip", "--no-progress", "--no-config-hints"],
    fix: "remove what is unused"
  },
  { name: "format", command: ["dprint", "check"], fix: "pnpm format" },
  {
    name: "Effect diagnostics",
    command: ["effect-tsgo", "diagnostics", "--project", "tsconfig.json", "--format", "text", "--strict"],
    fix: "follow the diagnostics",
    problem: (output) => {
      const [, checked, all] = /Checked (\d+) files out of (\d+) files/.exec(output) ?? []
      return checked === undefined || checked === "0" || checked !== all ? "It did not check every file." : undefined
    }
  },
  {
    name: "spelling of names and documents",
    command: ["cspell", "lint", "--no-progress", "--no-summary", "--dot"],
    fix: "correct it, or add the word to cspell.json"
  },
  { name: "links", command: ["node", "scripts/links.ts"], fix: "correct what the documents point to" },
  {
    name: "generated files",
    command: ["node", "scripts/generate.ts", "--check"],
    fix: "pnpm generate"
  }
]

interface Outcome {
  readonly failed: boolean
  readonly output: string
}

const root = join(import.meta.dirname, "..")
const env = {
  ...process.env,
  PATH: [join(root, "node_modules/.bin"), process.env["PATH"]].join(delimiter),
  NO_COLOR: "1"
}

const run = ({ command: [program, ...args], problem }: Step): Promise<Outcome> =>
  new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    child.stdout.on("data", (data) => output += data)
    child.stderr.on("data", (data) => output += data)
    child.on("error", (error) => resolve({ failed: true, output: `${error}\n` }))
    child.on("close", (code) => {
      const found = problem?.(output)
      resolve({
        failed: code !== 0 || found !== undefined,
        output: found === undefined ? output : `${output}${found}\n`
      })
    })
  })

const verbose = process.argv.includes("--verbose")
const failed: Array<Step> = []
for (const step of steps) {
  const start = performance.now()
  // oxlint-disable-next-line no-await-in-loop -- together they would not be faster, and their times would say nothing
  const outcome = await run(step)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${outcome.failed ? "FAILED" : "ok    "} ${step.name} (${seconds} s)`)
  if (outcome.failed || verbose) console.log(outcome.output.replace(/^(?=.)/gm, "  | ").trimEnd())
  if (outcome.failed) failed.push(step)
}

console.log(`\n${steps.length - failed.length} of ${steps.length} checks passed`)
for (const { command, fix, name } of failed) {
  console.log(`- ${name}: ${fix}. Again: pnpm exec ${command.join(" ")}`)
}
if (failed.length > 0) process.exitCode = 1
