/** Where calls get the code of the second factor from. */
import * as AuthorizationEndpoints from "@effect-heroku/core/AuthorizationEndpoints"
import { withTwoFactorCode } from "@effect-heroku/core/AuthorizationService"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

const required = AuthorizationEndpoints.errorFromResponse(
  "list",
  AuthorizationEndpoints.parseErrorResponse(
    { status: 403, headers: { "heroku-two-factor-required": "true" }, body: "" },
    0
  )
)

/** A call that Heroku rejects unless it has this code. */
const callThatNeeds = (accepted: string) =>
  AuthorizationEndpoints.sendWithTwoFactorCode((code) =>
    Effect.andThen(
      Effect.yieldNow,
      Option.exists(code, (one) => Redacted.value(one) === accepted) ? Effect.void : Effect.fail(required)
    )
  )

/** An effect that returns these codes one after another, and then `None`. */
const promptFor = (...codes: ReadonlyArray<string>) => {
  const prompt = { count: 0 }
  const effect = Effect.andThen(
    Effect.yieldNow,
    Effect.sync(() => Option.map(Option.fromUndefinedOr(codes[prompt.count++]), (code) => Redacted.make(code)))
  )
  return { prompt, withPrompt: withTwoFactorCode(effect) }
}

const four = <A, E, R>(call: Effect.Effect<A, E, R>) =>
  Effect.all(Array.from({ length: 4 }, () => Effect.flip(call)), { concurrency: 4 })

describe("withTwoFactorCode", () => {
  it.effect.each([[[], 1], [["1"], 2], [["1", "2"], 3]] as const)(
    "an effect that returns None after %j is not run again for calls in flight, nor for later ones",
    ([codes, count]) =>
      Effect.gen(function*() {
        const { prompt, withPrompt } = promptFor(...codes)
        const call = callThatNeeds("right")
        const errors = yield* withPrompt(Effect.all([four(call), four(call)]))
        assert.strictEqual(prompt.count, count)
        for (const error of errors.flat()) assert.strictEqual(error, required)
      })
  )

  it.effect("an effect that returned None runs again where withTwoFactorCode is applied again", () =>
    Effect.gen(function*() {
      const { prompt, withPrompt } = promptFor()
      yield* Effect.replicateEffect(withPrompt(Effect.flip(callThatNeeds("right"))), 2)
      assert.strictEqual(prompt.count, 2)
    }))

  it.effect("an effect that is interrupted while it runs for one call runs again for the next", () =>
    Effect.gen(function*() {
      let count = 0
      const effect = Effect.suspend(() =>
        count++ === 0 ? Effect.interrupt : Effect.succeed(Option.some(Redacted.make("1")))
      )
      const call = callThatNeeds("1")
      yield* withTwoFactorCode(effect)(Effect.andThen(Effect.exit(call), call))
      assert.strictEqual(count, 2)
    }))
})
