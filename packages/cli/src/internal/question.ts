/** Questions on the controlling terminal, which work although standard input is a pipe. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { closeSync, openSync } from "node:fs"
import { createInterface } from "node:readline"
import { Writable } from "node:stream"
import { ReadStream, WriteStream } from "node:tty"

/**
 * Asks a question and returns the line that the user types. `None`: there is no terminal. The terminal does not show the reply
 * if it is a secret.
 */
export type Ask = (
  question: string,
  options?: { readonly isSecret: boolean }
) => Effect.Effect<Option.Option<string>>

const [inputDevice, outputDevice] = process.platform === "win32"
  ? [String.raw`\\.\CONIN$`, String.raw`\\.\CONOUT$`]
  : ["/dev/tty", "/dev/tty"]

const askTerminal: Ask = (question, { isSecret } = { isSecret: false }) =>
  Effect.callback((resume) => {
    let input: ReadStream
    let output: WriteStream
    try {
      input = new ReadStream(openSync(inputDevice, "r"))
      output = new WriteStream(openSync(outputDevice, "w"))
    } catch {
      return resume(Effect.succeedNone)
    }
    // A terminal edits and shows the line itself, and Ctrl-C is a signal. For a secret, Node does that, and shows nothing.
    const lines = createInterface(
      isSecret
        ? {
          input,
          output: new Writable({ write: (_chunk, _encoding, done) => done() }),
          terminal: true,
          historySize: 0
        }
        : { input, output, terminal: false }
    )
    lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"))
    const close = (lastOutput: string) => {
      lines.removeAllListeners().close()
      input.destroy()
      output.end(lastOutput)
    }
    // The line may show progress.
    output.write(`\r\u001b[K${question}`)
    lines.once("line", (line) => {
      close(isSecret ? "\n" : "")
      resume(Effect.succeed(Option.some(line)))
    })
    // At the end of input (Ctrl-D) there is no line, and the cursor stays behind the question.
    lines.once("close", () => {
      close("\n")
      resume(Effect.succeed(Option.some("")))
    })
    return Effect.sync(() => close("\n"))
  })

/** Whether there is a controlling terminal. */
const isPresent = Effect.sync(() => {
  try {
    closeSync(openSync(inputDevice, "r"))
    return true
  } catch {
    return false
  }
})

/** The terminal that questions are asked on. Tests replace it. */
export const ControllingTerminal = Context.Reference<{
  readonly isPresent: Effect.Effect<boolean>
  readonly ask: Ask
}>("@effect-heroku/cli/ControllingTerminal", { defaultValue: () => ({ isPresent, ask: askTerminal }) })
