/** The position of a listing: the first one, or that of a cursor. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { InvalidParams } from "../AuthorizationError.ts"
import type { ListOptions } from "../AuthorizationService.ts"
import * as ListRange from "../ListRange.ts"
import * as Cursor from "./cursor.ts"
import { Team } from "./pathSegments.ts"
import { invalidInput, makeValidator } from "./validate.ts"

/** The position of a listing: the next range to request, and what came before it, to detect ranges and ids that repeat. */
export interface Position {
  readonly range: string
  readonly team: string | undefined
  readonly pageSize: number
  readonly order: ListRange.Order
  /** The last UUID received, or the start of the cursor. Only UUIDs have a known order. */
  readonly last: Option.Option<ListRange.Start>
  /** Every range requested, and every id that is not a UUID: nothing else shows that one of those repeats. */
  readonly seen: Set<string>
  /** Whether the previous page was empty. */
  readonly afterEmpty: boolean
  /** The previous page, if it had a single authorization: its order cannot be checked. */
  readonly single: { readonly range: string; readonly id: string } | undefined
}

const validate = makeValidator(
  Schema.Struct({
    pageSize: Schema.optional(ListRange.PageSize),
    order: Schema.optional(ListRange.Order),
    cursor: Schema.optional(ListRange.Cursor),
    team: Schema.optional(Team),
    onInvalid: Schema.optional(Schema.declare((u) => typeof u === "function", { expected: "a function" })),
    concurrency: Schema.optional(
      Schema.Int.check(Schema.isGreaterThanOrEqualTo(1, { message: "must be an integer of at least 1" }))
    )
  }),
  "options"
)

/** Returns the first position of a listing, or that of the cursor. */
export const startPosition = Effect.fnUntraced(
  function*(options: ListOptions = {}): Effect.fn.Return<Position, InvalidParams> {
    const { cursor, order, pageSize, team } = yield* validate("list", options)
    if (cursor === undefined) {
      return makePosition({ pageSize: pageSize ?? 1000, order: order ?? "asc", team }, Option.none())
    }
    const { range: text, team: cursorTeam } = Option.getOrThrow(Cursor.parse(cursor))
    const range = Option.getOrThrow(ListRange.parse(text))
    // No page has such a cursor, and Heroku might ignore the end.
    if (Option.isSome(range.end)) {
      return yield* invalidInput("list", "cursor", "must not name the id at which a listing ends")
    }
    const cursorSize = Option.getOrThrow(range.max)
    const cursorOrder = Option.getOrElse(range.order, () => "asc" as const)
    if (pageSize !== undefined && pageSize !== cursorSize) {
      return yield* invalidInput("list", "cursor", `belongs to a listing with pageSize ${cursorSize}, not ${pageSize}`)
    }
    if (order !== undefined && order !== cursorOrder) {
      return yield* invalidInput("list", "cursor", `belongs to a listing in ${cursorOrder} order, not ${order}`)
    }
    if (team !== undefined && team !== cursorTeam) {
      const owner = cursorTeam === undefined ? "the account" : `the team ${cursorTeam}`
      return yield* invalidInput("list", "cursor", `belongs to a listing of ${owner}, not of the team ${team}`)
    }
    return {
      ...makePosition({ pageSize: cursorSize, order: cursorOrder, team: cursorTeam }, range.start),
      range: text
    }
  }
)

/** Returns a position of a listing at this start, without any memory of what came before. */
export const makePosition = (
  { order, pageSize, team }: Pick<Position, "order" | "pageSize" | "team">,
  start: Option.Option<ListRange.Start>
): Position => ({
  range: ListRange.format({ start, end: Option.none(), max: Option.some(pageSize), order: Option.some(order) }),
  team,
  pageSize,
  order,
  last: start,
  seen: new Set(),
  afterEmpty: false,
  single: undefined
})
