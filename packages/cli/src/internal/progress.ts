/** Shows the progress of long work: on a terminal as one line that is updated, else as a line every five seconds. */
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import * as Terminal from "effect/Terminal"
import { Connection } from "./connection.ts"
import { formatCount, shorten } from "./text.ts"
import { formatDuration } from "./times.ts"

/** The means by which work reports its progress. */
export interface Progress {
  /** Counts finished items. Those that are not done, such as failures, only count for the time left. */
  readonly advance: (count: number, isDone?: boolean) => Effect.Effect<void>
  /** Prints a line of the result on standard output, above the progress. */
  readonly print: (line: string) => Effect.Effect<void>
}

/**
 * Runs work and shows its progress. Without a `total`, the number of items is not known yet. `details` returns further numbers
 * to show.
 */
export const withProgress = Effect.fnUntraced(
  function*<A, E, R>(
    verb: string,
    total: Option.Option<number>,
    work: (progress: Progress) => Effect.Effect<A, E, R>,
    details: () => ReadonlyArray<string> = () => []
  ) {
    const stdio = yield* Stdio.Stdio
    const { remainingRequests, screen } = yield* Connection
    const isTerminal = yield* stdio.stderrIsTerminal
    const start = yield* Clock.monotonicTimeNanos
    let finished = 0
    let done = 0

    const line = Effect.map(
      Clock.monotonicTimeNanos,
      (now) =>
        formatProgress({
          verb,
          finished,
          done,
          details: details(),
          total,
          elapsed: Duration.nanos(now - start),
          remainingRequests: remainingRequests()
        })
    )
    const terminal = yield* Terminal.Terminal
    // A line that wraps could not be cleared.
    const width = ((yield* terminal.columns) || Infinity) - 1
    const write = (text: string) => Effect.ignore(Stream.run(Stream.make(text), stdio.stderr()))
    const clear = isTerminal ? write("\r\x1b[K") : Effect.void
    const show = Effect.flatMap(
      line,
      (text) => isTerminal ? write(`\r\x1b[K${shorten(text, width)}`) : Console.error(text)
    )

    yield* Effect.forkScoped(
      Effect.forever(Effect.andThen(
        Effect.sleep(isTerminal ? "200 millis" : "5 seconds"),
        screen.withPermitsIfAvailable(1)(show)
      ))
    )
    yield* Effect.addFinalizer(() => clear)
    return yield* work({
      advance: (count, isDone = true) =>
        Effect.sync(() => {
          finished += count
          if (isDone) done += count
        }),
      print: (text) => screen.withPermit(Effect.andThen(clear, Console.log(text)))
    })
  },
  Effect.scoped
)

interface State {
  readonly verb: string
  readonly finished: number
  readonly done: number
  readonly details: ReadonlyArray<string>
  readonly total: Option.Option<number>
  readonly elapsed: Duration.Duration
  readonly remainingRequests: Option.Option<number>
}

/** Formats the number of finished items, the rate, the time left, and the rest of the rate limit. */
const formatProgress = ({ details, done, elapsed, finished, remainingRequests, total, verb }: State): string => {
  const rate = finished / Math.max(0.001, Duration.toSeconds(elapsed))
  const remaining = Option.filter(total, () => rate > 0).pipe(
    Option.map((count) => `${formatDuration(Duration.seconds((count - finished) / rate))} left`)
  )
  return [
    `${verb} ${formatCount(done)}${Option.match(total, { onNone: () => "", onSome: (n) => ` of ${formatCount(n)}` })}`,
    ...details,
    `${formatCount(Math.round(rate))}/s`,
    ...Option.toArray(remaining),
    ...Option.toArray(Option.map(remainingRequests, (count) => `rate limit: ${formatCount(count)} requests left`))
  ].join(", ")
}
