#!/usr/bin/env node
/** The program `heroku-authorizations` as a process. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import { changesAccount } from "./internal/changesAccount.ts"
import { run } from "./run.ts"

const argv = process.argv.slice(2)

// A command that changes something completes without standard output, and exits with its own code.
const completes = changesAccount(argv)

// For the others a closed pipe (`| head`) is a normal end. Another error, such as a full disk, is a failure.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
  if (!completes) process.exit(code === "EPIPE" ? 0 : 1)
})

NodeRuntime.runMain(Effect.map(run(argv), (code) => void (process.exitCode = code)))
