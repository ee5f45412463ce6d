/**
 * Follows a list from range to range. It checks everything a server can get wrong, so that a listing ends complete or with
 * an error: it never loops, never repeats and never ends early.
 */
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Authorization } from "../Authorization.ts"
import type { InvalidParams, InvalidResponse, ListError } from "../AuthorizationError.ts"
import * as ListRange from "../ListRange.ts"
import * as Cursor from "./cursor.ts"
import { invalidInput, invalidResponse } from "./errorResponse.ts"
import { isUuid } from "./uuid.ts"
import { makeValidator } from "./validate.ts"
import { Team } from "./wire.ts"

/** A page of a list. */
export interface Page {
  /** The authorizations, in the order of the list. */
  readonly items: ReadonlyArray<Authorization>
  /** Resumes the listing after this page, in any process. `None`: the list is complete. */
  readonly next: Option.Option<ListRange.Cursor>
}

/** The options of `list`. */
export interface ListOptions {
  /** The number of authorizations per page, 1 to 1000. By default 1000, or that of the cursor. */
  readonly pageSize?: number | undefined
  /** The order by id. By default `"asc"`, or that of the cursor. */
  readonly order?: ListRange.Order | undefined
  /** Where to resume. It contains the page size, the order and the team of its listing; others are rejected. */
  readonly cursor?: ListRange.Cursor | undefined
  /** The name or id of the team whose authorizations are listed. By default those of the account, or of the cursor. */
  readonly team?: string | undefined
}

/** The options of `pages` and `stream`. */
export interface StreamOptions extends ListOptions {
  /**
   * The number of requests in flight at most. By default 1: each page is fetched when it is pulled.
   *
   * **Details**
   *
   * With more, pages are prefetched, in order, from estimated positions. The listing then takes at most
   * `2 x pages + 2 x concurrency` requests, and pages can be shorter than `pageSize`.
   */
  readonly concurrency?: number | undefined
}

/** A response to a request for a range of the list. */
export interface ListResponse {
  /** The authorizations, in the order of the response. They are decoded as they are pulled, in chunks. */
  readonly items: Stream.Stream<Authorization, InvalidResponse>
  /** The `Next-Range` header as it came. `None`: the list is complete. */
  readonly nextRange: Option.Option<string>
  /** The HTTP status. */
  readonly status: number
  /** The `Request-Id` header, for errors. */
  readonly requestId: Option.Option<string>
}

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
}

const validate = makeValidator(
  Schema.Struct({
    pageSize: Schema.optional(ListRange.PageSize),
    order: Schema.optional(ListRange.Order),
    cursor: Schema.optional(ListRange.Cursor),
    team: Schema.optional(Team),
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
  afterEmpty: false
})

/** A step of a listing: a chunk of a response, or the end of it with the position where the listing continues. */
export type Step =
  | { readonly _tag: "Items"; readonly items: Arr.NonEmptyReadonlyArray<Authorization>; readonly onlyUuids: boolean }
  | { readonly _tag: "End"; readonly next: Option.Option<Position> }

/** Fetches the response at a position. */
export type Fetch = (position: Position) => Effect.Effect<ListResponse, ListError>

/** Follows a list from a position to its end, one request at a time. */
export const paginate = (start: Position, fetch: Fetch): Stream.Stream<Step, ListError> =>
  Stream.suspend(() => {
    let next = Option.some(start)
    return Stream.unfold(undefined, () =>
      Effect.sync(() => Option.getOrUndefined(Option.map(next, (position) => [position, undefined] as const)))).pipe(
        Stream.flatMap((position) =>
          Stream.unwrap(Effect.map(fetch(position), (response) =>
            readResponse(position, response))).pipe(
              Stream.map((step) => {
                // Stryker disable next-line ConditionalExpression: every response ends with this step.
                if (step._tag === "End") next = step.next
                return step
              })
            )
        )
      )
  })

/** Reads a response at a position, and checks that it continues the list. */
export const readResponse = (position: Position, response: ListResponse): Stream.Stream<Step, InvalidResponse> =>
  Stream.suspend(() => {
    const invalid = (message: string) =>
      Effect.fail(
        invalidResponse({ operation: "list", status: response.status, message, requestId: response.requestId })
      )
    if (response.status === 206 && Option.isNone(response.nextRange)) {
      return Stream.fromEffect(invalid("The list is truncated (206) and has no Next-Range"))
    }
    position.seen.add(position.range)
    const order = makeOrderCheck(position)
    const items = Stream.mapArrayEffect(response.items, (chunk) => {
      const problem = order.check(chunk)
      const step: Step = { _tag: "Items", items: chunk, onlyUuids: order.onlyUuids() }
      return problem === undefined ? Effect.succeed([step] as const) : invalid(problem)
    })
    const end = Effect.suspend(() => {
      const next = nextPosition(position, response, order)
      return typeof next === "string" ? invalid(next) : Effect.succeed<Step>({ _tag: "End", next })
    })
    return Stream.concat(items, Stream.fromEffect(end))
  })

/** Checks the order of the authorizations of one response, chunk by chunk, and knows the last one. */
const makeOrderCheck = ({ last, order, seen }: Position) => {
  const before = Option.getOrUndefined(Option.filter(last, ({ id }) => isUuid(id)))
  let lastUuid = before?.id
  let lastId: string | undefined
  let onlyUuids = true
  /** Whether the next authorization may have the id `lastUuid`: the range includes its start. */
  let isInclusive = before?.exclusive === false
  return {
    lastId: () => lastId,
    onlyUuids: () => onlyUuids,
    /** The last UUID, for the next position. */
    last: (): Option.Option<ListRange.Start> =>
      lastUuid === undefined || isInclusive ? last : Option.some({ id: lastUuid, exclusive: true }),
    /** Returns what is wrong with a chunk. */
    check: (chunk: ReadonlyArray<Authorization>): string | undefined => {
      for (const { id } of chunk) {
        lastId = id
        if (isUuid(id)) {
          const isNext = lastUuid === undefined || (order === "asc" ? id > lastUuid : id < lastUuid)
          if (!isNext && !(isInclusive && id === lastUuid)) {
            return "The list repeats an authorization, or goes backwards"
          }
          lastUuid = id
          isInclusive = false
        } else {
          onlyUuids = false
          if (seen.has(id)) return "The list repeats an authorization"
          seen.add(id)
        }
      }
      return undefined
    }
  }
}

/** Returns where the listing continues after a response, or what is wrong with its `Next-Range`. */
const nextPosition = (
  position: Position,
  { nextRange }: ListResponse,
  received: Pick<ReturnType<typeof makeOrderCheck>, "last" | "lastId">
): Option.Option<Position> | string => {
  if (Option.isNone(nextRange)) return Option.none()
  const { order, seen } = position
  const cursor = toCursor(nextRange.value, position)
  if (Option.isNone(cursor)) return "Next-Range does not continue this listing"
  const { parts, start, text } = cursor.value
  const last = received.last()
  const lastId = received.lastId()
  if (seen.has(text) || isBefore(start, last, order)) return "Next-Range goes backwards or repeats"
  // Ids that are not UUIDs can be spelled differently in a range, so only UUIDs can be compared.
  if (lastId !== undefined && isUuid(lastId) && (start.exclusive ? start.id !== lastId : !isUuid(start.id))) {
    return "Next-Range skips authorizations after the last one of the page"
  }
  // A whole page can be deleted while a listing runs, but not every page.
  const isEmpty = lastId === undefined
  if (isEmpty && position.afterEmpty) return "The list continues without authorizations"
  // The page says nothing about ids between its last one and a later inclusive start.
  const range = lastId !== undefined && isUuid(lastId) && start.id !== lastId
    ? ListRange.format({ ...parts, start: Option.some({ id: lastId, exclusive: true }) })
    : text
  return Option.some({ ...position, range, last, afterEmpty: isEmpty })
}

/** Returns whether a response continues the list after a position, as far as its `Next-Range` shows. */
export const continuesAfter = (position: Position, { nextRange }: ListResponse): boolean =>
  Option.isNone(nextRange) ||
  Option.exists(toCursor(nextRange.value, position), ({ start }) =>
    !isBefore(start, position.last, position.order) && !Option.exists(position.last, ({ id }) =>
      id === start.id))

/**
 * Returns a `Next-Range` as a cursor: unchanged where it has the page size and the order of the listing. Otherwise they are
 * written into it, because the server would continue with its defaults.
 */
const toCursor = (nextRange: string, { order, pageSize, range: requested, team }: Position) =>
  Option.gen(function*() {
    const range = yield* ListRange.parse(nextRange)
    const start = yield* range.start
    if (Option.getOrElse(range.order, () => order) !== order) return yield* Option.none()
    // An end that was not requested would make the list look complete.
    const requestedEnd = Option.flatMap(ListRange.parse(requested), ({ end }) => end)
    if (!Equal.equals(range.end, requestedEnd)) return yield* Option.none()
    const parts: ListRange.ListRange = { ...range, max: Option.some(pageSize), order: Option.some(order) }
    const isComplete = Option.contains(range.max, pageSize) && (Option.isSome(range.order) || order === "asc")
    const text = isComplete ? nextRange : ListRange.format(parts)
    return yield* isCursor(Cursor.format({ range: text, team })) ? Option.some({ parts, start, text }) : Option.none()
  })

const isCursor = Schema.is(ListRange.Cursor)

/** Returns whether a range starts before `last`, as far as ids are UUIDs. */
const isBefore = ({ id }: ListRange.Start, last: Option.Option<ListRange.Start>, order: ListRange.Order): boolean =>
  isUuid(id)
  && Option.exists(
    last,
    (before) => isUuid(before.id) && (order === "asc" ? id < before.id : id > before.id)
  )

/** Collects the steps of each response into a page. */
export const toPages = <E>(steps: Stream.Stream<Step, E>): Stream.Stream<Page, E> =>
  Stream.mapAccum(
    steps,
    (): Chunks => [],
    (chunks, step): readonly [Chunks, ReadonlyArray<Page>] =>
      step._tag === "Items" ? [[...chunks, step.items], []] : [[], [toPage(chunks, step.next)]]
  )

type Chunks = ReadonlyArray<ReadonlyArray<Authorization>>

/** Reads a response as one page. */
export const readPage = (position: Position, response: ListResponse): Effect.Effect<Page, InvalidResponse> =>
  // The last step of a response makes it a page.
  Effect.map(Stream.runHead(toPages(readResponse(position, response))), Option.getOrThrow)

const toPage = (chunks: Chunks, next: Option.Option<Position>): Page => ({
  items: chunks.flat(),
  // The range and the team of a position are a valid cursor.
  // Stryker disable next-line ObjectLiteral,BooleanLiteral: a check would only take time.
  next: Option.map(next, (position) => ListRange.Cursor.make(Cursor.format(position), { disableChecks: true }))
})
