/** How authorizations compare, as docs/testing.md says. */
import { Authorization } from "@effect-heroku/core/Authorization"
import * as payloads from "@effect-heroku/test-kit/payloads"
import * as Equal from "effect/Equal"
import * as Schema from "effect/Schema"
import * as NodeAssert from "node:assert"
import { assert, expect, it } from "vitest"

const decode = Schema.decodeUnknownSync(Authorization.FromWire)
const withToken = (token: string) =>
  decode({ ...payloads.full, access_token: { ...payloads.full.access_token, token } })

it("Equal.equals compares authorizations by value, tokens included", () => {
  assert.isTrue(Equal.equals(withToken("HRKU-one"), withToken("HRKU-one")))
  assert.isFalse(Equal.equals(withToken("HRKU-one"), withToken("HRKU-two")))
})

it("deep equality of Node, chai and vitest sees no difference between tokens", () => {
  NodeAssert.deepStrictEqual(withToken("HRKU-one"), withToken("HRKU-two"))
  assert.deepStrictEqual(withToken("HRKU-one"), withToken("HRKU-two"))
  expect(withToken("HRKU-one")).toEqual(withToken("HRKU-two"))
})
