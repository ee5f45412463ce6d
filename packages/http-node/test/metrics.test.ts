import { operations } from "@effect-heroku/test-kit/operations"
import { json, type MakeReply, ok, scriptedClient, status } from "@effect-heroku/test-kit/scriptedClient"
import { whileTimePasses } from "@effect-heroku/test-kit/testTime"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as TestClock from "effect/testing/TestClock"
import { readFileSync } from "node:fs"
import * as Metrics from "../src/internal/budget/metrics.ts"
import { run } from "./fixtures/liveService.ts"

const info = (...replies: ReadonlyArray<MakeReply>) =>
  Effect.exit(whileTimePasses(run(operations.info, scriptedClient(...replies))))

const interrupted = Effect.gen(function*() {
  const fiber = yield* Effect.forkChild(run(operations.info, scriptedClient(() => Effect.never)))
  yield* TestClock.adjust("1 second")
  yield* Fiber.interrupt(fiber)
})

const requests = (outcome: string) => ["heroku.requests", { operation: "info", outcome }, 1]

describe("metrics", () => {
  it.effect.each<[string, Effect.Effect<unknown>, ReadonlyArray<unknown>]>([
    ["a success", info(ok), [requests("success")]],
    ["an interruption", interrupted, [requests("interrupted")]],
    ["a defect", info(() => Effect.die(new Error("broken"))), [requests("defect")]],
    ["an error", info(() => json(404, { id: "not_found" })), [requests("NotFound")]],
    ["two retries", info(status(503), status(429, { "Retry-After": "30" }), ok), [
      requests("UnexpectedStatus"),
      requests("RateLimited"),
      requests("success"),
      ["heroku.retries", { operation: "info" }, 2]
    ]]
  ])("heroku.requests and heroku.retries count the requests of %s", ([, call, expected]) =>
    Effect.gen(function*() {
      yield* call
      const counted = (yield* Metric.snapshot).map((metric) => [
        metric.id,
        metric.attributes,
        metric.type === "Counter" ? Number(metric.state.count) : undefined
      ])
      assert.sameDeepMembers(counted, [...expected])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))

  it.effect("the metrics are those of the table in docs/observability.md, each with a description", () =>
    Effect.gen(function*() {
      yield* info(status(503), ok)
      yield* Metric.update(Metric.withAttributes(Metrics.remaining, { account: "12345678" }), 7)
      yield* Metric.update(Metric.withAttributes(Metrics.wait, { priority: "bulk" }), 7)
      yield* Metric.update(Metric.withAttributes(Metrics.rejections, { priority: "bulk" }), 1)
      yield* Metric.update(Metric.withAttributes(Metrics.corrections, { account: "12345678" }), 7)
      yield* Metric.update(Metrics.fallbacks, 1)
      const snapshot = yield* Metric.snapshot
      const table = readFileSync(new URL("../../../docs/observability.md", import.meta.url), "utf8")
      const rows = Array.from(
        table.matchAll(/^\| `(heroku\.[\w.]+)` \| (\w+)[^|]*\| ([^|]*)\|/gm),
        ([, id, type, names]) => [id, type, Array.from(names!.matchAll(/\w+/g), String)]
      )
      const metrics = new Map(snapshot.map(({ attributes, id, type }) => [
        id,
        [id, type.toLowerCase(), Object.keys(attributes ?? {}).toSorted()]
      ]))
      assert.sameDeepMembers([...metrics.values()], rows)
      for (const { description, id } of snapshot) assert.isNotEmpty(description, id)
      for (const metric of snapshot) assert.isTrue(metric.type !== "Counter" || metric.state.incremental, metric.id)
      const waits = snapshot.find(({ type }) => type === "Histogram")
      assert(waits?.type === "Histogram")
      // Heroku refills a request in 0.8 s, and waits end after two minutes.
      assert.deepStrictEqual(waits.state.buckets.find(([, count]) => count > 0), [10, 1])
      assert.includeMembers(waits.state.buckets.map(([boundary]) => boundary), [1, 120])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))
})
