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
import { isUuid } from "./uuid.ts"

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
   * How many requests may be under way at once. By default 1. Pages come in order all the same. No more of them are asked for
   * ahead than it takes for each to be there when it is wanted: at most twice that many, besides the one that is waited for.
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
  /**
   * The same authorizations, about so many more of them each time: of a long answer only those are in memory that are in
   * use. It is run instead of `items`, once at a time, and not again after the last part, a failure or an interruption. A
   * stream reads an answer without it as a whole.
   */
  readonly nextPart?: ((about: number) => Effect.Effect<Part, InvalidResponse>) | undefined
  /** The `Next-Range` header, as it came: none when the list is complete. */
  readonly nextRange: Option.Option<string>
  /** The HTTP status, for errors. */
  readonly status: number
  /** The `Request-Id` header, for errors. */
  readonly requestId: Option.Option<string>
}

/** Some of the authorizations of an answer. */
export interface Part {
  /** In the order that they came in. */
  readonly items: ReadonlyArray<Authorization>
  /** Whether the answer has no more. */
  readonly isLast: boolean
}

// -----------------------------------------------------------------------------
// The walk
// -----------------------------------------------------------------------------

/** Where a listing stands: the next range to ask for, and what went before, to notice repetition. */
export interface Listing {
  readonly range: string
  /** The answer to it, where that was read in part. The listing goes on with the rest of it. */
  readonly answer: Option.Option<RangeAnswer>
  /** The last id that came of that answer. */
  readonly lastOfAnswer: Option.Option<string>
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
        answer: Option.none(),
        lastOfAnswer: Option.none(),
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
      answer: Option.none(),
      lastOfAnswer: Option.none(),
      pageSize: cursorSize,
      order: cursorOrder,
      last: from.start,
      seen: new Set(),
      afterEmpty: false
    }
  }
)

/** What a listing came to, and where it goes on. */
export interface Step {
  readonly items: ReadonlyArray<Authorization>
  readonly next: Option.Option<Listing>
  /** Whether the ids are all UUIDs. */
  readonly onlyUuids: boolean
}

/** How a listing goes on with an answer: what that brings, or how it breaks the protocol. */
export type Advance = (listing: Listing, answer: RangeAnswer) => Effect.Effect<Step, InvalidResponse>

/** By all of the answer. */
export const advance: Advance = (listing, answer) =>
  Effect.flatMap(answer.items, (items) => advanceBy(listing, answer, { items, isLast: true }))

/** By about so many more authorizations of the answer. */
export const advanceByPart = (about: number): Advance => (listing, answer) =>
  answer.nextPart === undefined
    ? advance(listing, answer)
    : Effect.flatMap(answer.nextPart(about), (part) => advanceBy(listing, answer, part))

/** Whether an answer leads further than where its listing is, as far as that shows before it is read. */
export const leadsOn = (listing: Listing, { nextRange }: RangeAnswer): boolean => {
  if (Option.isNone(nextRange)) return true
  const { last, order } = listing
  return Option.exists(
    toCursor(nextRange.value, listing),
    ({ start }) => !leadsBack(start, last, order) && !Option.exists(last, ({ id }) => id === start.id)
  )
}

/** A step by a whole answer, as a page. */
export const toPage = ({ items, next }: Step): Page => ({
  items,
  // What a listing goes on with is one.
  next: Option.map(next, ({ range }) => ListRange.Cursor.make(range, { disableChecks: true }))
})

const advanceBy = (
  listing: Listing,
  answer: RangeAnswer,
  { isLast, items }: Part
): Effect.Effect<Step, InvalidResponse> => {
  const broken = (message: string) =>
    Effect.fail(
      invalidResponse({ operation: "list", status: answer.status, message, requestId: answer.requestId })
    )
  const { order, pageSize, seen } = listing
  seen.add(listing.range)
  const walked = walk(listing, items)
  if (typeof walked === "string") return broken(walked)
  const { last, onlyUuids } = walked
  const lastId = items.at(-1)?.id ?? Option.getOrUndefined(listing.lastOfAnswer)
  const goOn = (next: Option.Option<Listing>) => Effect.succeed({ items, next, onlyUuids })

  if (!isLast) {
    const lastOfAnswer = Option.fromUndefinedOr(lastId)
    return goOn(Option.some({ ...listing, answer: Option.some(answer), lastOfAnswer, last }))
  }
  if (Option.isNone(answer.nextRange)) return goOn(Option.none())
  const cursor = toCursor(answer.nextRange.value, listing)
  if (Option.isNone(cursor)) return broken("Next-Range is not a range that the list can go on with")
  const { start, text } = cursor.value
  if (seen.has(text) || leadsBack(start, last, order)) return broken("Next-Range leads back")
  // Other ids than UUIDs can be written in another way in a range: of those one cannot tell.
  if (lastId !== undefined && isUuid(lastId) && (start.exclusive ? start.id !== lastId : !isUuid(start.id))) {
    return broken("Next-Range skips authorizations after the last one of the page")
  }
  // Somebody may have deleted a whole page meanwhile; two in a row are a server that leads nowhere.
  const isEmpty = lastId === undefined
  if (isEmpty && listing.afterEmpty) return broken("The list goes on and on without authorizations")
  // What is between the last one and an inclusive start further on, the page does not say.
  const range = lastId !== undefined && isUuid(lastId) && start.id !== lastId ? after(lastId, text) : text
  return goOn(
    Option.some({
      range,
      answer: Option.none(),
      lastOfAnswer: Option.none(),
      pageSize,
      order,
      last,
      seen,
      afterEmpty: isEmpty
    })
  )
}

/** Where a listing is after these authorizations; or what is wrong with their order. */
const walk = (
  { last, order, seen }: Listing,
  items: ReadonlyArray<Authorization>
): Pick<Listing, "last"> & Pick<Step, "onlyUuids"> | string => {
  // Plain variables, and a function of its own: this loop is run for every authorization of a list.
  const before = Option.filter(last, ({ id }) => isUuid(id))
  let lastId = Option.getOrUndefined(before)?.id
  let again = Option.exists(before, ({ exclusive }) => !exclusive)
  let onlyUuids = true
  for (const { id } of items) {
    if (isUuid(id)) {
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
  return {
    last: lastId === undefined || again ? last : Option.some({ id: lastId, exclusive: true }),
    onlyUuids
  }
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

/** Whether a range begins before `last`, which a listing came to. Of other ids than UUIDs one cannot tell. */
const leadsBack = ({ id }: ListRange.Start, last: Option.Option<ListRange.Start>, order: ListRange.Order): boolean =>
  isUuid(id) &&
  Option.exists(last, (before) => isUuid(before.id) && id !== before.id && (order === "asc") === (id < before.id))
