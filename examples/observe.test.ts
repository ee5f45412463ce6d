/** Runs the example against the sandbox, with a server that takes down what it is sent in the place of a collector. */
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import { spawn } from "node:child_process"
import { createServer } from "node:http"
import { join } from "node:path"

const layerSandbox = FakeHeroku.layerServer({ token: "HRKU-observed", count: 3 }).pipe(
  Layer.provideMerge(FaultInjection.layer),
  Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0, gracefulShutdownTimeout: 0 }))
)

interface Span {
  readonly name: string
  readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: Record<string, unknown> }>
}

/** The part of OTLP's JSON that is looked at. */
interface Traces {
  readonly resourceSpans: ReadonlyArray<{
    readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<Span> }>
  }>
}

/** A collector's place: the bodies that came, by path. */
const makeCollector = Effect.acquireRelease(
  Effect.callback<{ readonly url: string; readonly received: Map<string, Array<string>>; readonly close: () => void }>(
    (resume) => {
      const received = new Map<string, Array<string>>()
      const server = createServer((request, response) => {
        let body = ""
        request.on("data", (chunk) => body += chunk)
        request.on("end", () => {
          const path = String(request.url)
          received.set(path, [...(received.get(path) ?? []), body])
          response.setHeader("content-type", "application/json").end("{}")
        })
      }).listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        const close = () => {
          server.close()
          server.closeAllConnections()
        }
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, received, close }))
      })
    }
  ),
  ({ close }) => Effect.sync(close)
)

const run = (env: Record<string, string>) =>
  Effect.callback<{ readonly code: number | null; readonly output: string }>((resume) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, "observe.ts")], { env })
    let output = ""
    child.stdout.on("data", (chunk) => output += chunk)
    child.stderr.on("data", (chunk) => output += chunk)
    child.on("close", (code) => resume(Effect.succeed({ code, output })))
    return Effect.sync(() => child.kill("SIGKILL"))
  })

layer(layerSandbox)("observe.ts", (it) => {
  it.effect("sends its traces, metrics and log lines to the collector, and no secret", () =>
    Effect.gen(function*() {
      const { received, url } = yield* makeCollector
      const faults = yield* FaultInjection.FaultInjection
      yield* faults.inject(FaultInjection.status(503), { operation: "list" })
      const { code, output } = yield* run({
        HEROKU_API_KEY: "HRKU-observed",
        HEROKU_API_URL: HttpServer.formatAddress((yield* HttpServer.HttpServer).address),
        OTEL_EXPORTER_OTLP_ENDPOINT: url
      })
      assert.strictEqual(code, 0, output)
      const text = (path: string) => (received.get(path) ?? []).join("\n")

      const spans = (received.get("/v1/traces") ?? []).flatMap((body) => {
        const { resourceSpans }: Traces = JSON.parse(body)
        return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
      })
      const requests = spans.filter(({ name }) => name === "GET /oauth/authorizations")
      const attributesOf = ({ attributes }: Span): Record<string, unknown> =>
        Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
      assert.deepStrictEqual(
        requests.map((span) => Number(attributesOf(span)["http.response.status_code"])).toSorted(),
        [200, 503]
      )
      const retried = requests.map(attributesOf).find((attributes) =>
        attributes["http.request.resend_count"] !== undefined
      )
      assert.match(String(retried?.["heroku.request_id"]), /^[0-9a-f-]{36}$/)
      assert.isTrue(spans.some(({ name }) => name === "audit"))

      for (const name of ["heroku.requests", "heroku.retries", "heroku.budget.remaining"]) {
        assert.include(text("/v1/metrics"), name)
      }
      assert.include(text("/v1/logs"), "The account has 3 authorizations")
      for (const path of received.keys()) assert.notInclude(text(path), "HRKU")
      assert.notInclude(output, "HRKU")
    }))
})
