import { MemoryAuthorizationService } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { TestClock } from "effect/testing"
import { makeReport } from "./report.ts"
import { format } from "./report/page.ts"
import { captureConsole } from "./support/console.ts"

const now = DateTime.makeUnsafe("2026-03-01T12:00:00Z")
const longAgo = DateTime.makeUnsafe("2024-03-01T12:00:00Z")

const layer = MemoryAuthorizationService.layer({
  seed: [
    { id: "no-finding", scope: ["read"], expiresIn: "1 day", createdAt: now, user: { email: "ann@example.com" } },
    { id: "expired", scope: ["read"], expiresIn: 0, createdAt: longAgo },
    { id: "never-expires", scope: ["read"], createdAt: longAgo },
    { id: "global", scope: ["global"], createdAt: now, updatedAt: now, description: "<script>" }
  ]
})

const report = TestClock.setTime(DateTime.toEpochMillis(now)).pipe(
  Effect.andThen(Effect.provide(makeReport(), [layer, captureConsole().layer]))
)

const matches = (page: string, pattern: RegExp) => [...page.matchAll(pattern)].map(([, ...groups]) => groups)

it.effect("report.html lists the authorizations with the worst finding first", () =>
  Effect.gen(function*() {
    const page = format(yield* report)
    assert.deepStrictEqual(matches(page, /<code>(.*?)<\/code>/g).flat(), [
      "global",
      "never-expires",
      "expired",
      "no-finding"
    ])
  }))

it.effect("report.html counts each finding, worst first", () =>
  Effect.gen(function*() {
    const page = format(yield* report)
    assert.deepStrictEqual(matches(page, /<dt>(.*?)<\/dt><dd>(.*?)<\/dd>/g), [
      ["authorizations", "4"],
      ["global scope, never expires", "1"],
      ["never expires", "1"],
      ["expired", "1"]
    ])
  }))

it.effect("report.html highlights only the worst finding", () =>
  Effect.gen(function*() {
    const page = format(yield* report)
    assert.deepStrictEqual(matches(page, /<mark class="worst">(.*?)<\/mark>/g), [["global scope, never expires"]])
  }))

it.effect("report.html escapes descriptions and names the users and the host", () =>
  Effect.gen(function*() {
    const page = format(yield* report)
    assert.notInclude(page, "<script>")
    assert.match(page, /<header>.*ann@example\.com, api\.heroku\.com, .*<\/header>/s)
  }))

it.effect("report.json contains the time at which each authorization was updated", () =>
  Effect.gen(function*() {
    const { authorizations } = yield* report
    const updated = authorizations.find(({ id }) => id === "global")
    assert.strictEqual(updated?.updatedAt, "2026-03-01T12:00:00.000Z")
  }))
