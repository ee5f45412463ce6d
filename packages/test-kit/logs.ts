/** Log lines that a program writes. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import * as Schedule from "effect/Schedule"

/** Captures log lines from `level` on, each as `Level: message`, in place of printing them. */
export const captureLogs = (level: LogLevel.LogLevel = "Info") => {
  const lines: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => {
    lines.push(`${logLevel}: ${String(message)}`)
  })
  const layer = Layer.merge(Logger.layer([logger]), Layer.succeed(References.MinimumLogLevel, level))
  /** Waits, on the machine's clock, until a line includes this text. */
  const includes = (text: string): Effect.Effect<boolean> =>
    Effect.sync(() => lines.some((line) => line.includes(text))).pipe(
      Effect.repeat({ until: (found) => found, schedule: Schedule.spaced("20 millis") })
    )
  return { lines, layer, includes }
}

/** Captures log lines in the formats of Effect's loggers, and whatever `inspect` would show of each. */
export const captureLogFormats = (onLine: (line: unknown) => void) =>
  Logger.layer([
    Logger.make((options) => {
      const formats = [Logger.formatSimple, Logger.formatLogFmt, Logger.formatStructured, Logger.formatJson]
      onLine(options)
      for (const format of formats) onLine(format.log(options))
    })
  ])
