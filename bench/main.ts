/**
 * Measures this project's client beside others on this machine: `pnpm bench [SCENARIO ...] [--rounds N]`. README.md next
 * to this file describes the method.
 */
import { cpus, totalmem } from "node:os"
import { parseArgs } from "node:util"
import { install } from "./install.ts"
import { startServerProcess } from "./measure.ts"
import { targetTable } from "./report.ts"
import { scenarios } from "./scenarios.ts"

const { positionals, values } = parseArgs({ allowPositionals: true, options: { rounds: { type: "string" } } })
const chosen = positionals.length === 0 ? Object.keys(scenarios) : positionals
const unknown = chosen.filter((name) => !Object.hasOwn(scenarios, name))
const rounds = values.rounds === undefined ? undefined : Number(values.rounds)
if (unknown.length > 0 || (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))) {
  console.error(`usage: pnpm bench [${Object.keys(scenarios).join("] [")}] [--rounds N]`)
  process.exit(2)
}

install()
const [cpu] = cpus()
const machine = `${cpus().length} × ${cpu?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`
console.log(`${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${machine}`)

const targets = []
for (const name of chosen) {
  const scenario = scenarios[name]!
  const count = rounds ?? scenario.rounds
  // One server per scenario, so that no scenario inherits the state of an earlier one.
  const server = await startServerProcess()
  try {
    const result = await scenario.run(server, count)
    console.log(`\n### ${result.title}\n\nMedians of ${count} rounds (minimum to maximum)\n\n${result.figures}`)
    targets.push(...result.targets)
  } finally {
    server.stop()
  }
}
console.log(`\n### Targets\n\n${targetTable(targets)}`)
