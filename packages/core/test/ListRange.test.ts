import * as ListRange from "@effect-heroku/core/ListRange"
import { runs } from "@effect-heroku/test-kit/runs"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const uuid = "1fd05fb4-97a2-49ca-aed4-68fd58ebe069"

type Parts = { [K in keyof ListRange.ListRange]?: Option.Option.Value<ListRange.ListRange[K]> }

const rangeOf = ({ end, max, order, start }: Parts): ListRange.ListRange => ({
  start: Option.fromUndefinedOr(start),
  end: Option.fromUndefinedOr(end),
  max: Option.fromUndefinedOr(max),
  order: Option.fromUndefinedOr(order)
})

describe("parse", () => {
  it.each<[string, Parts]>([
    ["id ..", {}],
    ["id ..; max=200", { max: 200 }],
    ["id ..;max=10;", { max: 10 }],
    ["id ..; order=desc", { order: "desc" }],
    ["id ..; max=10, order=desc", { max: 10, order: "desc" }],
    ["id ..; max=10,order=asc;", { max: 10, order: "asc" }],
    ["id ..; order=desc, max=10", { max: 10, order: "desc" }],
    [`id ${uuid}..`, { start: { id: uuid, exclusive: false } }],
    [`id ]${uuid}..; max=1`, { start: { id: uuid, exclusive: true }, max: 1 }],
    [`id a..b; max=5`, { start: { id: "a", exclusive: false }, end: "b", max: 5 }],
    [`id ..b`, { end: "b" }],
    ["id ..; max=002", { max: 2 }],
    ["  id  ..  ; max=2 ; ", { max: 2 }],
    ["id ..; ", {}],
    ["id ..; max=99999999999", { max: 99999999999 }]
  ])("parse reads %s", (text, parts) => {
    assert.deepStrictEqual(ListRange.parse(text), Option.some(rangeOf(parts)))
  })

  const otherUnits = ["", "id", "id a", "..", "name ..", "bid ..", "my id ..", "id .. x", "id a b..c"]
  const bounds = ["id ]..", "id ]..; max=2", "id a..b..c", "id a..]b", "id a]b..", "id a..b]"]
  const max = ["0", "-1", "1.5", "", "1 order=desc", "1, max=2", "1,", "1;, order=desc"].map((_) => `id ..; max=${_}`)
  const parameters = ["id ..; order=up", "id ..; order=asc, order=desc", "id ..; limit=3"]

  it.each([...otherUnits, ...bounds, ...max, ...parameters])("parse rejects %j", (text) => {
    assert.deepStrictEqual(ListRange.parse(text), Option.none())
  })
})

describe("format", () => {
  it.each<[string, Parts]>([
    ["id ..", {}],
    ["id ..; max=1000", { max: 1000, order: "asc" }],
    ["id ..; order=desc", { order: "desc" }],
    [`id ]${uuid}..; max=1, order=desc`, { start: { id: uuid, exclusive: true }, max: 1, order: "desc" }]
  ])("format returns %s", (text, parts) => {
    assert.strictEqual(ListRange.format(rangeOf(parts)), text)
  })

  const Id = Schema.Literals([uuid, "4UTHOri24tIoN-iD-3X4mPl3", "~", "a.b", "ü"])
  const ranges = Arbitrary.schema(Schema.Struct({
    start: Schema.Option(Schema.Struct({ id: Id, exclusive: Schema.Boolean })),
    end: Schema.Option(Id),
    max: Schema.Option(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100_000 }))),
    order: Schema.Option(Schema.Literal("desc"))
  }))

  it.effect.prop(
    "parse reads every range that format returns",
    { range: ranges },
    ({ range }) =>
      Effect.sync(() => assert.deepStrictEqual(ListRange.parse(ListRange.format(range)), Option.some(range)))
  )
})

describe("hostile text", () => {
  // Pieces of the grammar are closer to a range than random characters.
  const pieces =
    "id|id | |\t|..|.|]|;|; |,|, |max|max=|max=10|max=0|max=1001|=|order=|order=desc|order=asc|-1|1e3|a|ü|\0|\n"
  const Piece = Schema.Literals([...pieces.split("|"), "\ud800", "9".repeat(400), uuid])
  const text = Arbitrary.map(Arbitrary.array(Arbitrary.schema(Piece), { maxLength: 8 }), (pieces) => pieces.join(""))
  const likely = Arbitrary.map(
    Arbitrary.all([text, text, text]),
    ([start, end, rest]) => `id ${start}..${end}; ${rest}`
  )

  it.effect.prop(
    "format and parse keep every range that can be parsed",
    { any: text, likely },
    ({ any, likely }) =>
      Effect.sync(() => {
        for (const text of [any, likely]) {
          const range = ListRange.parse(text)
          if (Option.isNone(range)) continue
          const { order, ...rest } = range.value
          // `format` leaves ascending order out.
          const same = { ...rest, order: Option.filter(order, (order) => order === "desc") }
          assert.deepStrictEqual(ListRange.parse(ListRange.format(range.value)), Option.some(same))
        }
      }),
    { arbitrary: { runs: runs(2000) } }
  )

  it.effect.prop(
    "a cursor fits into a header, and has a start and a page size",
    { likely },
    ({ likely }) =>
      Effect.sync(() => {
        if (!Schema.is(ListRange.Cursor)(likely)) return
        assert.match(likely, /^[\x20-\x7e]{1,2000}$/)
        const { max, start } = Option.getOrThrow(ListRange.parse(likely))
        assert.isTrue(Option.isSome(start))
        assert.isTrue(Option.exists(max, Schema.is(ListRange.PageSize)))
      }),
    { arbitrary: { runs: runs(2000) } }
  )

  it.each([" ", "\t", ";", ",", "max=1,", "0", "a", ".", "]"])(
    "parse takes linear time for %j repeated 100,000 times",
    (piece) => {
      const long = piece.repeat(100_000)
      for (
        const text of [`id${long}`, `id a..${long}`, `id a..b;${long}x`, `id a..; max=${long}`, `id a..; x${long}y`]
      ) {
        const range = ListRange.parse(text)
        assert.isTrue(Option.isNone(range) || Option.isSome(ListRange.parse(ListRange.format(range.value))))
      }
    }
  )
})

describe("Cursor", () => {
  const accepts = Schema.is(ListRange.Cursor)

  it("Cursor accepts a range with a start and a page size", () => {
    assert.isTrue(accepts(`id ]${uuid}..; max=1`))
    assert.isTrue(accepts(`id ${uuid}..; max=1000, order=desc`))
  })

  it("Cursor accepts at most 2000 characters", () => {
    const ofLength = (length: number) => `id ]${"x".repeat(length - "id ]..; max=1".length)}..; max=1`
    assert.isTrue(accepts(ofLength(2000)))
    assert.isFalse(accepts(ofLength(2001)))
  })

  it.each(["\nid ]x..; max=10", "id ]\u0001..; max=10", "id ]€..; max=1", "id ]\u007f..; max=1"])(
    "Cursor rejects %j, which no header can carry",
    (text) => assert.isFalse(accepts(text))
  )

  it.each(["", "garbage", "id ..; max=200", `id ]${uuid}..`, `id ]${uuid}..; max=1001`])(
    "Cursor rejects %j",
    (text) => {
      const result = Schema.decodeUnknownResult(ListRange.Cursor)(text)
      assert(Result.isFailure(result))
      assert.strictEqual(result.failure.message, "must be a cursor of a list of authorizations")
    }
  )
})
