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

  it("takes out a secret as the body of a request writes it, and leaves the quotes around it", () => {
    const scrub = Scrub.make([Redacted.make(`se"cret\\one`)])
    assert.strictEqual(
      scrub(`{"secret":"se\\"cret\\\\one"} or se"cret\\one`),
      `{"secret":"[redacted secret]"} or [redacted secret]`
    )
  })

  it.each([[["secret-one", "secret-one-and-two"]], [["secret-one-and-two", "secret-one"]]])(
    "takes out the whole of a secret that begins with another: %j",
    (secrets) => {
      const scrub = Scrub.make(secrets.map((secret) => Redacted.make(secret)))
      assert.strictEqual(scrub("secret-one-and-two, secret-one"), "[redacted secret], [redacted secret]")
    }
  )
})

describe("withoutSecrets", () => {
  const scrub = Scrub.make([Redacted.make("secret-one")])

  it("keeps the message and the stack of an error, without secrets", () => {
    const came = new Error("secret-one is broken")
    came.stack = "Error: secret-one is broken\n    at somewhere"
    const clean = Scrub.withoutSecrets(came, scrub)
    assert.strictEqual(clean.message, "[redacted secret] is broken")
    assert.strictEqual(clean.stack, "Error: [redacted secret] is broken\n    at somewhere")
  })

  it("makes an error of what is none", () => {
    assert.strictEqual(Scrub.withoutSecrets("secret-one is broken", scrub).message, "[redacted secret] is broken")
    const { message, stack } = Scrub.withoutSecrets({ stack: "elsewhere", toString: () => "no error" }, scrub)
    assert.strictEqual(message, "no error")
    assert.notInclude(String(stack), "elsewhere")
  })

  it("does without a stack", () => {
    const came = new Error("broken")
    Object.defineProperty(came, "stack", { value: undefined })
    assert.strictEqual(Scrub.withoutSecrets(came, scrub).message, "broken")
  })
})
