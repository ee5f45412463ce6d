/**
 * Heroku's API as a function from requests to responses, over accounts of `store.ts`. It does not know HTTP libraries:
 * `FakeHeroku.ts` puts it behind a client and behind servers.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as HerokuAccount from "../HerokuAccount.ts"
import * as Account from "./account.ts"
import { isAllowed, tokenOf } from "./credentials.ts"
import type * as Faults from "./faults.ts"
import {
  acceptedVersions,
  corsHeaders,
  entityTag,
  type Headers,
  lastModified,
  matchesEntityTag,
  preflightHeaders
} from "./headers.ts"
import * as HerokuErrors from "./herokuErrors.ts"
import * as Random from "./random.ts"
import * as RateLimit from "./rateLimit.ts"
import { type AuthorizationRecord, isMasked, wireAt } from "./records.ts"
import { redactCall, redactTokens } from "./redact.ts"
import { type ApiRequest, pathOf, type Route, route, toCall } from "./request.ts"
import { toText } from "./seeds.ts"
import * as Store from "./store.ts"

/** An account, and how the API authenticates its user. */
interface AccountOptions extends Store.Options {
  /** How many requests the account may send at once. By default 4500. */
  readonly rateLimit?: number | undefined
  /** How many of them it regains a minute. By default all in an hour: 75 a minute for 4500. */
  readonly rateLimitRefill?: number | undefined
  /** The code required in `Heroku-Two-Factor-Code`. By default the account has no second factor. */
  readonly twoFactorCode?: string | Redacted.Redacted | undefined
}

/** How the fake API behaves. */
export interface Options extends AccountOptions {
  /**
   * A token that may do everything in the account. The access tokens of the account's authorizations are accepted as well,
   * while they are valid, for what their scope allows. By default every other token may do everything.
   */
  readonly token?: string | Redacted.Redacted | undefined
  /** Further accounts, each with its own token, and the tokens of its authorizations. */
  readonly accounts?: Iterable<AccountOptions & { readonly token: string | Redacted.Redacted }> | undefined
  /** A warning in every response, in `Warning-Id` and `Warning-Message`. */
  readonly warning?: { readonly id: string; readonly message: string } | undefined
  /**
   * How long a response takes, by the `Clock`. Heroku acts when a request arrives, so a caller that gives up before the
   * response does not know the outcome. By default no time.
   */
  readonly latency?: Duration.Input | undefined
  /** Called after every exchange, for example to log it. */
  readonly observe?: ((exchange: Exchange) => Effect.Effect<void>) | undefined
}

/** A request and its response, without secrets. */
export interface Exchange {
  /** The method, in capitals. */
  readonly method: string
  /** The path as it was sent, without its query. Tokens are redacted. */
  readonly target: string
  /** The range that was requested. `None` if the request is not for a list. */
  readonly range: Option.Option<string>
  /** The status of the response. `None` if the connection broke or the caller gave up. */
  readonly status: Option.Option<number>
  /** How long the response took. */
  readonly duration: Duration.Duration
}

/** A response. Header names are in lower case. An empty body is no body. */
export interface ApiResponse {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/** The connection breaks: before it is established, before the response, or in the middle of the response body. */
export interface Broken {
  readonly _tag: "Broken"
  readonly when: "connecting" | "responding" | { readonly response: ApiResponse }
}

const broken = (when: Broken["when"]): Effect.Effect<never, Broken> => Effect.fail({ _tag: "Broken", when })

type Account = ReturnType<typeof makeAccount>

const makeAccount = (options: AccountOptions, now: number, name: string) => ({
  store: Store.make(options, now, name),
  rateLimit: RateLimit.make(options.rateLimit ?? 4500, options.rateLimitRefill),
  twoFactorCode: options.twoFactorCode === undefined ? undefined : toText(options.twoFactorCode)
})

/** The sender of a request. */
interface Caller {
  readonly account: Account
  /** The authorization of the token. Without one, the token may do everything. */
  readonly record?: AuthorizationRecord
}

export interface Api {
  readonly handle: (request: ApiRequest) => Effect.Effect<ApiResponse, Broken>
  readonly account: HerokuAccount.Service
}

export const make = Effect.fnUntraced(function*(options: Options, guard: Faults.Guard): Effect.fn.Return<Api> {
  const furtherAccounts = Array.from(options.accounts ?? [])
  const now = yield* Clock.currentTimeMillis
  const requestIds = Random.make(options.randomSeed ?? "effect-heroku", "requests")
  const main = makeAccount(options, now, "account")
  const byToken = new Map(
    furtherAccounts.map((account, index) => [toText(account.token), makeAccount(account, now, `account ${index + 2}`)])
  )
  const accounts = [main, ...byToken.values()]
  if (options.token !== undefined) byToken.set(toText(options.token), main)
  const tokens = [...byToken.keys()]

  const authenticate = (header: string | undefined, now: number): Caller | undefined => {
    const token = tokenOf(header)
    if (token === undefined || isMasked(token)) return undefined
    const issuer = accounts.find(({ store }) => store.hasIssued(token))
    if (issuer !== undefined) {
      const record = issuer.store.findByToken(token, now)
      return record && { account: issuer, record }
    }
    const account = byToken.get(token) ?? (options.token === undefined ? main : undefined)
    return account && { account }
  }

  /** The tokens that the id of a request can contain: those of the accounts, and the id itself if it is one. */
  const tokensIn = (to: Route): ReadonlyArray<string> =>
    "id" in to && accounts.some(({ store }) => store.hasIssued(to.id)) ? [...tokens, to.id] : tokens

  const respond = (status: number, body: string, headers?: Headers): ApiResponse => ({
    status,
    headers: {
      ...corsHeaders,
      "cache-control": "private, no-cache",
      "request-id": requestIds.uuid(),
      ...(options.warning && { "warning-id": options.warning.id, "warning-message": options.warning.message }),
      ...(body !== "" && { "content-type": "application/json;charset=utf-8", etag: entityTag(body) }),
      ...headers
    },
    body
  })

  const reject = (error: HerokuErrors.HerokuError, headers?: Headers): ApiResponse =>
    respond(error.status, HerokuErrors.toJson(error), headers)

  const act = (request: ApiRequest, to: Route, now: number): ApiResponse => {
    const { headers } = request
    if (to.name === "preflight") return respond(200, "", preflightHeaders(headers))
    const team = "team" in to ? to.team : undefined
    const versions = acceptedVersions(headers["accept"] ?? "")
    if (versions.length === 0) return reject(HerokuErrors.errors.notAcceptable)
    if (team !== undefined && !versions.includes("3.sdk")) return reject(HerokuErrors.errors.notAcceptableForTeams)
    const caller = authenticate(headers["authorization"], now)
    if (caller === undefined) return reject(HerokuErrors.errors.unauthorized)

    const { account, record } = caller
    const { rateLimit, store } = account
    const isLimited = to.name !== "rate-limits" && !rateLimit.take(now)
    const remaining = { "ratelimit-remaining": String(rateLimit.remaining(now)) }
    if (isLimited) return reject(HerokuErrors.errors.rateLimited, remaining)
    if (account.twoFactorCode !== undefined && headers["heroku-two-factor-code"] !== account.twoFactorCode) {
      return reject(HerokuErrors.errors.twoFactor, { ...remaining, "heroku-two-factor-required": "true" })
    }
    if (record !== undefined && !isAllowed(record.wire.scope, to.name)) {
      return reject(HerokuErrors.errors.scope, remaining)
    }

    const one = (status: number, outcome: Store.Outcome): ApiResponse =>
      Result.match(outcome, {
        onFailure: (error) => reject(error, remaining),
        onSuccess: (record) =>
          respond(status, JSON.stringify(wireAt(record, now)), { ...remaining, ...lastModified([record]) })
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
      case "list": {
        const listHeaders = { ...remaining, "accept-ranges": "id" }
        return Result.match(store.list(to.range, team), {
          onFailure: (error) => reject(error, listHeaders),
          onSuccess: ({ contentRange, items, nextRange, status }) =>
            respond(status, JSON.stringify(items.map((record) => wireAt(record, now))), {
              ...listHeaders,
              "content-range": contentRange,
              ...lastModified(items),
              ...(Option.isSome(nextRange) && { "next-range": nextRange.value })
            })
        })
      }
      case "account":
        return respond(200, JSON.stringify(toAccountJson(account)), remaining)
      case "end-session": {
        const session = record?.wire.session
        if (record === undefined || !session) return reject(HerokuErrors.errors.sessionNotFound, remaining)
        // That the authorization ends with its session is inferred.
        store.remove(record.wire.id)
        return respond(200, JSON.stringify(session), remaining)
      }
      case "rate-limits":
        return respond(200, JSON.stringify({ remaining: rateLimit.remaining(now) }), remaining)
      case "unknown":
        return reject(HerokuErrors.errors.unknownEndpoint, remaining)
    }
  }

  const latency = options.latency === undefined ? Effect.void : Effect.sleep(options.latency)

  /** Acts at once, and responds after the latency. */
  const handleRoute = (request: ApiRequest, to: Route): Effect.Effect<ApiResponse, Broken> => {
    const acting = Clock.currentTimeMillis.pipe(
      Effect.map((now) => omitKnownBody(request, act(request, to, now))),
      Effect.tap(latency)
    )
    const call = toCall(to)
    if (call === undefined) return acting
    return guard<ApiResponse, Broken>(redactCall(call, tokensIn(to)), acting, {
      failure: (fault) =>
        fault._tag === "Status"
          ? Effect.sync(() => respond(fault.status, fault.body, fault.headers))
          : broken(fault._tag === "ConnectionRefused" ? "connecting" : "responding"),
      brokenResponse: (fault, responding) =>
        Effect.flatMap(responding, (response) => {
          switch (fault._tag) {
            case "CutBody":
              return broken(response.body === "" ? "responding" : { response })
            case "Garbled":
              return Effect.succeed(garble(response))
            case "MissingNextRange":
              return Effect.succeed(breakNextRange(response, undefined))
            case "RepeatedNextRange":
              return Effect.succeed(breakNextRange(response, call.range ?? "id .."))
          }
        })
    })
  }

  const { observe } = options
  const handle: Api["handle"] = (request) => {
    const to = route(request)
    const responding = Effect.flatMap(handleRoute(request, to), addDate)
    if (observe === undefined) return responding
    const observed = (start: number) =>
      Effect.onExit(responding, (exit) =>
        Effect.flatMap(Clock.currentTimeMillis, (end) =>
          observe({
            method: request.method,
            target: redactTokens(pathOf(request), tokensIn(to)),
            range: "range" in to ? Option.some(redactTokens(to.range, tokens)) : Option.none(),
            status: Option.map(Exit.getSuccess(exit), (response) => response.status),
            duration: Duration.millis(end - start)
          })))
    return Effect.flatMap(Clock.currentTimeMillis, observed)
  }
  return { handle, account: Account.fromStore(main.store) }
})

/** Responds with 304 if the client already has the body. */
const omitKnownBody = ({ headers, method }: ApiRequest, response: ApiResponse): ApiResponse =>
  method === "GET" && response.status < 300 && matchesEntityTag(headers["if-none-match"], response.headers["etag"])
    ? { ...response, status: 304, body: "" }
    : response

const addDate = (response: ApiResponse): Effect.Effect<ApiResponse> =>
  Effect.map(Clock.currentTimeMillis, (now) => ({
    ...response,
    headers: { date: new Date(now).toUTCString(), ...response.headers }
  }))

/** A router's HTML, labelled as JSON. A partial list becomes a complete one. */
const garble = (response: ApiResponse): ApiResponse =>
  response.status < 300
    ? { ...response, status: response.status === 206 ? 200 : response.status, body: "<title>Maintenance</title>" }
    : response

/** A partial list with this `Next-Range`, or without one. */
const breakNextRange = (response: ApiResponse, nextRange: string | undefined): ApiResponse => {
  if (response.status >= 300) return response
  const { "next-range": _, ...headers } = response.headers
  return { ...response, status: 206, headers: { ...headers, ...(nextRange && { "next-range": nextRange }) } }
}

/** The account's user, with some of the keys that Heroku sends. */
const toAccountJson = ({ store: { user }, twoFactorCode }: Account) => ({
  email: user.email,
  federated: false,
  id: user.id,
  name: user.full_name,
  suspended_at: null,
  two_factor_authentication: twoFactorCode !== undefined,
  verified: true
})
