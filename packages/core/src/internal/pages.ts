/**
 * Walks a list by its ranges. What a server may get wrong is caught here, so that a listing ends complete or with an
 * error: it never loops, never comes round again, and is never cut short without a word.
 */
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Authorization } from "../Authorization.ts"
import { type InvalidParams, type InvalidResponse, invalidResponse, refused } from "../AuthorizationError.ts"
import * as ListRange from "../ListRange.ts"
import { check } from "./input.ts"
import { areUuids, isUuid, noteUuids } from "./uuid.ts"

// -----------------------------------------------------------------------------
// What goes in and comes out
// -----------------------------------------------------------------------------

/** A part of the list, and where to go on. */
export interface Page {
  /** The authorizations, in the order of the list. */
  readonly items: ReadonlyArray<Authorization>
  /** Resumes the listing after this page, in any process. None: the list is complete. */
  readonly next: Option.Option<ListRange.Cursor>
}

/** How to list. */
export interface ListOptions {
  /** Authorizations a page, 1 to 1000. By default 1000, or the cursor's. */
  readonly pageSize?: number | undefined
  /** The order, by id. By default `"asc"`, or the cursor's. */
  readonly order?: ListRange.Order | undefined
  /** Where an earlier listing stopped. It knows its page size and order; others are refused. */
  readonly cursor?: ListRange.Cursor | undefined
}

/** How to list page after page. */
export interface StreamOptions extends ListOptions {
  /**
   * How many requests may be under way at once. By default 1. Pages come in order all the same, and at most twice as many
   * of them are there before they are wanted.
   */
  readonly concurrency?: number | undefined
}

/** The answer to a request for a range of the list. */
export interface RangeAnswer {
  /**
   * The authorizations, in the order that they came in. They are read when the page is wanted, and only once: of pages that
   * were fetched ahead the answers take less room, and nothing of an answer is needed afterwards.
   */
  readonly items: Effect.Effect<ReadonlyArray<Authorization>, InvalidResponse>
  /** The `Next-Range` header, as it came: none when the list is complete. */
  readonly nextRange: Option.Option<string>
  /** The HTTP status, for errors. */
  readonly status: number
  /** The `Request-Id` header, for errors. */
  readonly requestId: Option.Option<string>
}

// -----------------------------------------------------------------------------
// The walk
// -----------------------------------------------------------------------------

/** Where a listing stands: the next range to ask for, and what went before, to notice repetition. */
export interface Listing {
  readonly range: string
  readonly pageSize: number
  readonly order: ListRange.Order
  /** The last UUID that came; before one did, what the cursor begins at. Only UUIDs have a known order. */
  readonly last: Option.Option<ListRange.Start>
  /** Every range asked for so far, and every id that is not a UUID: the only way to notice that those come again. */
  readonly seen: Set<string>
  /** Whether the page before was empty. */
  readonly afterEmpty: boolean
}

const checkOptions = check(
  Schema.Struct({
    pageSize: Schema.optional(ListRange.PageSize),
    order: Schema.optional(ListRange.Order),
    cursor: Schema.optional(ListRange.Cursor),
    concurrency: Schema.optional(
      Schema.Int.check(Schema.isGreaterThanOrEqualTo(1, { message: "must be a whole number, one or more" }))
    )
  }),
  "options"
)

/** The start of a listing: the first range, or the cursor's, whose page size and order it then has. */
export const begin = Effect.fnUntraced(
  function*(options: ListOptions | undefined): Effect.fn.Return<Listing, InvalidParams> {
    const { cursor, order, pageSize } = yield* checkOptions("list", options ?? {})
    if (cursor === undefined) {
      const range = ListRange.make({ max: pageSize ?? 1000, order: order ?? "asc" })
      return {
        range: ListRange.format(range),
        pageSize: pageSize ?? 1000,
        order: order ?? "asc",
        last: Option.none(),
        seen: new Set(),
        afterEmpty: false
      }
    }
    const from = Option.getOrThrow(ListRange.parse(cursor))
    const cursorSize = Option.getOrThrow(from.max)
    const cursorOrder = Option.getOrElse(from.order, () => "asc" as const)
    if (pageSize !== undefined && pageSize !== cursorSize) {
      return yield* refused("list", "cursor", `comes from a listing in pages of ${cursorSize}, not ${pageSize}`)
    }
    if (order !== undefined && order !== cursorOrder) {
      return yield* refused("list", "cursor", `comes from a listing in ${cursorOrder} order, not ${order}`)
    }
    return {
      range: cursor,
      pageSize: cursorSize,
      order: cursorOrder,
      last: from.start,
      seen: new Set(),
      afterEmpty: false
    }
  }
)

/** A page, and where the listing goes on after it. */
export type Advanced = readonly [Page, Option.Option<Listing>]

/** The page in an answer, and where the listing goes on; or how the answer breaks the protocol. */
export const advance = (listing: Listing, answer: RangeAnswer): Effect.Effect<Advanced, InvalidResponse> =>
  Effect.flatMap(answer.items, (items) => advanceWith(listing, answer, items))

const advanceWith = (
  listing: Listing,
  answer: RangeAnswer,
  items: ReadonlyArray<Authorization>
): Effect.Effect<Advanced, InvalidResponse> => {
  const broken = (message: string) =>
    Effect.fail(
      invalidResponse({ operation: "list", status: answer.status, message, requestId: answer.requestId })
    )
  const { order, pageSize, seen } = listing
  seen.add(listing.range)
  const walked = walk(listing, items)
  if (typeof walked === "string") return broken(walked)
  const { last } = walked

  if (Option.isNone(answer.nextRange)) {
    return Effect.succeed([{ items, next: Option.none() }, Option.none()])
  }
  const cursor = toCursor(answer.nextRange.value, listing)
  if (Option.isNone(cursor)) return broken("Next-Range is not a range that the list can go on with")
  const { start, text } = cursor.value
  if (seen.has(text) || (isUuid(start.id) && !reaches(start.id, last, order))) {
    return broken("Next-Range leads back")
  }
  const lastItem = items.at(-1)
  // Other ids than UUIDs can be written in another way in a range: of those one cannot tell.
  if (
    lastItem !== undefined && isUuid(lastItem.id) && (start.exclusive ? start.id !== lastItem.id : !isUuid(start.id))
  ) {
    return broken("Next-Range skips authorizations after the last one of the page")
  }
  // Somebody may have deleted a whole page meanwhile; two in a row are a server that leads nowhere.
  if (lastItem === undefined && listing.afterEmpty) return broken("The list goes on and on without authorizations")
  // What is between the last one and an inclusive start further on, the page does not say.
  const next = lastItem !== undefined && isUuid(lastItem.id) && start.id !== lastItem.id
    ? after(lastItem.id, text)
    : text
  return Effect.succeed([
    { items, next: Option.some(next) },
    Option.some({ range: next, pageSize, order, last, seen, afterEmpty: lastItem === undefined })
  ])
}

/** Where a listing is after these authorizations; or what is wrong with their order. */
const walk = (
  { last, order, seen }: Listing,
  items: ReadonlyArray<Authorization>
): Pick<Listing, "last"> | string => {
  // Plain variables, and a function of its own: this loop is run for every authorization of a list.
  const before = Option.filter(last, ({ id }) => isUuid(id))
  let lastId = Option.getOrUndefined(before)?.id
  let again = Option.exists(before, ({ exclusive }) => !exclusive)
  let onlyUuids = true
  const known = areUuids(items)
  for (const { id } of items) {
    if (known || isUuid(id)) {
      if (lastId !== undefined && (id === lastId ? !again : (order === "asc") !== (id > lastId))) {
        return "The list repeats an authorization, or goes backwards"
      }
      lastId = id
      again = false
    } else {
      if (seen.has(id)) return "The list repeats an authorization"
      seen.add(id)
      onlyUuids = false
    }
  }
  if (onlyUuids) noteUuids(items)
  return { last: lastId === undefined || again ? last : Option.some({ id: lastId, exclusive: true }) }
}

/** A cursor that goes on after an id. */
const after = (id: string, cursor: ListRange.Cursor): ListRange.Cursor =>
  ListRange.Cursor.make(
    ListRange.format({
      ...Option.getOrThrow(ListRange.parse(cursor)),
      start: Option.some({ id, exclusive: true })
    })
  )

/**
 * A Next-Range as a cursor: verbatim where it has the page size and the order of the listing. Where it leaves them out, or
 * the server has made the page smaller, they are written into it: the server would otherwise go on with its defaults, and
 * the cursor would not fit its own listing.
 */
const toCursor = (
  nextRange: string,
  { order, pageSize, range: asked }: Listing
): Option.Option<{ readonly text: ListRange.Cursor; readonly start: ListRange.Start }> =>
  Option.gen(function*() {
    const range = yield* ListRange.parse(nextRange)
    const start = yield* range.start
    const nextOrder = Option.getOrElse(range.order, () => order)
    if (nextOrder !== order) return yield* Option.none()
    // At an end that was not asked for, the list would be taken for complete.
    const end = Option.flatMap(ListRange.parse(asked), ({ end }) => end)
    if (!Equal.equals(range.end, end)) return yield* Option.none()
    const text = Option.contains(range.max, pageSize) && (Option.isSome(range.order) || order === "asc")
      ? nextRange
      : ListRange.format({ ...range, max: Option.some(pageSize), order: Option.some(order) })
    return { start, text: yield* Schema.decodeOption(ListRange.Cursor)(text) }
  })

/** Whether a listing that came to `last` can go on at an id: not before it. */
const reaches = (id: string, last: Option.Option<ListRange.Start>, order: ListRange.Order): boolean =>
  Option.isNone(last) || !isUuid(last.value.id) || id === last.value.id || (order === "asc") === (id > last.value.id)
