/** The ranges of the fake API's list. */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { assertError, letters, test } from "../fixtures/fake.ts"
import { defaults, idsOf, json, list, type Response, send } from "../fixtures/request.ts"

const six = letters("fbdace")
const ranges: ReadonlyArray<
  readonly [range: string | undefined, ids: string, next?: string]
> = [
  [undefined, "abcdef"],
  ["id ..", "abcdef"],
  ["id ..;", "abcdef"],
  ["id ..; max=1000", "abcdef"],
  ["id ..; max=6", "abcdef"],
  ["id ..; max=2", "ab", "id ]bbb..; max=2"],
  ["id ]bbb..; max=2", "cd", "id ]ddd..; max=2"],
  ["id ]ddd..; max=2", "ef"],
  ["id ]fff..; max=2", ""],
  ["id bbb..; max=2", "bc", "id ]ccc..; max=2"],
  ["id bb..; max=2", "bc", "id ]ccc..; max=2"],
  ["id ]bb..; max=2", "bc", "id ]ccc..; max=2"],
  ["id zzz..", ""],
  ["id bbb..ddd", "bcd"],
  ["id ]bbb..ddd", "cd"],
  ["id bbb..dd", "bc"],
  ["id bbb..eee; max=2", "bc", "id ]ccc..eee; max=2"],
  ["id ]ccc..eee; max=2", "de"],
  ["id ddd..bbb", ""],
  ["id ..; order=desc", "fedcba"],
  ["id ..; max=2, order=desc", "fe", "id ]eee..; max=2, order=desc"],
  ["id ..; max=2,order=desc", "fe", "id ]eee..; max=2, order=desc"],
  ["id ..; order=desc, max=2;", "fe", "id ]eee..; max=2, order=desc"],
  ["id ]eee..; max=3, order=desc", "dcb", "id ]bbb..; max=3, order=desc"],
  ["id eee..; max=5, order=desc", "edcba"],
  ["id ee..; max=2, order=desc", "dc", "id ]ccc..; max=2, order=desc"],
  ["id eee..bbb; max=3, order=desc", "edc", "id ]ccc..bbb; max=3, order=desc"],
  ["id ]ccc..bbb; max=3, order=desc", "b"],
  ["id bbb..eee; order=desc", ""],
  ["id ..; max=2, order=asc", "ab", "id ]bbb..; max=2"]
]
test("a range selects ids, and Next-Range continues it", { seed: six }, () =>
  Effect.gen(function*() {
    for (const [range, ids, next] of ranges) {
      const response = yield* list(range)
      assert.strictEqual(response.status, next === undefined ? 200 : 206, range)
      assert.strictEqual(idsOf(response).map((id) => id[0]).join(""), ids, range)
      assert.strictEqual(response.headers["next-range"], next, range)
      assert.strictEqual(response.headers["accept-ranges"], "id")
    }
  }))

test("Content-Range describes the page", { seed: six }, () =>
  Effect.gen(function*() {
    assert.strictEqual((yield* list()).headers["content-range"], "id aaa..fff; max=200")
    const part = yield* list("id ]bbb..; max=2")
    assert.strictEqual(part.headers["content-range"], "id ccc..ddd; max=2")
  }))

test("a page has 200 authorizations by default and 1000 at most", { count: 1201 }, () =>
  Effect.gen(function*() {
    const usual = yield* list()
    assert.strictEqual(usual.status, 206)
    assert.strictEqual(idsOf(usual).length, 200)
    assert.match(usual.headers["next-range"] ?? "", /^id \][0-9a-f-]{36}\.\.; max=200$/)
    const large = yield* list("id ..; max=5000")
    assert.strictEqual(idsOf(large).length, 1000)
    assert.match(large.headers["next-range"] ?? "", /max=1000$/)
    const rest = yield* list(large.headers["next-range"])
    assert.strictEqual(rest.status, 200)
    assert.strictEqual(idsOf(rest).length, 201)
    const all = [...idsOf(large), ...idsOf(rest)]
    assert.deepStrictEqual(all, all.toSorted())
    assert.strictEqual(new Set(all).size, 1201)
  }))

test("pages stay full after creations and deletions", { seed: six }, () =>
  Effect.gen(function*() {
    yield* send("DELETE /oauth/authorizations/aaa")
    yield* send("DELETE /oauth/authorizations/ccc")
    const created = json(yield* send("POST /oauth/authorizations")).id
    const ids = ["bbb", "ddd", "eee", "fff", created].toSorted()
    assert.deepStrictEqual(idsOf(yield* list("id ..; max=3")), ids.slice(0, 3))
    assert.deepStrictEqual(idsOf(yield* list("id ..; max=3, order=desc")), ids.slice(2).toReversed())
  }))

test("an invalid range responds with 416", { seed: six }, () =>
  Effect.gen(function*() {
    for (
      const range of [
        "",
        "x",
        "bytes=0-1",
        "id",
        "name ..",
        "id ..; max=0",
        "id ..; max=-1",
        "id ..; max=x",
        "id ..; order=up",
        "id ..; max=1; order=desc",
        "id ..; max=1, max=2",
        "id ..bbb"
      ]
    ) {
      assertError(yield* list(range), 416, "requested_range_not_satisfiable")
    }
  }))

test("a range that starts after no id responds with 500", { seed: six }, () =>
  Effect.gen(function*() {
    assertError(yield* list("id ]..; max=2"), 500, "internal_server_error")
  }))

test("the Range header is ignored outside of lists", { seed: six }, () =>
  Effect.gen(function*() {
    const response = yield* send("GET /oauth/authorizations/aaa", { headers: { ...defaults, range: "nonsense" } })
    assert.strictEqual(response.status, 200)
    assert.isUndefined(response.headers["accept-ranges"])
  }))

test("ranges reach ids with characters that a header cannot contain", {
  seed: [{ id: "a b" }, { id: "a..b" }, { id: "a;b" }, { id: "größe" }, { id: "]x" }, { id: "y." }, { id: "z" }]
}, () =>
  Effect.gen(function*() {
    for (const order of ["asc", "desc"]) {
      const ids: Array<string> = []
      let range: string | undefined = `id ..; max=1, order=${order}`
      while (range !== undefined) {
        const response: Response = yield* list(range)
        ids.push(...idsOf(response))
        range = response.headers["next-range"]
      }
      const expected = ["]x", "a b", "a..b", "a;b", "größe", "y.", "z"]
      assert.deepStrictEqual(ids, order === "asc" ? expected : expected.toReversed())
    }
  }))

test("the list of an empty account is complete and empty", {}, () =>
  Effect.gen(function*() {
    const response = yield* list("id ..; max=10")
    assert.strictEqual(response.status, 200)
    assert.strictEqual(response.text, "[]")
    assert.strictEqual(response.headers["content-range"], "id ..; max=10")
  }))
