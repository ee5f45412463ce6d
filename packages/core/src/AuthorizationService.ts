/**
 * The service: six operations on Heroku's OAuth authorizations, and lists as pages and streams.
 *
 * Programs depend on `AuthorizationService` alone and get an implementation as a layer: the live one of
 * `@effect-heroku/http-node`, or the one in memory of `@effect-heroku/testing`. Implementations give the `Endpoints`,
 * one request each; `make` adds what all have in common, so that it cannot differ between them.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization
 */
import * as Channel from "effect/Channel"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import { type Authorization, AuthorizationId, CreateAuthorization, UpdateAuthorization } from "./Authorization.ts"
import type {
  CreateError,
  DeleteError,
  InfoError,
  ListError,
  Operation,
  RegenerateError,
  UpdateError
} from "./AuthorizationError.ts"
import * as Input from "./internal/input.ts"
import * as Pages from "./internal/pages.ts"
import type { ListOptions, Page, RangeAnswer, StreamOptions } from "./internal/pages.ts"
import { readAhead } from "./internal/parallel.ts"
import { isUuid } from "./internal/uuid.ts"

export type { ListOptions, Page, Part, RangeAnswer, StreamOptions } from "./internal/pages.ts"

// -----------------------------------------------------------------------------
// Service
// -----------------------------------------------------------------------------

/** The operations of `AuthorizationService`. */
export interface Service {
  /**
   * Creates an authorization. Its access token is in the answer, and later nowhere else in clear.
   *
   * **Gotchas**
   *
   * Not idempotent: each success makes another authorization. Implementations do not repeat it once Heroku may have
   * acted; `RequestFailed.outcomeUnknown` then says that it may have.
   *
   * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization-create
   */
  readonly create: (input: CreateAuthorization) => Effect.Effect<Authorization, CreateError>

  /**
   * Reads one authorization.
   *
   * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization-info
   */
  readonly info: (id: AuthorizationId) => Effect.Effect<Authorization, InfoError>

  /**
   * Changes the description, or the client.
   *
   * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization-update
   */
  readonly update: (id: AuthorizationId, input: UpdateAuthorization) => Effect.Effect<Authorization, UpdateError>

  /**
   * Replaces the tokens of an authorization; the old ones stop working.
   *
   * **Gotchas**
   *
   * Not idempotent, and treated like `create`. Heroku allows it for direct authorizations and privileged clients only,
   * else it fails with `Forbidden`.
   *
   * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization-regenerate
   */
  readonly regenerate: (id: AuthorizationId) => Effect.Effect<Authorization, RegenerateError>

  /**
   * Deletes (revokes) an authorization and answers with what it was.
   *
   * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization-delete
   */
  readonly delete: (id: AuthorizationId) => Effect.Effect<Authorization, DeleteError>

  /**
   * Reads one page of the list: one request.
   *
   * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization-list
   */
  readonly list: (options?: ListOptions) => Effect.Effect<Page, ListError>

  /** Every page of the list, each fetched when it is pulled. Run again, it starts again. */
  readonly pages: (options?: StreamOptions) => Stream.Stream<Page, ListError>

  /**
   * Every authorization, in order, page by page as `pages`.
   *
   * **Details**
   *
   * Over HTTP the authorizations of a long page are decoded as they are taken, some twenty at a time, so that a slow consumer
   * holds no more of them. What comes before an invalid one may be given out before the stream fails with
   * `InvalidResponse`.
   */
  readonly stream: (options?: StreamOptions) => Stream.Stream<Authorization, ListError>
}

/** The key of the service. Layers are elsewhere: `HttpAuthorizationService`, `MemoryAuthorizationService`. */
export class AuthorizationService extends Context.Service<AuthorizationService, Service>()(
  "@effect-heroku/core/AuthorizationService"
) {}

// -----------------------------------------------------------------------------
// Two-factor authentication
// -----------------------------------------------------------------------------

/**
 * The code of the account's second factor, for requests made where it is provided. By default there is none.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#two-factor-authentication
 */
export const TwoFactorCode = Context.Reference<Option.Option<Redacted.Redacted>>(
  "@effect-heroku/core/AuthorizationService/TwoFactorCode",
  { defaultValue: () => Option.none() }
)

/**
 * Sends the code of the account's second factor with every request of an effect: of one call, or of many.
 *
 * **Example** (Asking for the code when Heroku wants it)
 *
 * ```ts
 * service.delete(id).pipe(
 *   Effect.catchTag("TwoFactorRequired", () =>
 *     Effect.flatMap(askForCode, (code) => service.delete(id).pipe(withTwoFactorCode(code))))
 * )
 * ```
 */
export const withTwoFactorCode =
  (code: Redacted.Redacted) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(effect, TwoFactorCode, Option.some(code))

// -----------------------------------------------------------------------------
// Implementing it
// -----------------------------------------------------------------------------

/** The six endpoints of the API, as an implementation provides them to `make`. Inputs have been checked. */
export interface Endpoints extends Pick<Service, "create" | "info" | "update" | "regenerate" | "delete"> {
  /** Asks for a range: the value of the `Range` header, in the grammar of `ListRange`. */
  readonly list: (range: string) => Effect.Effect<RangeAnswer, ListError>
}

const checkAnyId = Input.check(AuthorizationId, "id")
// Nearly every id is a UUID, and every UUID is an id.
const checkId: typeof checkAnyId = (operation, id) =>
  typeof id === "string" && isUuid(id)
    ? Effect.succeed(AuthorizationId.make(id, { disableChecks: true }))
    : checkAnyId(operation, id)
const checkCreate = Input.check(CreateAuthorization, "input")
const checkUpdate = Input.check(UpdateAuthorization, "input")

/**
 * Makes the service from its endpoints: checks every input before an endpoint is called, gives each operation a span of
 * its name (inside `pages` and `stream` one for each page), and walks the list.
 */
export const make = (endpoints: Endpoints): Service => {
  const create = (input: CreateAuthorization): Effect.Effect<Authorization, CreateError> =>
    Effect.suspend(() => Effect.flatMap(checkCreate("create", input), endpoints.create)).pipe(withSpan("create"))

  const info = (id: AuthorizationId): Effect.Effect<Authorization, InfoError> =>
    Effect.suspend(() => Effect.flatMap(checkId("info", id), endpoints.info)).pipe(withSpan("info", naming(id)))

  const update = (id: AuthorizationId, input: UpdateAuthorization): Effect.Effect<Authorization, UpdateError> =>
    Effect.suspend(() =>
      Effect.flatMap(
        checkId("update", id),
        (checkedId) => Effect.flatMap(checkUpdate("update", input), (checked) => endpoints.update(checkedId, checked))
      )
    ).pipe(withSpan("update", naming(id)))

  const regenerate = (id: AuthorizationId): Effect.Effect<Authorization, RegenerateError> =>
    Effect.suspend(() => Effect.flatMap(checkId("regenerate", id), endpoints.regenerate)).pipe(
      withSpan("regenerate", naming(id))
    )

  const remove = (id: AuthorizationId): Effect.Effect<Authorization, DeleteError> =>
    Effect.suspend(() => Effect.flatMap(checkId("delete", id), endpoints.delete)).pipe(withSpan("delete", naming(id)))

  const withListSpan = ({ range }: Pages.Listing, within?: Tracer.AnySpan) =>
    withSpan("list", { "heroku.range": range }, within)

  const fetchWithin = (parent: Tracer.AnySpan) => (listing: Pages.Listing): Effect.Effect<RangeAnswer, ListError> =>
    endpoints.list(listing.range).pipe(withListSpan(listing, parent))

  const readBy =
    (advance: Pages.Advance, parent?: Tracer.AnySpan) =>
    (listing: Pages.Listing): Effect.Effect<Pages.Step, ListError> =>
      Option.isSome(listing.answer)
        ? advance(listing, listing.answer.value)
        : Effect.flatMap(endpoints.list(listing.range), (answer) => advance(listing, answer)).pipe(
          withListSpan(listing, parent)
        )

  const walk = <A>(
    name: "pages" | "stream",
    options: StreamOptions | undefined,
    advance: Pages.Advance,
    emit: (step: Pages.Step) => ReadonlyArray<A>
  ) =>
    withListingSpan(`AuthorizationService.${name}`, (span) =>
      Stream.unwrap(Effect.gen(function*() {
        const start = yield* Pages.begin(options)
        const concurrency = options?.concurrency ?? 1
        const readNext = readBy(advance, span)
        const read = concurrency === 1
          ? readNext
          : yield* readAhead(readNext, fetchWithin(span), advance, start, concurrency)
        return Stream.paginate(
          start,
          (listing) => Effect.map(read(listing), (step) => [emit(step), step.next] as const)
        )
      })))

  return {
    create,
    info,
    update,
    regenerate,
    delete: remove,
    list: (options) => Effect.map(Effect.flatMap(Pages.begin(options), readBy(Pages.advance)), Pages.toPage),
    pages: (options) => walk("pages", options, Pages.advance, (step) => [Pages.toPage(step)]),
    stream: (options) => walk("stream", options, Pages.advanceByPart(partSize), ({ items }) => items)
  }
}

/**
 * About how many authorizations of a page a stream decodes at a time. The more, the less each of them costs. But those in use
 * survive V8's collections, and the more survives, the larger its young generation gets.
 */
const partSize = 20

const naming = (id: AuthorizationId) => ({ "heroku.authorization.id": id })

/**
 * Gives an operation its span, and its errors the name of it in their stack: both at once, which `Effect.withSpan` provides
 * one after the other.
 */
const withSpan =
  (operation: Operation, attributes: Readonly<Record<string, string>> = {}, within?: Tracer.AnySpan) =>
  <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E> => {
    const name = `AuthorizationService.${operation}`
    return Effect.useSpan(
      name,
      { attributes, parent: within },
      (span) =>
        Effect.updateContext(self, (context: Context.Context<never>) => {
          const parent = Context.get(context, References.CurrentStackFrame)
          return context.pipe(
            Context.add(References.CurrentStackFrame, { name, stack: noStack, parent }),
            Context.add(Tracer.ParentSpan, span)
          )
        })
    )
  }

/**
 * A stack trace would hold the answer before: in calls one after the other that one holds the answer before it, and so on
 * until a full collection.
 */
const noStack = () => undefined

/**
 * Gives a listing its span, for its requests to be part of: `Stream.withSpan` would provide it for every pull, of which there
 * is one for each part of a page. What is decoded between requests is outside it.
 */
const withListingSpan = <A, E>(
  name: string,
  listing: (span: Tracer.Span) => Stream.Stream<A, E>
): Stream.Stream<A, E> =>
  Stream.fromChannel(
    Channel.acquireUseRelease(
      Effect.makeSpan(name),
      (span) => Stream.toChannel(listing(span)),
      (span, exit) =>
        Effect.withFiber((fiber) => {
          const isTimed = fiber.getRef(References.TracerTimingEnabled)
          const end = isTimed ? fiber.getRef(Clock.Clock).currentTimeNanosUnsafe() : 0n
          return Effect.sync(() => span.end(end, exit))
        })
    )
  )
