/**
 * Heroku's API as a function from requests to responses, over accounts of `store.ts`. It knows no HTTP library:
 * `FakeHeroku.ts` puts it behind a client and behind servers.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as FaultInjection from "../FaultInjection.ts"
import type * as HerokuAccount from "../HerokuAccount.ts"
import * as Account from "./account.ts"
import * as Faults from "./faults.ts"
import * as Random from "./random.ts"
import * as RateLimit from "./rateLimit.ts"
import { type AuthorizationRecord, checkOptions, keysOf } from "./records.ts"
import { redactTokens, withoutTokens } from "./secrets.ts"
import * as Store from "./store.ts"
import * as Wire from "./wire.ts"

// -----------------------------------------------------------------------------
// Options
// -----------------------------------------------------------------------------

/** An account, and how the API lets its owner in. */
interface AccountOptions extends Store.Options {
  /** How many requests the account may make at once. By default 4500. */
  readonly rateLimit?: number | undefined
  /** How many of them come back in a minute. By default all in an hour: 75 a minute for the default of `rateLimit`. */
  readonly rateLimitRefill?: number | undefined
  /** The code that has to come in `Heroku-Two-Factor-Code`. By default the account has no second factor. */
  readonly twoFactorCode?: string | Redacted.Redacted | undefined
}

/** How the imitation behaves. */
export interface Options extends AccountOptions {
  /** The account's token. By default any bearer or basic token but an empty one is taken for it. */
  readonly token?: string | Redacted.Redacted | undefined
  /** Further accounts, each with a token of its own. */
  readonly accounts?: Iterable<AccountOptions & { readonly token: string | Redacted.Redacted }> | undefined
  /** A warning that comes with every response, in `Warning-Id` and `Warning-Message`. */
  readonly warning?: { readonly id: string; readonly message: string } | undefined
  /**
   * How long an answer takes, by the `Clock`. Heroku acts when a request arrives, so that a caller who gives up
   * meanwhile cannot know. By default nothing.
   */
  readonly latency?: Duration.Input | undefined
  /** Is told of every exchange when it is over: for a log. By default nobody. */
  readonly observe?: ((exchange: Exchange) => Effect.Effect<void>) | undefined
}

const mainAccountKeys: { readonly [K in keyof AccountOptions]-?: true } = {
  ...Store.optionKeys,
  rateLimit: true,
  rateLimitRefill: true,
  twoFactorCode: true
}
const accountKeys: ReadonlySet<string> = new Set([...Object.keys(mainAccountKeys), "token"])
const apiKeys = keysOf<Options>({
  ...mainAccountKeys,
  token: true,
  accounts: true,
  warning: true,
  latency: true,
  observe: true
})

/** A request, and what became of it. Nothing in it shows a secret. */
export interface Exchange {
  /** The method, in capitals. */
  readonly method: string
  /** The path as it was sent, without its query and anything like a token. */
  readonly target: string
  /** The range that was asked for; none where there is no list. */
  readonly range: Option.Option<string>
  /** The status of the answer. None: the connection broke, or the caller gave up. */
  readonly status: Option.Option<number>
  /** How long the answer took. */
  readonly duration: Duration.Duration
}

// -----------------------------------------------------------------------------
// Requests and responses
// -----------------------------------------------------------------------------

/** A request. Header names are in lower case. */
export interface ApiRequest {
  readonly method: string
  /** As it was sent: still percent-encoded, with the query. */
  readonly target: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

/** A response. Header names are in lower case, so that one replaces another. No body is the empty one. */
export interface ApiResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The connection breaks: before it is there, before the answer, or in the middle of the answer's body. */
export interface Broken {
  readonly _tag: "Broken"
  readonly when: "connecting" | "answering" | { readonly response: ApiResponse }
}

const broken = (when: Broken["when"]): Effect.Effect<never, Broken> => Effect.fail({ _tag: "Broken", when })

// -----------------------------------------------------------------------------
// Routes
// -----------------------------------------------------------------------------

type Route =
  | { readonly name: "create"; readonly input: ReturnType<typeof Wire.parseCreate> }
  | { readonly name: "update"; readonly id: string; readonly input: ReturnType<typeof Wire.parseUpdate> }
  | { readonly name: "info" | "regenerate" | "delete"; readonly id: string }
  | { readonly name: "list"; readonly range: string | undefined }
  | { readonly name: "rate-limits" | "unknown" }

const unknownRoute: Route = { name: "unknown" }

const route = (request: ApiRequest): Route => {
  const method = request.method === "HEAD" ? "GET" : request.method
  // The path is split before it is decoded, so that an id with an encoded slash stays one segment.
  const path = request.target.split(/[?#]/, 1)[0] ?? ""
  const [, first, second, segment, ...rest] = path.split("/")
  if (path === "/account/rate-limits") return method === "GET" ? { name: "rate-limits" } : unknownRoute
  if (first !== "oauth" || second !== "authorizations") return unknownRoute
  if (segment === undefined) {
    switch (method) {
      case "GET":
        return { name: "list", range: request.headers["range"] }
      case "POST":
        return { name: "create", input: Wire.parseCreate(request.body) }
      default:
        return unknownRoute
    }
  }
  const id = decodeSegment(segment)
  if (id === undefined) return unknownRoute
  const action = rest.map((segment) => `/${segment}`).join("")
  switch (`${method} ${action}`) {
    case "GET ":
      return { name: "info", id }
    case "PATCH ":
      return { name: "update", id, input: Wire.parseUpdate(request.body) }
    case "DELETE ":
      return { name: "delete", id }
    case "POST /actions/regenerate-tokens":
      return { name: "regenerate", id }
    default:
      return unknownRoute
  }
}

/** The call that a request is; none when it is none of the operations. */
const toCall = (to: Route): Option.Option<FaultInjection.Call> => {
  switch (to.name) {
    case "create":
      return Option.some({ operation: to.name, ...toInput(to.input) })
    case "update":
      return Option.some({ operation: to.name, id: to.id, ...toInput(to.input) })
    case "list":
      return Option.some({ operation: to.name, ...(to.range === undefined ? undefined : { range: to.range }) })
    case "rate-limits":
    case "unknown":
      return Option.none()
    default:
      return Option.some({ operation: to.name, id: to.id })
  }
}

const toInput = <A>(input: Result.Result<A, Store.Refusal>): { readonly input?: A } =>
  Result.match(input, { onFailure: () => ({}), onSuccess: (input) => ({ input }) })

const decodeSegment = (segment: string): string | undefined => {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

// -----------------------------------------------------------------------------
// Accounts
// -----------------------------------------------------------------------------

interface Account {
  readonly store: Store.Store
  readonly rateLimit: RateLimit.RateLimit
  readonly twoFactorCode: string | undefined
}

const toText = (secret: string | Redacted.Redacted): string =>
  Redacted.isRedacted(secret) ? Redacted.value(secret) : secret

const makeAccount = (options: AccountOptions, now: number, name: string): Account => ({
  store: Store.make(options, now, name),
  rateLimit: RateLimit.make(options.rateLimit ?? 4500, options.rateLimitRefill),
  twoFactorCode: options.twoFactorCode === undefined ? undefined : toText(options.twoFactorCode)
})

/** The token in an `Authorization` header: a bearer's, a password (whoever the user), or a user without a password. */
const credential = (header: string | undefined): string | undefined => {
  const match = /^\s*(bearer|basic)\s+(\S+)\s*$/i.exec(header ?? "")
  const text = match?.[2]
  if (text === undefined || match?.[1]?.toLowerCase() === "bearer") return text
  const [, user = "", password = ""] = /^([^:]*):?(.*)$/s.exec(
    Result.getOrElse(
      Base64.decodeString(text.replace(/=+$/, "").padEnd(Math.ceil(text.length / 4) * 4, "=")),
      () => ""
    )
  ) ??
    []
  return password !== "" ? password : user !== "" ? user : undefined
}

// -----------------------------------------------------------------------------
// The API
// -----------------------------------------------------------------------------

/** The API, and the main one of its accounts. */
export interface Api {
  readonly handle: (request: ApiRequest) => Effect.Effect<ApiResponse, Broken>
  readonly account: HerokuAccount.Service
}

/** Makes the API; `now` is what its accounts' times count from. */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Api> {
  checkOptions(options, apiKeys)
  for (const account of options.accounts ?? []) checkOptions(account, accountKeys)
  const now = yield* Clock.currentTimeMillis
  const guard = yield* Faults.guard
  const requestIds = Random.make(options.randomSeed ?? "effect-heroku", "requests")
  const byToken = new Map<string, Account>()
  for (const [index, account] of Array.from(options.accounts ?? []).entries()) {
    byToken.set(toText(account.token), makeAccount(account, now, `account ${index + 2}`))
  }
  const main = makeAccount(options, now, "account")
  if (options.token !== undefined) byToken.set(toText(options.token), main)
  const tokens = [...byToken.keys()]

  const authenticate = (header: string | undefined): Account | undefined => {
    const token = credential(header)
    if (token === undefined) return undefined
    return byToken.get(token) ?? (options.token === undefined ? main : undefined)
  }

  const always = (): Record<string, string> => ({
    "cache-control": "private, no-cache",
    "request-id": requestIds.uuid(),
    ...(options.warning === undefined
      ? undefined
      : { "warning-id": options.warning.id, "warning-message": options.warning.message })
  })

  const respond = (status: number, body: string, headers?: Readonly<Record<string, string>>): ApiResponse => ({
    status,
    headers: {
      ...always(),
      ...(body === "" ? undefined : { "content-type": "application/json;charset=utf-8", etag: entityTag(body) }),
      ...headers
    },
    body
  })

  const refuse = (refusal: Store.Refusal, headers?: Readonly<Record<string, string>>): ApiResponse =>
    respond(refusal.status, Wire.refusal(refusal), headers)

  /** A success: with an entity tag, and without a body when the caller has it already. */
  const succeed = (
    request: ApiRequest,
    status: number,
    body: string,
    headers: Readonly<Record<string, string>>
  ): ApiResponse => {
    const ifNoneMatch = request.headers["if-none-match"]
    if (ifNoneMatch === undefined || !isRead(request.method)) return respond(status, body, headers)
    const etag = entityTag(body)
    return matches(ifNoneMatch, etag) ? respond(304, "", { ...headers, etag }) : respond(status, body, headers)
  }

  const answer = (request: ApiRequest, to: Route, now: number): ApiResponse => {
    const { headers } = request
    if (!isAcceptable(headers["accept"] ?? "")) return refuse(notAcceptable)
    const account = authenticate(headers["authorization"])
    if (account === undefined) return refuse(unauthorized)

    const { rateLimit, store } = account
    const limited = to.name !== "rate-limits" && !rateLimit.take(now)
    const remaining = { "ratelimit-remaining": String(rateLimit.remaining(now)) }
    if (limited) return refuse(rateLimited, remaining)
    if (account.twoFactorCode !== undefined && headers["heroku-two-factor-code"] !== account.twoFactorCode) {
      return refuse(twoFactor, { ...remaining, "heroku-two-factor-required": "true" })
    }

    const one = (status: number, result: Result.Result<AuthorizationRecord, Store.Refusal>): ApiResponse =>
      Result.match(result, {
        onFailure: (refusal) => refuse(refusal, remaining),
        onSuccess: (record) =>
          succeed(request, status, Wire.authorization(record, now), {
            ...remaining,
            ...lastModified([record])
          })
      })

    switch (to.name) {
      case "create":
        return one(201, Result.flatMap(to.input, (input) => store.create(input, now)))
      case "info":
        return one(200, store.info(to.id))
      case "update":
        return one(200, Result.flatMap(to.input, (input) => store.update(to.id, input, now)))
      case "regenerate":
        return one(200, store.regenerate(to.id, now))
      case "delete":
        return one(200, store.delete(to.id))
      case "list":
        return Result.match(store.list(to.range), {
          onFailure: (refusal) => refuse(refusal, { ...remaining, "accept-ranges": "id" }),
          onSuccess: (listing) =>
            succeed(request, listing.status, Wire.authorizations(listing.records, now), {
              ...remaining,
              "accept-ranges": "id",
              "content-range": listing.contentRange,
              ...lastModified(listing.records),
              ...Option.match(listing.nextRange, { onNone: () => ({}), onSome: (range) => ({ "next-range": range }) })
            })
        })
      case "rate-limits":
        return succeed(request, 200, JSON.stringify({ remaining: rateLimit.remaining(now) }), remaining)
      case "unknown":
        return refuse(unknownEndpoint, remaining)
    }
  }

  const showFault = ({ body, headers, status }: FaultInjection.Status): ApiResponse => respond(status, body, headers)

  const { observe } = options
  const latency = options.latency === undefined ? Effect.void : Effect.sleep(options.latency)

  const handle: Api["handle"] = (request) => {
    const to = route(request)
    const act = Effect.flatMap(
      Effect.map(Clock.currentTimeMillis, (now) => answer(request, to, now)),
      (response) => Effect.as(latency, response)
    )
    const answered = Option.match(toCall(to), {
      onNone: () => act,
      onSome: (call) =>
        guard<ApiResponse, Broken>(withoutTokens(call, tokens), act, {
          status: (fault) => Effect.sync(() => showFault(fault)),
          connectionRefused: broken("connecting"),
          connectionReset: broken("answering"),
          // What has no body cannot be cut in the middle of it.
          cutBody: Effect.flatMap((response) => broken(response.body === "" ? "answering" : { response })),
          garbled: Effect.map(garble),
          nextRange: (answer, how) =>
            Effect.map(answer, (response) =>
              breakNextRange(response, how === "missing" ? undefined : call.range ?? "id .."))
        })
    })
    return observe === undefined ?
      answered :
      Effect.flatMap(
        Clock.currentTimeMillis,
        (began) =>
          Effect.onExit(answered, (exit) =>
            Effect.flatMap(Clock.currentTimeMillis, (ended) =>
              observe({
                method: request.method,
                target: redactTokens(request.target.split(/[?#]/, 1)[0] ?? "", tokens),
                range: to.name === "list"
                  ? Option.map(Option.fromUndefinedOr(to.range), (range) => redactTokens(range, tokens))
                  : Option.none(),
                status: Option.map(Exit.getSuccess(exit), (response) => response.status),
                duration: Duration.millis(ended - began)
              })))
      )
  }
  return { handle, account: Account.fromStore(main.store) }
})

/** A router that says in HTML what nobody asked, under the label of JSON. */
const garble = (response: ApiResponse): ApiResponse =>
  response.status < 300
    // Of a list it says that this is all.
    ? { ...response, status: response.status === 206 ? 200 : response.status, body: "<title>Maintenance</title>" }
    : response

/** A part of a list that goes on at `nextRange`, or says nothing of that. */
const breakNextRange = (response: ApiResponse, nextRange: string | undefined): ApiResponse => {
  if (response.status >= 300) return response
  const { "next-range": _, ...headers } = response.headers
  return {
    ...response,
    status: 206,
    headers: nextRange === undefined ? headers : { ...headers, "next-range": nextRange }
  }
}

// -----------------------------------------------------------------------------
// Headers
// -----------------------------------------------------------------------------

/** Whether a media type that is accepted is version 3 of the API's, or a variant of it (`3.sdk`). */
const isAcceptable = (accept: string): boolean =>
  accept.split(",").some((mediaType) => {
    const [type, ...parameters] = mediaType.split(";").map((part) => part.trim().toLowerCase())
    return type === "application/vnd.heroku+json"
      && parameters.some((parameter) => /^version\s*=\s*"?3(?:\.[\w-]+)?"?$/.test(parameter))
  })

const isRead = (method: string): boolean => method === "GET" || method === "HEAD"

// FNV-1a. Effect's `Hash.string` takes three times as long, which was a third of the work of a page of a thousand.
const entityTag = (body: string): string => {
  let hash = 0x811c9dc5
  for (let index = 0; index < body.length; index++) hash = Math.imul(hash ^ body.charCodeAt(index), 0x01000193)
  const digits = (number: number) => (number >>> 0).toString(16).padStart(8, "0")
  return `"${digits(hash)}${digits(body.length)}"`
}

const matches = (ifNoneMatch: string, etag: string): boolean =>
  ifNoneMatch.split(",").some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === etag)

/** When the last of them was changed. */
const lastModified = (records: ReadonlyArray<AuthorizationRecord>): Readonly<Record<string, string>> =>
  records.length === 0
    ? {}
    : { "last-modified": httpDate(records.reduce((latest, { updatedAt }) => Math.max(latest, updatedAt), -Infinity)) }

const httpDate = (millis: number): string => new Date(millis).toUTCString()

// -----------------------------------------------------------------------------
// Refusals
// -----------------------------------------------------------------------------

const unauthorized: Store.Refusal = {
  status: 401,
  errorId: "unauthorized",
  message: "Invalid credentials provided."
}

/** The words are inferred, as are those of what follows unless a payload was published. */
const notAcceptable: Store.Refusal = {
  status: 406,
  errorId: "not_acceptable",
  message: "The `Accept` header must name a version: `application/vnd.heroku+json; version=3`."
}

const rateLimited: Store.Refusal = {
  status: 429,
  errorId: "rate_limit",
  message: "Your account reached the API rate limit\nPlease wait a few minutes before making new requests",
  documentationUrl: "https://devcenter.heroku.com/articles/platform-api-reference#rate-limits"
}

const twoFactor: Store.Refusal = {
  status: 403,
  errorId: "two_factor",
  message: "A second factor is required."
}

const unknownEndpoint: Store.Refusal = {
  status: 404,
  errorId: "not_found",
  message: "The requested API endpoint was not found. Are you using the right HTTP verb (i.e. `GET` vs. `POST`), and "
    + "did you specify your intended version with the `Accept` header?"
}
