/** Shared by the examples that are command-line programs. */
import type { AuthorizationService } from "@effect-heroku/core"
import { NodeAuthorizationService } from "@effect-heroku/http-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Logger } from "effect"
import { CliError, Command } from "effect/cli"
import { explain, type Explained } from "./explain.ts"

/** Turns every error into one that `effect/cli` prints as a sentence, without a stack trace. */
export const explained = <A, R>(effect: Effect.Effect<A, Explained, R>): Effect.Effect<A, CliError.UserError, R> =>
  Effect.mapError(effect, (error) => new CliError.UserError({ cause: error._tag, userMessage: explain(error) }))

/** Provides the account that HEROKU_API_KEY and HEROKU_API_URL describe. */
export const withAccount = <A, R>(
  effect: Effect.Effect<A, Explained, R>
): Effect.Effect<A, CliError.UserError, Exclude<R, AuthorizationService.AuthorizationService>> =>
  explained(Effect.provide(effect, NodeAuthorizationService.layerConfig()))

/** Runs a command. Standard output carries data only: log lines go to standard error. */
export const run = <Name extends string, Input, ContextInput, E>(
  command: Command.Command<Name, Input, ContextInput, E, NodeServices.NodeServices>
): void =>
  Command.run(command, { version: "0.0.0" }).pipe(
    Effect.provide(NodeServices.layer),
    Effect.provideService(Logger.LogToStderr, true),
    NodeRuntime.runMain
  )
