/** The types of a rotation: its errors, its options, its outcomes and the service that delivers tokens. */
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { Authorization } from "../../Authorization.ts"
import { AuthorizationId } from "../../Authorization.ts"
import type { AuthorizationError } from "../../AuthorizationError.ts"

/** A token could not be delivered, or `Delivery.check` found that delivering cannot work. */
export class DeliveryFailed extends Schema.TaggedError<DeliveryFailed>()("DeliveryFailed", {
  /** The reason. It must not contain a token: it is printed and logged. */
  message: Schema.String
}) {}

/**
 * Another run is at work on the same authorization, or a successor was changed. Nothing that could be in use was deleted.
 *
 * **Details**
 *
 * Run the rotation again once no other run is at work.
 */
export class RotationConflict extends Schema.TaggedError<RotationConflict>()("RotationConflict", {
  /** The id of the old authorization. */
  id: AuthorizationId,
  /** The ids of all successors: any of them can have the token that the consumer uses. */
  successors: Schema.Array(AuthorizationId),
  /** The reason as a sentence. */
  message: Schema.String
}) {}

/** The authorization cannot be rotated with these options. Nothing was changed. */
export class NotReplaceable extends Schema.TaggedError<NotReplaceable>()("NotReplaceable", {
  /** The id of the authorization. */
  id: AuthorizationId,
  /**
   * Why it cannot be rotated.
   *
   * - `client`: it belongs to an OAuth client. Revoke it and authorize the client again
   * - `lifetime`: it has expired, so that the lifetime of a successor is unknown. Pass `expiresIn`
   * - `unlisted`: it is not in the list of the account. Pass `team` if it belongs to a team
   */
  reason: Schema.Literals(["client", "lifetime", "unlisted"]),
  /** The reason as a sentence. */
  message: Schema.String
}) {}

/**
 * The authorization of the token that makes the requests, or one whose masked token cannot be compared with it. Use another
 * token to rotate it. Nothing was changed.
 */
export class OwnAuthorization extends Schema.TaggedError<OwnAuthorization>()("OwnAuthorization", {
  /** The id of the authorization. */
  id: AuthorizationId,
  /** The reason as a sentence. */
  message: Schema.String
}) {}

/** Any error of a rotation. None contains a token. */
export type RotationError =
  | AuthorizationError
  | DeliveryFailed
  | RotationConflict
  | NotReplaceable
  | OwnAuthorization

/** A token to deliver. */
export interface DeliveryInput {
  /** The authorization that the token belongs to. */
  readonly authorization: Authorization
  /** The token in clear. */
  readonly token: Redacted.Redacted
  /** The id of the authorization whose token the consumer has used so far. It names the consumer. */
  readonly replaces: AuthorizationId
}

/** The operations of `Delivery`. */
export interface DeliveryService {
  /**
   * Puts a token where its consumer reads it.
   *
   * **Details**
   *
   * It can be called again with a newer token for the same consumer, which must then replace the older one.
   */
  readonly deliver: (input: DeliveryInput) => Effect.Effect<void, DeliveryFailed>
  /** Checks that delivering can work. It runs before anything is changed, once for all authorizations. */
  readonly check?: Effect.Effect<void, DeliveryFailed> | undefined
  /**
   * Returns the token that is delivered now for the consumer of `replaces`. `None`: no token is delivered, so that no successor
   * of a deleted authorization counts as delivered.
   */
  readonly current?:
    | ((replaces: AuthorizationId) => Effect.Effect<Option.Option<Redacted.Redacted>, DeliveryFailed>)
    | undefined
}

/** Delivers new tokens to their consumers. The program provides it. */
export class Delivery extends Context.Service<Delivery, DeliveryService>()("@effect-heroku/core/Rotation/Delivery") {}

/**
 * Returns whether a token works: false for a 401, which only a dead token gets. `HttpAuthorizationService.makeVerify` and
 * `NodeAuthorizationService.verify` create such functions.
 */
export type Verify = (token: Redacted.Redacted) => Effect.Effect<boolean, AuthorizationError>

interface CommonOptions {
  /** The token that makes the requests: its own authorization is then rejected with `OwnAuthorization`. */
  readonly actingToken?: Redacted.Redacted | undefined
  /** The name or id of the team that the authorizations belong to. By default they are personal ones. */
  readonly team?: string | undefined
}

/** The options of `replace`. */
export interface ReplaceOptions extends CommonOptions {
  /** The lifetime of successors, `Infinity` for none. By default the one that the old authorization was created with. */
  readonly expiresIn?: Duration.Input | undefined
  /**
   * How long the old authorization still works after its successor was delivered. By default it is deleted at once. With an
   * overlap the run that delivers always ends with the outcome `waiting`, and a later run deletes it. A later run compares
   * the clock of its machine with Heroku's.
   */
  readonly overlap?: Duration.Input | undefined
  /** Verifies a delivered token before the old authorization is marked. By default it is not verified. */
  readonly verify?: Verify | undefined
}

/** The options of `regenerate`. */
export interface RegenerateOptions extends CommonOptions {
  /** Verifies a delivered token, which finds out whether another run regenerated it. */
  readonly verify: Verify
}

/** How many authorizations `replaceAll` and `regenerateAll` rotate at once. */
export interface Concurrency {
  /** The number of authorizations at once, an integer of 1 or more. By default 1. */
  readonly concurrency?: number | undefined
}

/** The old authorization is deleted, and its successor has its description. */
export interface Replaced {
  readonly _tag: "replaced"
  /** The id of the old authorization. */
  readonly id: AuthorizationId
  /** The id of the successor. */
  readonly successor: AuthorizationId
  /** The lifetime that the successor was created with. `None`: it never expires. */
  readonly expiresIn: Option.Option<Duration.Duration>
}

/** The successor is delivered, and the old authorization works until the overlap ends. Run the rotation again then. */
export interface Waiting {
  readonly _tag: "waiting"
  /** The id of the old authorization. */
  readonly id: AuthorizationId
  /** The id of the successor. */
  readonly successor: AuthorizationId
  /** When the overlap ends. */
  readonly until: DateTime.Utc
  /** The lifetime that the successor was created with. `None`: it never expires. */
  readonly expiresIn: Option.Option<Duration.Duration>
}

/** The authorization has new tokens, and the access token is delivered. */
export interface Regenerated {
  readonly _tag: "regenerated"
  /** The id of the authorization. */
  readonly id: AuthorizationId
}

/** The authorization does not exist, and no successor waits to be completed: its consumer has another token that works. */
export interface Gone {
  readonly _tag: "gone"
  /** The id of the authorization. */
  readonly id: AuthorizationId
}

/** The rotation of one of many authorizations failed. */
export interface Failed {
  readonly _tag: "failed"
  /** The id of the authorization. */
  readonly id: AuthorizationId
  /** The error that `replace` or `regenerate` fails with. */
  readonly error: RotationError
}

/** The outcomes of `replace`. */
export type ReplaceOutcome = Replaced | Waiting | Gone
/** The outcomes of `regenerate`. */
export type RegenerateOutcome = Regenerated | Gone
