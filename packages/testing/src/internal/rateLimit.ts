/** The rate limit of an account: a token bucket. Times are in milliseconds. */

/**
 * Creates a full bucket of `capacity` request tokens that regains `refill` of them a minute: by default all in an hour,
 * which is 75 a minute for Heroku's 4500.
 *
 * It is the generic cell rate algorithm, like the server's: `fullAt` is when the bucket will be full again, and every
 * token that is taken delays it.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#rate-limits
 */
export const make = (capacity: number, refill = capacity / 60) => {
  if (!Number.isInteger(capacity) || capacity < 0) {
    throw new RangeError(`rateLimit: ${capacity} is not an integer of 0 or more`)
  }
  if (capacity > 0 && !(refill > 0 && refill < Infinity)) {
    throw new RangeError(`rateLimitRefill: ${refill} is not a number greater than 0`)
  }
  const interval = 60_000 / refill
  let fullAt = Number.NEGATIVE_INFINITY
  // The small addend absorbs what repeated addition of a fractional interval loses.
  const remaining = (now: number): number =>
    capacity === 0 ? 0 : Math.floor(capacity - Math.max(0, fullAt - now) / interval + 1e-6)
  return {
    remaining,
    take: (now: number): boolean => {
      if (remaining(now) < 1) return false
      fullAt = Math.max(fullAt, now) + interval
      return true
    }
  }
}
