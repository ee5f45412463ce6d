/** Runs Effect's diagnostics. Fails also when they did not check every file, which the tool reports as a success. */
import { spawnSync } from "node:child_process"

const args = [
  "diagnostics",
  "--project",
  "tsconfig.json",
  "--format",
  "text",
  "--strict",
  "--severity",
  "error,warning"
]
const { error, status, stdout } = spawnSync("effect-tsgo", args, {
  encoding: "utf8",
  stdio: ["ignore", "pipe", "inherit"]
})
if (error !== undefined) throw error
process.stdout.write(stdout)

const [, checked, total] = /Checked (\d+) files out of (\d+) files/.exec(stdout) ?? []
const isComplete = checked !== undefined && checked !== "0" && checked === total
if (!isComplete) console.log("The diagnostics did not check every file")
process.exitCode = isComplete ? status ?? 1 : 1
