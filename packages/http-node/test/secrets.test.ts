/**
 * Runs every operation into every kind of end with everything captured that a program could print or export, and searches
 * it for secrets.
 */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import type { AuthorizationError, Operation } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService, withTwoFactorCode } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as RequestBudget from "@effect-heroku/http-node/RequestBudget"
import * as ResponseCache from "@effect-heroku/http-node/ResponseCache"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { flow } from "effect/Function"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Otlp from "effect/observability/Otlp"
import * as OtlpExporter from "effect/observability/OtlpExporter"
import * as Persistence from "effect/persistence/Persistence"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import { inspect } from "node:util"

const id = AuthorizationId.make(payloads.full.id)

/** Every secret begins so. Whoever writes the client's secret as JSON writes it otherwise. */
const mark = "S3CR3T"
const secret = (name: string) => Redacted.make(`${mark}-${name}`)
const clientSecret = Redacted.make(`"${mark}"-client\\`)

const operations: Record<Operation, Effect.Effect<unknown, AuthorizationError, AuthorizationService>> = {
  create: AuthorizationService.use((_) => _.create({ scope: ["global"] })),
  info: AuthorizationService.use((_) => _.info(id)),
  update: AuthorizationService.use((_) => _.update(id, { client: { id: "c", secret: clientSecret } })),
  regenerate: AuthorizationService.use((_) => _.regenerate(id)),
  delete: AuthorizationService.use((_) => _.delete(id)),
  list: AuthorizationService.use((_) => _.list())
}

const payload = {
  ...payloads.full,
  access_token: { ...payloads.full.access_token, token: `${mark}-access` },
  refresh_token: { ...payloads.full.refresh_token, token: `${mark}-refresh` },
  grant: { ...payloads.full.grant, code: `${mark}-grant` }
}

type Reply = (request: HttpClientRequest.HttpClientRequest) => Response | HttpClientError.HttpClientError | Error

const bodyOf = ({ body }: HttpClientRequest.HttpClientRequest): string =>
  body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""

const transportError = (request: HttpClientRequest.HttpClientRequest, cause: Error) =>
  new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) })

/** As careless as an error of a transport can be. */
const carelessError = (request: HttpClientRequest.HttpClientRequest) =>
  Object.assign(new Error(`cannot send ${request.headers["authorization"]} ${bodyOf(request)}`), { request })

/** What no attribute of an authorization can be, with secrets in every place that it has. */
const wrong = [[[`${mark}-in-array`]], { [`${mark}-as-key`]: `${mark}-as-value` }, {
  token: { code: mark },
  id: [mark]
}]

const ends: Record<string, Reply> = {
  "an authorization": ({ method }) => Response.json(payload, { status: method === "POST" ? 201 : 200 }),
  "an authorization to keep": ({ method }) =>
    Response.json(payload, {
      status: method === "POST" ? 201 : 200,
      headers: { ETag: `"1"`, "RateLimit-Remaining": "7" }
    }),
  "a list": () => Response.json([payload]),
  ...Object.fromEntries(
    Object.keys(payload).filter((key) => key !== "id").flatMap((key) =>
      wrong.map((value, n) =>
        [
          `an authorization whose ${key} is wrong (${n})`,
          ({ method }) => Response.json({ ...payload, [key]: value }, { status: method === "POST" ? 201 : 200 })
        ] as const satisfies [
          string,
          Reply
        ]
      )
    )
  ),
  ...Object.fromEntries(
    ["access_token", "refresh_token", "grant"].flatMap((key) =>
      ["id", "token", "code", "expires_in"].map((field) =>
        [
          `a list with a wrong ${key}.${field}`,
          () =>
            Response.json([{ ...payload, [key]: { ...payload.access_token, code: mark, [field]: wrong } }], {
              status: 206,
              headers: { "Next-Range": "id ]a..; max=1" }
            })
        ] as const satisfies [string, Reply]
      )
    )
  ),
  "times that are secrets": () => Response.json([{ ...payload, created_at: mark, updated_at: `${mark}-2` }]),
  "an id that is a secret and cannot be one": () => Response.json([{ ...payload, id: `${mark}\n` }]),
  "JSON that breaks off": () => new Response(JSON.stringify(payload).slice(0, -9), { status: 200 }),
  "a body in another place": () => new Response(`${mark}-access`, { status: 201 }),
  ...Object.fromEntries([400, 401, 403, 404, 422, 429, 500, 503].map((status) => [
    `status ${status}`,
    () => Response.json({ id: "oops", message: "Something else.", token: `${mark}-access` }, { status })
  ])),
  ...Object.fromEntries(
    [401, 403, 404, 422, 429, 500].map((status) =>
      [`an echo of the request, with status ${status}`, (request) => {
        const said = [
          request.headers["authorization"],
          request.headers["heroku-two-factor-code"],
          bodyOf(request),
          "HRKU-of-somebody-else"
        ].join(" ")
        return Response.json({ id: said, message: said, url: said }, {
          status,
          headers: { "Request-Id": said.replaceAll("\\n", " "), "Warning-Message": said, "Retry-After": "1" }
        })
      }] as const satisfies [string, Reply]
    )
  ),
  "a list that goes on at the token": (request) =>
    Response.json([], {
      status: 206,
      headers: { "Next-Range": `id ]${request.headers["authorization"]?.slice(7)}..; max=1000` }
    }),
  "the token as the type of its content": (request) =>
    new Response("?", { status: 200, headers: { "Content-Type": String(request.headers["authorization"]) } }),
  "a failure of the transport": (request) => transportError(request, carelessError(request)),
  "a defect of the transport": carelessError
}

const defects = Metric.frequency("defects")

/** Everything that a program could write down: what came out of calls, logs, spans, metrics, and what was exported. */
const makeCapture = Effect.gen(function*() {
  const captured: Array<unknown> = []
  const logger = Logger.make((options) => {
    const formats = [Logger.formatSimple, Logger.formatLogFmt, Logger.formatStructured, Logger.formatJson]
    captured.push(options, ...formats.map((format) => format.log(options)))
  })
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
        Layer.provide(Logger.layer([logger]))
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

  /** Runs a call as a program would that logs at every level, names no header to redact, and lets errors become defects. */
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

  /** All that was captured, as text. */
  const printed = Effect.gen(function*() {
    yield* Context.get(exporter, OtlpExporter.Flusher).flush
    captured.push(yield* Metric.snapshot)
    return captured.flatMap(print)
  })

  return { captured, run, printed }
})

/** Whatever a value shows of itself. Spans lead round in circles, which JSON cannot write. */
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

const scripted = (reply: Reply) =>
  Layer.succeed(
    HttpClient.HttpClient,
    HttpClient.make((request) => {
      const end = reply(request)
      if (end instanceof Response) return Effect.succeed(HttpClientResponse.fromWeb(request, end))
      return end instanceof HttpClientError.HttpClientError ? Effect.fail(end) : Effect.die(end)
    })
  )

/** A key of 32 bytes that would be found. */
const toKey = (text: Redacted.Redacted) => Redacted.make(Buffer.alloc(32, Redacted.value(text)).toString("base64"))

/** A store of a cache that keeps nothing, and remembers all that it was given. */
const remembering = (captured: Array<unknown>): Persistence.BackingPersistence["Service"] => ({
  make: () =>
    Effect.succeed({
      get: (key) =>
        Effect.sync(() => {
          captured.push(key)
          return undefined
        }),
      getMany: () => Effect.die("not used"),
      set: (key, value) => Effect.sync(() => void captured.push(key, value)),
      setMany: () => Effect.die("not used"),
      remove: () => Effect.void,
      clear: Effect.void
    })
})

const options = { token: secret("own"), retry: { times: 0 } }

describe("secrets", () => {
  it.effect.each(Object.keys(ends))("appear nowhere when Heroku answers with %s", (end) =>
    Effect.gen(function*() {
      const { captured, printed, run } = yield* makeCapture
      const layer = HttpAuthorizationService.layer(options).pipe(
        Layer.provide(scripted(ends[end]!)),
        Layer.provide(RequestBudget.layerMemory()),
        Layer.provide(ResponseCache.layer({ key: secret("key 32 bytes").pipe(toKey) })),
        Layer.provide(Persistence.layer),
        Layer.provide(Layer.succeed(Persistence.BackingPersistence, remembering(captured)))
      )
      for (const call of Object.values(operations)) {
        yield* run(Effect.provide(call.pipe(withTwoFactorCode(secret("code"))), layer))
      }
      const texts = yield* printed
      // The spans, the logs and the metrics did get to the collector.
      for (const part of ["resourceSpans", "resourceLogs", "resourceMetrics", "AuthorizationService.delete"]) {
        assert.isTrue(texts.some((text) => text.includes(part)), part)
      }
      assertNoSecret(texts)
    }))

  it.effect("appear in no line of a program whose own client logs requests, answers and failures", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const logger = Logger.make((options) => {
        for (const format of [Logger.formatSimple, Logger.formatLogFmt, Logger.formatJson]) {
          lines.push(format.log(options))
        }
        lines.push(inspect(options.message, { depth: 12 }))
      })
      const transformClient = flow(
        HttpClient.tapRequest((request) => Effect.logTrace(request)),
        HttpClient.tap((response) => Effect.logTrace(response)),
        HttpClient.tapError((error) => Effect.logError(error))
      )
      const replies: ReadonlyArray<Reply> = [
        ends["an authorization"]!,
        (request) => transportError(request, new Error("socket hang up"))
      ]
      for (const reply of replies) {
        const layer = Layer.provide(HttpAuthorizationService.layer({ ...options, transformClient }), scripted(reply))
        for (const call of Object.values(operations)) {
          yield* Effect.exit(Effect.provide(call.pipe(withTwoFactorCode(secret("code"))), layer)).pipe(
            Effect.provide(Logger.layer([logger])),
            Effect.provideService(References.MinimumLogLevel, "All")
          )
        }
      }
      assert.isTrue(lines.some((line) => line.includes("heroku-two-factor-code")))
      assertNoSecret(lines)
    }))

  it.effect("appear nowhere in what is refused before any request", () =>
    Effect.gen(function*() {
      const { printed, run } = yield* makeCapture
      const bad = (options: Partial<HttpAuthorizationService.Options>) =>
        Layer.provide(
          HttpAuthorizationService.layer({ token: secret("own"), ...options }),
          scripted(() => new Response("{}"))
        )
      const update = (input: unknown) => AuthorizationService.use((_) => _.update(id, input as never))
      for (
        const call of [
          Effect.provide(operations.info, bad({ token: Redacted.make(`${mark}\nX: y`) })),
          Effect.provide(operations.info, bad({ token: `${mark}-bare` as never })),
          Effect.provide(operations.info, bad({ baseUrl: `https://user:${mark}@api.heroku.com` })),
          Effect.provide(operations.info, bad({ baseUrl: `${mark}://api.heroku.com` })),
          Effect.provide(operations.info, bad({ userAgent: `${mark}\n` })),
          Effect.provide(operations.info.pipe(withTwoFactorCode(Redacted.make(`${mark}\n`))), bad({})),
          Effect.provide(update({ client: { id: "c", secret: `${mark}-bare` } }), bad({})),
          Effect.provide(update({ client: { id: [mark], secret: { mark } } }), bad({})),
          Effect.provide(update({ client: { id: "", secret: secret("client") } }), bad({})),
          Effect.provide(update({ [mark]: mark }), bad({})),
          Effect.provide(AuthorizationService.use((_) => _.create({ scope: [], description: mark } as never)), bad({}))
        ]
      ) yield* run(call)
      assertNoSecret(yield* printed)
    }))

  it.effect("appear nowhere in options, layers and services", () =>
    Effect.gen(function*() {
      const layer = Layer.provide(HttpAuthorizationService.layer(options), scripted(() => new Response("{}")))
      const context = yield* Layer.build(Layer.merge(layer, NodeAuthorizationService.layer(options)))
      const service = Context.get(context, AuthorizationService)
      const call = service.update(id, { client: { id: "c", secret: clientSecret } })
      const stream = service.stream()
      assertNoSecret(
        [options, layer, NodeAuthorizationService.layer(options), context, service, call, stream].flatMap(print)
      )
    }))

  it("are seen by this search where they are", () => {
    for (const leak of [{ a: [mark] }, new Error(mark), Object.assign(new Error("a"), { mark }), mark]) {
      assert.throws(() => assertNoSecret(print(leak)))
    }
  })
})
