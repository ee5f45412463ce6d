/** The pool of request tokens that an account has. */

/** A pool. Times are in milliseconds. */
export interface RateLimit {
  /** Takes a token, if there is one. */
  readonly take: (now: number) => boolean
  /** How many tokens there are. */
  readonly remaining: (now: number) => number
}

const hour = 3_600_000

/**
 * A full pool of `capacity` tokens that an hour refills: 75 a minute for Heroku's 4500.
 *
 * It is the generic cell rate algorithm, as the server's: `fullAt` is when the pool will be full again, each token taken
 * moves it on by the time that one token needs, and it may never be more than an hour away.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#rate-limits
 */
export const make = (capacity: number): RateLimit => {
  if (!Number.isInteger(capacity) || capacity < 0) {
    throw new RangeError(`rateLimit: ${capacity} is not a whole number, zero or more`)
  }
  const interval = hour / capacity
  let fullAt = Number.NEGATIVE_INFINITY
  // Rounded to absorb what repeated addition of a fractional interval loses.
  const remaining = (now: number): number =>
    capacity < 1 ? 0 : Math.floor((hour - Math.max(0, fullAt - now)) / interval + 1e-6)
  return {
    remaining,
    take: (now) => {
      if (remaining(now) < 1) return false
      fullAt = Math.max(fullAt, now) + interval
      return true
    }
  }
}
