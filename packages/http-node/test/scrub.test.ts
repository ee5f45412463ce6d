import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import * as Scrub from "../src/internal/scrub.ts"

describe("scrub", () => {
  it("takes out each of the secrets, wherever and how often it comes", () => {
    const scrub = Scrub.make([Redacted.make("secret-one"), Redacted.make("123456")])
    assert.strictEqual(
      scrub("secret-one is secret-one, and 1234567"),
      "[redacted secret] is [redacted secret], and [redacted secret]7"
    )
  })

  it("takes out what looks like a token of Heroku's", () => {
    assert.strictEqual(
      Scrub.make([])("HRKU-AA_b-9 and HRKU-c, but not HRKU- or hrku-d"),
      "[redacted secret] and [redacted secret], but not HRKU- or hrku-d"
    )
  })

  it("leaves alone what is too short for a secret, and could be in any word", () => {
    assert.strictEqual(Scrub.make([Redacted.make("12345"), Redacted.make("")])("12345"), "12345")
  })

  it("does without a secret that was wiped", () => {
    const wiped = Redacted.make("secret-one")
    Redacted.wipeUnsafe(wiped)
    assert.strictEqual(Scrub.make([wiped, Redacted.make("secret-two")])("secret-two"), "[redacted secret]")
  })
})
