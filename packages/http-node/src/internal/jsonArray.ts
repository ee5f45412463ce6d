/**
 * Cuts the bytes of a JSON array into chunks that can be parsed one by one.
 *
 * It replaces `JSON.parse` of the whole body, for memory and speed: a list of 100,000 takes 2.3 instead of 3.2 times the
 * CPU time of bare undici, and 190 instead of 330 MiB (`pnpm bench sequential`). The bytes are only read.
 */
import * as Option from "effect/Option"

/**
 * Parses the chunk of at least `size` bytes that begins at an offset: 0, or `next` of the chunk before. The array is cut at a
 * comma between two objects. That comma may be inside a string or a nested array, and then the chunk is not valid JSON. If
 * all chunks are valid, they have the elements of the whole array.
 */
export const parseChunk = (bytes: Uint8Array, offset: number, size: number) => {
  const end = findCut(bytes, offset + size)
  const isFirst = offset === 0
  const isLast = end === bytes.length
  // The commas at both ends become the brackets.
  const text = utf8.decode(bytes.subarray(isFirst ? 0 : offset + 1, end))
  return {
    /** The elements as an array. `None`: the chunk is not valid JSON. */
    json: parseJson(`${isFirst ? "" : "["}${text}${isLast ? "" : "]"}`),
    /** The offset of the next chunk. `None`: this is the last one. */
    next: isLast ? Option.none<number>() : Option.some(end)
  }
}

/** Parses a text. `None`: it is not valid JSON. The engine's error is dropped, because it quotes the text. */
export const parseJson = (text: string): Option.Option<unknown> => {
  try {
    return Option.some(JSON.parse(text))
  } catch {
    return Option.none()
  }
}

const utf8 = new TextDecoder()

/** Finds the first comma between `}` and `{`, or returns the length. */
const findCut = (bytes: Uint8Array, from: number): number => {
  for (let end = bytes.indexOf(closingBrace, from); end !== -1; end = bytes.indexOf(closingBrace, end + 1)) {
    const at = skipSpaces(bytes, end + 1)
    if (bytes[at] === comma && bytes[skipSpaces(bytes, at + 1)] === openingBrace) return at
  }
  return bytes.length
}

const skipSpaces = (bytes: Uint8Array, from: number): number => {
  let at = from
  // Everything below it is a control character, of which JSON allows only white space.
  while (bytes[at]! <= space) at++
  return at
}

const comma = ",".charCodeAt(0)
const openingBrace = "{".charCodeAt(0)
const closingBrace = "}".charCodeAt(0)
const space = " ".charCodeAt(0)
