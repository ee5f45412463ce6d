/** Heroku's ranges over the sorted ids of an account: which ids a `Range` header selects, and which range follows. */
import * as ListRange from "@effect-heroku/core/ListRange"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as HerokuErrors from "./herokuErrors.ts"
import { decodeSegment } from "./request.ts"

export interface Listing<A> {
  readonly status: 200 | 206
  readonly items: ReadonlyArray<A>
  readonly contentRange: string
  readonly nextRange: Option.Option<string>
}

const defaultPageSize = 200
const maxPageSize = 1000

/** Returns the ids that a `Range` header selects. Without a header, the default range applies. */
export const list = (
  ids: ReadonlyArray<string>,
  rangeHeader: string | undefined
): Result.Result<Listing<string>, HerokuErrors.HerokuError> => {
  if (/^\s*id\s+\]\.\./.test(rangeHeader ?? "")) return Result.fail(HerokuErrors.errors.internalServerError)
  const parsed = ListRange.parse(rangeHeader ?? "id ..")
  // Ranges with an end but no start were removed from the API in 2013. That they are rejected is inferred.
  if (Option.isNone(parsed) || (Option.isSome(parsed.value.end) && Option.isNone(parsed.value.start))) {
    return Result.fail(HerokuErrors.errors.unsatisfiable)
  }
  const { end, max: requested, order, start } = parsed.value
  const max = Math.min(Option.getOrElse(requested, () => defaultPageSize), maxPageSize)
  const isDescending = Option.contains(order, "desc")

  const inclusiveEnd = Option.map(end, (id) => ({ id, exclusive: false }))
  const [lower, upper] = isDescending ? [inclusiveEnd, start] : [start, inclusiveEnd]
  const low = Option.match(lower, {
    onNone: () => 0,
    onSome: ({ exclusive, id }) => indexOf(ids, fromRangeId(id), exclusive ? "after" : "at")
  })
  const high = Option.match(upper, {
    onNone: () => ids.length,
    onSome: ({ exclusive, id }) => indexOf(ids, fromRangeId(id), exclusive ? "at" : "after")
  })
  const size = Math.min(max, Math.max(0, high - low))
  const items = isDescending ? ids.slice(high - size, high).toReversed() : ids.slice(low, low + size)

  const last = toRangeId(items.at(-1) ?? "")
  const isComplete = size >= high - low
  return Result.succeed({
    status: isComplete ? 200 : 206,
    items,
    contentRange: `id ${toRangeId(items[0] ?? "")}..${last}; max=${max}`,
    nextRange: isComplete ? Option.none() : Option.some(ListRange.format({
      start: Option.some({ id: last, exclusive: true }),
      end,
      max: Option.some(max),
      order
    }))
  })
}

/** Returns the index of the first id that is not before `id`, or of the first one after it. */
export const indexOf = (ids: ReadonlyArray<string>, id: string, edge: "at" | "after" = "at"): number => {
  let low = 0
  let high = ids.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const candidate = ids[middle]!
    if (candidate < id || (edge === "after" && candidate === id)) low = middle + 1
    else high = middle
  }
  return low
}

// A header cannot contain every character, and a range cannot contain dots and spaces. UUIDs stay as they are.
const toRangeId = (id: string): string => encodeURIComponent(id).replaceAll(".", "%2E")

const fromRangeId = (id: string): string => decodeSegment(id) ?? id
