/** Generators for property tests, derived from the schemas of `@effect-heroku/core`. */
import {
  Authorization,
  AuthorizationId,
  CreateAuthorization,
  UpdateAuthorization
} from "@effect-heroku/core/Authorization"
import * as AuthorizationEndpoints from "@effect-heroku/core/AuthorizationEndpoints"
import { type AuthorizationError, Operation, RequestFailed } from "@effect-heroku/core/AuthorizationError"
import type { Page } from "@effect-heroku/core/AuthorizationService"
import * as ListRange from "@effect-heroku/core/ListRange"
import * as Arbitrary from "effect/Arbitrary"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const encode = Schema.encodeSync(Authorization.FromWire)

/** Authorizations as the service returns them. Each can be a seed. */
export const authorization: Arbitrary.Arbitrary<Authorization> = Arbitrary.filter(
  Arbitrary.schema(Authorization),
  ({ id }) => id !== "~"
)

/** Authorizations as Heroku's JSON has them. */
export const wire: Arbitrary.Arbitrary<typeof Authorization.FromWire.Encoded> = Arbitrary.map(authorization, encode)

/** Pages as `list` returns them: each id once, in order, with or without a next page. */
export const page: Arbitrary.Arbitrary<Page> = Arbitrary.map(
  Arbitrary.all({
    some: Arbitrary.array(authorization, { maxLength: 5 }),
    order: Arbitrary.schema(ListRange.Order),
    next: Arbitrary.schema(Schema.Option(Schema.Struct({
      start: Schema.String.check(Schema.isUUID(4)),
      max: ListRange.PageSize
    })))
  }),
  ({ next, order, some }) => {
    const byId = new Map(some.map((one) => [one.id, one]))
    const items = [...byId.keys()].toSorted().flatMap((id) => byId.get(id) ?? [])
    return {
      items: order === "asc" ? items : items.toReversed(),
      next: Option.map(
        next,
        ({ max, start }) => ListRange.Cursor.make(`id ]${start}..; max=${max}${order === "desc" ? ", order=desc" : ""}`)
      )
    }
  }
)

/** Valid inputs of `create`. */
export const createAuthorization: Arbitrary.Arbitrary<CreateAuthorization> = Arbitrary.schema(CreateAuthorization)

const Client = Schema.Struct({ id: Schema.NonEmptyString, secret: Schema.NonEmptyString })
const decodeUpdate = Schema.decodeUnknownSync(UpdateAuthorization)

/** Valid inputs of `update`. */
export const updateAuthorization: Arbitrary.Arbitrary<UpdateAuthorization> = Arbitrary.map(
  Arbitrary.schema(Schema.Union([
    Schema.Struct({ description: Schema.String }),
    Schema.Struct({ client: Client }),
    Schema.Struct({ description: Schema.String, client: Client })
  ])),
  (input) => decodeUpdate(input)
)

const Failure = Schema.Struct({
  kind: Schema.Literals(["error response", "invalid input", "invalid response", "no response"]),
  operation: Operation,
  id: AuthorizationId,
  reason: RequestFailed.fields.reason,
  isRetried: Schema.Boolean,
  response: Schema.Struct({
    status: Schema.Literals([400, 401, 402, 403, 404, 409, 422, 429, 500, 503]),
    errorId: Schema.Option(Schema.String),
    message: Schema.Option(Schema.String),
    documentationUrl: Schema.Option(Schema.String),
    requestId: Schema.Option(Schema.String),
    retryAfter: Schema.Option(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3600 }))),
    twoFactorRequired: Schema.Boolean
  })
})

/** Every error of every operation, with fields that occur together. */
export const authorizationError: Arbitrary.Arbitrary<AuthorizationError> = Arbitrary.map(
  Arbitrary.schema(Failure),
  ({ id, isRetried, kind, operation, reason, response }): AuthorizationError => {
    const changesState = AuthorizationEndpoints.changesState(operation)
    const outcomeUnknown = isRetried && changesState
    const attempts = isRetried ? 2 : 1
    const field = operation === "create" ? "scope" : operation === "list" ? "pageSize" : "id"
    switch (kind) {
      case "error response": {
        const retryAfter = Option.map(response.retryAfter, Duration.seconds)
        const call = { id: field === "id" ? id : undefined, outcomeUnknown, attempts }
        return AuthorizationEndpoints.errorFromResponse(operation, { ...response, retryAfter }, call)
      }
      case "invalid input":
        return AuthorizationEndpoints.invalidInput(operation, field, "must not be empty")
      case "invalid response": {
        const status = AuthorizationEndpoints.expectedStatuses(operation)[0]!
        const { requestId } = response
        const message = "The body is not JSON"
        return AuthorizationEndpoints.invalidResponse({
          operation,
          status,
          message,
          requestId,
          outcomeUnknown,
          attempts
        })
      }
      case "no response": {
        const isSent = reason === "connection" || reason === "timeout" || reason === "body"
        const message = "No usable response"
        return new RequestFailed({
          operation,
          reason,
          message,
          outcomeUnknown: changesState && (isRetried || isSent),
          attempts
        })
      }
    }
  }
)
