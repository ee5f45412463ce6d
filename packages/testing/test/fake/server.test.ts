/** The fake API behind a server. */
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Http from "node:http"
import { assertError } from "../fixtures/fake.ts"
import { accept, defaults, idsOf, type Request, type Response, send } from "../fixtures/request.ts"

interface RawRequest extends Request {
  readonly method?: string
  readonly path?: string
}

/** Sends a request with `node:http`, which does not normalize the path. */
const sendRaw = Effect.fnUntraced(function*(sent: RawRequest = {}) {
  const { body, headers = defaults, method = "GET", path = "/oauth/authorizations" } = sent
  const { address } = yield* HttpServer.HttpServer
  const { port } = new URL(HttpServer.formatAddress(address))
  return yield* Effect.callback<Response, NodeJS.ErrnoException>((resume) => {
    const request = Http.request({ host: "127.0.0.1", port, method, path, headers, agent: false }, (response) => {
      const chunks: Array<Buffer> = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("end", () =>
        resume(Effect.succeed({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(
            Object.entries(response.headers).map(([name, value]) => [
              name,
              Array.isArray(value) ? value.join(", ") : value
            ])
          ),
          text: Buffer.concat(chunks).toString()
        })))
    })
    request.on("error", (error) => resume(Effect.fail(error)))
    request.end(body)
    return Effect.sync(() => request.destroy())
  })
})

const layerServer = (options?: FakeHeroku.Options) =>
  FakeHeroku.layerServerWithFaults(options).pipe(
    Layer.provideMerge(NodeHttpServer.layer(Http.createServer, { host: "127.0.0.1", port: 0 }))
  )

const testServer = (
  title: string,
  options: FakeHeroku.Options,
  body: () => Effect.Effect<void, unknown, FaultInjection.FaultInjection | HttpServer.HttpServer>
) => it.effect(title, () => body().pipe(Effect.provide(layerServer(options))))

testServer(
  "the server responds as the client in process does",
  { count: 450, clients: [{ id: "c" }] },
  () =>
    Effect.gen(function*() {
      const requests: ReadonlyArray<RawRequest & { readonly path: string }> = [
        { path: "/oauth/authorizations" },
        { path: "/oauth/authorizations", headers: { ...defaults, range: "id ..; max=1000, order=desc" } },
        { path: "/oauth/authorizations", headers: { ...defaults, range: "id ]..;" } },
        { path: "/oauth/authorizations", headers: {} },
        { path: "/oauth/authorizations", headers: { accept } },
        { path: "/oauth/authorizations/x" },
        { path: "/oauth/authorizations/a%2Fb" },
        { path: "/account/rate-limits" },
        { method: "PUT", path: "/oauth/authorizations" },
        { method: "POST", path: "/oauth/authorizations", body: `{"description":"größe 🌙","client":"c"}` },
        { method: "POST", path: "/oauth/authorizations", body: "{" }
      ]
      const comparable = ({ headers, status, text }: Response) => ({
        status,
        text,
        headers: Object.fromEntries(
          Object.entries(headers).filter(([name]) =>
            !["connection", "content-length", "date", "keep-alive", "transfer-encoding"].includes(name)
          )
        )
      })
      yield* Effect.gen(function*() {
        for (const { body, headers, method = "GET", path } of requests) {
          const request: Request = {
            headers: headers ?? defaults,
            ...(body === undefined ? undefined : { body })
          }
          const inProcess = yield* send(`${method as "GET"} ${path}`, request)
          const served = yield* sendRaw({ ...request, method, path })
          assert.deepStrictEqual(comparable(served), comparable(inProcess), `${method} ${path}`)
        }
      }).pipe(Effect.provide(FakeHeroku.layerHttpClient({ count: 450, clients: [{ id: "c" }] })))
    })
)

testServer(
  "the server does not normalize paths",
  { seed: [{ id: "a/b" }] },
  () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* sendRaw({ path: "/oauth/authorizations/a%2Fb" })).status, 200)
      for (
        const path of [
          "/oauth/authorizations/..",
          "/oauth/authorizations/../../account/rate-limits",
          "/oauth/authorizations/%2e%2e/%2e%2e/account/rate-limits",
          "/oauth/authorizations/%zz",
          "//oauth/authorizations"
        ]
      ) {
        assertError(yield* sendRaw({ path }), 404, "not_found")
      }
    })
)

testServer("a connection reset breaks the server's connection", {}, () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.connectionReset, { operation: "create", afterActing: true })
    const error = yield* Effect.flip(sendRaw({ method: "POST" }))
    assert.strictEqual(error.code, "ECONNRESET")
    assert.strictEqual(idsOf(yield* sendRaw()).length, 1)
  }))

it.effect("the server stops while calls wait", () =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(layerServer(), scope)
    yield* Effect.gen(function*() {
      const faults = yield* FaultInjection.FaultInjection
      const gate = yield* faults.hold()
      const waiting = yield* Effect.forkChild(Effect.exit(sendRaw()))
      yield* gate.arrived
      // Time stands still: a server that waits for its calls would never stop.
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(Exit.isFailure(yield* Fiber.join(waiting)))
    }).pipe(Effect.provide(context))
  }))

testServer("a fault's status and headers are sent by the server", {}, () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.status(503, { headers: { "Retry-After": "7" } }))
    const response = yield* sendRaw()
    assert.strictEqual(response.status, 503)
    assert.strictEqual(response.headers["retry-after"], "7")
    assert.strictEqual(response.text, "")
    assert.strictEqual((yield* sendRaw()).status, 200)
  }))

it.effect("observe is called at once if the client disconnects", () =>
  Effect.gen(function*() {
    const observed = yield* Deferred.make<FakeHeroku.Exchange>()
    const observe = (exchange: FakeHeroku.Exchange) => Effect.asVoid(Deferred.succeed(observed, exchange))
    yield* Effect.gen(function*() {
      const faults = yield* FaultInjection.FaultInjection
      const gate = yield* faults.hold()
      const waiting = yield* Effect.forkChild(sendRaw())
      yield* gate.arrived
      yield* Fiber.interrupt(waiting)
      assert.deepStrictEqual((yield* Deferred.await(observed)).status, Option.none())
    }).pipe(Effect.provide(layerServer({ observe })))
  }))

testServer("a waiting call ends if its client disconnects", {}, () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    const gate = yield* faults.hold({ operation: "create" })
    yield* faults.inject(FaultInjection.hang, { operation: "list" })
    const held = yield* Effect.forkChild(sendRaw({ method: "POST" }))
    const hanging = yield* Effect.forkChild(sendRaw())
    yield* gate.arrived
    yield* Fiber.interruptAll([held, hanging])
    assert.deepStrictEqual(idsOf(yield* sendRaw({ path: "/oauth/authorizations" })), [])
  }))
