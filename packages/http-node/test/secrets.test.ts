/**
 * Runs every operation into every kind of response with everything captured that a program could print or export, and
 * searches it for secrets.
 */
import { AuthorizationService, withTwoFactorCode } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as RequestBudget from "@effect-heroku/http-node/RequestBudget"
import { captureLogFormats } from "@effect-heroku/test-kit/logs"
import { makeOperations } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { id } from "@effect-heroku/test-kit/samples"
import { bodyOf, type MakeReply, scriptedClient, transportError } from "@effect-heroku/test-kit/scriptedClient"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { flow } from "effect/Function"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Otlp from "effect/observability/Otlp"
import * as OtlpExporter from "effect/observability/OtlpExporter"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import { inspect } from "node:util"

/** Every secret begins so. The client secret looks different in JSON. */
const mark = "S3CR3T"
const secret = (name: string) => Redacted.make(`${mark}-${name}`)
const clientSecret = Redacted.make(`"${mark}"-client\\`)

const operations = makeOperations({ update: { client: { id: "c", secret: clientSecret } } })
const withCode = withTwoFactorCode(secret("code"))

const payload = {
  ...payloads.full,
  access_token: { ...payloads.full.access_token, token: `${mark}-access` },
  refresh_token: { ...payloads.full.refresh_token, token: `${mark}-refresh` },
  grant: { ...payloads.full.grant, code: `${mark}-grant` }
}

/** An error of a transport that quotes the request. */
const carelessError = (request: HttpClientRequest.HttpClientRequest) =>
  Object.assign(new Error(`cannot send ${request.headers["authorization"]} ${bodyOf(request)}`), { request })

/** Values that no attribute of an authorization can have, with secrets in every position. */
const wrong = [[[`${mark}-in-array`]], { [`${mark}-as-key`]: `${mark}-as-value` }, {
  token: { code: mark },
  id: [mark]
}]

const authorization = (body: object, headers = {}): MakeReply => ({ method }) =>
  Response.json(body, { status: method === "POST" ? 201 : 200, headers })
const list = (body: object, init?: ResponseInit): MakeReply => () => Response.json([body], init)

const echo = (status: number): MakeReply => (request) => {
  const text = [
    request.headers["authorization"],
    request.headers["heroku-two-factor-code"],
    bodyOf(request),
    "HRKU-of-another-account"
  ].join(" ")
  return Response.json({ id: text, message: text, url: text }, {
    status,
    headers: { "Request-Id": text.replaceAll("\\n", " "), "Warning-Message": text, "Retry-After": "1" }
  })
}

const replies: Record<string, MakeReply> = {
  "an authorization": authorization(payload, { ETag: `"1"`, "RateLimit-Remaining": "7" }),
  "a list": list(payload),
  ...Object.fromEntries(
    Object.keys(payload).filter((key) => key !== "id").flatMap((key) =>
      wrong.map((value, n): [string, MakeReply] => [
        `an authorization whose ${key} is wrong (${n})`,
        authorization({ ...payload, [key]: value })
      ])
    )
  ),
  ...Object.fromEntries(
    ["access_token", "refresh_token", "grant"].flatMap((key) =>
      ["id", "token", "code", "expires_in"].map((field): [string, MakeReply] => [
        `a list with a wrong ${key}.${field}`,
        list({ ...payload, [key]: { ...payload.access_token, code: mark, [field]: wrong } }, {
          status: 206,
          headers: { "Next-Range": "id ]a..; max=1" }
        })
      ])
    )
  ),
  "secrets as times": list({ ...payload, created_at: mark, updated_at: `${mark}-2` }),
  "an invalid id that is a secret": list({ ...payload, id: `${mark}\n` }),
  "truncated JSON": () => new Response(JSON.stringify(payload).slice(0, -9), { status: 200 }),
  "a secret in place of JSON": () => new Response(`${mark}-access`, { status: 201 }),
  ...Object.fromEntries([400, 401, 403, 404, 422, 429, 500, 503].map((status): [string, MakeReply] => [
    `status ${status}`,
    () => Response.json({ id: "oops", message: "Something else.", token: `${mark}-access` }, { status })
  ])),
  ...Object.fromEntries([401, 403, 404, 422, 429, 500].map((status): [string, MakeReply] => [
    `an echo of the request, with status ${status}`,
    echo(status)
  ])),
  "the token in Next-Range": (request) =>
    Response.json([], {
      status: 206,
      headers: { "Next-Range": `id ]${request.headers["authorization"]?.slice(7)}..; max=1000` }
    }),
  "the token as its content type": (request) =>
    new Response("?", { status: 200, headers: { "Content-Type": String(request.headers["authorization"]) } }),
  "a failure of the transport": carelessError,
  "a defect of the transport": (request) => Effect.die(carelessError(request))
}

const defects = Metric.frequency("defects")

/** Captures everything that a program could write: results of calls, logs, spans, metrics, and what is exported. */
const makeCapture = Effect.gen(function*() {
  const captured: Array<unknown> = []
  const collector = HttpClient.make((request) =>
    Effect.sync(() => {
      captured.push(bodyOf(request))
      return HttpClientResponse.fromWeb(request, new Response("{}"))
    })
  )
  const exporter = yield* Layer.build(
    Otlp.layerJson({ baseUrl: "http://collector", resource: { serviceName: "program" }, loggerMergeWithExisting: true })
      .pipe(
        Layer.provide(Layer.succeed(HttpClient.HttpClient, collector)),
        Layer.provide(captureLogFormats((line) => captured.push(line)))
      )
  )
  const spans = Context.get(exporter, Tracer.Tracer)
  const tracer = Tracer.make({
    span(options) {
      const span = spans.span(options)
      captured.push(span)
      return span
    }
  })

  /** Runs a call like a program that logs at every level, redacts no headers, and turns errors into defects. */
  const run = <A, E>(call: Effect.Effect<A, E>) =>
    call.pipe(
      Effect.tapCause((cause) => Effect.logTrace("failed", cause)),
      Effect.withSpan("program"),
      Effect.orDie,
      Effect.trackDefects(defects, String),
      Effect.exit,
      Effect.tap((exit) =>
        Effect.sync(() => {
          captured.push(exit)
          if (Exit.isFailure(exit)) {
            captured.push(Cause.pretty(exit.cause), Cause.squash(exit.cause), (Cause.squash(exit.cause) as Error).stack)
          }
        })
      ),
      Metric.enableRuntimeMetrics,
      Effect.withTracer(tracer),
      Effect.provideService(References.MinimumLogLevel, "All"),
      Effect.provideService(Headers.CurrentRedactedNames, []),
      Effect.provide(exporter)
    )

  /** Everything captured, as text. */
  const printed = Effect.gen(function*() {
    yield* Context.get(exporter, OtlpExporter.Flusher).flush
    captured.push(yield* Metric.snapshot)
    return captured.flatMap(print)
  })

  return { run, printed }
})

/** Everything that a value shows of itself. JSON cannot represent spans, which are cyclic. */
const print = (value: unknown): ReadonlyArray<string> => {
  const written = [inspect(value, { depth: 12, showHidden: true, getters: true }), String(value)]
  try {
    written.push(JSON.stringify(value) ?? "")
  } catch {
    written.push("")
  }
  return written
}

const assertNoSecret = (texts: ReadonlyArray<string>) => {
  for (const text of texts) {
    const at = text.search(/S3CR3T|HRKU-of/)
    assert.strictEqual(at, -1, text.slice(Math.max(0, at - 300), at + 100))
  }
}

const options = { token: secret("own"), retry: { times: 0 } }
const layerOver = (reply: MakeReply, others: Partial<HttpAuthorizationService.Options> = {}) =>
  Layer.provide(HttpAuthorizationService.layer({ ...options, ...others }), scriptedClient(reply).layer)

describe("secrets", () => {
  it.effect.each(Object.entries(replies))(
    "nothing printed or exported contains a secret after %s",
    ([, reply]) =>
      Effect.gen(function*() {
        const { printed, run } = yield* makeCapture
        const layer = HttpAuthorizationService.layerBudgeted(options).pipe(
          Layer.provide([scriptedClient(reply).layer, RequestBudget.layerMemory()])
        )
        for (const call of Object.values(operations)) yield* run(Effect.provide(withCode(call), layer))
        const texts = yield* printed
        // Spans, logs and metrics reached the collector.
        for (const part of ["resourceSpans", "resourceLogs", "resourceMetrics", "AuthorizationService.delete"]) {
          assert.isTrue(texts.some((text) => text.includes(part)), part)
        }
        assertNoSecret(texts)
      })
  )

  it.effect("no line contains a secret when transformClient logs requests, responses and failures", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const logs = captureLogFormats((line) => lines.push(inspect(line, { depth: 12 })))
      const transformClient = flow(
        HttpClient.tapRequest((request) => Effect.logTrace(request)),
        HttpClient.tap((response) => Effect.logTrace(response)),
        HttpClient.tapError((error) => Effect.logError(error))
      )
      const hangUp: MakeReply = (request) => transportError(request, new Error("socket hang up"))
      for (const reply of [replies["an authorization"]!, hangUp]) {
        const layer = layerOver(reply, { transformClient })
        for (const call of Object.values(operations)) {
          yield* Effect.exit(Effect.provide(withCode(call), layer)).pipe(
            Effect.provide(logs),
            Effect.provideService(References.MinimumLogLevel, "All")
          )
        }
      }
      assert.isTrue(lines.some((line) => line.includes("heroku-two-factor-code")))
      assertNoSecret(lines)
    }))

  it.effect("no error about invalid options or input contains a secret", () =>
    Effect.gen(function*() {
      const { printed, run } = yield* makeCapture
      const noResponse: MakeReply = () => new Response("{}")
      const withOptions = (others: Partial<HttpAuthorizationService.Options>) =>
        Effect.provide(operations.info, layerOver(noResponse, others))
      const update = (input: unknown) => AuthorizationService.use((service) => service.update(id, input as never))
      const create = (input: unknown) => AuthorizationService.use((service) => service.create(input as never))
      const rejected = [
        operations.info.pipe(withTwoFactorCode(Redacted.make(`${mark}\n`))),
        update({ client: { id: "c", secret: `${mark}-bare` } }),
        update({ client: { id: [mark], secret: { mark } } }),
        update({ client: { id: "", secret: secret("client") } }),
        update({ [mark]: mark }),
        create({ scope: [], description: mark })
      ].map((call) => Effect.provide(call, layerOver(noResponse)))
      const calls = [
        withOptions({ token: Redacted.make(`${mark}\nX: y`) }),
        withOptions({ token: `${mark}-bare` as never }),
        withOptions({ baseUrl: `https://user:${mark}@api.heroku.com` }),
        withOptions({ baseUrl: `${mark}://api.heroku.com` }),
        withOptions({ userAgent: `${mark}\n` }),
        ...rejected
      ]
      for (const call of calls) yield* run(call)
      assertNoSecret(yield* printed)
    }))

  it.effect("options, layers, services and calls show no secret when inspected", () =>
    Effect.gen(function*() {
      const layer = Layer.merge(layerOver(() => new Response("{}")), NodeAuthorizationService.layer(options))
      const context = yield* Layer.build(layer)
      const service = Context.get(context, AuthorizationService)
      const call = service.update(id, { client: { id: "c", secret: clientSecret } })
      assertNoSecret([options, layer, context, service, call, service.stream()].flatMap(print))
    }))

  it.each<[string, unknown]>([
    ["an array", { a: [mark] }],
    ["a message", new Error(mark)],
    ["a property of an error", Object.assign(new Error("a"), { mark })],
    ["a string", mark]
  ])("the search finds a secret in %s", (_, leak) => {
    assert.throws(() => assertNoSecret(print(leak)))
  })
})
