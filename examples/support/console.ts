/** The standard output and standard error of examples that tests call directly. */
import { Console, Layer } from "effect"

/** Captures what an effect prints, instead of printing it. */
export const captureConsole = () => {
  const lines: Array<string> = []
  const print = (line: unknown) => void lines.push(String(line))
  return { lines, layer: Layer.succeed(Console.Console, { ...globalThis.console, log: print, error: print }) }
}
