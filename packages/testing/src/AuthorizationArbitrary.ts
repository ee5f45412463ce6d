/**
 * Generators for property tests: values as Heroku sends and takes them, and values that are wrong in one place.
 *
 * `Arbitrary.schema(Authorization)` generates everything that the schema allows, which is mostly noise. These generate
 * what occurs (UUIDs, `HRKU-` tokens, nulls and missing keys, unknown keys and scopes, lifetimes that have ended), and
 * for each input the mistakes that people make.
 */
import {
  Authorization,
  AuthorizationId,
  Client,
  type CreateAuthorization,
  Grant,
  maxLifetimeSeconds,
  type Session,
  Token,
  type UpdateAuthorization,
  User
} from "@effect-heroku/core/Authorization"
import * as AuthorizationError from "@effect-heroku/core/AuthorizationError"
import type { ListOptions, Page, StreamOptions } from "@effect-heroku/core/AuthorizationService"
import * as ListRange from "@effect-heroku/core/ListRange"
import * as Arbitrary from "effect/Arbitrary"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/** A value that is wrong in one place. */
export interface Invalid<out A> {
  /** The value. */
  readonly value: A
  /** Where it is wrong, as `InvalidParams.field` and the paths of schema errors name it: `client.secret`. */
  readonly field: string
}

// -----------------------------------------------------------------------------
// Building blocks
// -----------------------------------------------------------------------------

const oneOf = <const A extends ReadonlyArray<string | number>>(...values: A): Arbitrary.Arbitrary<A[number]> =>
  Arbitrary.schema(Schema.Literals(values))

const between = (minimum: number, maximum: number): Arbitrary.Arbitrary<number> =>
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum, maximum })))

/** One of several generators, each as often as the others. */
const either = <A>(...arbitraries: ReadonlyArray<Arbitrary.Arbitrary<A>>): Arbitrary.Arbitrary<A> =>
  Arbitrary.flatMap(between(0, arbitraries.length - 1), (index) => arbitraries[index]!)

const flag: Arbitrary.Arbitrary<boolean> = Arbitrary.map(between(0, 1), (number) => number === 1)

const constant = <const A>(value: A): Arbitrary.Arbitrary<A> => Arbitrary.Constant(value)

const text: Arbitrary.Arbitrary<string> = either<string>(
  oneOf("", "sample authorization", "Schlüssel \"🔑\"\n", "Deploy key of team A"),
  Arbitrary.schema(Schema.String)
)

const words: Arbitrary.Arbitrary<string> = oneOf("example", "Heroku Dashboard", "Größenwächter")

const hex = (digits: number): Arbitrary.Arbitrary<string> =>
  Arbitrary.map(between(0, 16 ** digits - 1), (n) => n.toString(16).padStart(digits, "0"))

/** A version 4 UUID in lower case, as Heroku's ids. */
export const uuid: Arbitrary.Arbitrary<string> = Arbitrary.map(
  Arbitrary.all([hex(8), hex(4), hex(3), oneOf("8", "9", "a", "b"), hex(3), hex(12)]),
  ([a, b, c, d, e, f]) => `${a}-${b}-4${c}-${d}${e}-${f}`
)

// -----------------------------------------------------------------------------
// Ids and places
// -----------------------------------------------------------------------------

/** Ids that authorizations have: UUIDs, the sample id of the documentation, and others that occur. */
const ownId: Arbitrary.Arbitrary<AuthorizationId> = Arbitrary.map(
  either<string>(
    uuid,
    oneOf("01234567-89ab-cdef-0123-456789abcdef", "4UTHOri24tIoN-iD-3X4mPl3", "a/b", "../../account", "100% ?#"),
    Arbitrary.filter(Arbitrary.schema(AuthorizationId), (id) => id !== "~")
  ),
  (id) => AuthorizationId.make(id)
)

/** Ids to ask for: those that authorizations have, and `~`. */
export const authorizationId: Arbitrary.Arbitrary<AuthorizationId> = either(
  ownId,
  Arbitrary.map(uuid, () => AuthorizationId.make("~"))
)

/** Ids that no request can carry: every operation refuses them. */
export const invalidAuthorizationId: Arbitrary.Arbitrary<Invalid<string>> = Arbitrary.map(
  oneOf("", ".", "..", "\ud800", "a\n", "\0", "a\u0085b", "\udfff\ud800"),
  (value) => ({ value, field: "id" })
)

/** Scopes: the documented ones, and others. */
export const scope: Arbitrary.Arbitrary<string> = oneOf(
  "global",
  "identity",
  "read",
  "write",
  "read-protected",
  "write-protected",
  "app",
  "a scope to come"
)

/** Orders of lists. */
export const order: Arbitrary.Arbitrary<ListRange.Order> = oneOf("asc", "desc")

/** How many authorizations a page may have. */
export const pageSize: Arbitrary.Arbitrary<number> = either<number>(oneOf(1, 200, 1000), between(1, 1000))

/** How many authorizations no page may have. */
export const invalidPageSize: Arbitrary.Arbitrary<Invalid<number>> = Arbitrary.map(
  either<number>(oneOf(0, -1, 1001, 2.5), constant(Number.NaN), constant(Infinity)),
  (value) => ({ value, field: "pageSize" })
)

/** Ranges that the `Range` header of a list can have. */
export const listRange: Arbitrary.Arbitrary<ListRange.ListRange> = Arbitrary.map(
  Arbitrary.all({
    start: either(
      constant(undefined),
      Arbitrary.all({ id: uuid, exclusive: flag })
    ),
    end: either(constant(undefined), uuid),
    max: either(constant(undefined), pageSize),
    order: either(constant(undefined), order)
  }),
  ({ end, max, order, start }) =>
    ListRange.make({
      ...(start === undefined ? {} : { start }),
      // Heroku takes no end without a start.
      ...(end === undefined || start === undefined ? {} : { end }),
      ...(max === undefined ? {} : { max }),
      ...(order === undefined ? {} : { order })
    })
)

/** Texts that are no range: Heroku answers them with 416, and one of them with 500. */
export const invalidListRange: Arbitrary.Arbitrary<string> = either<string>(
  oneOf("", "id", "..", "id ]..", "name ..", "bytes 0-499", "id ..; max=0", "id ..; max=-1", "id ..; max=1.5"),
  oneOf("id ..; order=up", "id ..; max=1 order=desc", "id ..; max=1, max=2", "id a b..", "id ..; limit=3"),
  Arbitrary.map(uuid, (id) => `id ]${id}`)
)

/** Cursors, as pages have them. */
export const cursor: Arbitrary.Arbitrary<ListRange.Cursor> = Arbitrary.map(
  Arbitrary.all([uuid, pageSize, order]),
  ([id, max, order]) =>
    ListRange.Cursor.make(ListRange.format(ListRange.make({ start: { id, exclusive: true }, max, order })))
)

/** Options of `list`. */
export const listOptions: Arbitrary.Arbitrary<ListOptions> = either<ListOptions>(
  constant({}),
  Arbitrary.all({ pageSize, order }),
  Arbitrary.map(cursor, (cursor) => ({ cursor }))
)

/** Options of `pages` and `stream`. */
export const streamOptions: Arbitrary.Arbitrary<StreamOptions> = Arbitrary.map(
  Arbitrary.all([listOptions, either<number | undefined>(constant(undefined), between(1, 8))]),
  ([options, concurrency]) => concurrency === undefined ? options : { ...options, concurrency }
)

/** Options that `list`, `pages` and `stream` refuse. */
export const invalidListOptions: Arbitrary.Arbitrary<Invalid<ListOptions>> = either<Invalid<ListOptions>>(
  Arbitrary.map(invalidPageSize, ({ field, value }) => ({ value: { pageSize: value }, field })),
  Arbitrary.map(cursor, (cursor) => {
    const range = Option.getOrThrow(ListRange.parse(cursor))
    const order = Option.contains(range.order, "desc") ? "asc" : "desc"
    return { value: { cursor, order }, field: "cursor" }
  }),
  Arbitrary.map(invalidListRange, (text) => ({
    value: { cursor: ListRange.Cursor.make(text, { disableChecks: true }) },
    field: "cursor"
  }))
)

/** Options that `pages` and `stream` refuse. */
export const invalidStreamOptions: Arbitrary.Arbitrary<Invalid<StreamOptions>> = either<Invalid<StreamOptions>>(
  invalidListOptions,
  Arbitrary.map(
    Arbitrary.all([listOptions, either<number>(oneOf(0, -1, 1.5), constant(Number.NaN))]),
    ([options, concurrency]) => ({ value: { ...options, concurrency }, field: "concurrency" })
  )
)

// -----------------------------------------------------------------------------
// Authorizations
// -----------------------------------------------------------------------------

/** Seconds that remain, as Heroku counts them: from the end of the lifetime on they are zero. */
const remaining: Arbitrary.Arbitrary<number> = either<number>(oneOf(0, 1, 3600, 2_592_000), between(0, 315_360_000))

/** Lifetimes that `create` takes, and those that remain. */
export const lifetime: Arbitrary.Arbitrary<Duration.Duration> = Arbitrary.map(remaining, Duration.seconds)

/** Lifetimes that no number of seconds says, or that are none. */
export const invalidLifetime: Arbitrary.Arbitrary<Invalid<Duration.Duration>> = Arbitrary.map(
  either<Duration.Duration>(
    constant(Duration.seconds(-1)),
    constant(Duration.millis(500)),
    constant(Duration.millis(1001)),
    constant(Duration.infinity),
    constant(Duration.seconds(maxLifetimeSeconds + 1))
  ),
  (value) => ({ value, field: "expiresIn" })
)

const wireToken = Arbitrary.map(
  Arbitrary.all([
    either<number | null>(remaining, constant(null)),
    uuid,
    uuid,
    oneOf("HRKU-", "", "masked")
  ]),
  ([expires_in, id, token, kind]) => ({
    expires_in,
    id,
    token: kind === "masked" ? `HRKU-${token.slice(0, 2)}${"*".repeat(30)}${token.slice(-2)}` : `${kind}${token}`
  })
)

const wireClient = Arbitrary.map(
  Arbitrary.all([uuid, words]),
  ([id, name]) => ({ id, name, redirect_uri: "https://example.com/auth/heroku/callback" })
)

const wireGrant = either<object>(
  Arbitrary.all({ code: uuid, expires_in: remaining, id: uuid }),
  Arbitrary.all({ code: uuid, expires_in: remaining })
)

const wireUser = Arbitrary.map(
  Arbitrary.all([
    uuid,
    oneOf("username@example.com", "tina+heroku@sub.example.com", "o'hara@example.co.uk"),
    either<string | null>(oneOf("Tina Edmonds", "Åsa 🌙", ""), constant(null))
  ]),
  ([id, email, full_name]) => ({ id, email, full_name })
)

// Times of this century, to the second.
const wireTime = Arbitrary.map(
  between(946_684_800, 4_102_444_800),
  (seconds) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z")
)

const nullable = <A>(arbitrary: Arbitrary.Arbitrary<A>): Arbitrary.Arbitrary<A | null> =>
  either<A | null>(arbitrary, constant(null))

/** The JSON of an authorization, as Heroku's answers have it. */
export const wire: Arbitrary.Arbitrary<Readonly<Record<string, unknown>>> = Arbitrary.map(
  Arbitrary.all({
    all: Arbitrary.all({
      access_token: nullable(wireToken),
      client: nullable(wireClient),
      created_at: wireTime,
      grant: nullable(wireGrant),
      id: ownId,
      refresh_token: nullable(wireToken),
      scope: Arbitrary.array(scope, { maxLength: 3 }),
      session: nullable(Arbitrary.all({ id: uuid })),
      updated_at: wireTime
    }),
    // From before they existed, payloads lack these.
    newer: either<object>(constant({}), Arbitrary.all({ description: text, user: wireUser })),
    unknown: either<object>(constant({}), constant({ an_attribute_to_come: { nested: [1] } }))
  }),
  ({ all, newer, unknown }) => ({ ...all, ...newer, ...unknown })
)

const decode = Schema.decodeUnknownSync(Authorization.FromWire)

/** Authorizations, as the service answers them. */
export const authorization: Arbitrary.Arbitrary<Authorization> = Arbitrary.map(wire, decode)

/** Pages, as `list` answers them: every id once, in order, and mostly a way on. */
export const page: Arbitrary.Arbitrary<Page> = Arbitrary.map(
  Arbitrary.all({
    some: Arbitrary.array(authorization, { maxLength: 5 }),
    order,
    next: either<Option.Option<ListRange.Cursor>>(constant(Option.none()), Arbitrary.map(cursor, Option.some))
  }),
  ({ next, order, some }): Page => {
    const byId = new Map(some.map((one) => [one.id, one]))
    const items = [...byId.keys()].toSorted().flatMap((id) => byId.get(id) ?? [])
    return { items: order === "asc" ? items : items.toReversed(), next }
  }
)

/** Access and refresh tokens. Of these parts, as of what follows, `invalidWire` has the mistakes. */
export const token: Arbitrary.Arbitrary<Token> = Arbitrary.map(wireToken, Schema.decodeUnknownSync(Token))

/** OAuth clients. */
export const client: Arbitrary.Arbitrary<Client> = Arbitrary.map(wireClient, Schema.decodeUnknownSync(Client))

/** Grants of the web flow. */
export const grant: Arbitrary.Arbitrary<Grant> = Arbitrary.map(wireGrant, Schema.decodeUnknownSync(Grant))

/** Browser sessions. */
export const session: Arbitrary.Arbitrary<Session> = Arbitrary.all({ id: uuid })

/** Accounts. */
export const user: Arbitrary.Arbitrary<User> = Arbitrary.map(wireUser, Schema.decodeUnknownSync(User))

/** JSON of an authorization that breaks the protocol in one place: `InvalidResponse`. */
export const invalidWire: Arbitrary.Arbitrary<Invalid<Readonly<Record<string, unknown>>>> = Arbitrary.map(
  Arbitrary.all([wire, wireToken, between(0, 11)]),
  ([json, token, mistake]) => {
    const change = (field: string, changes: Readonly<Record<string, unknown>>) => ({
      value: { ...json, ...changes },
      field
    })
    switch (mistake) {
      case 0:
        return change("id", { id: undefined })
      case 1:
        return change("id", { id: "" })
      case 2:
        return change("scope", { scope: "global" })
      case 3:
        return change("scope.0", { scope: [7] })
      case 4:
        return change("created_at", { created_at: "yesterday" })
      case 5:
        return change("updated_at", { updated_at: null })
      case 6:
        return change("access_token", { access_token: token.token })
      case 7:
        return change("access_token.token", { access_token: { ...token, token: [token.token] } })
      case 8:
        return change("refresh_token.expires_in", { refresh_token: { ...token, expires_in: "3600" } })
      case 9:
        return change("grant.code", { grant: { id: token.id } })
      case 10:
        return change("client", { client: token.id })
      default:
        return change("user.id", { user: { email: "username@example.com" } })
    }
  }
)

// -----------------------------------------------------------------------------
// Inputs
// -----------------------------------------------------------------------------

/** Inputs of `create`. Their `client` names none that exists. */
export const createAuthorization: Arbitrary.Arbitrary<CreateAuthorization> = Arbitrary.map(
  Arbitrary.all({
    scope: Arbitrary.all([scope, Arbitrary.array(scope, { maxLength: 2 })]),
    description: either<string | undefined>(constant(undefined), text),
    expiresIn: either<Duration.Duration | undefined>(constant(undefined), lifetime),
    client: either<string | undefined>(constant(undefined), uuid)
  }),
  ({ client, description, expiresIn, scope: [first, rest] }) => ({
    scope: [first, ...rest],
    ...(description === undefined ? {} : { description }),
    ...(expiresIn === undefined ? {} : { expiresIn }),
    ...(client === undefined ? {} : { client })
  })
)

/** Inputs that `create` refuses; their types are what they should be as far as types can tell. */
export const invalidCreateAuthorization: Arbitrary.Arbitrary<Invalid<CreateAuthorization>> = Arbitrary.flatMap(
  createAuthorization,
  (input) =>
    either<Invalid<CreateAuthorization>>(
      constant({ value: { ...input, scope: emptyScope }, field: "scope" }),
      constant({ value: { ...input, scope: [""] }, field: "scope.0" }),
      Arbitrary.map(invalidLifetime, ({ field, value }) => ({ value: { ...input, expiresIn: value }, field })),
      constant({ value: { ...input, client: "" }, field: "client" })
    )
)

// No value has this type; it is what a program without types, or with a cast, hands in.
const emptyScope = [] as ReadonlyArray<string> as CreateAuthorization["scope"]

const clientWithSecret = Arbitrary.map(
  Arbitrary.all([uuid, uuid]),
  ([id, secret]) => ({ id, secret: Redacted.make(secret, { label: "client secret" }) })
)

/** Inputs of `update`. Their `client` names none that exists. */
export const updateAuthorization: Arbitrary.Arbitrary<UpdateAuthorization> = either<UpdateAuthorization>(
  Arbitrary.all({ description: text }),
  Arbitrary.all({ client: clientWithSecret }),
  Arbitrary.all({ description: text, client: clientWithSecret })
)

/** Inputs that `update` refuses. */
export const invalidUpdateAuthorization: Arbitrary.Arbitrary<Invalid<UpdateAuthorization>> = Arbitrary.flatMap(
  clientWithSecret,
  (client) =>
    either<Invalid<UpdateAuthorization>>(
      constant({ value: {}, field: "description" }),
      constant({ value: { client: { ...client, id: "" } }, field: "client.id" }),
      constant({ value: { client: { ...client, secret: Redacted.make("") } }, field: "client.secret" })
    )
)

// -----------------------------------------------------------------------------
// Errors
// -----------------------------------------------------------------------------

/** The operations. */
export const operation: Arbitrary.Arbitrary<AuthorizationError.Operation> = oneOf(
  "create",
  "info",
  "update",
  "regenerate",
  "delete",
  "list"
)

const answer = Arbitrary.all({
  errorId: Arbitrary.map(
    oneOf("", "not_found", "two_factor", "rate_limit", "forbidden", "invalid_params"),
    (id) => id === "" ? Option.none() : Option.some(id)
  ),
  message: oneOf("Couldn't find that OAuth authorization.", "Slow down.", "Schlüssel \"🔑\""),
  // Of a request that went through several hands there are several.
  requestId: either<Option.Option<string>>(
    constant(Option.none()),
    Arbitrary.map(uuid, Option.some),
    Arbitrary.map(Arbitrary.all([uuid, uuid]), (ids) => Option.some(ids.join(",")))
  ),
  documentationUrl: either<Option.Option<string>>(
    constant(Option.none()),
    constant(Option.some("https://devcenter.heroku.com/articles/platform-api-reference"))
  )
})

/** What an error status means. */
const answered = Arbitrary.map(
  Arbitrary.all({
    answer,
    operation,
    status: oneOf(400, 401, 402, 403, 404, 409, 422, 429, 500, 503),
    wait: either<number | undefined>(constant(undefined), between(0, 120)),
    twoFactorRequired: flag,
    repeated: flag,
    id: authorizationId
  }),
  ({ answer, id, operation, repeated, status, twoFactorRequired, wait }) => {
    const said = {
      ...answer,
      status,
      message: Option.some(answer.message),
      retryAfter: Option.map(Option.fromUndefinedOr(wait), Duration.seconds),
      twoFactorRequired
    }
    const afterUnknownOutcome = repeated && AuthorizationError.changes(operation)
    return operation === "create" || operation === "list"
      ? AuthorizationError.fromAnswer(operation, said, undefined, afterUnknownOutcome)
      : AuthorizationError.fromAnswer(operation, said, id, afterUnknownOutcome)
  }
)

/** Refused before any request was sent. */
const refused = either<readonly [AuthorizationError.Operation, string]>(
  Arbitrary.map(oneOf("info", "update", "regenerate", "delete"), (operation) => [operation, "id"] as const),
  Arbitrary.map(oneOf("scope", "expiresIn", "client"), (field) => ["create", field] as const),
  Arbitrary.map(oneOf("description", "client.id", "client.secret"), (field) => ["update", field] as const),
  Arbitrary.map(oneOf("pageSize", "cursor", "concurrency"), (field) => ["list", field] as const)
).pipe(Arbitrary.map(([operation, field]) => AuthorizationError.refused(operation, field, "makes no sense")))

const invalidResponse = Arbitrary.map(
  Arbitrary.all({ answer, operation, repeated: flag, last: flag }),
  ({ answer, last, operation, repeated }) =>
    new AuthorizationError.InvalidResponse({
      ...answer,
      operation,
      message: "The body is not JSON",
      errorId: Option.none(),
      status: AuthorizationError.expectedStatuses(operation).at(last ? -1 : 0)!,
      afterUnknownOutcome: repeated && AuthorizationError.changes(operation)
    })
)

const requestFailed = Arbitrary.map(
  Arbitrary.all({
    operation,
    reason: oneOf("request", "connect", "certificate", "connection", "timeout", "body"),
    repeated: flag
  }),
  ({ operation, reason, repeated }) =>
    new AuthorizationError.RequestFailed({
      operation,
      reason,
      message: "No usable answer",
      // After these the server has seen nothing, unless it has in an earlier attempt.
      outcomeUnknown: AuthorizationError.changes(operation)
        && (repeated || (reason !== "request" && reason !== "connect" && reason !== "certificate"))
    })
)

/** Errors of every kind, as every operation raises them: with the fields that go together. */
export const authorizationError: Arbitrary.Arbitrary<AuthorizationError.AuthorizationError> = either<
  AuthorizationError.AuthorizationError
>(answered, answered, answered, refused, invalidResponse, requestFailed)
