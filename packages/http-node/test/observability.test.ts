/** What the client counts and says. Its spans are tested in `HttpAuthorizationService.test.ts`. */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as TestClock from "effect/testing/TestClock"
import { readFileSync } from "node:fs"
import * as Metrics from "../src/internal/metrics.ts"

const id = AuthorizationId.make(payloads.full.id)
const ok = () => Response.json(payloads.full)
const unavailable = () => new Response(null, { status: 503 })
const tooMany = () => new Response(null, { status: 429, headers: { "Retry-After": "30" } })

const scripted = (...replies: ReadonlyArray<() => Response>) => {
  let sent = 0
  const client = HttpClient.make((request) =>
    Effect.sync(() => HttpClientResponse.fromWeb(request, replies[Math.min(sent++, replies.length - 1)]!()))
  )
  return HttpAuthorizationService.layer({ token: Redacted.make("HRKU-observed") }).pipe(
    Layer.provide(Layer.succeed(HttpClient.HttpClient, client))
  )
}

/** Runs a call to its end with time flying by, and gives the lines it logged. */
const linesOf = (layer: Layer.Layer<AuthorizationService>, level: "Debug" | "Info") => {
  const lines: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => {
    lines.push(`${logLevel}: ${String(message)}`)
  })
  return Effect.gen(function*() {
    const call = AuthorizationService.use((service) => service.info(id)).pipe(
      Effect.exit,
      Effect.provide(Layer.provideMerge(layer, Logger.layer([logger]))),
      Effect.provideService(References.MinimumLogLevel, level)
    )
    const fiber = yield* Effect.forkChild(call)
    yield* TestClock.adjust("10 minutes")
    yield* Fiber.join(fiber)
    return lines
  })
}

describe("log lines", () => {
  it.effect("at debug tell of each request, and of its repetition", () =>
    Effect.gen(function*() {
      const lines = yield* linesOf(scripted(unavailable, ok), "Debug")
      const [built, failed, again, succeeded] = lines
      assert.strictEqual(built, "Debug: Heroku client without a request budget, without a response cache")
      assert.strictEqual(failed, "Debug: Heroku info: UnexpectedStatus in 0 ms")
      assert.match(String(again), /^Debug: Heroku info: UnexpectedStatus 503, again in 0\.\d\d s$/)
      assert.strictEqual(succeeded, "Debug: Heroku info: success in 0 ms")
      assert.lengthOf(lines, 4)
    }))

  it.effect("at info are none when all goes well", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* linesOf(scripted(ok), "Info"), [])
      assert.deepStrictEqual(yield* linesOf(scripted(unavailable, ok), "Info"), [])
    }))

  it.effect("at info tell of a wait that somebody would notice", () =>
    Effect.gen(function*() {
      const lines = yield* linesOf(scripted(tooMany, ok), "Info")
      assert.deepStrictEqual(lines, ["Info: Heroku info: RateLimited 429, again in 30.00 s"])
    }))
})

describe("repetitions", () => {
  it.effect("after a Retry-After of one second are told of at info", () =>
    Effect.gen(function*() {
      const soon = () => new Response(null, { status: 429, headers: { "Retry-After": "1" } })
      assert.deepStrictEqual(yield* linesOf(scripted(soon, ok), "Info"), [
        "Info: Heroku info: RateLimited 429, again in 1.00 s"
      ])
    }))

  it.effect("after a failure of the transport say which it was", () =>
    Effect.gen(function*() {
      const broken = HttpClient.make((request) =>
        Effect.fail(
          new HttpClientError.HttpClientError({
            reason: new HttpClientError.TransportError({ request, cause: new Error("read ECONNRESET") })
          })
        )
      )
      const layer = HttpAuthorizationService.layer({ token: Redacted.make("HRKU-observed"), retry: { times: 1 } }).pipe(
        Layer.provide(Layer.succeed(HttpClient.HttpClient, broken))
      )
      const lines = yield* linesOf(layer, "Debug")
      assert.match(String(lines[2]), /^Debug: Heroku info: RequestFailed \(connection\), again in/)
    }))
})

describe("metrics", () => {
  it.effect("count no repetition where there was none", () =>
    Effect.gen(function*() {
      yield* linesOf(scripted(ok), "Info")
      assert.deepStrictEqual((yield* Metric.snapshot).map(({ id }) => id), ["heroku.requests"])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))

  it.effect("count what was interrupted", () =>
    Effect.gen(function*() {
      const layer = HttpAuthorizationService.layer({ token: Redacted.make("HRKU-observed") }).pipe(
        Layer.provide(Layer.succeed(HttpClient.HttpClient, HttpClient.make(() => Effect.never)))
      )
      const fiber = yield* Effect.forkChild(
        Effect.provide(AuthorizationService.use((service) => service.info(id)), layer)
      )
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual((yield* Metric.snapshot).map(({ attributes }) => attributes), [
        { operation: "info", outcome: "interrupted" }
      ])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))

  it.effect("count what died of a defect", () =>
    Effect.gen(function*() {
      const layer = HttpAuthorizationService.layer({ token: Redacted.make("HRKU-observed") }).pipe(
        Layer.provide(Layer.succeed(HttpClient.HttpClient, HttpClient.make(() => Effect.die(new Error("broken")))))
      )
      yield* Effect.exit(Effect.provide(AuthorizationService.use((service) => service.info(id)), layer))
      assert.deepStrictEqual((yield* Metric.snapshot).map(({ attributes }) => attributes), [
        { operation: "info", outcome: "defect" }
      ])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))

  it.effect("count requests by operation and outcome, and repetitions", () =>
    Effect.gen(function*() {
      yield* linesOf(scripted(unavailable, tooMany, ok), "Info")
      yield* linesOf(scripted(() => Response.json({ id: "not_found" }, { status: 404 })), "Info")
      const counted = (yield* Metric.snapshot).flatMap((metric) =>
        metric.type === "Counter" ? [[metric.id, metric.attributes, Number(metric.state.count)]] : []
      )
      assert.sameDeepMembers(counted, [
        ["heroku.requests", { operation: "info", outcome: "UnexpectedStatus" }, 1],
        ["heroku.requests", { operation: "info", outcome: "RateLimited" }, 1],
        ["heroku.requests", { operation: "info", outcome: "success" }, 1],
        ["heroku.requests", { operation: "info", outcome: "NotFound" }, 1],
        ["heroku.retries", { operation: "info" }, 2]
      ])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))

  it.effect("are those of the table in docs/fleets.md, and each says what it is", () =>
    Effect.gen(function*() {
      yield* Metrics.request("info", "success")
      yield* Metrics.retry("info")
      yield* Metrics.budgetRemaining("12345678", 7)
      yield* Metrics.budgetWait("bulk", Duration.seconds(7))
      yield* Metrics.budgetRefusal("bulk")
      yield* Metrics.budgetCorrection("12345678", 7)
      yield* Metrics.budgetFallback
      yield* Metrics.cacheRead("info", "hit")
      const snapshot = yield* Metric.snapshot
      const table = readFileSync(new URL("../../../docs/fleets.md", import.meta.url), "utf8")
      const rows = Array.from(
        table.matchAll(/^\| `(heroku\.[\w.]+)` \| (\w+)[^|]*\| ([^|]*)\|/gm),
        ([, id, type, names]) => [id, type, Array.from(names!.matchAll(/\w+/g), String)]
      )
      assert.sameDeepMembers(
        snapshot.map(({ attributes, id, type }) => [id, type.toLowerCase(), Object.keys(attributes ?? {}).toSorted()]),
        rows
      )
      for (const { description, id } of snapshot) assert.isNotEmpty(description, id)
      for (const metric of snapshot) assert.isTrue(metric.type !== "Counter" || metric.state.incremental, metric.id)
      const waits = snapshot.find(({ type }) => type === "Histogram")
      assert(waits?.type === "Histogram")
      // Heroku gives a request back in 0.8 s, and waits end after two minutes: there the boundaries are.
      assert.deepStrictEqual(waits.state.buckets.find(([, count]) => count > 0), [10, 1])
      assert.includeMembers(waits.state.buckets.map(([boundary]) => boundary), [1, 120])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))
})
