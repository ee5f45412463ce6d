/**
 * For packages that implement `AuthorizationService`: an implementation provides the `Endpoints`, one request each, and
 * `make` adds what all implementations share: validation, spans and pagination.
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { AuthorizationId, CreateAuthorization, UpdateAuthorization } from "./Authorization.ts"
import type { ListError, Operation } from "./AuthorizationError.ts"
import type { Service, StreamOptions } from "./AuthorizationService.ts"
import * as Pagination from "./internal/pagination.ts"
import { startPosition } from "./internal/position.ts"
import { paginateSegments } from "./internal/segments.ts"
import { makeValidator } from "./internal/validate.ts"

export { CallOptions } from "./internal/callOptions.ts"
export {
  errorFromResponse,
  type ErrorResponse,
  invalidResponse,
  parseErrorResponse,
  type RawResponse
} from "./internal/errorResponse.ts"
export { changesState, type ErrorOf, expectedStatuses } from "./internal/operation.ts"
export type { ListResponse } from "./internal/pagination.ts"
export { toLine } from "./internal/text.ts"
export { sendWithTwoFactorCode } from "./internal/twoFactorCode.ts"
export { invalidInput } from "./internal/validate.ts"

/** The six endpoints of the API. Inputs are valid. */
export interface Endpoints extends Pick<Service, "create" | "info" | "update" | "regenerate" | "delete"> {
  /** Requests one range, the value of the `Range` header, of the account's list or of the team's. */
  readonly list: (range: string, team: string | undefined) => Effect.Effect<Pagination.ListResponse, ListError>
}

const checkId = makeValidator(AuthorizationId, "id")

/** Adds the id to the span once it is valid: an invalid one may be a token. */
const validateId = (operation: Operation, id: AuthorizationId) =>
  Effect.tap(checkId(operation, id), (id) => Effect.annotateCurrentSpan("heroku.authorization.id", id))

const validateCreate = makeValidator(CreateAuthorization, "input")
const validateUpdate = makeValidator(UpdateAuthorization, "input")

/**
 * Returns a service over endpoints.
 *
 * **Details**
 *
 * Input is validated before an endpoint is called. Each operation has a span `AuthorizationService.OPERATION`, with the
 * attribute `heroku.authorization.id`; `pages` and `stream` have a span with one `AuthorizationService.list` for each
 * request, with the attribute `heroku.range`.
 */
export const make = (endpoints: Endpoints): Service => {
  /** Adds the range to the span, like the id. */
  const request: Pagination.Fetch = ({ range, team }) =>
    Effect.andThen(Effect.annotateCurrentSpan("heroku.range", range), endpoints.list(range, team))

  const fetch: Pagination.Fetch = (position) => request(position).pipe(withOperationSpan("list"))

  const steps = (options: StreamOptions = {}) =>
    Stream.unwrap(Effect.map(
      startPosition(options),
      (position) =>
        Pagination.handleInvalid(paginateSegments(position, fetch, options.concurrency ?? 1), options.onInvalid)
    ))

  return {
    create: (input) =>
      Effect.flatMap(validateCreate("create", input), endpoints.create).pipe(withOperationSpan("create")),

    info: (id) => Effect.flatMap(validateId("info", id), endpoints.info).pipe(withOperationSpan("info")),

    update: (id, input) =>
      Effect.all([validateId("update", id), validateUpdate("update", input)]).pipe(
        Effect.flatMap(([validId, validInput]) => endpoints.update(validId, validInput)),
        withOperationSpan("update")
      ),

    regenerate: (id) =>
      Effect.flatMap(validateId("regenerate", id), endpoints.regenerate).pipe(withOperationSpan("regenerate")),

    delete: (id) => Effect.flatMap(validateId("delete", id), endpoints.delete).pipe(withOperationSpan("delete")),

    list: (options) =>
      Effect.flatMap(
        startPosition(options),
        (position) =>
          Effect.flatMap(request(position), (response) => Pagination.readPage(position, response, options?.onInvalid))
      ).pipe(withOperationSpan("list")),

    pages: (options) =>
      Pagination.toPages(steps(options)).pipe(
        Stream.withSpan("AuthorizationService.pages", withoutStackTrace)
      ),

    stream: (options) =>
      steps(options).pipe(
        Stream.filter((step) => step._tag === "Items"),
        Stream.map(({ items }) => items),
        Stream.filter(Arr.isReadonlyArrayNonEmpty),
        Stream.flattenArray,
        Stream.withSpan("AuthorizationService.stream", withoutStackTrace)
      )
  }
}

// A captured stack trace keeps the response before it in memory, which keeps the one before it, and so on.
// Stryker disable next-line ObjectLiteral,BooleanLiteral: no test measures memory.
const withoutStackTrace = { captureStackTrace: false }

const withOperationSpan = (operation: Operation) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withSpan(effect, `AuthorizationService.${operation}`, withoutStackTrace)
