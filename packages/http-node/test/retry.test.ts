/** Retries of the live layer: which failures, after which delay, and the effect of earlier attempts on the error. */
import type { Operation } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import { isIdempotent, operationNames, operations } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import {
  chunkedBody,
  connectionRefused,
  connectionReset,
  json,
  type MakeReply,
  ok,
  scriptedClient,
  status
} from "@effect-heroku/test-kit/scriptedClient"
import { whileTimePasses } from "@effect-heroku/test-kit/testTime"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { failureOf, run } from "./fixtures/liveService.ts"

const success = (operation: Operation) => () =>
  operation === "create" ? json(201, payloads.full) : operation === "list" ? json(200, [payloads.full]) : ok()
const withStatus = (code: number) => [String(code), status(code)] as [string, MakeReply]

describe("retries", () => {
  const exceptNewTokens = "every operation but create and regenerate"

  it.effect.each<[string, string, MakeReply]>([
    ...[408, 500, 502, 503, 504].map((code): [string, string, MakeReply] => [
      exceptNewTokens,
      String(code),
      status(code)
    ]),
    [exceptNewTokens, "a broken connection", connectionReset],
    [exceptNewTokens, "a timeout", () => Effect.never],
    [exceptNewTokens, "a truncated body", chunkedBody([], connectionReset(), { status: 200 })],
    ["every operation", ...withStatus(429)],
    ["every operation", "a refused connection", connectionRefused]
  ])("retries %s with the same request after %s", ([affected, , failing]) =>
    Effect.gen(function*() {
      for (const operation of operationNames) {
        const isRetried = affected === "every operation" || isIdempotent(operation)
        const client = scriptedClient(failing, failing, success(operation))
        const result = yield* whileTimePasses(Effect.result(run(operations[operation], client)))
        assert.strictEqual(result._tag, isRetried ? "Success" : "Failure")
        assert.lengthOf(client.sent, isRetried ? 3 : 1)
        const { at } = client.sent[0]!
        for (const request of client.sent) assert.deepStrictEqual({ ...request, at }, client.sent[0])
      }
    }))

  it.effect.each<[string, MakeReply]>([
    ...[400, 401, 403, 404, 406, 409, 416, 422].map(withStatus),
    ["an invalid body", status(200)]
  ])("retries nothing after %s", ([, failing]) =>
    Effect.gen(function*() {
      for (const operation of operationNames) {
        const client = scriptedClient(failing)
        yield* failureOf(operations[operation], client)
        assert.lengthOf(client.sent, 1)
      }
    }))

  it.effect("fails with the last error after three retries", () =>
    Effect.gen(function*() {
      const client = scriptedClient(status(503), connectionReset, status(500), status(502), ok)
      const error = yield* whileTimePasses(failureOf(operations.info, client))
      assert(error._tag === "UnexpectedStatus")
      assert.strictEqual(error.status, 502)
      assert.lengthOf(client.sent, 4)
    }))

  it.effect("sends nothing more after an interruption", () =>
    Effect.gen(function*() {
      const client = scriptedClient(status(503))
      const fiber = yield* Effect.forkChild(run(operations.info, client))
      yield* TestClock.adjust(0)
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("10 minutes")
      assert.lengthOf(client.sent, 1)
    }))

  it.effect("retries a page of a stream without losing or repeating an authorization", () =>
    Effect.gen(function*() {
      const page = (id: string, code: number, headers?: Record<string, string>) => () =>
        json(code, [{ ...payloads.full, id }], headers)
      const client = scriptedClient(
        page("a", 206, { "Next-Range": "id ]a..; max=1" }),
        connectionReset,
        status(502),
        page("b", 200)
      )
      const collected = AuthorizationService.use((service) => Stream.runCollect(service.stream({ pageSize: 1 })))
      const items = yield* whileTimePasses(run(collected, client))
      assert.deepStrictEqual(items.map((item): string => item.id), ["a", "b"])
      const next = "id ]a..; max=1"
      assert.deepStrictEqual(client.sent.map(({ headers }) => headers["range"]), ["id ..; max=1", next, next, next])
    }))
})

describe("retry delays", () => {
  it.effect("spreads the retries of many clients over a fifth of the delay around it", () =>
    Effect.gen(function*() {
      const client = scriptedClient(status(503))
      const calls = Effect.replicateEffect(Effect.exit(operations.info), 50, { concurrency: "unbounded" })
      const retry = { times: 1, baseDelay: "10 seconds", maxDelay: "1 minute" } as const
      yield* Effect.forkChild(run(calls, client, { retry }))
      yield* TestClock.setTime(7999)
      assert.lengthOf(client.sent, 50)
      yield* TestClock.setTime(10_000)
      assert.isAbove(client.sent.length, 50)
      assert.isBelow(client.sent.length, 100)
      yield* TestClock.setTime(12_001)
      assert.lengthOf(client.sent, 100)
    }))

  it.effect("doubles the delay with each retry, up to maxDelay", () =>
    Effect.gen(function*() {
      const client = scriptedClient(status(503))
      const retry = { times: 4, baseDelay: "1 second", maxDelay: "3 seconds" } as const
      yield* Effect.forkChild(Effect.exit(run(operations.info, client, { retry })))
      // Before the shortest, and after the longest sum of delays of 1, 2 and 4 seconds, the last two cut to 3.
      const counts = [[799, 1], [1201, 2], [2399, 2], [3601, 3], [5399, 3], [6601, 4], [9601, 5], [
        3_600_000,
        5
      ]] as const
      for (const [at, requests] of counts) {
        yield* TestClock.setTime(at)
        assert.lengthOf(client.sent, requests)
      }
    }))

  it.effect("waits 250 ms at first and at most 10 seconds by default", () =>
    Effect.gen(function*() {
      const client = scriptedClient(status(503))
      yield* Effect.forkChild(Effect.exit(run(operations.info, client, { retry: { times: 20 } })))
      yield* TestClock.adjust("199 millis")
      assert.lengthOf(client.sent, 1)
      yield* TestClock.adjust("102 millis")
      assert.lengthOf(client.sent, 2)
      yield* TestClock.adjust("1 minute")
      const before = client.sent.length
      assert.isBelow(before, 20)
      yield* TestClock.adjust("10 seconds")
      assert.lengthOf(client.sent, before + 1)
    }))

  it.effect.each<[string, number]>([["7", 7], ["60", 60], ["Thu, 01 Jan 1970 00:00:07 GMT", 7]])(
    "waits as long as a Retry-After of %s says: %d seconds",
    ([header, seconds]) =>
      Effect.gen(function*() {
        const client = scriptedClient(status(503, { "Retry-After": header }), ok)
        yield* whileTimePasses(run(operations.info, client))
        const [first, second] = client.sent.map(({ at }) => at)
        assert.strictEqual(first, 0)
        assert.isAtLeast(second!, seconds)
        assert.isAtMost(second!, seconds * 1.2)
      })
  )

  it.effect("spreads the retries of many clients that received the same Retry-After, and sends none too early", () =>
    Effect.gen(function*() {
      const client = scriptedClient(status(429, { "Retry-After": "2" }))
      const calls = Effect.replicateEffect(Effect.exit(operations.create), 200, { concurrency: "unbounded" })
      yield* Effect.forkChild(run(calls, client, { retry: { times: 1 } }))
      yield* TestClock.adjust(1999)
      assert.lengthOf(client.sent, 200)
      yield* TestClock.adjust(100)
      const early = client.sent.length
      yield* TestClock.adjust(301)
      assert.isAbove(early, 220)
      assert.isBelow(early, 300)
      assert.lengthOf(client.sent, 400)
    }))

  it.effect("waits for a Retry-After date as long as the Date of the response says, whatever the clock shows", () =>
    Effect.gen(function*() {
      const date = "Thu, 01 Jan 1970 00:02:00 GMT"
      const client = scriptedClient(status(503, { "Retry-After": "Thu, 01 Jan 1970 00:02:07 GMT", date }), ok)
      yield* whileTimePasses(run(operations.info, client))
      assert.isAtLeast(client.sent[1]!.at, 7)
      assert.isAtMost(client.sent[1]!.at, 8.4)
    }))

  it.effect.each(["61", "1353003093", "Thu, 01 Jan 2099 00:00:00 GMT"])(
    "fails at once when a Retry-After of %s is longer than the maximum",
    (header) =>
      Effect.gen(function*() {
        for (const [code, tag] of [[429, "RateLimited"], [503, "UnexpectedStatus"]] as const) {
          const client = scriptedClient(status(code, { "Retry-After": header }))
          const error = yield* failureOf(operations.info, client)
          assert(error._tag === tag)
          assert.isTrue(Option.exists(error.retryAfter, (wait) => Duration.toSeconds(wait) > 60))
          assert.lengthOf(client.sent, 1)
        }
      })
  )
})

describe("earlier attempts", () => {
  const gone = () => json(404, { id: "not_found" })
  const html = () => json(200, "<html>")

  it.effect.each<[Operation, boolean, string, ReadonlyArray<MakeReply>]>([
    ["delete", false, "404", [gone]],
    ["delete", true, "a reset, 404", [connectionReset, gone]],
    ["delete", false, "429, 404", [status(429), gone]],
    ["delete", false, "a refused connection, 404", [connectionRefused, gone]],
    ["update", true, "a reset, a refused connection", [connectionReset, connectionRefused]],
    ["update", true, "a reset, 429", [connectionReset, status(429)]],
    ["update", true, "502, 401", [status(502), status(401)]],
    ["update", true, "a reset, HTML", [connectionReset, html]],
    ["update", false, "two refused connections", [connectionRefused, connectionRefused]],
    ["update", true, "a refused connection, HTML", [connectionRefused, html]],
    ["info", false, "a reset, 404", [connectionReset, gone]]
  ])(
    "the error of a failed %s has outcomeUnknown %s after %s",
    ([operation, expected, , replies]) =>
      Effect.gen(function*() {
        const error = yield* whileTimePasses(failureOf(operations[operation], scriptedClient(...replies)))
        assert.strictEqual(error.outcomeUnknown, expected)
      })
  )
})
