/** What `report.ts` puts first, and what it tells of each. */
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { makeReport } from "./report.ts"
import { format } from "./report/page.ts"

const now = DateTime.makeUnsafe("2026-03-01T12:00:00Z")
const longAgo = DateTime.makeUnsafe("2024-03-01T12:00:00Z")

const layer = MemoryAuthorizationService.layer({
  seed: [
    { id: "fine", scope: ["read"], expiresIn: "1 day", createdAt: now },
    { id: "expired-and-old", scope: ["read"], expiresIn: 0, createdAt: longAgo },
    { id: "for-ever-and-old", scope: ["read"], createdAt: longAgo },
    { id: "everything-for-ever", scope: ["global"], createdAt: now, updatedAt: now }
  ]
})

const report = TestClock.setTime(DateTime.toEpochMillis(now)).pipe(
  Effect.andThen(Effect.provide(makeReport(), layer))
)

describe("the report", () => {
  it.effect("has those with the worst finding first, however many findings the others have", () =>
    Effect.gen(function*() {
      const page = format(yield* report)
      const order = [...page.matchAll(/<code>(.*?)<\/code>/g)].map(([, id]) => id)
      assert.deepStrictEqual(order, ["everything-for-ever", "for-ever-and-old", "expired-and-old", "fine"])
    }))

  it.effect("counts the findings, the worst first", () =>
    Effect.gen(function*() {
      const page = format(yield* report)
      const figures = [...page.matchAll(/<dt>(.*?)<\/dt><dd>(.*?)<\/dd>/g)].map(([, name, count]) => [name, count])
      assert.deepStrictEqual(figures, [
        ["authorizations", "4"],
        ["everything, for ever", "1"],
        ["never expires", "1"],
        ["older than a year", "2"],
        ["expired", "1"]
      ])
    }))

  it.effect("marks the worst finding, and no other, as that", () =>
    Effect.gen(function*() {
      const page = format(yield* report)
      const marked = [...page.matchAll(/<mark class="worst">(.*?)<\/mark>/g)].map(([, name]) => name)
      assert.deepStrictEqual(marked, ["everything, for ever"])
    }))

  it.effect("tells when each was changed, to compare before and after", () =>
    Effect.gen(function*() {
      const { authorizations } = yield* report
      const one = authorizations.find(({ id }) => id === "everything-for-ever")
      assert.strictEqual(one?.updatedAt, "2026-03-01T12:00:00.000Z")
    }))
})
