#!/usr/bin/env node
/** The program `heroku-authorizations` as a process. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import { run } from "./run.ts"

// A closed pipe (`| head`) is a normal end; another error, such as a full disk, is a failure.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => process.exit(code === "EPIPE" ? 0 : 1))

NodeRuntime.runMain(
  Effect.map(run(process.argv.slice(2)), (code) => void (process.exitCode = code))
)
