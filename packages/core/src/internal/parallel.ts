/**
 * Reads pages of a list ahead of the consumer, several at a time, and gives them out in order.
 *
 * Heroku lists by id, and ids are UUIDs: how far the pages so far reached tells about where the next ones begin. So
 * besides the page that follows, pages are asked for at guessed places beyond. A guess can be wrong, but never harmful: an
 * answer says itself which stretch of ids it covers. What is covered twice is dropped, what is not covered is asked for
 * in the ordinary way, and a guess that fails or makes no sense ends the guessing.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { ListError } from "../AuthorizationError.ts"
import * as ListRange from "../ListRange.ts"
import type { Listing, Page } from "./pages.ts"
import { isUuid } from "./uuid.ts"

/** A page, and where the listing goes on after it. */
type Result = readonly [Page, Option.Option<Listing>]

/** Reads the page that a listing stands at. */
type Read = (listing: Listing) => Effect.Effect<Result, ListError>

/** A page that is read ahead: the guessed place after which it begins, and the reading of it. */
interface Guess {
  readonly after: bigint
  readonly fiber: Fiber.Fiber<Result, ListError>
}

/** Pages are guessed this much closer than they are expected to reach, so that most meet the next without a gap. */
const closeness = 0.93

/** How much a page counts for the density of ids, after another one came: about four pages are remembered. */
const memory = 0.75

/**
 * Makes a reader that keeps up to `concurrency` requests under way. It is for one walk from `start` on, each listing the
 * one that came with the page before; what is still under way when the scope closes is interrupted.
 */
export const readAhead = Effect.fnUntraced(
  function*(read: Read, start: Listing, concurrency: number): Effect.fn.Return<Read, never, Scope.Scope> {
    const { order, pageSize } = start
    const scope = yield* Effect.scope
    const density = { items: 0, width: 0 }
    let guesses: ReadonlyArray<Guess> = []
    // A range with an end would be left by guesses.
    let guessing = Option.exists(ListRange.parse(start.range), ({ end }) => Option.isNone(end))
    let requests = 0
    let items = 0

    const drop = (dropped: ReadonlyArray<Guess>): Effect.Effect<void> => {
      guesses = guesses.filter((guess) => !dropped.includes(guess))
      return Fiber.interruptAll(dropped.map(({ fiber }) => fiber))
    }

    const listingAfter = (place: bigint): Listing => {
      const after = { id: idAt(place, order), exclusive: true }
      const range = ListRange.format(ListRange.make({ start: after, max: pageSize, order }))
      return { range, pageSize, order, last: Option.some(after), seen: new Set(), afterEmpty: false }
    }

    /**
     * Adds guesses beyond the furthest one. With the page that follows for sure, all requests together stay within twice
     * the fewest that the list can need: the pages seen so far, and one more. However wrong the guesses, they cost no more.
     */
    const addGuesses = Effect.fnUntraced(function*(frontier: bigint, most: number) {
      const step = BigInt(Math.ceil(closeness * pageSize * density.width / density.items))
      const affordable = 2 * (Math.floor(items / pageSize) + 1) - 1
      if (step <= 0n) return
      let after = (guesses.at(-1)?.after ?? frontier) + step
      while (after <= lastPlace && guesses.length < most && requests < affordable) {
        requests++
        const fiber = yield* Effect.forkIn(read(listingAfter(after)), scope)
        guesses = [...guesses, { after, fiber }]
        after += step
      }
    })

    /** What a guess adds beyond the frontier; none when it adds nothing. A guess without sense ends the guessing. */
    const take = Effect.fnUntraced(function*(guess: Guess, listing: Listing, frontier: bigint) {
      const exit = yield* Fiber.await(guess.fiber)
      guesses = guesses.filter((other) => other !== guess)
      if (Exit.isFailure(exit) || !exit.value[0].items.every(({ id }) => isUuid(id))) {
        guessing = false
        yield* drop(guesses)
        return Option.none()
      }
      const [page, next] = exit.value
      // It began before the frontier, so it holds the authorization there; else the server took the place for another.
      if (!page.items.some(({ id }) => placeOf(id, order) === frontier)) return Option.none()
      const beyond = page.items.filter(({ id }) => placeOf(id, order) > frontier)
      return beyond.length === 0 && Option.isSome(next) ? Option.none() : Option.some<Result>([
        { items: beyond, next: page.next },
        Option.map(next, (following) => ({ ...following, seen: listing.seen }))
      ])
    })

    /** The page after the frontier, as far as the guesses have it. */
    const fromGuesses = Effect.fnUntraced(
      function*(listing: Listing, frontier: bigint): Effect.fn.Return<Option.Option<Result>> {
        if (!guessing) return Option.none()
        const reaching = guesses.filter(({ after }) => after < frontier)
        // The nearest to the frontier reaches furthest beyond it.
        const nearest = reaching.at(-1)
        yield* drop(reaching.slice(0, -1))
        yield* addGuesses(frontier, nearest === undefined ? concurrency - 1 : concurrency)
        if (nearest === undefined) return Option.none()
        const taken = yield* take(nearest, listing, frontier)
        return Option.isSome(taken) ? taken : yield* fromGuesses(listing, frontier)
      }
    )

    const learn = (before: Option.Option<bigint>, [page, next]: Result): void => {
      items += page.items.length
      const reached = Option.flatMap(next, frontierOf)
      if (Option.isNone(reached)) return
      density.items = density.items * memory + page.items.length
      density.width = density.width * memory + Number(reached.value - Option.getOrElse(before, () => 0n))
    }

    return Effect.fnUntraced(function*(listing) {
      const frontier = frontierOf(listing)
      const guessed = Option.isSome(frontier) && density.items > 0
        ? yield* fromGuesses(listing, frontier.value)
        : Option.none()
      if (Option.isNone(guessed)) requests++
      const result = Option.isSome(guessed) ? guessed.value : yield* read(listing)
      learn(frontier, result)
      return result
    })
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
const frontierOf = ({ last, order }: Listing): Option.Option<bigint> =>
  last.pipe(
    Option.filter(({ exclusive, id }) => exclusive && isUuid(id)),
    Option.map(({ id }) => placeOf(id, order))
  )
