/** Flags that take durations and times, and the format of durations. */
import * as Flag from "effect/cli/Flag"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { countOf } from "./text.ts"

const units: Readonly<Record<string, Duration.Duration>> = {
  s: Duration.seconds(1),
  m: Duration.minutes(1),
  h: Duration.hours(1),
  d: Duration.days(1),
  w: Duration.weeks(1)
}

/** Parses a whole number of seconds, minutes, hours, days or weeks, such as `90d`. */
const parseDuration = (text: string): Option.Option<Duration.Duration> => {
  const [, count, unit = ""] = /^(\d{1,9})\s*(s|m|h|d|w|(?:second|minute|hour|day|week)s?)$/.exec(text) ?? []
  return Option.map(Option.fromUndefinedOr(units[unit.charAt(0)]), Duration.times(Number(count)))
}

/** Parses a day or an ISO 8601 time. Without an offset it is UTC. */
const parseTime = (text: string): Option.Option<DateTime.Utc> => {
  const [, day, time = "00:00", offset = "Z"] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/.exec(text) ?? []
  // `DateTime.make` takes February 31 for March 3.
  return Option.exists(DateTime.make(`${day}T00:00Z`), (start) => DateTime.formatIsoDateUtc(start) === day)
    ? Option.map(DateTime.make(`${day}T${time}${offset}`), DateTime.toUtc)
    : Option.none()
}

/** A flag that takes a duration, which may be zero. */
export const duration = (name: string): Flag.Flag<Duration.Duration> =>
  Flag.String(name).pipe(
    Flag.filterMap(parseDuration, () => "a duration such as 90d, 12h, 30m or 45s"),
    Flag.withMetavar("DURATION")
  )

/** A flag that takes a duration longer than zero. */
export const positiveDuration = (name: string): Flag.Flag<Duration.Duration> =>
  Flag.String(name).pipe(
    Flag.filterMap(
      (text) => Option.filter(parseDuration(text), Duration.isPositive),
      () => "a duration of one second or more, such as 90d, 12h, 30m or 45s"
    ),
    Flag.withMetavar("DURATION")
  )

/** A flag that takes a point in time. */
export const time = (name: string): Flag.Flag<DateTime.Utc> =>
  Flag.String(name).pipe(
    Flag.filterMap(parseTime, () => "a day such as 2026-01-31 or a time such as 2026-01-31T12:00:00Z"),
    Flag.withMetavar("TIME")
  )

/** Formats a duration with its largest unit: `3 days`, `1 hour`. */
export const formatDuration = (duration: Duration.Duration): string => {
  const seconds = Math.max(0, Math.round(Duration.toSeconds(duration)))
  const [size, unit] = ([[86_400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]] as const)
    .find(([size]) => seconds >= 2 * size || seconds === size) ?? [1, "second"]
  const count = Math.floor(seconds / size)
  return countOf(count, unit)
}
