/** The `Retry-After` header. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Headers from "effect/http/Headers"
import * as Option from "effect/Option"
import * as Result from "effect/Result"

/** From this number of seconds on, the header can only be a time since 1970: a delay would be thirty years. */
const epochThreshold = 1_000_000_000

/** A header that is not understood still asks for a wait. */
const unknownRetryAfter = Duration.minutes(1)

/**
 * Returns the delay from now that a header asks for, the longest one if it was sent twice. `date` is the `Date` header, and
 * `now` the time of this machine, in milliseconds.
 *
 * **Details**
 *
 * The header is not documented. Seconds, an HTTP date, and seconds since 1970, which an older version of the API sent, are
 * understood; dates are compared with the `Date` of the response, because the clock of this machine can be wrong. Any other
 * value stands for one minute.
 */
export const parseRetryAfter = (text: string, date: string | undefined, now: number): Duration.Duration => {
  const sentAt = Option.getOrElse(parseDate(date), () => now)
  // A date without a zone is one in GMT, and contains a comma.
  const values = text.trim().match(/ ?[a-z]{3,9},[^,]+|[^,]+/gi) ?? [text]
  return values.map((value) => parseDelay(value.trim(), sentAt) ?? unknownRetryAfter).reduce(
    Duration.max,
    Duration.zero
  )
}

const parseDate = (text: string | undefined): Option.Option<number> =>
  Option.map(Option.flatMap(Option.fromUndefinedOr(text), DateTime.make), DateTime.toEpochMillis)

const parseDelay = (text: string, now: number): Duration.Duration | undefined => {
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text) ?? []
  if (amount !== undefined) {
    const factor = secondsOf.get(unit.toLowerCase().replace(/(..)s$/, "$1"))
    if (factor === undefined) return undefined
    const seconds = Number(amount) * factor
    return seconds < epochThreshold ? Duration.seconds(seconds) : Duration.millis(Math.max(0, seconds * 1000 - now))
  }
  const parsed = Result.orElse(Headers.parseRetryAfter(text), () => Headers.parseRetryAfter(`${text} GMT`))
  return Result.isSuccess(parsed) ? Headers.retryAfterDelay(parsed.success, now) : undefined
}

/** The seconds of each unit, without the `s` of a plural. */
const secondsOf: ReadonlyMap<string, number> = new Map([
  ["ms", 0.001],
  ["milli", 0.001],
  ["millisecond", 0.001],
  ["", 1],
  ["s", 1],
  ["sec", 1],
  ["second", 1],
  ["m", 60],
  ["min", 60],
  ["minute", 60],
  ["h", 3600],
  ["hr", 3600],
  ["hour", 3600],
  ["d", 86_400],
  ["day", 86_400]
])
