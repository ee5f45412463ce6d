import { AuthorizationService, withTwoFactorCode } from "@effect-heroku/core/AuthorizationService"
import { operations } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import {
  connectionReset,
  json,
  type MakeReply,
  ok,
  scriptedClient,
  status
} from "@effect-heroku/test-kit/scriptedClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { failureOf, run } from "./fixtures/liveService.ts"

const withCode = withTwoFactorCode(Redacted.make("135790"))

const { create, delete: remove, info, update } = operations
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

  /** Returns these codes one after another, and then none. */
  const promptFor = (...codes: ReadonlyArray<string>) => {
    const prompt = { count: 0 }
    const effect = Effect.andThen(
      Effect.yieldNow,
      Effect.sync(() => Option.map(Option.fromUndefinedOr(codes[prompt.count++]), (code) => Redacted.make(code)))
    )
    return { prompt, withPrompt: withTwoFactorCode(effect) }
  }

  /** Accepts only requests with this code. */
  const requiring = (code: string, reply: MakeReply = ok): MakeReply => (request) =>
    request.headers["heroku-two-factor-code"] === code ? reply(request) : required()

  it.effect("withTwoFactorCode runs an effect that returns wrong codes ten times for a call", () =>
    Effect.gen(function*() {
      const client = scriptedClient(requiring("135790"))
      const error = yield* failureOf(
        withTwoFactorCode(Effect.sync(() => Option.some(Redacted.make("1"))))(info),
        client
      )
      assert.strictEqual(error._tag, "TwoFactorRequired")
      assert.lengthOf(client.sent, 11)
    }))

  it.effect("withTwoFactorCode runs an effect once for calls that need a code, and sends them again", () =>
    Effect.gen(function*() {
      const client = scriptedClient(requiring("135790"))
      const { prompt, withPrompt } = promptFor("135790")
      yield* run(withPrompt(Effect.andThen(Effect.all([info, update, remove], { concurrency: 3 }), info)), client)
      assert.deepStrictEqual([prompt.count, client.sent.length], [1, 7])
    }))

  it.effect("withTwoFactorCode runs an effect again when the code is rejected, and sends the last one from then on", () =>
    Effect.gen(function*() {
      const client = scriptedClient(required, required, requiring("2"))
      const { prompt, withPrompt } = promptFor("1", "2")
      yield* run(withPrompt(Effect.andThen(info, remove)), client)
      assert.deepStrictEqual(
        [prompt.count, client.sent.map(({ headers }) => headers["heroku-two-factor-code"])],
        [2, [undefined, "1", "2", "2"]]
      )
    }))

  it.effect("withTwoFactorCode fails with TwoFactorRequired when an effect returns no code", () =>
    Effect.gen(function*() {
      const client = scriptedClient(required)
      const error = yield* failureOf(promptFor("1").withPrompt(remove), client)
      assert.deepStrictEqual([error._tag, "attempts" in error && error.attempts, client.sent.length], [
        "TwoFactorRequired",
        2,
        2
      ])
    }))

  it.effect("withTwoFactorCode runs no effect when Heroku requires no code", () =>
    Effect.gen(function*() {
      const { prompt, withPrompt } = promptFor("1")
      yield* run(withPrompt(remove), scriptedClient(ok))
      assert.strictEqual(prompt.count, 0)
    }))

  it.effect("the time that an effect of withTwoFactorCode takes does not count as time of the call", () =>
    Effect.gen(function*() {
      const client = scriptedClient(requiring("1"))
      const slow = Effect.as(Effect.sleep("10 minutes"), Option.some(Redacted.make("1")))
      const fiber = yield* Effect.forkChild(run(withTwoFactorCode(slow)(info), client, { timeout: "5 seconds" }))
      yield* TestClock.adjust("10 minutes")
      yield* Fiber.join(fiber)
      assert.lengthOf(client.sent, 2)
    }))

  it.effect("a delete that may have been processed before it needs a code has outcomeUnknown", () =>
    Effect.gen(function*() {
      const client = scriptedClient(connectionReset, required, requiring("1", status(404)))
      const fiber = yield* Effect.forkChild(failureOf(promptFor("1").withPrompt(remove), client))
      yield* TestClock.adjust("1 minute")
      const error = yield* Fiber.join(fiber)
      assert.deepStrictEqual([error._tag, error.outcomeUnknown, error.attempts], ["NotFound", true, 3])
    }))

  it.effect("a create that a transformClient may have sent before it needs a code is not sent again", () =>
    Effect.gen(function*() {
      const client = scriptedClient(connectionReset, required, ok)
      const { prompt, withPrompt } = promptFor("1")
      const error = yield* failureOf(withPrompt(create), client, { transformClient: HttpClient.retry({ times: 1 }) })
      assert.deepStrictEqual([error._tag, error.outcomeUnknown, prompt.count, client.sent.length], [
        "TwoFactorRequired",
        true,
        0,
        2
      ])
    }))
})
