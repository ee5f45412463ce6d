/**
 * One account: its authorizations, and what Heroku does with them. Both the service in memory and the imitation of the
 * API stand on it, so that they cannot behave differently.
 *
 * Everything is synchronous and takes the time as `now`, in milliseconds. Nothing of HTTP is here but the text of ranges
 * and the statuses of refusals.
 */
import type { CreateAuthorization, UpdateAuthorization } from "@effect-heroku/core/Authorization"
import * as ListRange from "@effect-heroku/core/ListRange"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Random from "./random.ts"
import * as Records from "./records.ts"

/** What an account starts with. */
export interface Options {
  /** Authorizations that exist from the start. Of two with the same id the later one counts. */
  readonly seed?: ReadonlyArray<Records.Seed> | undefined
  /** When Heroku answered with what is in `seed`: its lifetimes count from there. By default when the layer is built. */
  readonly observedAt?: DateTime.Utc | undefined
  /**
   * How many authorizations are made up in addition: with several clients and scopes, some about to expire, some
   * expired, some that never will. By default 0.
   */
  readonly count?: number | undefined
  /** Determines every id and token that is made up. The same in every run by default. */
  readonly randomSeed?: number | string | undefined
  /** The id of the authorization that `~` names. By default the first direct one that was made up; without `count` none. */
  readonly defaultAuthorization?: string | undefined
  /** OAuth clients that can be named in `create` and `update`, besides those of `seed`. */
  readonly clients?: ReadonlyArray<Records.ClientSeed> | undefined
  /** Whose account it is. */
  readonly user?: Records.UserSeed | undefined
}

/** The names of the options, for those who refuse others. */
export const optionKeys: { readonly [K in keyof Options]-?: true } = {
  seed: true,
  observedAt: true,
  count: true,
  randomSeed: true,
  defaultAuthorization: true,
  clients: true,
  user: true
}

/** An answer with an error status, as Heroku words it. */
export interface Refusal {
  readonly status: number
  readonly errorId: string
  readonly message: string
  readonly documentationUrl?: string
  readonly resource?: string
}

/** A part of the list. */
export interface Listing {
  readonly status: 200 | 206
  readonly records: ReadonlyArray<Records.AuthorizationRecord>
  readonly contentRange: string
  readonly nextRange: Option.Option<string>
}

type Answer<A> = Result.Result<A, Refusal>
type RecordAnswer = Answer<Records.AuthorizationRecord>

/** The account. Its state is closed over: there is nothing to print. */
export interface Store {
  readonly create: (input: CreateAuthorization, now: number) => RecordAnswer
  readonly info: (id: string) => RecordAnswer
  readonly update: (id: string, input: UpdateAuthorization, now: number) => RecordAnswer
  readonly regenerate: (id: string, now: number) => RecordAnswer
  readonly delete: (id: string) => RecordAnswer
  /** The part of the list that the value of a `Range` header asks for; the default range when there is none. */
  readonly list: (range: string | undefined) => Answer<Listing>
  /** How many records there are. */
  readonly size: () => number
  /** Every record, in the order of the list. */
  readonly records: () => ReadonlyArray<Records.AuthorizationRecord>
  /** Puts in what a seed describes; it takes the place of a record with the same id. */
  readonly plant: (seed: Records.Seed, now: number) => Records.AuthorizationRecord
  /** Says what `~` names from now on. */
  readonly setDefault: (id: string | undefined) => void
}

/** Heroku's default page; its largest is 1000. */
const defaultPageSize = 200
const largestPageSize = 1000

/**
 * Makes the account. `builtAt` is what its times count from; accounts of different names have different ids.
 *
 * @throws when an option makes no sense: a mistake in the test, which no layer's error type should hold.
 */
export const make = (options: Options, builtAt: number, name = "account"): Store => {
  const source = Random.make(options.randomSeed ?? "effect-heroku", name)
  /** By id. */
  const records = new Map<string, Records.AuthorizationRecord>()
  // What an earlier run made up from the same seed may be here as a seed: its ids come again, and are passed over.
  const random: Random.Random = {
    ...source,
    uuid: () => {
      let id = source.uuid()
      while (records.has(id)) id = source.uuid()
      return id
    }
  }
  const count = options.count ?? 0
  if (!Number.isInteger(count) || count < 0) throw new RangeError(`count: ${count} is not a whole number, zero or more`)
  const account = Records.userFromSeed(options.user ?? {}, random)
  const clients = new Map<string, Records.ClientRecord>()

  const hold = (record: Records.AuthorizationRecord): void => {
    records.set(record.id, record)
    if (record.client !== null && !clients.has(record.client.id)) clients.set(record.client.id, record.client)
  }

  for (const seed of options.clients ?? []) {
    const client = Records.clientFromSeed(seed, random)
    clients.set(client.id, client)
  }
  let madeUpDefault: string | undefined
  if (count > 0) {
    const madeUpClients = Records.makeUpClients(random)
    for (const client of madeUpClients) clients.set(client.id, client)
    for (let made = 0; made < count; made++) {
      const record = Records.makeUp(account, madeUpClients, random, builtAt)
      hold(record)
      if (record.client === null) madeUpDefault ??= record.id
    }
  }
  if (options.seed !== undefined && !Array.isArray(options.seed)) {
    throw new TypeError("seed: not an array of authorizations; made-up ones come from count, determined by randomSeed")
  }
  const observedAt = options.observedAt === undefined ? builtAt : DateTime.toEpochMillis(options.observedAt)
  for (const seed of options.seed ?? []) hold(Records.fromSeed(seed, account, random, observedAt))
  let defaultAuthorization = options.defaultAuthorization ?? madeUpDefault
  // The order of the list: without a comparison `toSorted` goes by code units, whatever the locale.
  const ids = [...records.keys()].toSorted()

  const find = (id: string): RecordAnswer => {
    const record = records.get(id === "~" ? defaultAuthorization ?? "" : id)
    if (record !== undefined) return Result.succeed(record)
    return Result.fail({
      status: 404,
      errorId: "not_found",
      message: "Couldn't find that OAuth authorization.",
      resource: "authorization"
    })
  }

  const findClient = (id: string, field: string): Answer<Records.ClientRecord> => {
    const client = clients.get(id)
    // That Heroku answers 422 is inferred: the client is a parameter, not what the path names.
    return client === undefined
      ? Result.fail(invalidParams(field, "Couldn't find that OAuth client."))
      : Result.succeed(client)
  }

  const put = (record: Records.AuthorizationRecord): RecordAnswer => {
    records.set(record.id, record)
    return Result.succeed(record)
  }

  const create = (input: CreateAuthorization, now: number): RecordAnswer => {
    const lifetime = input.expiresIn === undefined ? null : Duration.toMillis(input.expiresIn)
    const base = {
      id: random.uuid(),
      // That Heroku makes one up is known; its words are inferred.
      description: input.description ?? "Long-lived user authorization",
      scope: input.scope,
      refreshToken: null,
      session: null,
      user: account,
      createdAt: Records.wholeSecond(now),
      updatedAt: Records.wholeSecond(now)
    }
    if (input.client === undefined) {
      ids.splice(lowerBound(ids, base.id), 0, base.id)
      return put({ ...base, accessToken: Records.makeToken(random, now, lifetime), client: null, grant: null })
    }
    // For a client this is the web flow: a grant, and no tokens until the client has exchanged it.
    return Result.flatMap(findClient(input.client, "client"), (client) => {
      ids.splice(lowerBound(ids, base.id), 0, base.id)
      return put({ ...base, accessToken: null, client, grant: Records.makeGrant(random, now) })
    })
  }

  const update = (id: string, input: UpdateAuthorization, now: number): RecordAnswer =>
    Result.flatMap(find(id), (record) => {
      const changed = {
        ...record,
        description: input.description ?? record.description,
        updatedAt: Records.wholeSecond(now)
      }
      if (input.client === undefined) return put(changed)
      const { secret } = input.client
      return Result.flatMap(
        findClient(input.client.id, "client.id"),
        (client) =>
          client.secret !== null && Redacted.value(client.secret) !== Redacted.value(secret)
            ? Result.fail(invalidParams("client.secret", "Couldn't verify that OAuth client."))
            : put({ ...changed, client })
      )
    })

  const regenerate = (id: string, now: number): RecordAnswer =>
    Result.flatMap(find(id), (record) => {
      if (record.client !== null && !record.client.privileged) {
        return Result.fail({
          status: 403,
          errorId: "forbidden",
          message: "You can only regenerate the tokens of direct authorizations and privileged OAuth clients."
        })
      }
      return put({
        ...record,
        accessToken: Records.makeToken(random, now, record.accessToken?.lifetime ?? null),
        refreshToken: record.refreshToken === null
          ? null
          : Records.makeToken(random, now, record.refreshToken.lifetime),
        updatedAt: Records.wholeSecond(now)
      })
    })

  const remove = (id: string): RecordAnswer =>
    Result.map(find(id), (record) => {
      records.delete(record.id)
      ids.splice(lowerBound(ids, record.id), 1)
      return record
    })

  const list = (text: string | undefined): Answer<Listing> => {
    if (text !== undefined && emptyExclusiveStart.test(text)) return Result.fail(internalServerError)
    const parsed = text === undefined ? Option.some(ListRange.make({})) : ListRange.parse(text)
    // Ranges with an end but no start were removed from the API in 2013; that they are refused is inferred.
    if (Option.isNone(parsed) || (Option.isSome(parsed.value.end) && Option.isNone(parsed.value.start))) {
      return Result.fail(unsatisfiable)
    }
    const range = parsed.value
    const max = Math.min(Option.getOrElse(range.max, () => defaultPageSize), largestPageSize)
    const descending = Option.contains(range.order, "desc")
    const start = Option.map(range.start, ({ exclusive, id }) => ({ id: fromRangeId(id), exclusive }))
    const end = Option.map(range.end, fromRangeId)

    // Ids from `low` to before `high` are in the range; a page is taken from the side that the order starts at.
    const low = descending
      ? Option.match(end, { onNone: () => 0, onSome: (id) => lowerBound(ids, id) })
      : Option.match(start, {
        onNone: () => 0,
        onSome: ({ exclusive, id }) => exclusive ? upperBound(ids, id) : lowerBound(ids, id)
      })
    const high = descending
      ? Option.match(start, {
        onNone: () => ids.length,
        onSome: ({ exclusive, id }) => exclusive ? lowerBound(ids, id) : upperBound(ids, id)
      })
      : Option.match(end, { onNone: () => ids.length, onSome: (id) => upperBound(ids, id) })
    const page = descending
      ? ids.slice(Math.max(low, high - max), Math.max(low, high)).toReversed()
      : ids.slice(low, Math.min(low + max, Math.max(low, high)))

    const items: Array<Records.AuthorizationRecord> = []
    for (const id of page) {
      const record = records.get(id)
      if (record !== undefined) items.push(record)
    }
    const first = toRangeId(page[0] ?? "")
    const last = toRangeId(page[page.length - 1] ?? "")
    const complete = page.length >= high - low
    return Result.succeed({
      status: complete ? 200 : 206,
      records: items,
      contentRange: `id ${first}..${last}; max=${max}`,
      nextRange: complete ? Option.none() : Option.some(ListRange.format({
        start: Option.some({ id: last, exclusive: true }),
        end: range.end,
        max: Option.some(max),
        order: range.order
      }))
    })
  }

  const plant = (seed: Records.Seed, now: number): Records.AuthorizationRecord => {
    const record = Records.fromSeed(seed, account, random, now)
    if (!records.has(record.id)) ids.splice(lowerBound(ids, record.id), 0, record.id)
    hold(record)
    return record
  }

  return {
    create,
    info: find,
    update,
    regenerate,
    delete: remove,
    list,
    size: () => ids.length,
    records: () => ids.flatMap((id) => records.get(id) ?? []),
    plant,
    setDefault: (id) => {
      defaultAuthorization = id
    }
  }
}

// -----------------------------------------------------------------------------
// Refusals
// -----------------------------------------------------------------------------

/** 422 for a parameter. */
export const invalidParams = (field: string, problem: string): Refusal => ({
  status: 422,
  errorId: "invalid_params",
  message: `${field}: ${problem}`
})

const unsatisfiable: Refusal = {
  status: 416,
  errorId: "requested_range_not_satisfiable",
  message: "Couldn't parse the requested range.",
  documentationUrl: "https://devcenter.heroku.com/articles/platform-api-reference#ranges"
}

/** What the API answers to a range that starts after nothing; the body is inferred. */
const internalServerError: Refusal = {
  status: 500,
  errorId: "internal_server_error",
  message: "Internal server error."
}

const emptyExclusiveStart = /^\s*id\s+\]\.\./

// -----------------------------------------------------------------------------
// Ids
// -----------------------------------------------------------------------------

/** The index of the first id that is not before `id`. */
const lowerBound = (ids: ReadonlyArray<string>, id: string): number => bound(ids, (candidate) => candidate < id)

/** The index of the first id that is after `id`. */
const upperBound = (ids: ReadonlyArray<string>, id: string): number => bound(ids, (candidate) => candidate <= id)

const bound = (ids: ReadonlyArray<string>, isBefore: (candidate: string) => boolean): number => {
  let low = 0
  let high = ids.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(ids[middle] ?? "")) low = middle + 1
    else high = middle
  }
  return low
}

// A header can carry neither every character nor, inside a range, dots and spaces. UUIDs come through unchanged.
const toRangeId = (id: string): string => encodeURIComponent(id).replaceAll(".", "%2E")

const fromRangeId = (id: string): string => {
  try {
    return decodeURIComponent(id)
  } catch {
    return id
  }
}
