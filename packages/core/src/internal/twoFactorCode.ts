/** The codes of the second factor in the context of calls. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Semaphore from "effect/Semaphore"
import type { AuthorizationError } from "../AuthorizationError.ts"

type Code = Option.Option<Redacted.Redacted>

/** Where the calls of an effect get the code of the account's second factor from. */
interface TwoFactorCodes {
  /** Returns the code that a request is sent with. */
  readonly current: () => Code
  /** Returns the code to send a request with again that was rejected with this one. `None`: there is no other. */
  readonly replace: (rejected: Code) => Effect.Effect<Code>
}

/**
 * The codes of the account's second factor for the requests of an effect. No code by default.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#two-factor-authentication
 */
export const TwoFactorCode = Context.Reference<TwoFactorCodes>(
  "@effect-heroku/core/AuthorizationService/TwoFactorCode",
  { defaultValue: () => always(Option.none()) }
)

/** The same code for every request. */
export const always = (code: Code): TwoFactorCodes => ({
  current: () => code,
  replace: () => Effect.succeedNone
})

/**
 * The latest code of an effect, which runs when a request needs another one, once for all requests that do, until it returns
 * `None`.
 */
export const latestOf = (effect: Effect.Effect<Code>): TwoFactorCodes => {
  const permit = Semaphore.makeUnsafe(1)
  let latest: Code = Option.none()
  let hasMore = true
  return {
    current: () => latest,
    replace: (rejected) =>
      Effect.suspend(() =>
        hasMore && latest === rejected
          ? Effect.tap(effect, (code) =>
            Effect.sync(() => {
              latest = code
              hasMore = Option.isSome(code)
            }))
          : Effect.succeed(latest)
      ).pipe(Semaphore.withPermit(permit))
  }
}

/** How many further codes a call tries: an effect can return a wrong code forever. */
const maxOtherCodes = 10

/** Sends a request with the code of its context, and again with another one if Heroku rejects the code. */
export const sendWithTwoFactorCode = <A, E extends AuthorizationError, R>(
  send: (code: Code) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.flatMap(TwoFactorCode, (codes) => {
    const sendWith = (code: Code, others: number): Effect.Effect<A, E, R> =>
      Effect.catchIf(send(code), (error) =>
        others > 0 && needsOtherCode(error), (error) =>
        Effect.flatMap(codes.replace(code), (other) =>
          Option.isSome(other) ? sendWith(other, others - 1) : Effect.fail(error)))
    return sendWith(codes.current(), maxOtherCodes)
  })

/** Whether to send a request again with another code. Heroku has processed nothing, unless an earlier request was processed. */
const needsOtherCode = (error: AuthorizationError): boolean =>
  error._tag === "TwoFactorRequired"
  && !(error.outcomeUnknown && (error.operation === "create" || error.operation === "regenerate"))
