import { Authorization } from "@effect-heroku/core"
import { HerokuAccount, MemoryAuthorizationService } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import { find, summarize } from "./find.ts"
import { captureConsole } from "./support/console.ts"

const ids = ["01234567-89ab-cdef-0123-456789abcdef", "ffffffff-89ab-cdef-0123-456789abcdef"]
const seed = ids.map((id) => ({ id }))

/** The token of the first authorization, and one that no authorization has. */
const tokens = Effect.gen(function*() {
  const account = yield* HerokuAccount.HerokuAccount
  const own = Option.flatMap(yield* account.get(ids[0]!), Authorization.accessToken)
  return [Redacted.make("HRKU-other"), Option.getOrThrow(own)]
})

it.effect.each(
  [
    ["exact", true, ids[0]!, "compared 2 authorizations: 1 exact, 0 masked; 0 could not be compared"],
    ["masked", false, `masked:${ids[0]}`, "compared 2 authorizations: 0 exact, 1 masked; 0 could not be compared"]
  ] as const
)("find reports an %s match", ([, clearTokens, line, summary]) =>
  Effect.gen(function*() {
    const console = captureConsole()
    const counts = yield* Effect.provide(find(yield* tokens), console.layer)
    assert.deepStrictEqual(console.lines, [line])
    assert.strictEqual(summarize(counts), summary)
  }).pipe(Effect.provide(MemoryAuthorizationService.layer({ seed, clearTokens }))))
