/**
 * Follows a list from range to range. It checks everything a server can get wrong, so that a listing ends complete or with
 * an error: it never loops, never repeats and never ends early.
 */
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Authorization } from "../Authorization.ts"
import type { InvalidResponse, ListError } from "../AuthorizationError.ts"
import type { InvalidAuthorization, ListOptions, Page } from "../AuthorizationService.ts"
import * as ListRange from "../ListRange.ts"
import * as Cursor from "./cursor.ts"
import { invalidResponse } from "./errorResponse.ts"
import type { Position } from "./position.ts"
import { isUuid } from "./uuid.ts"

/** A response to a request for a range of the list. */
export interface ListResponse {
  /**
   * The authorizations, in the order of the response, and in their place the records that do not decode. They are decoded as
   * they are pulled, in chunks.
   */
  readonly items: Stream.Stream<Item, InvalidResponse>
  /** The `Next-Range` header as it came. `None`: the list is complete. */
  readonly nextRange: Option.Option<string>
  /** The HTTP status. */
  readonly status: number
  /** The `Request-Id` header, for errors. */
  readonly requestId: Option.Option<string>
  /** How many attempts the request took, for errors. */
  readonly attempts: number
}

/** An item of a list. */
export type Item = Authorization | InvalidAuthorization

const isValid = (item: Item): item is Authorization => !("message" in item)

/** Returns the id of an item, if it has one. */
export const idOf = (item: Item): string | undefined => isValid(item) ? item.id : Option.getOrUndefined(item.id)

/** A step of a listing. */
export type Step = Chunk | End

/** A chunk of a response. */
export interface Chunk {
  readonly _tag: "Items"
  readonly items: Arr.NonEmptyReadonlyArray<Item>
  /** Whether all ids of the response so far are UUIDs. */
  readonly onlyUuids: boolean
  readonly response: ListResponse
}

/** The end of a response. */
export interface End {
  readonly _tag: "End"
  /** Where the listing continues. `None`: it is complete. */
  readonly next: Option.Option<Position>
}

/** Fetches the response at a position. */
export type Fetch = (position: Position) => Effect.Effect<ListResponse, ListError>

/** Follows a list from a position to its end, one request at a time. */
export const paginate = (start: Position, fetch: Fetch): Stream.Stream<Step, ListError> =>
  Stream.suspend(() => {
    let next = Option.some(start)
    return Stream.fromEffectRepeat(
      Effect.suspend(() => Option.isSome(next) ? Effect.succeed(next.value) : Cause.done())
    ).pipe(
      Stream.flatMap((position) => fetchPage(position, fetch)),
      Stream.tap((step) =>
        Effect.sync(() => {
          if (step._tag === "End") next = step.next
        })
      )
    )
  })

/** Fetches and reads the response at a position. */
export const fetchPage = (position: Position, fetch: Fetch): Stream.Stream<Step, ListError> =>
  Stream.suspend(() => {
    const steps = Stream.unwrap(Effect.map(fetch(position), (response) => readResponse(position, response)))
    if (position.single === undefined) return steps
    const { single } = position
    let isEmpty = true
    return Stream.mapEffect(steps, (step) => {
      if (step._tag === "Items") isEmpty = false
      else if (isEmpty && Option.isNone(step.next)) return Effect.as(checkEnd(position, single, fetch), step)
      return Effect.succeed(step)
    })
  })

/**
 * Checks that a list ended, in which a truncated page with a single authorization precedes an empty one: a server that
 * changes the order once sends the same. Further requests for both pages then return something else.
 */
const checkEnd = Effect.fnUntraced(function*(
  position: Position,
  single: NonNullable<Position["single"]>,
  fetch: Fetch
) {
  for (const [range, expected] of [[single.range, single.id], [position.range, undefined]] as const) {
    const response = yield* fetch({ ...position, range })
    const first = yield* Stream.runHead(response.items)
    if (Option.isSome(first) && idOf(first.value) !== expected) {
      return yield* Effect.fail(invalidList(response, "The order of the list changed"))
    }
  }
})

/** Reads a response at a position, and checks that it continues the list. */
const readResponse = (position: Position, response: ListResponse): Stream.Stream<Step, InvalidResponse> =>
  Stream.suspend(() => {
    const invalid = (message: string) => Effect.fail(invalidList(response, message))
    if (response.status === 206 && Option.isNone(response.nextRange)) {
      return Stream.fromEffect(invalid("The list is truncated (206) and has no Next-Range"))
    }
    position.seen.add(position.range)
    const order = makeOrderCheck(position)
    const items = Stream.mapArrayEffect(response.items, (chunk) => {
      const problem = order.check(chunk)
      if (problem !== undefined) return invalid(problem)
      const onlyUuids = order.onlyUuids()
      return Effect.succeed(
        Arr.map(splitAtInvalid(chunk), (items): Step => ({ _tag: "Items", items, onlyUuids, response }))
      )
    })
    const end = Effect.suspend(() => {
      const next = nextPosition(position, response, order)
      return typeof next === "string" ? invalid(next) : Effect.succeed<Step>({ _tag: "End", next })
    })
    return Stream.concat(items, Stream.fromEffect(end))
  })

const invalidList = ({ attempts, requestId, status }: ListResponse, message: string): InvalidResponse =>
  invalidResponse({ operation: "list", status, message, requestId, attempts })

/** Splits a chunk before its first invalid item, so that a listing which fails there emits what precedes it. */
const splitAtInvalid = (
  chunk: Arr.NonEmptyReadonlyArray<Item>
): Arr.NonEmptyReadonlyArray<Arr.NonEmptyReadonlyArray<Item>> => {
  const [valid, rest] = Arr.span(chunk, isValid)
  return Arr.isReadonlyArrayNonEmpty(valid) && Arr.isReadonlyArrayNonEmpty(rest) ? [valid, rest] : [chunk]
}

/** Checks the order of the items of one response, chunk by chunk, and knows the last one. */
const makeOrderCheck = ({ last, order, seen }: Position) => {
  const before = Option.getOrUndefined(Option.filter(last, ({ id }) => isUuid(id)))
  let lastUuid = before?.id
  let lastId: string | undefined
  let count = 0
  let onlyUuids = true
  /** Whether the next authorization may have the id `lastUuid`: the range includes its start. */
  let isInclusive = before?.exclusive === false
  return {
    /** The id of the last item. `undefined`: no item, or one without id. */
    lastId: () => lastId,
    count: () => count,
    onlyUuids: () => onlyUuids,
    /** The last UUID, for the next position. */
    last: (): Option.Option<ListRange.Start> =>
      lastUuid === undefined || isInclusive ? last : Option.some({ id: lastUuid, exclusive: true }),
    /** Returns what is wrong with a chunk. */
    check: (chunk: ReadonlyArray<Item>): string | undefined => {
      count += chunk.length
      for (const item of chunk) {
        const id = idOf(item)
        lastId = id
        if (id === undefined) {
          onlyUuids = false
        } else if (isUuid(id)) {
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
  received: Pick<ReturnType<typeof makeOrderCheck>, "count" | "last" | "lastId">
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
  const count = received.count()
  const isEmpty = count === 0
  if (isEmpty && position.afterEmpty) return "The list continues without authorizations"
  // The page says nothing about ids between its last one and a later inclusive start.
  const range = lastId !== undefined && isUuid(lastId) && start.id !== lastId
    ? ListRange.format({ ...parts, start: Option.some({ id: lastId, exclusive: true }) })
    : text
  const single = count === 1 && lastId !== undefined ? { range: position.range, id: lastId } : undefined
  return Option.some({ ...position, range, last, afterEmpty: isEmpty, single })
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

/** A step without invalid items. */
type ValidStep = { readonly _tag: "Items"; readonly items: ReadonlyArray<Authorization> } | End

/** Passes each invalid item to `onInvalid` and drops it. Without `onInvalid`, the listing fails at the first one. */
export const handleInvalid = <E>(
  steps: Stream.Stream<Step, E>,
  onInvalid: ListOptions["onInvalid"]
): Stream.Stream<ValidStep, E | InvalidResponse> =>
  Stream.mapEffect(steps, (step): Effect.Effect<ValidStep, InvalidResponse> => {
    if (step._tag === "End") return Effect.succeed(step)
    const invalid = step.items.filter((item): item is InvalidAuthorization => !isValid(item))
    const valid: ValidStep = { _tag: "Items", items: step.items.filter(isValid) }
    if (!Arr.isReadonlyArrayNonEmpty(invalid)) return Effect.succeed(valid)
    return onInvalid === undefined
      ? Effect.fail(invalidList(step.response, describeInvalid(invalid[0])))
      : Effect.as(Effect.forEach(invalid, onInvalid, { discard: true }), valid)
  })

const describeInvalid = ({ id, message }: InvalidAuthorization): string =>
  `${Option.isSome(id) ? `The authorization ${id.value}` : "An authorization"} is not valid: ${message}`

/** Collects the steps of each response into a page. */
export const toPages = <E>(steps: Stream.Stream<ValidStep, E>): Stream.Stream<Page, E> =>
  Stream.mapAccum(
    steps,
    (): Chunks => [],
    (chunks, step): readonly [Chunks, ReadonlyArray<Page>] =>
      step._tag === "Items" ? [[...chunks, step.items], []] : [[], [toPage(chunks, step.next)]]
  )

type Chunks = ReadonlyArray<ReadonlyArray<Authorization>>

/** Reads a response as one page. */
export const readPage = (
  position: Position,
  response: ListResponse,
  onInvalid: ListOptions["onInvalid"]
): Effect.Effect<Page, InvalidResponse> =>
  // The last step of a response makes it a page.
  Effect.map(
    Stream.runHead(toPages(handleInvalid(readResponse(position, response), onInvalid))),
    Option.getOrThrow
  )

const toPage = (chunks: Chunks, next: Option.Option<Position>): Page => ({
  items: chunks.flat(),
  // The range and the team of a position are a valid cursor.
  // Stryker disable next-line ObjectLiteral,BooleanLiteral: a check would only take time.
  next: Option.map(next, (position) => ListRange.Cursor.make(Cursor.format(position), { disableChecks: true }))
})
