import { AuthorizationId } from "@effect-heroku/core/Authorization"
import type { AuthorizationError, Operation } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService, withTwoFactorCode } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { recordSpans } from "@effect-heroku/test-kit/spans"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type * as Tracer from "effect/Tracer"
import { inspect } from "node:util"
import { afterEach, beforeEach, vi } from "vitest"
import manifest from "../package.json" with { type: "json" }
import { RequestBudget } from "../src/internal/budget.ts"

const id = AuthorizationId.make(payloads.full.id)
const token = Redacted.make("HRKU-our-own-token")

interface Sent {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

type Reply = Response | Error | Effect.Effect<Response>

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  Response.json(body, { status, headers: { "Request-Id": "request-1", ...headers } })
const ok = () => json(200, payloads.full)
const refused = () => Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" })
const reset = () => Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" })

/** A transport that answers the nth request with the nth reply, the last one from then on, and keeps what was sent. */
const scripted = (...replies: ReadonlyArray<() => Reply>) => {
  const sent: Array<Sent> = []
  const client = HttpClient.make((request, url) =>
    Effect.suspend(() => {
      sent.push({ method: request.method, url: url.href, headers: { ...request.headers }, body: bodyOf(request) })
      const reply = replies[Math.min(sent.length, replies.length) - 1]!()
      return reply instanceof Error
        ? Effect.fail(
          new HttpClientError.HttpClientError({
            reason: new HttpClientError.TransportError({ request, cause: reply })
          })
        )
        : Effect.map(
          reply instanceof Response ? Effect.succeed(reply) : reply,
          (response) => HttpClientResponse.fromWeb(request, response)
        )
    })
  )
  const layer = (options?: Partial<HttpAuthorizationService.Options>) =>
    Layer.provide(
      HttpAuthorizationService.layer({ token, ...options }),
      Layer.succeed(HttpClient.HttpClient, client)
    )
  return { client, sent, layer }
}

const bodyOf = ({ body }: HttpClientRequest.HttpClientRequest): string =>
  body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""

/** Each operation that names an authorization, and what it sends. */
const operations: Record<Operation, Effect.Effect<unknown, AuthorizationError, AuthorizationService>> = {
  create: AuthorizationService.use((_) => _.create({ scope: ["global"] })),
  info: AuthorizationService.use((_) => _.info(id)),
  update: AuthorizationService.use((_) => _.update(id, { description: "new" })),
  regenerate: AuthorizationService.use((_) => _.regenerate(id)),
  delete: AuthorizationService.use((_) => _.delete(id)),
  list: AuthorizationService.use((_) => _.list())
}
const names: ReadonlyArray<Operation> = ["create", "info", "update", "regenerate", "delete", "list"]

const failureOf = <A>(
  call: Effect.Effect<A, AuthorizationError, AuthorizationService>,
  transport: ReturnType<typeof scripted>,
  options?: Partial<HttpAuthorizationService.Options>
): Effect.Effect<AuthorizationError, A> => Effect.provide(Effect.flip(call), transport.layer(options))

/** Runs with time flying by, for what waits between attempts. */
const later = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    yield* TestClock.adjust("10 minutes")
    return yield* Fiber.join(fiber)
  })

/** Keeps all spans, and tells which is within which. */
const record = () => {
  const { spans, tracer } = recordSpans()
  const tree = () =>
    spans.map(({ name, parent }) =>
      `${Option.match(parent, { onNone: () => "", onSome: (_) => _._tag === "Span" ? `${_.name} > ` : "" })}${name}`
    )
  return { spans, tracer, tree }
}

/** The body of the answer that a request's span ended with. */
const bodyIn = ({ status }: Tracer.NativeSpan): string => {
  assert(status._tag === "Ended" && Exit.isSuccess(status.exit))
  return (status.exit.value as { readonly body: { readonly reveal: () => string } }).body.reveal()
}

describe("requests", () => {
  const collection = "https://api.heroku.com/oauth/authorizations"

  it.effect.each<[Operation, string, string, string, () => Response]>([
    ["create", "POST", collection, `{"scope":["global"]}`, () => json(201, payloads.full)],
    ["info", "GET", `${collection}/${id}`, "", ok],
    ["update", "PATCH", `${collection}/${id}`, `{"description":"new"}`, ok],
    ["regenerate", "POST", `${collection}/${id}/actions/regenerate-tokens`, "", ok],
    ["delete", "DELETE", `${collection}/${id}`, "", ok],
    ["list", "GET", collection, "", () => json(200, [payloads.full])]
  ])("%s sends one request as Heroku documents it", ([name, method, url, body, reply]) =>
    Effect.gen(function*() {
      const { layer, sent } = scripted(reply)
      yield* Effect.provide(operations[name], layer())
      assert.lengthOf(sent, 1)
      const [request] = sent as [Sent]
      assert.deepStrictEqual([request.method, request.url, request.body], [method, url, body])
      assert.strictEqual(request.headers["accept"], "application/vnd.heroku+json; version=3")
      assert.strictEqual(request.headers["authorization"], "Bearer HRKU-our-own-token")
      assert.strictEqual(request.headers["user-agent"], `effect-heroku/${manifest.version} (${manifest.name})`)
      assert.strictEqual(request.headers["range"], name === "list" ? "id ..; max=1000" : undefined)
      assert.notProperty(request.headers, "traceparent")
    }))

  it.effect.each<[string, string]>([
    ["a/b", "a%2Fb"],
    ["../../account", "..%2F..%2Faccount"],
    ["abc#def", "abc%23def"],
    ["a?b=c", "a%3Fb%3Dc"],
    ["%2e%2e", "%252e%252e"],
    ["ü 😀", "%C3%BC%20%F0%9F%98%80"],
    ["~", "~"]
  ])("the id %s stays one segment of the path", ([raw, encoded]) =>
    Effect.gen(function*() {
      const { layer, sent } = scripted(ok)
      const call = AuthorizationService.use((_) => _.info(AuthorizationId.make(raw)))
      yield* Effect.provide(call, layer())
      assert.strictEqual(sent[0]?.url, `${collection}/${encoded}`)
    }))

  it.effect("writes inputs as Heroku reads them, the client secret in clear", () =>
    Effect.gen(function*() {
      const { layer, sent } = scripted(() => json(201, payloads.full), ok)
      yield* Effect.gen(function*() {
        const service = yield* AuthorizationService
        yield* service.create({ scope: ["read"], description: "ci", expiresIn: Duration.hours(1), client: "c" })
        yield* service.update(id, { client: { id: "c", secret: Redacted.make("client-secret") } })
      }).pipe(Effect.provide(layer()))
      assert.deepStrictEqual(sent.map(({ body }) => JSON.parse(body)), [
        { scope: ["read"], description: "ci", expires_in: 3600, client: "c" },
        { client: { id: "c", secret: "client-secret" } }
      ])
    }))

  it.effect.each<[string | URL, string]>([
    ["http://127.0.0.1:4567/heroku/", "http://127.0.0.1:4567/heroku"],
    [new URL("http://127.0.0.1:4567"), "http://127.0.0.1:4567"],
    [" https://api.heroku.com ", "https://api.heroku.com"],
    ["https://api.heroku.com\\", "https://api.heroku.com"],
    ["HTTPS://API.heroku.com:443///", "https://api.heroku.com"]
  ])("goes to the base URL %s, with its path and without what it ends in", ([baseUrl, base]) =>
    Effect.gen(function*() {
      const { layer, sent } = scripted(ok)
      yield* Effect.provide(operations.info, layer({ baseUrl }))
      assert.strictEqual(sent[0]?.url, `${base}/oauth/authorizations/${id}`)
    }))

  it.effect("an answer stays an answer when the user's client turns statuses into errors", () =>
    Effect.gen(function*() {
      const transport = scripted(() => json(404, { id: "not_found", message: "Gone." }))
      const error = yield* failureOf(operations.info, transport, { transformClient: HttpClient.filterStatusOk })
      assert(error._tag === "NotFound")
      assert.strictEqual(error.message, "Gone.")
      assert.lengthOf(transport.sent, 1)
    }))

  it.effect("sends the user's user agent, and lets the user change the client", () =>
    Effect.gen(function*() {
      const { layer, sent } = scripted(ok)
      const options = {
        userAgent: "auditor/1.0 (security team)",
        transformClient: HttpClient.mapRequest(HttpClientRequest.setHeader("x-extra", "1"))
      }
      yield* Effect.provide(operations.info, layer(options))
      assert.strictEqual(sent[0]?.headers["user-agent"], "auditor/1.0 (security team)")
      assert.strictEqual(sent[0]?.headers["x-extra"], "1")
    }))
})

describe("layerConfig", () => {
  /** Where a request goes, and with which token, when the layer is built in this environment. */
  const sentIn = (env: Record<string, string>) =>
    Effect.gen(function*() {
      const { client, sent } = scripted(() => json(200, []))
      const layer = HttpAuthorizationService.layerConfig().pipe(
        Layer.provide(Layer.succeed(HttpClient.HttpClient, client)),
        Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
      )
      yield* Effect.provide(operations.list, layer)
      return [sent[0]?.url, sent[0]?.headers["authorization"]]
    })

  it.effect("takes the token from HEROKU_API_KEY, and the base URL from HEROKU_API_URL where that is set", () =>
    Effect.gen(function*() {
      const env = { HEROKU_API_KEY: "HRKU-env" }
      assert.deepStrictEqual(yield* sentIn(env), [
        "https://api.heroku.com/oauth/authorizations",
        "Bearer HRKU-env"
      ])
      assert.deepStrictEqual(yield* sentIn({ ...env, HEROKU_API_URL: "https://heroku.example.com" }), [
        "https://heroku.example.com/oauth/authorizations",
        "Bearer HRKU-env"
      ])
    }))

  it.effect("fails without a token, and says what to set", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(sentIn({}))
      assert(error._tag === "ConfigError")
      assert.include(error.message, "HEROKU_API_KEY")
    }))
})

describe("options that cannot work", () => {
  const wiped = Redacted.make("secret")
  Redacted.wipeUnsafe(wiped)

  const noSecret = "must be a Redacted string"
  const unprintable = "must consist of visible ASCII characters, without spaces"
  const noHeader = "must consist of visible ASCII characters and spaces"
  const noUrl = "must be an absolute URL, like https://api.heroku.com"
  const query = "must not have a query or fragment"
  const notPositive = "must be a duration longer than zero"
  const negative = "must be a duration, zero or longer"
  const noCount = "must be a whole number, zero or more"

  it.effect.each<[string, string, Partial<HttpAuthorizationService.Options>]>([
    ["token", "must not be empty", { token: Redacted.make("") }],
    ["token", unprintable, { token: Redacted.make("secret\nX-Evil: 1") }],
    ["token", unprintable, { token: Redacted.make(" secret") }],
    ["token", unprintable, { token: Redacted.make("secret\u007f") }],
    // What the types forbid, as a JavaScript program may do it.
    ["token", noSecret, { token: Redacted.make(undefined as never) }],
    ["token", noSecret, { token: Redacted.make(["secret"] as never) }],
    ["token", noSecret, { token: undefined as never }],
    ["token", noSecret, { token: "secret" as never }],
    ["token", noSecret, { token: wiped }],
    ["userAgent", noHeader, { userAgent: "" }],
    ["userAgent", noHeader, { userAgent: "a\r\nb" }],
    ["baseUrl", noUrl, { baseUrl: "" }],
    ["baseUrl", noUrl, { baseUrl: "api.heroku.com" }],
    ["baseUrl", noUrl, { baseUrl: "https://api.heroku.com\n.example.com" }],
    ["baseUrl", "must begin with https:// or http://", { baseUrl: "ftp://api.heroku.com" }],
    ["baseUrl", "must not contain a user or password", { baseUrl: "https://user:secret@api.heroku.com" }],
    ["baseUrl", "must not contain a user or password", { baseUrl: "https://user@api.heroku.com" }],
    ["baseUrl", "must not contain a user or password", { baseUrl: "https://:secret@api.heroku.com" }],
    ["baseUrl", query, { baseUrl: "https://api.heroku.com/?a=b" }],
    ["baseUrl", query, { baseUrl: "https://api.heroku.com/?" }],
    ["baseUrl", query, { baseUrl: "https://api.heroku.com#" }],
    ["requestTimeout", notPositive, { requestTimeout: 0 }],
    ["requestTimeout", notPositive, { requestTimeout: -1 }],
    ["requestTimeout", notPositive, { requestTimeout: null as never }],
    ["timeout", notPositive, { timeout: 0 }],
    ["timeout", notPositive, { timeout: {} as never }],
    ["retry", "must be an object", { retry: "often" as never }],
    ["retry", "must be an object", { retry: null as never }],
    ["retry.times", noCount, { retry: { times: 1.5 } }],
    ["retry.times", noCount, { retry: { times: -1 } }],
    ["retry.times", noCount, { retry: { times: "3" as never } }],
    ["retry.baseDelay", negative, { retry: { baseDelay: -1 } }],
    ["retry.maxDelay", negative, { retry: { maxDelay: "soon" as never } }],
    ["retry.maxRetryAfter", negative, { retry: { maxRetryAfter: -1 } }],
    ["transformClient", "must be a function", { transformClient: null as never }],
    ["transformClient", "must be a function", { transformClient: {} as never }]
  ])(
    "%s: every operation refuses before any request, because it %s",
    ([field, problem, options]) =>
      Effect.gen(function*() {
        const transport = scripted(ok)
        for (const name of names) {
          const error = yield* failureOf(operations[name], transport, options)
          assert(error._tag === "InvalidParams")
          assert.deepStrictEqual([error.operation, error.field], [name, Option.some(field)])
          assert.strictEqual(error.message, `${field}: ${problem}`)
          assert.notInclude(inspect(error, { depth: null }), "secret")
        }
        assert.deepStrictEqual(transport.sent, [])
      })
  )

  it.effect.each<Partial<HttpAuthorizationService.Options>>([
    { token: Redacted.make("!~") },
    { userAgent: "!~ a" },
    { retry: { times: 0, baseDelay: 0, maxDelay: 0, maxRetryAfter: 0 } },
    { requestTimeout: 1, timeout: Duration.infinity },
    { retry: undefined, transformClient: undefined, timeout: undefined, baseUrl: undefined, userAgent: undefined }
  ])("%j is at the limit, and works", (options) =>
    Effect.gen(function*() {
      const { layer, sent } = scripted(ok)
      yield* Effect.provide(operations.info, layer(options))
      assert.lengthOf(sent, 1)
    }))
})

describe("errors", () => {
  const body = { id: "some_id", message: "What Heroku said.", url: "https://devcenter.heroku.com/why" }
  const once = { retry: { times: 0 } }

  it.effect.each<[number, string, ReadonlyArray<Operation>]>([
    [401, "Unauthorized", names],
    [403, "Forbidden", names],
    [404, "NotFound", ["info", "update", "regenerate", "delete"]],
    [404, "UnexpectedStatus", ["create", "list"]],
    [400, "InvalidParams", ["create", "update"]],
    [422, "InvalidParams", ["create", "update"]],
    [422, "UnexpectedStatus", ["info", "regenerate", "delete", "list"]],
    [429, "RateLimited", names],
    ...[301, 304, 402, 406, 409, 410, 412, 416, 418, 500, 502, 503].map((status) =>
      [status, "UnexpectedStatus", names] as [number, string, ReadonlyArray<Operation>]
    )
  ])("%i is %s", ([status, tag, operationNames]) =>
    Effect.gen(function*() {
      for (const name of operationNames) {
        const reply = () =>
          status === 304 ? new Response(null, { status, headers: { "Request-Id": "a,b" } }) : json(status, body, {
            "Request-Id": "a,b"
          })
        const error = yield* failureOf(operations[name], scripted(reply), once)
        assert.strictEqual(error._tag, tag)
        assert("status" in error && "errorId" in error)
        assert.strictEqual(error.operation, name)
        assert.strictEqual(error.status, status)
        assert.deepStrictEqual(error.requestId, Option.some("a,b"))
        if (status !== 304) {
          assert.strictEqual(error.message, body.message)
          assert.deepStrictEqual(error.errorId, Option.some(body.id))
          assert.deepStrictEqual(error.documentationUrl, Option.some(body.url))
        }
        if (error._tag === "NotFound") assert.strictEqual(error.id, id)
        if (error._tag === "UnexpectedStatus") {
          assert.deepStrictEqual(error.expected, name === "create" ? [201] : name === "list" ? [200, 206] : [200])
        }
      }
    }))

  it.effect.each<[string, () => Response]>([
    ["by its error id", () => json(403, { id: "two_factor", message: "A second factor is required." })],
    ["by its header", () => json(403, {}, { "Heroku-Two-Factor-Required": "true" })]
  ])("a missing second factor is known %s", ([, reply]) =>
    Effect.gen(function*() {
      assert.strictEqual((yield* failureOf(operations.info, scripted(reply)))._tag, "TwoFactorRequired")
    }))

  it.effect.each<[string, string]>([
    ["is empty", ""],
    ["is null", "null"],
    ["is a router's HTML", "<html><h1>Application error</h1></html>"],
    ["lacks message and id", "{}"],
    ["has them of other types", `{"id":7,"message":{}}`],
    ["is an array", "[]"]
  ])("an error whose body %s still says what happened", ([, text]) =>
    Effect.gen(function*() {
      const error = yield* failureOf(operations.info, scripted(() => new Response(text, { status: 503 })), once)
      assert(error._tag === "UnexpectedStatus")
      assert.deepStrictEqual([error.status, error.errorId, error.requestId], [503, Option.none(), Option.none()])
      assert.match(error.message, /info.*503/)
    }))

  it.effect.each<[string, string]>([
    ["not JSON", "<html>secret</html>"],
    ["empty", ""],
    ["null", "null"],
    ["cut short", `{"id":"secret`],
    ["no authorization", `{"access_token":"secret"}`],
    ["an authorization whose token is a number", JSON.stringify({ ...payloads.full, access_token: { token: 73657 } })]
  ])("a body that is %s is InvalidResponse, and is not quoted", ([, text]) =>
    Effect.gen(function*() {
      const transport = scripted(() => new Response(text, { status: 200, headers: { "Request-Id": "request-1" } }))
      for (const call of [operations.info, operations.list]) {
        const error = yield* failureOf(call, transport)
        assert(error._tag === "InvalidResponse")
        assert.strictEqual(error.status, 200)
        assert.deepStrictEqual(error.requestId, Option.some("request-1"))
        assert.notMatch(inspect(error, { depth: null }), /secret|73657/)
      }
    }))

  it.effect.each<[string, HeadersInit, string]>([
    ["<html></html>", { "Content-Type": "text/html" }, "The body is not JSON (13 characters, text/html)"],
    ["", {}, "The body is not JSON (0 characters, no content type)"]
  ])(
    "of the body %j it says how long it is and what it claims to be",
    ([text, headers, message]) =>
      Effect.gen(function*() {
        const reply = () => new Response(new TextEncoder().encode(text), { status: 200, headers })
        const error = yield* failureOf(operations.info, scripted(reply))
        assert(error._tag === "InvalidResponse")
        assert.strictEqual(error.message, message)
      })
  )

  it.effect("of a body that is no authorization it says what is wrong, and where", () =>
    Effect.gen(function*() {
      const error = yield* failureOf(operations.info, scripted(() => json(200, { ...payloads.full, scope: "global" })))
      assert(error._tag === "InvalidResponse")
      assert.match(error.message, /^The body is not what it should be: [^]*"scope"/)
    }))

  it.effect("a part of the list without Next-Range is not taken for the whole", () =>
    Effect.gen(function*() {
      const transport = scripted(() => json(206, [payloads.full]))
      for (const call of [operations.list, AuthorizationService.use((_) => Stream.runDrain(_.stream()))]) {
        const error = yield* failureOf(call, transport)
        assert(error._tag === "InvalidResponse")
        assert.strictEqual(
          error.message,
          "A part of the list came without Next-Range: the rest is unreachable"
        )
      }
    }))

  it.effect.each<[string, string, number]>([
    ["seconds", "7", 7],
    ["a date", "Thu, 01 Jan 1970 00:01:30 GMT", 90],
    ["a date of the older form", "Thursday, 01-Jan-70 00:01:30 GMT", 90],
    ["a date of the oldest form", "Thu Jan  1 00:01:30 1970", 90],
    ["a date that has passed", "Wed, 01 Jan 1969 00:00:00 GMT", 0],
    ["seconds since 1970", "1353003093", 1353003093]
  ])("RateLimited knows a Retry-After in %s", ([, header, seconds]) =>
    Effect.gen(function*() {
      const error = yield* failureOf(operations.info, scripted(() => json(429, {}, { "Retry-After": header })), once)
      assert(error._tag === "RateLimited")
      assert.deepStrictEqual(Option.map(error.retryAfter, Duration.toSeconds), Option.some(seconds))
    }))

  it.effect("RateLimited without a Retry-After that can be read has none", () =>
    Effect.gen(function*() {
      // The engine takes most of these for dates of 2001.
      for (const header of [undefined, "", "soon", "in 5 seconds", "-5", "7.5", "7, 7"]) {
        const transport = scripted(() => json(429, {}, header === undefined ? {} : { "Retry-After": header }))
        const error = yield* failureOf(operations.info, transport, once)
        assert(error._tag === "RateLimited")
        assert.deepStrictEqual(error.retryAfter, Option.none())
      }
    }))

  it.effect("a request that cannot connect certainly did nothing", () =>
    Effect.gen(function*() {
      const wrapped = () => new TypeError("fetch failed", { cause: new AggregateError([refused()]) })
      for (const reply of [refused, wrapped]) {
        for (const name of names) {
          const error = yield* failureOf(operations[name], scripted(reply), once)
          assert(error._tag === "RequestFailed")
          assert.deepStrictEqual([error.operation, error.reason, error.outcomeUnknown], [name, "connect", false])
          assert.include(error.message, "ECONNREFUSED")
        }
      }
    }))

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
  ])("a failure before anything was sent is %s: %s", ([reason, code, syscall]) =>
    Effect.gen(function*() {
      for (const name of ["create", "update"] as const) {
        const transport = scripted(() => Object.assign(new Error("careless: S3CR3T"), { code, syscall }))
        const error = yield* later(failureOf(operations[name], transport))
        assert(error._tag === "RequestFailed")
        assert.deepStrictEqual([error.reason, error.outcomeUnknown], [reason, false])
        assert.include(error.message, code)
        assert.notInclude(inspect(error), "S3CR3T")
        // Only what passes is tried again.
        assert.lengthOf(transport.sent, reason === "connect" ? 4 : 1)
      }
    }))

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
    "when the connection breaks (%s on %s), what changes something may have done it",
    ([code, syscall]) =>
      Effect.gen(function*() {
        for (const name of names) {
          const transport = scripted(() => Object.assign(new Error("broken"), { code, syscall }))
          const error = yield* later(failureOf(operations[name], transport))
          assert(error._tag === "RequestFailed")
          assert.deepStrictEqual(
            [error.reason, error.outcomeUnknown],
            ["connection", name !== "info" && name !== "list"]
          )
          assert.lengthOf(transport.sent, name === "create" || name === "regenerate" ? 1 : 4)
        }
      })
  )

  type Reason = HttpClientError.HttpClientError["reason"]
  type Failing = (request: HttpClientRequest.HttpClientRequest) => Reason

  /** The failure of a transport that fails like this. */
  const failureFor = (failing: Failing) => {
    const client = HttpClient.make((request) =>
      Effect.fail(new HttpClientError.HttpClientError({ reason: failing(request) }))
    )
    const layer = Layer.provide(
      HttpAuthorizationService.layer({ token, ...once }),
      Layer.succeed(HttpClient.HttpClient, client)
    )
    return Effect.map(Effect.flip(Effect.provide(operations.delete, layer)), (error) => {
      assert(error._tag === "RequestFailed")
      return error
    })
  }

  const broken = (cause?: unknown): Failing => (request) => new HttpClientError.TransportError({ request, cause })
  const unreadable = (request: HttpClientRequest.HttpClientRequest) =>
    new HttpClientError.DecodeError({
      request,
      response: HttpClientResponse.fromWeb(request, new Response()),
      cause: reset()
    })

  it.effect.each<[string, Failing]>([
    ["Could not connect to https://api.heroku.com (ECONNREFUSED)", broken(refused())],
    [
      "The certificate of https://api.heroku.com is not to be trusted (CERT_HAS_EXPIRED)",
      broken(Object.assign(new Error(), { code: "CERT_HAS_EXPIRED" }))
    ],
    ["The connection to https://api.heroku.com broke (ECONNRESET)", broken(reset())],
    ["The connection to https://api.heroku.com broke", broken()],
    [
      "The request could not be written (UND_ERR_INVALID_ARG)",
      broken(Object.assign(new Error(), { code: "UND_ERR_INVALID_ARG" }))
    ],
    ["The request could not be written", (request) => new HttpClientError.EncodeError({ request })],
    ["The answer of https://api.heroku.com was not complete (ECONNRESET)", unreadable]
  ])("the message says what failed, and with whom: %s", ([message, failing]) =>
    Effect.gen(function*() {
      assert.strictEqual((yield* failureFor(failing)).message, message)
    }))

  it.effect.each<[string, Failing]>([
    ["a body that cannot be encoded", (request) => new HttpClientError.EncodeError({ request })],
    ["a URL that is none", (request) => new HttpClientError.InvalidUrlError({ request })]
  ])("%s is a failure of the request, which was not sent", ([, failing]) =>
    Effect.gen(function*() {
      const error = yield* failureFor(failing)
      assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["request", false])
    }))

  it.effect("a cause that tells nothing is a broken connection", () =>
    Effect.gen(function*() {
      const cyclic = new Error("cyclic")
      cyclic.cause = new AggregateError([cyclic])
      const causes = [
        undefined,
        null,
        "ECONNREFUSED",
        7,
        new Error("no more", { cause: null }),
        { code: 111 },
        { errors: null },
        { errors: [] },
        cyclic
      ]
      for (const cause of causes) {
        const error = yield* failureFor(broken(cause))
        assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["connection", true])
        assert.strictEqual(error.message, "The connection to https://api.heroku.com broke")
      }
    }))

  it.effect("the system's error is found four causes deep", () =>
    Effect.gen(function*() {
      const deep = [1, 2, 3, 4].reduce((cause: Error) => new Error("outer", { cause }), refused())
      assert.strictEqual((yield* failureFor(broken(deep))).reason, "connect")
    }))

  describe("by the machine's clock", () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    })
    afterEach(() => {
      vi.useRealTimers()
    })

    const begun = (requestTimeout: Duration.Input) =>
      Effect.gen(function*() {
        const transport = scripted(() => Effect.never)
        const fiber = yield* Effect.forkChild(
          failureOf(operations.info, transport, { retry: { times: 0 }, requestTimeout })
        )
        while (transport.sent.length === 0) yield* Effect.yieldNow
        return fiber
      })

    it.live("an answer that does not come is given up after requestTimeout", () =>
      Effect.gen(function*() {
        const fiber = yield* begun("5 seconds")
        vi.advanceTimersByTime(4999)
        yield* Effect.yieldNow
        assert.isUndefined(fiber.pollUnsafe())
        vi.advanceTimersByTime(1)
        const error = yield* Fiber.join(fiber)
        assert.strictEqual(error.message, "No complete answer within 5 seconds")
      }))

    it.live.each<Duration.Input>(["30 days", Duration.infinity])(
      "a requestTimeout of %s does not end at once",
      (requestTimeout) =>
        Effect.gen(function*() {
          const fiber = yield* begun(requestTimeout)
          vi.advanceTimersByTime(1000)
          yield* Effect.yieldNow
          assert.isUndefined(fiber.pollUnsafe())
          yield* Fiber.interrupt(fiber)
        })
    )

    it.live("no timer is left behind by an answer, a failure or an interruption", () =>
      Effect.gen(function*() {
        yield* Effect.provide(operations.info, scripted(ok).layer())
        yield* failureOf(operations.info, scripted(() => json(404, {})))
        yield* Fiber.interrupt(yield* begun("5 seconds"))
        assert.strictEqual(vi.getTimerCount(), 0)
      }))
  })

  it.effect("an answer that does not come, or does not end, is given up after requestTimeout", () =>
    Effect.gen(function*() {
      const endless = () => new Response(new ReadableStream(), { status: 200 })
      for (const reply of [() => Effect.never, endless]) {
        const error = yield* later(
          failureOf(operations.delete, scripted(reply), { ...once, requestTimeout: "5 seconds" })
        )
        assert(error._tag === "RequestFailed")
        assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["timeout", true])
        assert.strictEqual(error.message, "No complete answer within 5 seconds")
      }
    }))
})

describe("retries", () => {
  const repeated: ReadonlySet<Operation> = new Set(["info", "update", "delete", "list"])
  const succeeding = (name: Operation) =>
    name === "create" ? json(201, payloads.full) : name === "list" ? json(200, [payloads.full]) : ok()

  it.effect.each<[string, () => Reply]>([
    ...[408, 500, 502, 503, 504].map((status) => [String(status), () => json(status, {})] as [string, () => Reply]),
    ["a broken connection", reset],
    ["a timeout", () => Effect.never],
    ["a body that breaks off", () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.error(reset())
        }),
        { status: 200 }
      )]
  ])("after %s, everything but create and regenerate is repeated", ([, failing]) =>
    Effect.gen(function*() {
      for (const name of names) {
        const { layer, sent } = scripted(failing, failing, () => succeeding(name))
        const result = yield* later(Effect.result(Effect.provide(operations[name], layer())))
        assert.strictEqual(result._tag, repeated.has(name) ? "Success" : "Failure")
        assert.lengthOf(sent, repeated.has(name) ? 3 : 1)
      }
    }))

  it.effect.each<[string, () => Reply]>([["429", () => json(429, {})], ["no connection", refused]])(
    "after %s everything is repeated, with the same request",
    ([, failing]) =>
      Effect.gen(function*() {
        for (const name of names) {
          const { layer, sent } = scripted(failing, () => succeeding(name))
          yield* later(Effect.provide(operations[name], layer()))
          assert.lengthOf(sent, 2)
          assert.deepStrictEqual(sent[1], sent[0])
        }
      })
  )

  it.effect.each<[string, () => Reply]>([
    ...[400, 401, 403, 404, 406, 409, 416, 422].map((status) =>
      [String(status), () => json(status, {})] as [string, () => Reply]
    ),
    ["a body that is not what it should be", () => json(200, {})]
  ])("after %s nothing is repeated", ([, failing]) =>
    Effect.gen(function*() {
      for (const name of names) {
        const transport = scripted(failing)
        yield* failureOf(operations[name], transport)
        assert.lengthOf(transport.sent, 1)
      }
    }))

  it.effect("gives up after the configured number, with the last error", () =>
    Effect.gen(function*() {
      const transport = scripted(() => json(503, {}), reset, () => json(500, {}), () => json(502, {}), ok)
      const error = yield* later(failureOf(operations.info, transport))
      assert(error._tag === "UnexpectedStatus")
      assert.strictEqual(error.status, 502)
      assert.lengthOf(transport.sent, 4)
    }))

  it.effect("waits differently each time, so that many clients do not come back at once", () =>
    Effect.gen(function*() {
      const { layer, sent } = scripted(() => json(503, {}))
      const options = { retry: { times: 1, baseDelay: "10 seconds", maxDelay: "1 minute" } } as const
      const calls = Effect.provide(
        Effect.all(Array.from({ length: 50 }, () => Effect.exit(operations.info)), {
          concurrency: "unbounded"
        }),
        layer(options)
      )
      yield* Effect.forkChild(calls)
      yield* TestClock.setTime(7999)
      assert.lengthOf(sent, 50)
      yield* TestClock.setTime(10_000)
      assert.isAbove(sent.length, 50)
      assert.isBelow(sent.length, 100)
      yield* TestClock.setTime(12_001)
      assert.lengthOf(sent, 100)
    }))

  it.effect("waits longer each time, within a fifth of the doubled delay, and no longer than maxDelay", () =>
    Effect.gen(function*() {
      const { layer, sent } = scripted(() => json(503, {}))
      const options = { retry: { times: 4, baseDelay: "1 second", maxDelay: "3 seconds" } } as const
      yield* Effect.forkChild(Effect.exit(Effect.provide(operations.info, layer(options))))
      // Before the shortest, and after the longest sum of delays of 1, 2 and 4 seconds, the last two cut to 3.
      for (
        const [at, requests] of [[799, 1], [1201, 2], [2399, 2], [3601, 3], [5399, 3], [6601, 4], [9601, 5]] as const
      ) {
        yield* TestClock.setTime(at)
        assert.lengthOf(sent, requests)
      }
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(sent, 5)
    }))

  it.effect("waits a quarter of a second at first, at most ten, unless told otherwise", () =>
    Effect.gen(function*() {
      const { layer, sent } = scripted(() => json(503, {}))
      yield* Effect.forkChild(Effect.exit(Effect.provide(operations.info, layer({ retry: { times: 20 } }))))
      yield* TestClock.adjust("199 millis")
      assert.lengthOf(sent, 1)
      yield* TestClock.adjust("102 millis")
      assert.lengthOf(sent, 2)
      yield* TestClock.adjust("1 minute")
      const soFar = sent.length
      assert.isBelow(soFar, 20)
      yield* TestClock.adjust("10 seconds")
      assert.lengthOf(sent, soFar + 1)
    }))

  it.effect.each([7, 60])("waits as long as a Retry-After of %d asks", (seconds) =>
    Effect.gen(function*() {
      const { layer, sent } = scripted(() => json(503, {}, { "Retry-After": String(seconds) }), ok)
      const fiber = yield* Effect.forkChild(Effect.provide(operations.info, layer()))
      yield* TestClock.adjust(seconds * 1000 - 1)
      assert.lengthOf(sent, 1)
      yield* TestClock.adjust(1)
      yield* Fiber.join(fiber)
      assert.lengthOf(sent, 2)
    }))

  it.effect.each(["61", "1353003093", "Thu, 01 Jan 2099 00:00:00 GMT"])(
    "does not wait for a Retry-After of %s, which is longer than the cap",
    (header) =>
      Effect.gen(function*() {
        const transport = scripted(() => json(429, {}, { "Retry-After": header }))
        const error = yield* failureOf(operations.info, transport)
        assert(error._tag === "RateLimited")
        assert.isTrue(Option.exists(error.retryAfter, (wait) => Duration.toSeconds(wait) > 60))
        assert.lengthOf(transport.sent, 1)
      })
  )

  it.effect("tells a delete that may have worked before from one of nothing", () =>
    Effect.gen(function*() {
      const gone = () => json(404, { id: "not_found" })
      const outcomes = yield* Effect.forEach(
        [[gone], [reset, gone], [() => json(429, {}), gone], [refused, gone]],
        (replies) => later(failureOf(operations.delete, scripted(...replies)))
      )
      assert.deepStrictEqual(
        outcomes.map((error) => error._tag === "NotFound" && error.afterUnknownOutcome),
        [false, true, false, false]
      )
    }))

  it.effect("remembers that an earlier attempt may have acted, whatever the last one ended with", () =>
    Effect.gen(function*() {
      const outcomes = yield* Effect.forEach(
        [
          [reset, refused],
          [reset, () => json(429, {})],
          [() => json(502, {}), () => json(401, {})],
          [reset, () => json(200, "<html>")],
          [refused, refused],
          [refused, () => json(200, "<html>")]
        ],
        (replies) => later(failureOf(operations.update, scripted(...replies)))
      )
      assert.deepStrictEqual(
        outcomes.map((error) => error._tag === "RequestFailed" ? error.outcomeUnknown : error.afterUnknownOutcome),
        [true, true, true, true, false, false]
      )
      const read = yield* later(failureOf(operations.info, scripted(reset, () => json(404, {}))))
      assert(read._tag === "NotFound" && !read.afterUnknownOutcome)
    }))

  it.effect("an interrupted call sends nothing more", () =>
    Effect.gen(function*() {
      const { layer, sent } = scripted(() => json(503, {}))
      const fiber = yield* Effect.forkChild(Effect.provide(operations.info, layer()))
      yield* TestClock.adjust(0)
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("10 minutes")
      assert.lengthOf(sent, 1)
    }))

  it.effect("a page that fails is repeated without losing or repeating another", () =>
    Effect.gen(function*() {
      const page = (last: string, next?: string) => () =>
        json(
          next === undefined ? 200 : 206,
          [{ ...payloads.full, id: last }],
          next === undefined ? {} : { "Next-Range": next }
        )
      const { layer, sent } = scripted(page("a", "id ]a..; max=1"), reset, () => json(502, {}), page("b"))
      const items = yield* later(
        Effect.provide(
          AuthorizationService.use((_) => Stream.runCollect(_.stream({ pageSize: 1 }))),
          layer()
        )
      )
      assert.deepStrictEqual(items.map((item) => item.id), ["a", "b"].map((_) => AuthorizationId.make(_)))
      assert.deepStrictEqual(sent.map(({ headers }) => headers["range"]), [
        "id ..; max=1",
        "id ]a..; max=1",
        "id ]a..; max=1",
        "id ]a..; max=1"
      ])
    }))
})

describe("plain http", () => {
  it.effect.each([
    "http://api.heroku.com",
    "http://heroku.internal:4567",
    "http://heroku.localhost",
    "http://0.0.0.0",
    "http://localhost.example.com",
    "http://notlocalhost",
    "http://127.example.com",
    "http://127.0.0.1.example.com",
    "http://128.0.0.1",
    "http://[::2]"
  ])("is refused to %s", (baseUrl) =>
    Effect.gen(function*() {
      for (const options of [{ baseUrl }, { baseUrl, allowHttp: false }, { baseUrl, allowHttp: "yes" as never }]) {
        const transport = scripted(ok)
        const error = yield* failureOf(operations.info, transport, options)
        assert(error._tag === "InvalidParams")
        assert.strictEqual(
          error.message,
          "baseUrl: must begin with https://, or allowHttp be true: everybody on the way could read the token"
        )
        assert.lengthOf(transport.sent, 0)
      }
    }))

  it.effect.each<[string, Partial<HttpAuthorizationService.Options>]>([
    ["to this machine", { baseUrl: "http://localhost:4567" }],
    ["to this machine by IPv6", { baseUrl: "http://[::1]:4567" }],
    ["to this machine by another of its addresses", { baseUrl: "http://127.254.10.9" }],
    ["where the user says so", { baseUrl: "http://heroku.internal", allowHttp: true }]
  ])("is allowed %s", ([, options]) =>
    Effect.gen(function*() {
      const { layer, sent } = scripted(ok)
      yield* Effect.provide(operations.info, layer(options))
      assert.lengthOf(sent, 1)
    }))
})

describe("two-factor authentication", () => {
  const code = Redacted.make("135790")

  it.effect("sends the code for one call, and for no other", () =>
    Effect.gen(function*() {
      const { layer, sent } = scripted(ok)
      yield* Effect.gen(function*() {
        yield* operations.info
        yield* operations.info.pipe(withTwoFactorCode(code))
        yield* operations.info
      }).pipe(Effect.provide(layer()))
      assert.deepStrictEqual(sent.map(({ headers }) => headers["heroku-two-factor-code"]), [
        undefined,
        "135790",
        undefined
      ])
    }))

  it.effect("sends it for every call in its scope, streams as well", () =>
    Effect.gen(function*() {
      const { layer, sent } = scripted(
        () => json(206, [{ ...payloads.full, id: "a" }], { "Next-Range": "id ]a..; max=1" }),
        () => json(200, [{ ...payloads.full, id: "b" }])
      )
      yield* AuthorizationService.use((_) => Stream.runDrain(_.stream({ pageSize: 1 }))).pipe(
        withTwoFactorCode(code),
        Effect.provide(layer())
      )
      assert.deepStrictEqual(sent.map(({ headers }) => headers["heroku-two-factor-code"]), ["135790", "135790"])
    }))

  it.effect("can be given once Heroku asks for it", () =>
    Effect.gen(function*() {
      const { layer, sent } = scripted(
        () => json(403, { id: "two_factor", message: "A second factor is required." }),
        ok
      )
      const deleted = operations.delete.pipe(
        Effect.catchTag("TwoFactorRequired", () => operations.delete.pipe(withTwoFactorCode(code)))
      )
      yield* Effect.provide(deleted, layer())
      assert.lengthOf(sent, 2)
    }))

  it.effect("refuses a code that no header can carry", () =>
    Effect.gen(function*() {
      const transport = scripted(ok)
      const wiped = Redacted.make("135790")
      Redacted.wipeUnsafe(wiped)
      for (const bad of [...["", "1\n2", "ä", 135790 as never].map((code) => Redacted.make(code)), wiped]) {
        const error = yield* failureOf(operations.info.pipe(withTwoFactorCode(bad)), transport)
        assert(error._tag === "InvalidParams")
        assert.deepStrictEqual(error.field, Option.some("twoFactorCode"))
        assert.strictEqual(
          error.message,
          "twoFactorCode: must consist of visible ASCII characters, without spaces"
        )
      }
      assert.lengthOf(transport.sent, 0)
    }))
})

describe("warnings", () => {
  it.effect("reach the logger, each once", () =>
    Effect.gen(function*() {
      const logged: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => {
        logged.push(`${logLevel}: ${String(message)}`)
      })
      const { layer } = scripted(
        () => json(200, payloads.full, { "Warning-Id": "stack", "Warning-Message": "Your stack is old." }),
        () => json(404, {}, { "Warning-Id": "stack", "Warning-Message": "Your stack is old." }),
        () => json(200, payloads.full, { "X-Heroku-Warning": "Maintenance tonight, HRKU-our-own-token." }),
        () => json(200, payloads.full, { "X-Heroku-Warning": "" }),
        ok
      )
      yield* Effect.repeat(Effect.exit(operations.info), { times: 5 }).pipe(
        Effect.provide([layer(), Logger.layer([logger])])
      )
      assert.deepStrictEqual(logged, [
        "Warn: Heroku warns: Your stack is old.",
        "Warn: Heroku warns: Maintenance tonight, [redacted secret]."
      ])
    }))
})

describe("a warning in both headers", () => {
  it.effect("is one", () =>
    Effect.gen(function*() {
      const logged: Array<unknown> = []
      const logger = Logger.make(({ message }) => {
        logged.push(String(message))
      })
      const both = { "Warning-Id": "stack", "Warning-Message": "Old.", "X-Heroku-Warning": "Old." }
      const { layer } = scripted(() => json(200, payloads.full, both))
      yield* Effect.provide(operations.info, [layer(), Logger.layer([logger])])
      assert.deepStrictEqual(logged, ["Heroku warns: Old."])
    }))
})

describe("warnings in great number", () => {
  it.effect("are remembered, up to a thousand", () =>
    Effect.gen(function*() {
      const logged: Array<unknown> = []
      const logger = Logger.make(({ message }) => {
        logged.push(message)
      })
      const warned = (id: number) => () => json(200, payloads.full, { "Warning-Id": `${id}`, "Warning-Message": "!" })
      const { layer } = scripted(
        ...Array.from({ length: 1000 }, (_, n) => warned(n)),
        // Known, new, and then forgotten.
        ...[0, 1000, 0].map(warned)
      )
      const logging = Effect.provide(
        Effect.gen(function*() {
          yield* Effect.repeat(operations.info, { times: 1000 })
          assert.lengthOf(logged, 1000)
          yield* operations.info
          yield* operations.info
          assert.lengthOf(logged, 1002)
        }),
        [layer(), Logger.layer([logger])]
      )
      yield* logging
    }))
})

describe("what goes wrong in a transport", () => {
  it.effect("as a body that is not there, is an answer without JSON", () =>
    Effect.gen(function*() {
      const error = yield* failureOf(operations.info, scripted(() => new Response(null, { status: 200 })))
      assert(error._tag === "InvalidResponse")
      assert.strictEqual(error.message, "The body is not JSON (0 characters, no content type)")
    }))

  it.effect("as a defect, stays one with its message", () =>
    Effect.gen(function*() {
      const { layer } = scripted(() => Effect.die(new Error("broken, with HRKU-our-own-token")))
      const exit = yield* Effect.exit(Effect.provide(operations.info, layer()))
      assert(exit._tag === "Failure")
      const defect = Cause.squash(exit.cause)
      assert(defect instanceof Error)
      assert.strictEqual(defect.message, "broken, with [redacted secret]")
    }))
})

describe("a token of the old form, which looks like any UUID", () => {
  it.effect("that Heroku says back is not in the error", () =>
    Effect.gen(function*() {
      const token = "01234567-89ab-cdef-0123-456789abcdef"
      const said = scripted(() => json(401, { id: "unauthorized", message: `Invalid token ${token}.` }))
      const error = yield* failureOf(operations.list, said, { token: Redacted.make(token) })
      assert.strictEqual(error.message, "Invalid token [redacted secret].")
    }))
})

describe("what a transport can print", () => {
  /** The request that a client gets, and the names of the headers that it must not print. */
  const seen = (call: Effect.Effect<unknown, AuthorizationError, AuthorizationService>) =>
    Effect.gen(function*() {
      const requests: Array<{ readonly request: HttpClientRequest.HttpClientRequest; readonly hidden: unknown }> = []
      const { layer } = scripted(ok)
      const spying = layer({
        transformClient: HttpClient.mapRequestEffect((request) =>
          Effect.map(Headers.CurrentRedactedNames, (hidden) => {
            requests.push({ request, hidden })
            return request
          })
        )
      })
      yield* Effect.provide(call, spying)
      return requests[0]!
    })

  it.effect("of the headers, shows neither token nor code", () =>
    Effect.gen(function*() {
      const { hidden } = yield* seen(operations.info)
      assert.includeMembers(Array.from(hidden as Iterable<unknown>), ["authorization", "heroku-two-factor-code"])
    }))

  it.effect("of the body of an update, says what it is and how long", () =>
    Effect.gen(function*() {
      const { request: { body } } = yield* seen(operations.update)
      assert.deepStrictEqual(JSON.parse(JSON.stringify(body)), {
        _id: "effect/HttpBody",
        _tag: "Uint8Array",
        contentType: "application/json",
        contentLength: 21
      })
    }))
})

describe("big bodies", () => {
  /** A body without an end that anybody would wait for, in pieces of a mebibyte: more would take the machine's memory. */
  const endless = (status: number, taken: { mebibytes: number }) => () =>
    new Response(
      new ReadableStream({
        pull: (controller) => {
          if (taken.mebibytes === 256) return controller.close()
          taken.mebibytes++
          controller.enqueue(new Uint8Array(1024 * 1024).fill(0x61))
        }
      }),
      { status }
    )

  it.effect("of an error, the beginning is enough", () =>
    Effect.gen(function*() {
      const taken = { mebibytes: 0 }
      const error = yield* failureOf(operations.info, scripted(endless(503, taken)), { retry: { times: 0 } })
      assert(error._tag === "UnexpectedStatus")
      assert.isAtMost(taken.mebibytes, 3)
    }))

  it.effect("of an error, no more is read than 64 KiB", () =>
    Effect.gen(function*() {
      const inTwo = (bytes: number) => () => {
        const text = JSON.stringify({ message: "Too long.", filler: "" })
        const body = new TextEncoder().encode(text.replace(/""/, `"${"x".repeat(bytes - text.length)}"`))
        return new Response(
          new ReadableStream({
            start: (controller) => {
              controller.enqueue(body.subarray(0, 50_000))
              controller.enqueue(body.subarray(50_000))
              controller.close()
            }
          }),
          { status: 503 }
        )
      }
      const messages = yield* Effect.forEach([65_536, 65_537], (bytes) =>
        Effect.map(
          failureOf(operations.info, scripted(inTwo(bytes)), { retry: { times: 0 } }),
          ({ message }) => message
        ))
      assert.deepStrictEqual(messages, ["Too long.", "Heroku answered info with status 503 and no message"])
    }))

  it.effect.each<[number, number]>([[30_000, 5000], [4000, 2000]])(
    "of an error that stalls, with %i ms for a request, what came in %i is enough",
    ([requestTimeout, patience]) =>
      Effect.gen(function*() {
        const stalling = () =>
          new Response(
            new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("half of ")) }),
            { status: 503 }
          )
        const fiber = yield* Effect.forkChild(
          failureOf(operations.info, scripted(stalling), { retry: { times: 0 }, requestTimeout })
        )
        yield* TestClock.adjust(patience - 1)
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust(1)
        assert.strictEqual((yield* Fiber.join(fiber))._tag, "UnexpectedStatus")
      })
  )

  it.effect("of an answer, there is a limit", () =>
    Effect.gen(function*() {
      const taken = { mebibytes: 0 }
      const { spans, tracer } = record()
      const error = yield* Effect.withTracer(failureOf(operations.info, scripted(endless(200, taken))), tracer)
      assert(error._tag === "InvalidResponse")
      assert.strictEqual(error.message, "The body is longer than 67108864 bytes")
      assert.isAtMost(taken.mebibytes, 67)
      const attempt = spans.find(({ kind }) => kind === "client")
      assert.strictEqual(attempt?.attributes.get("error.type"), "InvalidResponse")
    }))

  it.effect("of an answer, a length before it was compressed is no limit", () =>
    Effect.gen(function*() {
      const taken = { mebibytes: 0 }
      const { layer } = scripted(() => {
        const { body } = endless(200, taken)()
        return new Response(body, { headers: { "Content-Encoding": "gzip", "Content-Length": "100" } })
      })
      const error = yield* Effect.flip(Effect.provide(operations.info, layer()))
      assert.strictEqual(error.message, "The body is longer than 67108864 bytes")
    }))

  it.effect("without a length they are read to their end, whatever their pieces", () =>
    Effect.gen(function*() {
      const bytes = new TextEncoder().encode(JSON.stringify({ ...payloads.full, description: "Schlüssel 🔑" }))
      const { layer } = scripted(() =>
        new Response(
          new ReadableStream({
            start: (controller) => {
              for (const byte of bytes) controller.enqueue(new Uint8Array([byte]))
              controller.close()
            }
          })
        )
      )
      const authorization = yield* Effect.provide(AuthorizationService.use((_) => _.info(id)), layer())
      assert.deepStrictEqual(authorization.description, Option.some("Schlüssel 🔑"))
    }))

  const whole = AuthorizationService.use(({ list }) => Effect.map(list(), ({ items }) => items))
  const inParts = AuthorizationService.use(({ stream }) => Stream.runCollect(stream()))

  it.effect.each<[string, boolean, typeof whole]>([
    ["pages with a length", true, whole],
    ["pages without a length", false, whole],
    ["streams with a length", true, inParts],
    ["streams without a length", false, inParts]
  ])("of %s come whole, and are given back", ([, hasLength, read]) =>
    Effect.gen(function*() {
      const page = Array.from({ length: 300 }, (_, n) => ({
        ...payloads.full,
        id: `01234567-89ab-cdef-0123-${String(n).padStart(12, "0")}`,
        description: "Schlüssel 🔑".repeat(20)
      }))
      const bytes = new TextEncoder().encode(JSON.stringify(page))
      const client = scripted(() =>
        new Response(
          new ReadableStream({
            start: (controller) => {
              // Of sizes that cut characters, and that do not fit what was set aside.
              for (let from = 0; from < bytes.length; from += 7001) controller.enqueue(bytes.slice(from, from + 7001))
              controller.close()
            }
          }),
          { headers: hasLength ? { "Content-Length": String(bytes.length) } : {} }
        )
      )
      const { spans, tracer } = record()
      const items = yield* Effect.provide(read, client.layer()).pipe(Effect.withTracer(tracer))
      assert.deepStrictEqual(items.map((item) => item.id), page.map((item) => item.id))
      assert.isTrue(items.every(({ description }) => Option.contains(description, page[0]!.description)))
      // Tracers keep what they are told of.
      const [kept] = spans.filter(({ name }) => name.startsWith("GET")).map(bodyIn)
      assert.strictEqual(kept, "")
    }))
})

describe("timeout", () => {
  it.effect("knows that nothing was done while a call waits after a 429", () =>
    Effect.gen(function*() {
      const transport = scripted(() => json(429, {}, { "Retry-After": "50" }))
      const fiber = yield* Effect.forkChild(failureOf(operations.create, transport, { timeout: "20 seconds" }))
      yield* TestClock.adjust("20 seconds")
      const error = yield* Fiber.join(fiber)
      assert(error._tag === "RequestFailed")
      assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["timeout", false])
    }))

  it.effect("knows that nothing was done while a call waits for its first turn", () =>
    Effect.gen(function*() {
      const transport = scripted(ok)
      const never = { take: () => Effect.never, learn: () => Effect.void }
      const layer = Layer.provide(
        transport.layer({ timeout: "20 seconds" }),
        Layer.succeed(RequestBudget, { forToken: () => never })
      )
      const fiber = yield* Effect.forkChild(Effect.flip(Effect.provide(operations.create, layer)))
      yield* TestClock.adjust("20 seconds")
      const error = yield* Fiber.join(fiber)
      assert(error._tag === "RequestFailed")
      assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["timeout", false])
      assert.lengthOf(transport.sent, 0)
    }))

  it.effect("does not know what became of a request that is on its way", () =>
    Effect.gen(function*() {
      const transport = scripted(() => json(429, {}, { "Retry-After": "5" }))
      const fiber = yield* Effect.forkChild(failureOf(operations.create, transport, {
        timeout: "20 seconds",
        transformClient: HttpClient.transform((send) => Effect.andThen(Effect.sleep("12 seconds"), send))
      }))
      yield* TestClock.adjust("20 seconds")
      const error = yield* Fiber.join(fiber)
      assert(error._tag === "RequestFailed")
      assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["timeout", true])
    }))

  it.effect("ends a call with all its attempts", () =>
    Effect.gen(function*() {
      const transport = scripted(() => json(503, {}, { "Retry-After": "50" }))
      const fiber = yield* Effect.forkChild(failureOf(operations.update, transport, { timeout: "70 seconds" }))
      yield* TestClock.adjust("69 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(fiber)
      assert(error._tag === "RequestFailed")
      assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["timeout", true])
      assert.strictEqual(error.message, "No complete answer within 70 seconds")
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(transport.sent, 2)
    }))
})

describe("spans", () => {
  it.effect("an operation has one, and each request one inside it", () =>
    Effect.gen(function*() {
      const { spans, tracer, tree } = record()
      const { layer } = scripted(() => json(503, {}), ok)
      yield* later(Effect.provide(operations.info, layer()).pipe(Effect.withTracer(tracer)))
      assert.deepStrictEqual(tree(), [
        "AuthorizationService.info",
        "AuthorizationService.info > GET /oauth/authorizations/{id}",
        "AuthorizationService.info > GET /oauth/authorizations/{id}"
      ])
      const [, first, second] = spans.map(({ attributes }) => Object.fromEntries(attributes))
      const common = {
        "http.request.method": "GET",
        "url.full": `https://api.heroku.com/oauth/authorizations/${id}`,
        "url.template": "/oauth/authorizations/{id}",
        "server.address": "api.heroku.com",
        "server.port": 443,
        "heroku.request_id": "request-1"
      }
      assert.deepStrictEqual(first, { ...common, "http.response.status_code": 503, "error.type": "503" })
      assert.deepStrictEqual(second, { ...common, "http.response.status_code": 200, "http.request.resend_count": 1 })
      assert.deepStrictEqual(
        spans.map(({ status }) => status._tag === "Ended" && status.exit._tag),
        ["Success", "Failure", "Success"]
      )
      assert.deepStrictEqual(spans.map(({ kind }) => kind), ["internal", "client", "client"])
    }))

  it.effect.each<[string, string, number]>([
    ["http://127.0.0.1", "127.0.0.1", 80],
    ["http://localhost:4567/heroku", "localhost", 4567],
    ["https://heroku.example.com", "heroku.example.com", 443]
  ])("a request's says which server it went to: %s", ([baseUrl, address, port]) =>
    Effect.gen(function*() {
      const { spans, tracer } = record()
      yield* Effect.provide(operations.info, scripted(ok).layer({ baseUrl })).pipe(Effect.withTracer(tracer))
      const { attributes } = spans[1]!
      assert.deepStrictEqual([attributes.get("server.address"), attributes.get("server.port")], [address, port])
      assert.strictEqual(attributes.get("url.full"), `${baseUrl}/oauth/authorizations/${id}`)
    }))

  it.effect("a request's is named by its operation, and its template has no id", () =>
    Effect.gen(function*() {
      const { spans, tracer } = record()
      for (const name of names) {
        yield* Effect.exit(Effect.provide(operations[name], scripted(ok).layer())).pipe(Effect.withTracer(tracer))
      }
      const requests = spans.filter(({ kind }) => kind === "client")
      assert.deepStrictEqual(requests.map(({ name }) => name), [
        "POST /oauth/authorizations",
        "GET /oauth/authorizations/{id}",
        "PATCH /oauth/authorizations/{id}",
        "POST /oauth/authorizations/{id}/actions/regenerate-tokens",
        "DELETE /oauth/authorizations/{id}",
        "GET /oauth/authorizations"
      ])
      for (const { attributes, name } of requests) {
        assert.strictEqual(`${attributes.get("http.request.method")} ${attributes.get("url.template")}`, name)
      }
    }))

  it.effect.each<[number, string | undefined]>([[304, undefined], [400, "400"], [404, "404"]])(
    "of status %i the error type is %s",
    ([status, type]) =>
      Effect.gen(function*() {
        const { spans, tracer } = record()
        const transport = scripted(() => new Response(null, { status }))
        yield* failureOf(operations.info, transport).pipe(Effect.withTracer(tracer))
        const { attributes } = spans[1]!
        assert.strictEqual(attributes.get("http.response.status_code"), status)
        assert.strictEqual(attributes.get("error.type"), type)
        assert.isFalse(attributes.has("heroku.request_id"))
      })
  )

  it.effect("of a request that nothing came back of, the error type is why", () =>
    Effect.gen(function*() {
      const { spans, tracer } = record()
      yield* failureOf(operations.create, scripted(reset)).pipe(Effect.withTracer(tracer))
      assert.strictEqual(spans[1]!.attributes.get("error.type"), "connection")
    }))
})
