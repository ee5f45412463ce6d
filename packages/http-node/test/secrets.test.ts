/** Runs every operation into every kind of end with everything captured that a program could print, and searches it. */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import type { AuthorizationError, Operation } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService, withTwoFactorCode } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import { inspect } from "node:util"
import * as payloads from "../../core/test/fixtures/payloads.ts"

const id = AuthorizationId.make(payloads.full.id)

/** Every secret begins so. */
const mark = "S3CR3T"
const secret = (name: string) => Redacted.make(`${mark}-${name}`)

const operations: Record<Operation, Effect.Effect<unknown, AuthorizationError, AuthorizationService>> = {
  create: AuthorizationService.use((_) => _.create({ scope: ["global"] })),
  info: AuthorizationService.use((_) => _.info(id)),
  update: AuthorizationService.use((_) => _.update(id, { client: { id: "c", secret: secret("client") } })),
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

type Reply = (request: HttpClientRequest.HttpClientRequest) => Response | HttpClientError.HttpClientError

const bodyOf = ({ body }: HttpClientRequest.HttpClientRequest): string =>
  body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""

const transportError = (request: HttpClientRequest.HttpClientRequest) =>
  new HttpClientError.HttpClientError({
    reason: new HttpClientError.TransportError({
      request,
      // As careless as an error of a transport can be.
      cause: Object.assign(new Error(`socket hang up: ${request.headers["authorization"]}`), { request })
    })
  })

const ends: Record<string, Reply> = {
  "an authorization": ({ method }) => Response.json(payload, { status: method === "POST" ? 201 : 200 }),
  "a list": () => Response.json([payload]),
  "an authorization with a token of another type": () =>
    Response.json({ ...payload, access_token: [`${mark}-access`], grant: { code: { is: `${mark}-grant` } } }),
  "an authorization in a list with a grant code of another type": () =>
    Response.json([{ ...payload, grant: `${mark}-grant` }], {
      status: 206,
      headers: { "Next-Range": "id ]a..; max=1" }
    }),
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
  "a failure of the transport": transportError
}

describe("secrets", () => {
  it.effect.each(Object.keys(ends))("appear nowhere when Heroku answers with %s", (end) =>
    Effect.gen(function*() {
      const captured: Array<unknown> = []
      const logger = Logger.make((options) => {
        captured.push(options, Logger.formatJson.log(options), Logger.formatLogFmt.log(options))
      })
      const tracer = Tracer.make({
        span(options) {
          const span = new Tracer.NativeSpan(options)
          captured.push(span)
          return span
        }
      })
      const client = HttpClient.make((request) => {
        const reply = ends[end]!(request)
        return reply instanceof Response
          ? Effect.succeed(HttpClientResponse.fromWeb(request, reply))
          : Effect.fail(reply)
      })
      const layer = HttpAuthorizationService.layer({ token: secret("own"), retry: { times: 0 } }).pipe(
        Layer.provide(Layer.succeed(HttpClient.HttpClient, client))
      )
      for (const call of Object.values(operations)) {
        yield* call.pipe(
          withTwoFactorCode(secret("code")),
          Effect.tapCause((cause) => Effect.logError("failed", cause)),
          Effect.exit,
          Effect.tap((exit) =>
            Effect.sync(() => {
              captured.push(exit, Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "")
            })
          ),
          Effect.provide([layer, Logger.layer([logger])]),
          Effect.withTracer(tracer),
          Effect.provideService(References.MinimumLogLevel, "Trace"),
          // A program that redacts nothing itself.
          Effect.provideService(Headers.CurrentRedactedNames, [])
        )
      }

      assert.isAtLeast(captured.length, 2 * Object.keys(operations).length)
      for (const item of captured) {
        const printed = [
          inspect(item, { depth: 12, showHidden: true, getters: true }),
          String(item),
          item instanceof Tracer.NativeSpan ? inspect([...item.attributes], { depth: 12 }) : JSON.stringify(item)
        ]
        for (const text of printed) {
          const at = text?.search(/S3CR3T|HRKU-of/) ?? -1
          assert.strictEqual(at, -1, text?.slice(Math.max(0, at - 300), at + 100))
        }
      }
    }))
})
