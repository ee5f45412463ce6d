/**
 * The grammar of the `Range` and `Next-Range` headers by which Heroku paginates lists, and the `Cursor` that resumes a
 * listing in another process.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#ranges
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Cursors from "./internal/cursor.ts"
import { hasToken } from "./internal/token.ts"

/** The order of a list by id. */
export const Order = Schema.Literals(["asc", "desc"])
export type Order = typeof Order.Type

/** The number of authorizations per page, 1 to 1000. */
export const PageSize = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }, {
  message: "must be an integer between 1 and 1000"
}))

/**
 * A range of ids: `id [start]..[end][; max=N[, order=desc]]`.
 *
 * **Details**
 *
 * `start` and `end` are ids, in the order of the list. An exclusive start is written with a `]` before it. `None` means that
 * the parameter is absent, and Heroku uses its default.
 */
export interface ListRange {
  /** The start of the range. `None`: the first id of the list. */
  readonly start: Option.Option<Start>
  /** The last id of the range. `None`: the last id of the list. */
  readonly end: Option.Option<string>
  /** The maximum number of items. `None`: 200. */
  readonly max: Option.Option<number>
  /** The order. `None`: ascending. */
  readonly order: Option.Option<Order>
}

/** The start of a range. */
export interface Start {
  /** The id at the start. */
  readonly id: string
  /** Whether the range starts after the id, and not with it. */
  readonly exclusive: boolean
}

/**
 * Parses the text of a `Range` or `Next-Range` header. `None` when it is not a range by `id`.
 *
 * **Details**
 *
 * `max` and `order` may come in either order, separated by `,` or `, `; a trailing `;` is allowed. An exclusive start
 * without an id (`]..`) is rejected: Heroku returns 500 for it.
 */
export const parse = (text: string): Option.Option<ListRange> => {
  const match = /^\s*id\s+([^\s;]+)\s*(?:;(.*))?$/.exec(text)
  if (match === null) return Option.none()
  const [, bounds = "", parameterText = ""] = match
  const [from = "", to, ...rest] = bounds.split("..")
  if (to === undefined || rest.length > 0) return Option.none()
  const exclusive = from.startsWith("]")
  const startId = exclusive ? from.slice(1) : from
  if ((exclusive && startId === "") || startId.includes("]") || to.includes("]")) return Option.none()
  return Option.map(parseParameters(parameterText), ({ max, order }) => ({
    start: startId === "" ? Option.none() : Option.some({ id: startId, exclusive }),
    end: to === "" ? Option.none() : Option.some(to),
    max,
    order
  }))
}

const parseParameters = (text: string): Option.Option<Pick<ListRange, "max" | "order">> => {
  let max: Option.Option<number> = Option.none()
  let order: Option.Option<Order> = Option.none()
  const body = text.trim().replace(/;$/, "")
  if (body === "") return Option.some({ max, order })
  for (const parameter of body.split(",")) {
    const match = /^\s*(?:max=0*([1-9]\d*)|order=(asc|desc))\s*$/.exec(parameter)
    if (match === null) return Option.none()
    if (match[1] === undefined) {
      if (Option.isSome(order)) return Option.none()
      order = Option.some(match[2] === "desc" ? "desc" : "asc")
    } else {
      if (Option.isSome(max)) return Option.none()
      max = Option.some(Math.min(Number(match[1]), Number.MAX_SAFE_INTEGER))
    }
  }
  return Option.some({ max, order })
}

/** Formats a range as the value of a `Range` header. Ascending order is the default and is left out. */
export const format = (range: ListRange): string => {
  const start = Option.match(range.start, {
    onNone: () => "",
    onSome: ({ exclusive, id }) => `${exclusive ? "]" : ""}${id}`
  })
  const parameters = [
    ...Option.toArray(Option.map(range.max, (max) => `max=${max}`)),
    ...(Option.contains(range.order, "desc") ? ["order=desc"] : [])
  ]
  return `id ${start}..${Option.getOrElse(range.end, () => "")}${
    parameters.length === 0 ? "" : `; ${parameters.join(", ")}`
  }`
}

/**
 * Where a listing continues: opaque text that can be stored and passed to `list`, `pages` or `stream` in another process. It
 * contains the page size, the order and the team of its listing.
 */
export const Cursor = Schema.String.check(
  Schema.makeFilter((text) => isCursor(text) || "must be a cursor of a list of authorizations")
).pipe(Schema.brand("Cursor"))
export type Cursor = typeof Cursor.Type

// A cursor is sent as a header: visible ASCII, and short enough for servers to accept. It gets into spans: no token.
const isCursor = (text: string): boolean =>
  text.length <= 2000
  && /^[\x20-\x7e]*$/.test(text)
  && !hasToken(text)
  && Cursors.parse(text).pipe(
    Option.flatMap(({ range }) => parse(range)),
    Option.exists(({ max, start }) => Option.isSome(start) && Option.exists(max, isPageSize))
  )

const isPageSize = Schema.is(PageSize)
