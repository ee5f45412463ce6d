/** Requests that get no usable response: the reason, and whether Heroku may have acted. */
import { isIdempotent, isReadOnly, operationNames, operations } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import {
  connectionRefused,
  connectionReset,
  json,
  type MakeReply,
  scriptedClient,
  status,
  systemError,
  transportError
} from "@effect-heroku/test-kit/scriptedClient"
import { whileTimePasses } from "@effect-heroku/test-kit/testTime"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import { inspect } from "node:util"
import { failureOf, noRetry } from "./fixtures/liveService.ts"

type Request = HttpClientRequest.HttpClientRequest

const withReason =
  (makeReason: (request: Request) => HttpClientError.HttpClientError["reason"]): MakeReply => (request) =>
    new HttpClientError.HttpClientError({ reason: makeReason(request) })
const notEncoded = withReason((request) => new HttpClientError.EncodeError({ request }))
const invalidUrl = withReason((request) => new HttpClientError.InvalidUrlError({ request }))
const notDecoded = withReason((request) =>
  new HttpClientError.DecodeError({
    request,
    response: HttpClientResponse.fromWeb(request, new Response()),
    cause: connectionReset()
  })
)
const withCause = (cause: unknown): MakeReply => (request) => transportError(request, cause)
const withCode = (code: string): MakeReply => () => systemError("", code)

/** A refused connection as `fetch` reports it, and four causes deep. */
const asFetch = new TypeError("fetch failed", { cause: new AggregateError([connectionRefused()]) })
const deep = [1, 2, 3, 4].reduce((cause: Error) => new Error("outer", { cause }), connectionRefused())

/** The error of a delete that fails like this, and is not retried. */
const requestFailed = (reply: MakeReply) =>
  Effect.map(failureOf(operations.delete, scriptedClient(reply), noRetry), (error) => {
    assert(error._tag === "RequestFailed")
    return error
  })

describe("RequestFailed", () => {
  it.effect.each<[string, string, string | undefined]>([
    ["connect", "ECONNREFUSED", undefined],
    ["connect", "ENOTFOUND", undefined],
    ["connect", "EAI_AGAIN", undefined],
    ["connect", "EAI_FAIL", "getaddrinfo"],
    ["connect", "EHOSTUNREACH", "connect"],
    ["connect", "ETIMEDOUT", "connect"],
    ["connect", "UND_ERR_CONNECT_TIMEOUT", undefined],
    ["certificate", "CERT_HAS_EXPIRED", undefined],
    ["certificate", "DEPTH_ZERO_SELF_SIGNED_CERT", undefined],
    ["certificate", "ERR_TLS_CERT_ALTNAME_INVALID", undefined],
    ["certificate", "HOSTNAME_MISMATCH", undefined],
    ["certificate", "SELF_SIGNED_CERT_IN_CHAIN", undefined],
    ["certificate", "UNABLE_TO_GET_ISSUER_CERT", undefined],
    ["certificate", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", undefined],
    ["certificate", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", undefined],
    ["request", "UND_ERR_INVALID_ARG", undefined]
  ])(
    "a failure before the request was sent has reason %s and is certain: %s",
    ([reason, code, syscall]) =>
      Effect.gen(function*() {
        for (const operation of operationNames) {
          const client = scriptedClient(() => systemError("careless: S3CR3T", code, syscall))
          const error = yield* whileTimePasses(failureOf(operations[operation], client))
          assert(error._tag === "RequestFailed")
          assert.deepStrictEqual([error.operation, error.reason, error.outcomeUnknown], [operation, reason, false])
          assert.include(error.message, code)
          assert.notInclude(inspect(error), "S3CR3T")
          // Only transient failures are retried.
          assert.lengthOf(client.sent, reason === "connect" ? 4 : 1)
        }
      })
  )

  it.effect.each<[string | undefined, string | undefined]>([
    ["ECONNRESET", "read"],
    ["EPIPE", "write"],
    ["EHOSTUNREACH", "read"],
    ["ENETUNREACH", undefined],
    ["ERR_SSL_WRONG_VERSION_NUMBER", undefined],
    ["ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC", undefined],
    ["UND_ERR_SOCKET", undefined],
    [undefined, undefined]
  ])(
    "the outcome of an operation that changes something is unknown when its connection breaks: %s on %s",
    ([code, syscall]) =>
      Effect.gen(function*() {
        for (const operation of operationNames) {
          const client = scriptedClient(() => systemError("broken", code, syscall))
          const error = yield* whileTimePasses(failureOf(operations[operation], client))
          assert(error._tag === "RequestFailed")
          assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["connection", !isReadOnly(operation)])
          assert.lengthOf(client.sent, isIdempotent(operation) ? 4 : 1)
        }
      })
  )

  it.effect.each<[string, string, MakeReply]>([
    ["connect", "Could not connect to https://api.heroku.com (ECONNREFUSED)", connectionRefused],
    ["connect", "Could not connect to https://api.heroku.com (ECONNREFUSED)", withCause(asFetch)],
    ["connect", "Could not connect to https://api.heroku.com (ECONNREFUSED)", withCause(deep)],
    [
      "connect",
      "Could not connect to https://api.heroku.com (ECONNREFUSED)",
      withCause({ errors: [], code: "ECONNREFUSED" })
    ],
    [
      "certificate",
      "The certificate of https://api.heroku.com is not trusted (CERT_HAS_EXPIRED)",
      withCode("CERT_HAS_EXPIRED")
    ],
    ["connection", "The connection to https://api.heroku.com broke (ECONNRESET)", connectionReset],
    ["connection", "The connection to https://api.heroku.com broke", withCause(undefined)],
    ["request", "The request could not be written (UND_ERR_INVALID_ARG)", withCode("UND_ERR_INVALID_ARG")],
    ["request", "The request could not be written", notEncoded],
    ["request", "The request could not be written", invalidUrl],
    ["body", "The response of https://api.heroku.com was incomplete (ECONNRESET)", notDecoded]
  ])(
    "reason %s has a message that names the server or the request: %s",
    ([reason, message, reply]) =>
      Effect.gen(function*() {
        const error = yield* requestFailed(reply)
        assert.deepStrictEqual([error.reason, error.message], [reason, message])
        assert.strictEqual(error.outcomeUnknown, reason === "connection" || reason === "body")
      })
  )

  it.effect.each<[number, number]>([[400, 1], [407, 1], [408, 4], [429, 4], [499, 1], [500, 4]])(
    "a call through a proxy that rejects the tunnel with status %i takes %i attempts",
    ([statusCode, attempts]) =>
      Effect.gen(function*() {
        const client = scriptedClient(() => Object.assign(systemError("", "ERR_PROXY_TUNNEL"), { statusCode }))
        const error = yield* whileTimePasses(failureOf(operations.create, client))
        assert(error._tag === "RequestFailed")
        assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["connect", false])
        assert.strictEqual(error.message, `Could not connect to https://api.heroku.com (status ${statusCode})`)
        assert.lengthOf(client.sent, attempts)
      })
  )

  it.effect("an open circuit breaker sends nothing, and the outcome is known", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({ tripPolicy: CircuitBreaker.consecutive(1), openDuration: "1 hour" })
      const transformClient = (client: HttpClient.HttpClient) => HttpClient.withCircuitBreaker(client, { breaker })
      const client = scriptedClient(connectionReset)
      const failing = failureOf(operations.delete, client, { ...noRetry, transformClient })
      const [, error] = [yield* failing, yield* failing]
      assert(error._tag === "RequestFailed")
      assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["request", false])
      assert.strictEqual(
        error.message,
        "The circuit breaker of https://api.heroku.com is open: the request was not sent"
      )
      assert.lengthOf(client.sent, 1)
    }).pipe(Effect.provide(CircuitBreaker.layerStoreMemory())))

  it.effect.each<[string, MakeReply]>([
    ["a refused connection", connectionRefused],
    ["a rejected certificate", withCode("CERT_HAS_EXPIRED")],
    ["status 429", status(429)]
  ])(
    "a transformClient that retries a broken create does not hide its unknown outcome behind %s",
    ([, reply]) =>
      Effect.gen(function*() {
        const client = scriptedClient(connectionReset, reply, () => json(201, payloads.full))
        const error = yield* whileTimePasses(
          failureOf(operations.create, client, { transformClient: HttpClient.retry({ times: 1 }) })
        )
        assert.isTrue("outcomeUnknown" in error && error.outcomeUnknown)
      })
  )

  it.effect("a circuit breaker that opens within the retries of transformClient leaves the outcome unknown", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({ tripPolicy: CircuitBreaker.consecutive(1), openDuration: "1 hour" })
      const transformClient = (client: HttpClient.HttpClient) =>
        HttpClient.retry(HttpClient.withCircuitBreaker(client, { breaker }), { times: 1 })
      const client = scriptedClient(connectionReset)
      const error = yield* failureOf(operations.create, client, { transformClient })
      assert(error._tag === "RequestFailed")
      assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["request", true])
      assert.lengthOf(client.sent, 1)
    }).pipe(Effect.provide(CircuitBreaker.layerStoreMemory())))

  const cyclic = new Error("cyclic")
  cyclic.cause = new AggregateError([cyclic])

  it.effect.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["a string", "ECONNREFUSED"],
    ["a number", 7],
    ["an error whose cause is null", new Error("no more", { cause: null })],
    ["a numeric code", { code: 111 }],
    ["errors that are null", { errors: null }],
    ["an empty list of errors", { errors: [] }],
    ["a cycle", cyclic]
  ])("a cause without a known code means a broken connection: %s", ([, cause]) =>
    Effect.gen(function*() {
      const error = yield* requestFailed(withCause(cause))
      assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["connection", true])
      assert.strictEqual(error.message, "The connection to https://api.heroku.com broke")
    }))
})
