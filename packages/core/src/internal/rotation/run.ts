/** A run over many authorizations: a listing, a first step for each, another listing, and a last step for each. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { accessToken, type Authorization, type AuthorizationId, matchToken } from "../../Authorization.ts"
import type { InfoError, InvalidParams, InvalidResponse, ListError, Unauthorized } from "../../AuthorizationError.ts"
import { AuthorizationService, type Service } from "../../AuthorizationService.ts"
import { invalidResponse } from "../errorResponse.ts"
import { parseDuration } from "../lifetime.ts"
import { expectedStatuses } from "../operation.ts"
import { invalidInput } from "../validate.ts"
import * as Listing from "./listing.ts"
import {
  type Concurrency,
  Delivery,
  type DeliveryFailed,
  type DeliveryService,
  type Failed,
  NotReplaceable,
  OwnAuthorization,
  type RegenerateOptions,
  type ReplaceOptions,
  RotationConflict,
  type RotationError
} from "./model.ts"

/** The services and the state that all steps of a run use. */
export interface Run {
  readonly service: Service
  readonly delivery: DeliveryService
  /** The listing at the start. */
  readonly before: Listing.Listing
  /** Returns whether the authorization is not rotated in this run yet: `~` and an id can name the same one. */
  readonly claim: (id: AuthorizationId) => boolean
}

/** The result of the first step of an authorization. */
export type Step<A> =
  | { readonly _tag: "done"; readonly outcome: A }
  /** Another id of the run names the same authorization. */
  | { readonly _tag: "claimed" }
  | {
    readonly _tag: "pending"
    readonly id: AuthorizationId
    readonly complete: (after: Listing.Listing) => Effect.Effect<A, RotationError>
  }

/** The errors that stop a run over many authorizations, because all of them would fail. */
export type RunError = ListError | DeliveryFailed

/** Runs the first step of every id and then the last step of those that are pending, and emits outcomes as they happen. */
export const runAll = <A>(
  ids: Iterable<AuthorizationId>,
  { concurrency = 1, team }: Concurrency & Pick<ReplaceOptions, "team">,
  prepare: (id: AuthorizationId, run: Run) => Effect.Effect<Step<A>, RotationError>
): Stream.Stream<Result.Result<A, Failed>, RunError, AuthorizationService | Delivery> =>
  Stream.unwrap(Effect.gen(function*() {
    if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
      return yield* invalidInput("list", "concurrency", "must be an integer of 1 or more")
    }
    const service = yield* AuthorizationService
    const delivery = yield* Delivery
    yield* delivery.check ?? Effect.void
    const before = yield* Listing.list(service, team, "marked")
    const claimed = new Set<AuthorizationId>()
    const claim = (id: AuthorizationId) => claimed.size < claimed.add(id).size
    const run: Run = { service, delivery, before, claim }

    const pending: Array<Extract<Step<A>, { readonly _tag: "pending" }>> = []
    const first = Stream.fromIterable(new Set(ids)).pipe(
      Stream.mapEffect((id) => settle(id, prepare(id, run)), { concurrency, unordered: true }),
      Stream.map((result): ReadonlyArray<Result.Result<A, Failed>> => {
        if (Result.isFailure(result)) return [Result.fail(result.failure)]
        const step = result.success
        if (step._tag === "done") return [Result.succeed(step.outcome)]
        if (step._tag === "pending") pending.push(step)
        return []
      }),
      Stream.flattenIterable
    )
    const last = Stream.unwrap(Effect.gen(function*() {
      if (pending.length === 0) return Stream.empty
      const after = yield* Listing.list(service, team, "all")
      return Stream.fromIterable(pending).pipe(
        Stream.mapEffect(({ complete, id }) => settle(id, complete(after)), { concurrency, unordered: true })
      )
    }))
    return Stream.concat(first, last)
  }))

/** Turns errors into outcomes, except the one that would stop every other rotation, too. */
const settle = <A>(
  id: AuthorizationId,
  step: Effect.Effect<A, RotationError>
): Effect.Effect<Result.Result<A, Failed>, Unauthorized> =>
  Effect.matchEffect(step, {
    onFailure: (error) =>
      error._tag === "Unauthorized"
        ? Effect.fail(error)
        : Effect.succeed(Result.fail<Failed>({ _tag: "failed", id, error })),
    onSuccess: (value) => Effect.succeed(Result.succeed(value))
  })

/** Checks a duration: a mistake could delete an authorization too early, or create one that expires at once. */
export const validateDuration = (
  input: Duration.Input,
  isValid: (duration: Duration.Duration) => boolean,
  error: InvalidParams
): Effect.Effect<Duration.Duration, InvalidParams> =>
  Effect.mapError(Effect.fromOption(Option.filter(parseDuration(input), isValid)), () => error)

/** Reads an authorization. `None` if it does not exist. */
export const find = (
  service: Service,
  id: AuthorizationId
): Effect.Effect<Option.Option<Authorization>, InfoError> =>
  service.info(id).pipe(Effect.asSome, Effect.catchTag("NotFound", () => Effect.succeedNone))

/** Fails if the run may not rotate the authorization. */
export const checkRotatable = (
  authorization: Authorization,
  { before }: Run,
  { actingToken }: Pick<RegenerateOptions, "actingToken">
): Effect.Effect<void, NotReplaceable | OwnAuthorization> => {
  const { id } = authorization
  const match = actingToken === undefined ? "none" : matchToken(authorization, actingToken)
  if (match !== "none") {
    const message = match === "unknown"
      ? "It can be the authorization of the acting token: its token is masked and cannot be compared. "
      : "It is the authorization of the acting token. "
    return Effect.fail(new OwnAuthorization({ id, message: `${message}Use another token to rotate it.` }))
  }
  if (!before.has(id)) {
    const message = "It is not in the list of the account. If it belongs to a team, pass the team."
    return Effect.fail(new NotReplaceable({ id, reason: "unlisted", message }))
  }
  return Effect.void
}

/** Returns the id of the access token, which every response contains, also with a masked token. */
export const tokenId = (authorization: Authorization): string | undefined =>
  Option.getOrUndefined(authorization.accessToken)?.id

/** Delivers the token that a response contains. */
export const deliver = (
  { delivery }: Run,
  operation: "create" | "regenerate",
  authorization: Authorization,
  replaces: AuthorizationId
): Effect.Effect<Redacted.Redacted, DeliveryFailed | InvalidResponse> =>
  Option.match(Option.filter(accessToken(authorization), (token) => !Redacted.value(token).includes("*")), {
    onNone: () =>
      Effect.fail(invalidResponse({
        operation,
        status: expectedStatuses(operation)[0]!,
        message: "The response does not contain the access token in clear",
        requestId: Option.none()
      })),
    onSome: (token) => Effect.as(delivery.deliver({ authorization, token, replaces }), token)
  })

/** Fails with a conflict that names these successors. */
export const conflict = (
  id: AuthorizationId,
  successors: Iterable<Pick<Authorization, "id">>,
  message: string
): Effect.Effect<never, RotationConflict> =>
  Effect.fail(new RotationConflict({ id, successors: [...new Set(Array.from(successors, (one) => one.id))], message }))
