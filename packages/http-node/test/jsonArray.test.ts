import { runs } from "@effect-heroku/test-kit/runs"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { parseChunk } from "../src/internal/jsonArray.ts"

const toBytes = (text: string) => new TextEncoder().encode(text)

/** Parses all chunks. `None`: one of them is not valid JSON. */
const parseChunks = (bytes: Uint8Array, size: number): Option.Option<ReadonlyArray<unknown>> => {
  const chunks: Array<unknown> = []
  let offset: number | undefined = 0
  while (offset !== undefined) {
    const { json, next } = parseChunk(bytes, offset, size)
    if (Option.isNone(json)) return Option.none()
    chunks.push(json.value)
    assert(next._tag === "None" || next.value >= offset + size, "chunks are at least as long as requested")
    offset = Option.getOrUndefined(next)
  }
  return Option.some(chunks)
}

const parseWhole = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return "invalid"
  }
}

describe("parseChunk", () => {
  // dprint-ignore
  const awkward = ["},{", "} , {", "},\n  {", `"},{"`, "\\", `\\"},{`, "[{", "}]", "é", "😀", "\uFEFF", "\u2028"] as const
  const Element = Schema.Struct({
    id: Schema.Int,
    text: Schema.Array(Schema.Literals(awkward)),
    nested: Schema.optionalKey(Schema.Array(Schema.Struct({ at: Schema.Array(Schema.Struct({})) })))
  })
  const elements = Arbitrary.array(Arbitrary.schema(Element), { maxLength: 30 })
  const layout = Arbitrary.schema(Schema.Struct({
    size: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 400 })),
    indent: Schema.Literals([0, 2, "\t"]),
    before: Schema.Literals(["", "\uFEFF", "\r\n "]),
    // Removes or replaces characters of the text.
    spoil: Schema.optionalKey(Schema.Struct({ at: Schema.Int, by: Schema.Literals(["", "]", ",", "}", "{", "\""]) }))
  }))

  it.prop(
    "chunks of any size are together what JSON.parse returns, or at least one is invalid",
    { elements, layout },
    ({ elements, layout: { before, indent, size, spoil } }) => {
      const text = before + JSON.stringify(elements, null, indent)
      const at = spoil === undefined ? 0 : Math.abs(spoil.at) % text.length
      const bytes = toBytes(spoil === undefined ? text : text.slice(0, at) + spoil.by + text.slice(at + 1))
      const copy = bytes.slice()
      const chunks = parseChunks(bytes, size)
      const whole = parseWhole(bytes)
      if (Option.isSome(chunks)) {
        const isOne = chunks.value.length === 1
        assert.deepStrictEqual(isOne ? chunks.value[0] : chunks.value.flat(), whole)
      } else if (spoil === undefined) {
        // An array cut inside an element cannot be parsed in chunks, but as a whole.
        assert.match(text, /\},\{|\} , \{|\},\s*\{/)
      }
      assert.deepStrictEqual(bytes, copy)
    },
    { arbitrary: { runs: runs(300) } }
  )

  it.each<[string, number, ReadonlyArray<unknown>]>([
    ["[]", 1, [[]]],
    [`[${" ".repeat(1000)}]`, 10, [[]]],
    [`[{"a":1},{"a":2},{"a":3}]`, 1, [[{ a: 1 }], [{ a: 2 }], [{ a: 3 }]]],
    [`[{"a":1} ,\n{"a":2},{"a":3}]`, 9, [[{ a: 1 }, { a: 2 }], [{ a: 3 }]]],
    [`[{"a":1},{"a":2}]`, 1000, [[{ a: 1 }, { a: 2 }]]],
    [`{"a":1}`, 1, [{ a: 1 }]]
  ])("%j in chunks of at least %i bytes is %j", (text, size, expected) => {
    assert.deepStrictEqual(parseChunks(toBytes(text), size), Option.some(expected))
  })

  it("an array cut inside a string has an invalid chunk", () => {
    assert.deepStrictEqual(parseChunks(toBytes(`[{"a":"},{"}]`), 3), Option.none())
  })
})
