/** Programs embed the command line without services of their own. */
import { run } from "@effect-heroku/cli"
import type { Effect } from "effect"

export const exitCode: Effect.Effect<number> = run(["list", "--json"])

// @ts-expect-error The arguments are strings.
export const invalid = run([1])
