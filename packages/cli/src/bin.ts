#!/usr/bin/env node
/** The program `heroku-authorizations` as a process. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import { changesAccount, commandOf } from "./internal/changesAccount.ts"
import { exitCode } from "./internal/stop.ts"
import { run } from "./run.ts"

const argv = process.argv.slice(2)
const isFind = commandOf(argv) === "find"

process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
  // A command that changes something completes without standard output, and exits with its own code.
  if (changesAccount(argv)) return
  if (code !== "EPIPE") {
    process.stderr.write(`Standard output could not be written: ${message}\n`)
    process.exit(isFind ? exitCode.inconclusive : exitCode.failed)
  }
  // A closed pipe (`| head`) is a normal end, but the exit code of `find` is a result.
  if (!isFind) process.exit(0)
})

// Without a listener, a closed standard error would end a command halfway.
process.stderr.on("error", () => {})

NodeRuntime.runMain(Effect.map(run(argv), (code) => void (process.exitCode = code)))
