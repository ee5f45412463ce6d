import { AuthorizationService, withTwoFactorCode } from "@effect-heroku/core/AuthorizationService"
import { operations } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { json, type MakeReply, ok, scriptedClient, status } from "@effect-heroku/test-kit/scriptedClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { failureOf, run } from "./fixtures/liveService.ts"

const withCode = withTwoFactorCode(Redacted.make("135790"))

const { delete: remove, info } = operations
const stream = AuthorizationService.use((service) => Stream.runDrain(service.stream({ pageSize: 1 })))
const required = status(403, { "Heroku-Two-Factor-Required": "true" })
const page = (id: string, next?: string) => () =>
  json(next === undefined ? 200 : 206, [{ ...payloads.full, id }], next === undefined ? {} : { "Next-Range": next })

describe("withTwoFactorCode", () => {
  type Call = Effect.Effect<unknown, unknown, AuthorizationService>
  const retried = Effect.catchTag(remove, "TwoFactorRequired", () => withCode(remove))

  it.effect.each<[string, Call, ReadonlyArray<MakeReply>, ReadonlyArray<string | undefined>]>([
    ["the one call in its scope", Effect.all([info, withCode(info), info]), [ok], [undefined, "135790", undefined]],
    ["every page of a stream", withCode(stream), [page("a", "id ]a..; max=1"), page("b")], ["135790", "135790"]],
    ["a call repeated after TwoFactorRequired", retried, [required, ok], [undefined, "135790"]]
  ])("withTwoFactorCode sends the code with %s", ([, call, replies, codes]) =>
    Effect.gen(function*() {
      const client = scriptedClient(...replies)
      yield* run(call, client)
      assert.deepStrictEqual(client.sent.map(({ headers }) => headers["heroku-two-factor-code"]), codes)
    }))

  it.effect("withTwoFactorCode rejects a code that no header can carry before any request", () =>
    Effect.gen(function*() {
      const client = scriptedClient(ok)
      const wiped = Redacted.make("135790")
      Redacted.wipeUnsafe(wiped)
      for (const code of [...["", "1\n2", "ä", 135790 as never].map((code) => Redacted.make(code)), wiped]) {
        const error = yield* failureOf(withTwoFactorCode(code)(info), client)
        assert(error._tag === "InvalidParams")
        assert.deepStrictEqual(error.field, Option.some("twoFactorCode"))
        assert.match(
          error.message,
          code === wiped
            ? /^twoFactorCode: cannot be read: it was wiped, or comes from another copy of effect/
            : /^twoFactorCode: (must consist of visible ASCII characters, without spaces|must be a Redacted string)/
        )
      }
      assert.isEmpty(client.sent)
    }))
})
