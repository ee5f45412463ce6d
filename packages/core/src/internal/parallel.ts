/**
 * Reads pages of a list ahead of the consumer, several at a time, and gives them out in order.
 *
 * Heroku lists by id, and ids are UUIDs: how far the pages so far reached tells about where the next ones begin. So
 * besides the page that follows, pages are asked for at guessed places beyond. A guess can be wrong, but never harmful: an
 * answer says itself which stretch of ids it covers. What is covered twice is dropped, what is left between two pages is
 * asked for as soon as that shows, and a guess that fails or makes no sense ends the guessing.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { ListError } from "../AuthorizationError.ts"
import * as ListRange from "../ListRange.ts"
import { type Advance, leadsOn, type Listing, type RangeAnswer, type Step } from "./pages.ts"
import { isUuid } from "./uuid.ts"

/** Reads what a listing stands at: a page, or the next part of one. */
type Read = (listing: Listing) => Effect.Effect<Step, ListError>

/** Fetches that page, for it to be read later. */
type Fetch = (listing: Listing) => Effect.Effect<RangeAnswer, ListError>

/** A page that is fetched ahead: the place after which it begins, where a listing would be there, and its answer. */
interface Guess {
  readonly after: bigint
  readonly listing: Listing
  /** Which request of the walk it was. */
  readonly request: number
  readonly fiber: Fiber.Fiber<RangeAnswer, ListError | Cause.NoSuchElementError>
  readonly outcome: Outcome
}

/** What became of a guess so far. */
interface Outcome {
  status: "awaited" | "answered" | "failed"
  /** The place that it reaches, beyond where it begins; none where its answer does not tell. */
  reach: Option.Option<bigint>
}

/** Pages are guessed this much closer than they are expected to reach, so that most meet the next without a gap. */
const closeness = 0.9

/** How many pages have to come in time before fewer are asked for ahead. */
const enough = 128

/** How much a page counts for the density of ids, after another one came: about seven pages are remembered. */
const memory = 0.85

/**
 * A turn for requests that were just made: undici sends them in the next one, and while a page is read there is none. One
 * yield might only join a turn that was to come before.
 */
const turn = Effect.andThen(Effect.yieldNow, Effect.yieldNow)

/**
 * Makes a reader that keeps up to `concurrency` requests under way. It is for one walk from `start` on, each listing the
 * one that came with the page before; what is still under way when the scope closes is interrupted.
 */
export const readAhead = Effect.fnUntraced(
  function*(
    read: Read,
    fetch: Fetch,
    advance: Advance,
    start: Listing,
    concurrency: number
  ): Effect.fn.Return<Read, never, Scope.Scope> {
    const { order, pageSize } = start
    const scope = yield* Effect.scope
    const semaphore = yield* Semaphore.make(concurrency)
    const density = { items: 0, width: 0 }
    /** How far one guess is from the next; nothing as long as the ids tell no distance. */
    let stride = 0n
    let guesses: ReadonlyArray<Guess> = []
    /** How many of them there may be beyond the one that comes next: no more than are of use, for each is most of a megabyte. */
    let room = 1
    /** How many requests there were when it was made larger. */
    let widened = 0
    /** The fewest pages that were there behind the one that came next, and of how many that was. */
    let spare = Infinity
    let inTime = 0
    // A range with an end would be left by guesses.
    let guessing = Option.exists(ListRange.parse(start.range), ({ end }) => Option.isNone(end))
    /** The place that the pages reach that were given out. */
    let frontier = 0n
    /** Whether the page that follows for sure is being read. */
    let reading = false
    /** Whether guesses are being added. */
    let filling = false
    let underWay = 0
    let requests = 0
    /** How many authorizations the pages had that were given out. */
    let items = 0
    /** How many were given out of the page that comes next. */
    let itemsOfNext = 0

    const drop = (dropped: ReadonlyArray<Guess>): Effect.Effect<void> => {
      guesses = guesses.filter((guess) => !dropped.includes(guess))
      return Fiber.interruptAll(dropped.map(({ fiber }) => fiber))
    }

    /** Counts a request from now on until it ends. */
    const request = <A>(self: Effect.Effect<A, ListError>): Effect.Effect<A, ListError> => {
      requests++
      underWay++
      return Effect.ensuring(semaphore.withPermit(self), Effect.sync(() => underWay--))
    }

    const listingAfter = (place: bigint): Listing => {
      const after = { id: idAt(place, order), exclusive: true }
      const range = ListRange.format(ListRange.make({ start: after, max: pageSize, order }))
      return {
        range,
        answer: Option.none(),
        lastOfAnswer: Option.none(),
        pageSize,
        order,
        last: Option.some(after),
        seen: new Set(),
        afterEmpty: false
      }
    }

    /** Where the next guess would be: where an answer leaves a gap before the guess behind it, else behind the last. */
    const nextPlace = (): bigint => {
      for (let index = 0; index < guesses.length; index++) {
        const { reach } = guesses[index]!.outcome
        const behind = guesses[index + 1]
        if (Option.isSome(reach) && (behind === undefined || reach.value < behind.after)) return reach.value
      }
      return (guesses.at(-1)?.after ?? frontier) + stride
    }

    /** How many of the pages that are there and go on have nothing in common with each other, or with what was given out. */
    const pagesAhead = (): number => {
      let pages = 0
      let reached = frontier
      for (const { after, outcome: { reach } } of guesses) {
        if (after < reached || Option.isNone(reach) || reach.value > lastPlace) continue
        pages++
        reached = reach.value
      }
      return pages
    }

    /**
     * Whether there may be another guess. However wrong the guesses, all requests together stay within twice the pages that
     * the list needs, as long as the server fills pages that go on and none of them begins before its guess: it needs
     * `given + pagesAhead() + 1` or more, and for what is not given out yet no more requests follow than it needs pages, for
     * each page that follows for sure is new. Of servers that move a start back some cost one or two requests more.
     */
    const mayGuess = (): boolean => {
      const given = Math.floor(items / pageSize)
      const affordable = 2 * given + pagesAhead() + (reading ? 2 : 1)
      const ahead = guesses.filter(({ after }) => after > frontier).length
      // One place is kept for the page that follows for sure, unless a guess may have it.
      const most = reading || ahead < guesses.length ? concurrency : concurrency - 1
      return guessing && !guesses.some(({ outcome }) => outcome.status === "failed")
        && underWay < most && ahead < room && requests < affordable && stride > 0n && nextPlace() <= lastPlace
    }

    const guess = (): Effect.Effect<void> => {
      const after = nextPlace()
      const listing = listingAfter(after)
      const number = requests + 1
      const outcome: Outcome = { status: "awaited", reach: Option.none() }
      const page = request(Effect.suspend(() => fetch(listing))).pipe(
        // In parts it would show only with the last, when the others were given out.
        Effect.filterOrFail((answer) => leadsOn(listing, answer)),
        Effect.tap((answer) => {
          outcome.status = "answered"
          outcome.reach = reachOf(answer, order)
          return fill
        }),
        Effect.onError(() =>
          Effect.sync(() => {
            outcome.status = "failed"
          })
        )
      )
      return Effect.map(
        // At once: what is only scheduled would be sent after the page that is about to be read.
        Effect.forkIn(page, scope, { startImmediately: true }),
        (fiber) => {
          guesses = [...guesses, { after, listing, request: number, fiber, outcome }].toSorted((a, b) =>
            a.after < b.after ? -1 : 1
          )
        }
      )
    }

    /**
     * Adds guesses, in gaps and beyond the furthest one: whenever the listing goes on, and whenever one of them is answered, for the
     * consumer may be busy with a page. A guess that is answered before it is among the others adds none. What is counted
     * has to be sent and noted, also when the guess is dropped whose answer led to it.
     */
    const fill: Effect.Effect<void> = Effect.uninterruptible(Effect.suspend(() => {
      if (filling) return Effect.void
      filling = true
      return Effect.ensuring(
        Effect.whileLoop({ while: mayGuess, body: guess, step: () => {} }),
        Effect.sync(() => {
          filling = false
        })
      )
    }))

    /** The first step of a guess that adds something beyond the frontier; none when it adds nothing. */
    const beyondFrontier = Effect.fnUntraced(function*({ after, fiber, listing }: Guess) {
      const answer = yield* Fiber.join(fiber)
      yield* turn
      const last = idAt(frontier, order)
      // If it began before the frontier, it holds the authorization there; else the server took the place for another.
      let isBeyond = after >= frontier
      let step = yield* advance(listing, answer)
      while (true) {
        const known = step.items.findIndex(({ id }) => id === last)
        isBeyond ||= known !== -1
        const items = isBeyond ? step.items.slice(known + 1) : []
        if (items.length > 0 || (isBeyond && Option.isNone(step.next))) return Option.some<Step>({ ...step, items })
        if (Option.isNone(step.next) || Option.isNone(step.next.value.answer)) return Option.none()
        step = yield* advance(step.next.value, answer)
      }
    })

    /** What a guess adds. A guess without sense ends the guessing. */
    const take = Effect.fnUntraced(function*(guess: Guess) {
      const exit = yield* Effect.exit(beyondFrontier(guess))
      guesses = guesses.filter((other) => other !== guess)
      if (Exit.isSuccess(exit)) return exit.value
      guessing = false
      yield* drop(guesses)
      return Option.none()
    })

    /**
     * Makes more room when the page that comes next is late, up to twice what may be under way, so that the others go on
     * without it. What was asked for before there was more room is late for the same reason, and says nothing new.
     *
     * And less when there were always some more behind it: half of those. It takes many pages to say so, for answers take
     * now more time and now less, and some consumers take many pages at once.
     */
    const adjustRoom = (next: Guess | undefined): void => {
      if (next?.outcome.status === "answered") {
        const behind = guesses.slice(guesses.indexOf(next) + 1)
        const pending = behind.findIndex(({ outcome }) => outcome.status !== "answered")
        spare = Math.min(spare, pending === -1 ? behind.length : pending)
        if (++inTime < enough) return
        room = Math.max(1, room - Math.ceil(spare / 2))
      } else if (next === undefined || next.request > widened) {
        room = Math.min(2 * room, 2 * concurrency - 1)
        widened = requests
      }
      spare = Infinity
      inTime = 0
    }

    /** The page after the frontier, as far as the guesses have it. */
    const fromGuesses: Effect.Effect<Option.Option<Step>> = Effect.gen(function*() {
      if (!guessing) return Option.none()
      // Answers that came while the page before was read free their places now, and not when no page is left to read.
      yield* Effect.yieldNow
      const reaching = guesses.filter(({ after }) => after <= frontier)
      // The nearest to the frontier reaches furthest beyond it.
      const nearest = reaching.at(-1)
      adjustRoom(nearest)
      yield* drop(reaching.slice(0, -1))
      if (nearest === undefined) {
        // After the page that follows for sure: that one must not be what is too much for a limit.
        yield* Effect.forkIn(fill, scope)
        return Option.none()
      }
      yield* fill
      const taken = yield* take(nearest)
      return Option.isSome(taken) ? taken : yield* fromGuesses
    })

    /** The page that follows for sure. */
    const sure = (listing: Listing): Effect.Effect<Step, ListError> =>
      Effect.suspend(() => {
        reading = true
        return Effect.ensuring(
          request(read(listing)),
          Effect.sync(() => {
            reading = false
          })
        )
      })

    /** The page that follows, or its first part: once that was given out, a guess is a page like any other. */
    const nextPage = Effect.fnUntraced(function*(listing: Listing) {
      const place = frontierOf(listing)
      frontier = Option.getOrElse(place, () => frontier)
      const guessed = Option.isSome(place) ? yield* fromGuesses : Option.none()
      const step = Option.isSome(guessed) ? guessed.value : yield* sure(listing)
      // Also when it will be known only after the last part of the page.
      if (isOver(step.next)) guessing = false
      return step
    })

    /** Notes what is given out. */
    const note = ({ items: some, next, onlyUuids }: Step): void => {
      if (!onlyUuids) guessing = false
      itemsOfNext += some.length
      if (Option.exists(next, ({ answer }) => Option.isSome(answer))) return
      items += itemsOfNext
      const reached = Option.flatMap(next, frontierOf)
      if (Option.isSome(reached)) {
        density.items = density.items * memory + itemsOfNext
        density.width = density.width * memory + Number(reached.value - frontier)
        if (density.items > 0) stride = BigInt(Math.ceil(closeness * pageSize * density.width / density.items))
        frontier = reached.value
      }
      itemsOfNext = 0
    }

    return (listing) =>
      Effect.flatMap(
        Option.isSome(listing.answer) ? advance(listing, listing.answer.value) : nextPage(listing),
        (step) => {
          note(step)
          // Beyond the end there is nothing.
          return guessing || guesses.length === 0 ? Effect.succeed(step) : Effect.as(drop(guesses), step)
        }
      )
  }
)

// -----------------------------------------------------------------------------
// Places in the list
// -----------------------------------------------------------------------------

/** The last place of a list: that of the last UUID, or in descending order of the first. */
const lastPlace = (1n << 128n) - 1n

/** The place of a UUID in a list: a number that grows as the list goes on. */
const placeOf = (uuid: string, order: ListRange.Order): bigint => {
  const value = BigInt(`0x${uuid.replaceAll("-", "")}`)
  return order === "asc" ? value : lastPlace - value
}

const idAt = (place: bigint, order: ListRange.Order): string => {
  const hex = (order === "asc" ? place : lastPlace - place).toString(16).padStart(32, "0")
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")
}

/** The place of the last authorization before where a listing stands. None where that is no UUID. */
const frontierOf = ({ last, order }: Pick<Listing, "last" | "order">): Option.Option<bigint> =>
  last.pipe(
    Option.filter(({ exclusive, id }) => exclusive && isUuid(id)),
    Option.map(({ id }) => placeOf(id, order))
  )

/** Whether nothing comes after what a listing stands at. */
const isOver = (next: Option.Option<Listing>): boolean =>
  Option.match(next, {
    onNone: () => true,
    onSome: ({ answer }) => Option.exists(answer, ({ nextRange }) => Option.isNone(nextRange))
  })

/** The place that an answer reaches: beyond all others where the list ends. None where it does not say. */
const reachOf = ({ nextRange }: RangeAnswer, order: ListRange.Order): Option.Option<bigint> =>
  Option.match(nextRange, {
    onNone: () => Option.some(lastPlace + 1n),
    onSome: (text) => frontierOf({ last: Option.flatMap(ListRange.parse(text), ({ start }) => start), order })
  })
