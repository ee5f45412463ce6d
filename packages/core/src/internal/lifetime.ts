/** Lifetimes: durations of whole seconds, as `expires_in` carries them. */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

/** The longest lifetime in seconds, about 3,000 years: every expiry is then a valid date. */
export const maxLifetimeSeconds = 100_000_000_000

const WholeSeconds = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: maxLifetimeSeconds }))
const isWholeSeconds = Schema.is(WholeSeconds)

/** Returns the nearest lifetime. A number out of range must not break a whole listing. */
export const lifetimeFromSeconds = (seconds: number): Duration.Duration =>
  Duration.seconds(Math.min(Math.max(0, Math.floor(seconds)), maxLifetimeSeconds))

/**
 * A duration of whole seconds. It declares its own wire form: the generator of `Schema.Duration` yields infinite and
 * sub-second durations, which no number of seconds can represent.
 */
export const Lifetime = Schema.declare(
  (u): u is Duration.Duration => Duration.isDuration(u) && isWholeSeconds(Duration.toSeconds(u)),
  {
    expected: "a Duration of whole seconds, zero or more",
    toCodec: () =>
      Schema.link<Duration.Duration>()(
        WholeSeconds,
        SchemaTransformation.transform({ decode: Duration.seconds, encode: Duration.toSeconds })
      )
  }
)

/** Returns a duration. `fromInput` takes `NaN`, also in a tuple or an object, for zero. */
export const parseDuration = (input: Duration.Input): Option.Option<Duration.Duration> =>
  [input, ...Object.values(Object(input))].some(Number.isNaN) ? Option.none() : Duration.fromInput(input)

const secondsFromInput = SchemaTransformation.transform<Duration.Input, number>({
  decode: Duration.seconds,
  encode: (input) => Duration.toSeconds(Duration.fromInputUnsafe(input))
})

/** Any `Duration.Input` that is a lifetime; encodes to seconds. */
export const LifetimeInput = WholeSeconds.pipe(Schema.decodeTo(
  Schema.declare(
    (u): u is Duration.Input =>
      Option.exists(parseDuration(u as Duration.Input), (duration) => isWholeSeconds(Duration.toSeconds(duration))),
    {
      expected: "a duration of whole seconds, zero or more",
      toCodec: () => Schema.link<Duration.Input>()(WholeSeconds, secondsFromInput)
    }
  ),
  secondsFromInput
))
