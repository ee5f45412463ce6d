/**
 * One account: its authorizations, and what Heroku's operations do with them. The memory layer and the fake API share
 * it, so that they cannot behave differently.
 *
 * Everything is synchronous and takes the time as `now`, in milliseconds. The only parts of HTTP here are the text of
 * ranges and the statuses of errors.
 */
import type { CreateAuthorization, UpdateAuthorization } from "@effect-heroku/core/Authorization"
import * as DateTime from "effect/DateTime"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as HerokuErrors from "./herokuErrors.ts"
import { indexOf, list } from "./listing.ts"
import * as Random from "./random.ts"
import { type AuthorizationRecord, type ClientRecord, makeToken, toWholeSecond, wireAt } from "./records.ts"
import * as SampleData from "./sampleData.ts"
import * as Seeds from "./seeds.ts"

/** The initial content of an account. */
export interface Options {
  /** Authorizations that exist from the start. If two have the same id, the later one is used. */
  readonly seed?: ReadonlyArray<Seeds.Seed> | undefined
  /** When Heroku returned the authorizations in `seed`: their lifetimes count from there. By default when the layer is built. */
  readonly observedAt?: DateTime.Utc | undefined
  /**
   * How many authorizations are generated in addition: with several clients and scopes, some about to expire, some
   * expired, some that never expire. By default 0.
   */
  readonly count?: number | undefined
  /** Determines every generated id and token. By default the same in every run. */
  readonly randomSeed?: number | string | undefined
  /** The id of the authorization that `~` names. By default the first direct one of those that `count` generates. */
  readonly defaultAuthorization?: string | undefined
  /** OAuth clients that `create` and `update` can name, in addition to those of `seed`. */
  readonly clients?: ReadonlyArray<Seeds.ClientSeed> | undefined
  /** The account's user. */
  readonly user?: Seeds.UserSeed | undefined
}

export type Outcome<A = AuthorizationRecord> = Result.Result<A, HerokuErrors.HerokuError>

/**
 * Creates the account. `builtAt` is the time that its times count from; accounts with different names have different ids.
 *
 * @throws when an option is invalid: a mistake in the test, which no layer's error type should contain.
 */
export const make = (options: Options, builtAt: number, name = "account") => {
  const { clients: clientSeeds = [], count = 0, seed: seeds = [] } = options
  if (!Number.isInteger(count) || count < 0) throw new RangeError(`count: ${count} is not an integer of 0 or more`)
  const records = new Map<string, AuthorizationRecord>()
  const clients = new Map<string, ClientRecord>()
  const source = Random.make(options.randomSeed ?? "effect-heroku", name)
  const random: Random.Random = {
    ...source,
    // Skips ids that an earlier run generated from the same random seed, and that are a seed of this one.
    uuid: () => {
      let id = source.uuid()
      while (records.has(id)) id = source.uuid()
      return id
    }
  }
  const account = Seeds.toUser(options.user ?? {}, random)

  const addClient = (client: ClientRecord) => clients.set(client.wire.id, client)

  const put = (record: AuthorizationRecord): AuthorizationRecord => {
    const { client, wire } = record
    records.set(wire.id, record)
    if (client !== null && !clients.has(client.wire.id)) addClient(client)
    return record
  }

  for (const seed of clientSeeds) addClient(Seeds.toClient(seed, random))
  let { defaultAuthorization } = options
  if (count > 0) {
    const sampleClients = SampleData.makeClients(random)
    for (const client of sampleClients) addClient(client)
    for (let index = 0; index < count; index++) {
      const { client, wire } = put(SampleData.makeAuthorization(account, sampleClients, random, builtAt))
      if (client === null) defaultAuthorization ??= wire.id
    }
  }
  const observedAt = options.observedAt === undefined ? builtAt : DateTime.toEpochMillis(options.observedAt)
  for (const seed of seeds) put(Seeds.toRecord(seed, account, random, observedAt))
  // The order of the list. Without a comparison `toSorted` compares code units, whatever the locale.
  const ids = [...records.keys()].toSorted()

  const add = (record: AuthorizationRecord): AuthorizationRecord => {
    const { id } = record.wire
    if (!records.has(id)) ids.splice(indexOf(ids, id), 0, id)
    return put(record)
  }

  const find = (id: string): Outcome =>
    Result.fromNullishOr(
      records.get(id === "~" ? defaultAuthorization ?? "" : id),
      () => HerokuErrors.errors.notFound
    )

  // That Heroku responds with 422 is inferred: the client is a parameter, not the resource that the path names.
  const findClient = (id: string, field: string): Outcome<ClientRecord> =>
    Result.fromNullishOr(
      clients.get(id),
      () => HerokuErrors.invalidParams(field, "Couldn't find that OAuth client.")
    )

  const create = (input: CreateAuthorization, now: number): Outcome =>
    Result.gen(function*() {
      const client = input.client === undefined ? null : yield* findClient(input.client, "client")
      const seed = {
        // Heroku generates a description. This one is inferred.
        description: input.description ?? "Long-lived user authorization",
        scope: input.scope,
        expiresIn: input.expiresIn,
        // A client starts the web flow: it gets a grant, and no tokens until it has exchanged the grant.
        ...(client !== null && { accessToken: null, grant: {} })
      }
      const { wire } = Seeds.toRecord(seed, account, random, now)
      return add({ wire: { ...wire, client: client && client.wire }, observedAt: now, client })
    })

  const update = (id: string, input: UpdateAuthorization, now: number): Outcome =>
    Result.gen(function*() {
      const record = yield* find(id)
      const description = input.description ?? record.wire.description
      const wire = { ...record.wire, description, updated_at: toWholeSecond(now) }
      if (input.client === undefined) return put({ ...record, wire })
      const client = yield* findClient(input.client.id, "client.id")
      if (client.secret !== null && client.secret !== Redacted.value(input.client.secret)) {
        return yield* Result.fail(HerokuErrors.invalidParams("client.secret", "Couldn't verify that OAuth client."))
      }
      return put({ ...record, wire: { ...wire, client: client.wire }, client })
    })

  const regenerate = (id: string, now: number): Outcome =>
    Result.flatMap(find(id), (record) => {
      if (record.client !== null && !record.client.privileged) return Result.fail(HerokuErrors.errors.forbidden)
      const { access_token, refresh_token } = record.wire
      // The lifetime starts again. If it had ended before Heroku returned the token, 30 days is inferred.
      const token = ({ expires_in = null }: NonNullable<typeof access_token>) =>
        makeToken(random, expires_in === null || expires_in > 0 ? expires_in : 2_592_000)
      const wire = {
        ...wireAt(record, now),
        access_token: access_token ? token(access_token) : makeToken(random, null),
        refresh_token: refresh_token && token(refresh_token),
        updated_at: toWholeSecond(now)
      }
      return Result.succeed(put({ ...record, wire, observedAt: now }))
    })

  const remove = (id: string): Outcome =>
    Result.map(find(id), (record) => {
      records.delete(record.wire.id)
      ids.splice(indexOf(ids, record.wire.id), 1)
      return record
    })

  const recordsOf = (some: ReadonlyArray<string>) => some.flatMap((id) => records.get(id) ?? [])

  return {
    create,
    info: find,
    update,
    regenerate,
    delete: remove,
    list: (rangeHeader: string | undefined) =>
      Result.map(list(ids, rangeHeader), (listing) => ({ ...listing, items: recordsOf(listing.items) })),
    size: () => ids.length,
    /** Returns every authorization, in the order of the list. */
    records: () => recordsOf(ids),
    insert: (seed: Seeds.Seed, now: number) => add(Seeds.toRecord(seed, account, random, now)),
    setDefault: (id: string | undefined) => {
      defaultAuthorization = id
    }
  }
}

export type Store = ReturnType<typeof make>
