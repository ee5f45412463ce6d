/**
 * Reads the token of an account from the keychain of the operating system, with the program that the Heroku command line
 * uses. Values are arguments or variables of that program and never part of a script.
 */
import * as Effect from "effect/Effect"
import * as ChildProcess from "effect/process/ChildProcess"
import type { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

/** The operating system, and the account whose token to read. */
export interface Keychain {
  /** The operating system, as `process.platform` names it. */
  readonly platform: string
  readonly account: string
  /** The directory of Windows. */
  readonly systemRoot?: string | undefined
}

/** Reads the token, or returns the reason why it cannot be read. A keychain may ask the user, so it has 30 seconds. */
export const readKeychain = (
  keychain: Keychain
): Effect.Effect<Result.Result<Redacted.Redacted, string>, never, ChildProcessSpawner> => {
  const command = makeCommand(keychain)
  if (command === undefined) return Effect.succeed(Result.fail(`there is no keychain on ${keychain.platform}`))
  const program = command.command
  return run(command).pipe(
    Effect.map(({ code, output }) => {
      if (code !== 0) return Result.fail(`\`${program}\` found no keychain entry (exit code ${code})`)
      const token = output.trim()
      return token === ""
        ? Result.fail(`\`${program}\` found no keychain entry`)
        : Result.succeed(Redacted.make(token))
    }),
    Effect.timeoutOrElse({
      duration: "30 seconds",
      orElse: () => Effect.succeed(Result.fail(`\`${program}\` did not read the keychain within 30 seconds`))
    }),
    Effect.catchTag("PlatformError", ({ reason: { _tag } }) =>
      Effect.succeed(
        Result.fail(_tag === "NotFound" ? `\`${program}\` is not installed` : `\`${program}\` cannot be run (${_tag})`)
      ))
  )
}

const run = Effect.fnUntraced(function*(command: ChildProcess.StandardCommand) {
  const { exitCode, stdout } = yield* command
  const [output, code] = yield* Effect.all([Stream.mkString(Stream.decodeText(stdout)), exitCode], {
    concurrency: "unbounded"
  })
  return { output, code: Number(code) }
}, Effect.scoped)

const service = "heroku-cli"

const makeCommand = ({ account, platform, systemRoot }: Keychain): ChildProcess.StandardCommand | undefined => {
  switch (platform) {
    case "darwin":
      return ChildProcess.make("security", ["find-generic-password", "-a", account, "-s", service, "-w"], options)
    case "linux":
      return ChildProcess.make("secret-tool", ["lookup", "service", service, "account", account], options)
    case "win32":
      return ChildProcess.make("powershell", ["-NoProfile", "-NonInteractive", "-Command", passwordVaultScript], {
        ...options,
        // Windows looks for programs in the working directory first, where anyone may have put a `powershell.exe`.
        cwd: systemRoot,
        env: { HEROKU_KEYCHAIN_SERVICE: service, HEROKU_KEYCHAIN_ACCOUNT: account },
        extendEnv: true
      })
    default:
      return undefined
  }
}

const options = { stdin: "ignore", stderr: "ignore", forceKillAfter: "1 second" } as const

/** Single quotes only: double quotes do not survive every Windows command line. */
const passwordVaultScript = [
  "$ErrorActionPreference = 'Stop'",
  "[void][Windows.Security.Credentials.PasswordVault, Windows.Security.Credentials, ContentType = WindowsRuntime]",
  "$vault = New-Object Windows.Security.Credentials.PasswordVault",
  "$entry = $vault.Retrieve($env:HEROKU_KEYCHAIN_SERVICE, $env:HEROKU_KEYCHAIN_ACCOUNT)",
  "$entry.RetrievePassword()",
  "$entry.Password"
].join("; ")
