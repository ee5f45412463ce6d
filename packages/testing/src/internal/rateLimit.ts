/** The pool of request tokens that an account has. */

/** A pool. Times are in milliseconds. */
export interface RateLimit {
  /** Takes a token, if there is one. */
  readonly take: (now: number) => boolean
  /** How many tokens there are. */
  readonly remaining: (now: number) => number
}

/**
 * A full pool of `capacity` tokens, of which `refill` come back in a minute: by default all in an hour, which is 75 a
 * minute for Heroku's 4500.
 *
 * It is the generic cell rate algorithm, as the server's: `fullAt` is when the pool will be full again, each token taken
 * moves it on by the time that one token needs, and it may never be further away than an empty pool needs.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#rate-limits
 */
export const make = (capacity: number, refill = capacity / 60): RateLimit => {
  if (!Number.isInteger(capacity) || capacity < 0) {
    throw new RangeError(`rateLimit: ${capacity} is not a whole number, zero or more`)
  }
  if (capacity > 0 && !(refill > 0 && refill < Infinity)) {
    throw new RangeError(`rateLimitRefill: ${refill} is not a number greater than zero`)
  }
  const interval = 60_000 / refill
  const whole = interval * capacity
  let fullAt = Number.NEGATIVE_INFINITY
  // Rounded to absorb what repeated addition of a fractional interval loses.
  const remaining = (now: number): number =>
    capacity < 1 ? 0 : Math.floor((whole - Math.max(0, fullAt - now)) / interval + 1e-6)
  return {
    remaining,
    take: (now) => {
      if (remaining(now) < 1) return false
      fullAt = Math.max(fullAt, now) + interval
      return true
    }
  }
}
