import { serve } from "@effect-heroku/test-kit/httpServer"
import { FaultInjection } from "@effect-heroku/testing"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { layerSandbox, runAgainstSandbox } from "./support/run.ts"

interface Span {
  readonly name: string
  readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: Record<string, unknown> }>
}

/** The fields of OTLP's JSON that the test reads. */
interface Traces {
  readonly resourceSpans: ReadonlyArray<{
    readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<Span> }>
  }>
}

/** Starts a collector that stores the bodies it receives, by path. */
const makeCollector = Effect.gen(function*() {
  const received = new Map<string, Array<string>>()
  const url = yield* serve((request, response) => {
    let body = ""
    request.on("data", (chunk) => body += chunk)
    request.on("end", () => {
      const path = String(request.url)
      received.set(path, [...(received.get(path) ?? []), body])
      response.setHeader("content-type", "application/json").end("{}")
    })
  })
  return { received, url }
})

const attributesOf = ({ attributes }: Span): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

layer(layerSandbox)((it) => {
  it.effect("observe.ts exports spans, metrics and log lines without secrets", () =>
    Effect.gen(function*() {
      const { received, url } = yield* makeCollector
      const faults = yield* FaultInjection.FaultInjection
      yield* faults.inject(FaultInjection.status(503), { operation: "list" })
      const { code, stderr, stdout } = yield* runAgainstSandbox("observe.ts", {
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: url }
      })
      assert.strictEqual(code, 0, stdout + stderr)
      const text = (path: string) => (received.get(path) ?? []).join("\n")

      const spans = (received.get("/v1/traces") ?? []).flatMap((body) => {
        const { resourceSpans }: Traces = JSON.parse(body)
        return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
      })
      const requests = spans.filter(({ name }) => name === "GET /oauth/authorizations").map(attributesOf)
      assert.deepStrictEqual(
        requests.map((attributes) => Number(attributes["http.response.status_code"])).toSorted(),
        [200, 503]
      )
      const retried = requests.find((attributes) => attributes["http.request.resend_count"] !== undefined)
      assert.match(String(retried?.["heroku.request_id"]), /^[0-9a-f-]{36}$/)
      assert.isTrue(spans.some(({ name }) => name === "audit"))

      for (const name of ["heroku.requests", "heroku.retries"]) assert.include(text("/v1/metrics"), name)
      assert.include(text("/v1/logs"), "The account has 2 authorizations")
      for (const path of received.keys()) assert.notInclude(text(path), "HRKU")
      assert.notInclude(stdout + stderr, "HRKU")
    }))
})
