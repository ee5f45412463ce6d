/** The program `heroku-authorizations`: its commands, its help, and the exit code. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as CliConfig from "effect/cli/CliConfig"
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as TerminalCapabilities from "effect/cli/TerminalCapabilities"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import { audit } from "./commands/audit.ts"
import { create } from "./commands/create.ts"
import { exportCommand } from "./commands/export.ts"
import { find } from "./commands/find.ts"
import { info } from "./commands/info.ts"
import { list } from "./commands/list.ts"
import { revoke } from "./commands/revoke.ts"
import { rotate } from "./commands/rotate.ts"
import { update } from "./commands/update.ts"
import { explain } from "./internal/explain.ts"
import { program } from "./internal/program.ts"
import { exitCode } from "./internal/stop.ts"
import { maskTokens } from "./internal/text.ts"
import { version } from "./internal/version.ts"

const description = `Lists, checks, finds, revokes and rotates the OAuth authorizations of a Heroku account.

  The token comes from HEROKU_API_KEY, or else from the login of the Heroku CLI. If Heroku requires a second factor, the
  program asks for its code on the terminal; without a terminal it sends the code in HEROKU_TWO_FACTOR_CODE.
  Results go to standard output, everything else to standard error. Only create and rotate output tokens.

  Exit codes:
    0    done
    1    failed, or not everything was done; find: a token was not found
    2    invalid usage; find: failed, or it is not certain that every token was found
    3    revoke and rotate without a terminal and without --yes: only the plan was printed
    130  interrupted`

const root = program.pipe(
  Command.withDescription(description),
  Command.withSubcommands([list, info, audit, find, create, update, revoke, rotate, exportCommand])
)

/** Prints help on standard output, and errors on standard error with a hint instead of all the help. */
const presenter: CliOutput.Presenter = {
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Console.error([
        ...event.errors.map(({ message }) => maskTokens(message)),
        `Run \`${event.commandPath.join(" ")} --help\` for help`
      ].join("\n"))
      : CliOutput.defaultPresenter.present(event)
}

/**
 * Runs the program with its arguments, without the name of the program, and returns the exit code.
 *
 * **Details**
 *
 * Reads the environment, standard input and, for questions, the controlling terminal of the process. It never fails: errors
 * are printed on standard error.
 */
export const run = (argv: ReadonlyArray<string>): Effect.Effect<number> =>
  runWith(argv).pipe(Effect.provide(NodeServices.layer))

/** Runs the program on other services than those of the process. */
export const runWith = (argv: ReadonlyArray<string>) =>
  Command.runWith(root, { version })(argv).pipe(
    Effect.as(0),
    Effect.catch((error) => {
      // The presenter has printed these.
      if (error._tag === "ShowHelp") return Effect.succeed(error.errors.length === 0 ? 0 : exitCode.invalidUsage)
      if (CliError.isCliError(error)) return Effect.as(Console.error(maskTokens(error.message)), exitCode.invalidUsage)
      return Effect.as(Console.error(explain(error)), error._tag === "Stop" ? error.code : exitCode.failed)
    }),
    Effect.provide(layerOutput(argv)),
    Effect.provideService(CliOutput.Presenter, presenter)
  )

const layerNoColor = ConfigProvider.layerAdd(ConfigProvider.fromEnv({ env: { NO_COLOR: "1" } }), { asPrimary: true })

/** How the program prints. Standard output carries results only. */
const layerOutput = (argv: ReadonlyArray<string>) =>
  Layer.mergeAll(
    argv.includes("--no-color") ? Layer.provide(TerminalCapabilities.layer, layerNoColor) : TerminalCapabilities.layer,
    Layer.succeed(Logger.LogToStderr, true),
    Layer.succeed(References.MinimumLogLevel, argv.includes("--debug") ? "Debug" : "Warn"),
    CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] })
  )
