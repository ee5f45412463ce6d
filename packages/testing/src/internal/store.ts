/**
 * One account: its authorizations and those of its teams, and what Heroku's operations do with them. The memory layer and the fake API share
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
import {
  type AuthorizationRecord,
  type ClientRecord,
  isCurrentToken,
  makeToken,
  maskTokens,
  type TeamRecord,
  toWholeSecond,
  wireAt
} from "./records.ts"
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
   * expired, some that never expire. The one that `~` names is global and never expires. By default 0.
   */
  readonly count?: number | undefined
  /** Determines every generated id and token. By default the same in every run. */
  readonly randomSeed?: number | string | undefined
  /** The id of the authorization that `~` names. By default one of those that `count` generates. */
  readonly defaultAuthorization?: string | undefined
  /** OAuth clients that `create` and `update` can name, in addition to those of `seed`. */
  readonly clients?: ReadonlyArray<Seeds.ClientSeed> | undefined
  /** The account's user. */
  readonly user?: Seeds.UserSeed | undefined
  /** Tokens that the account has issued and that no longer work, besides those of `seed` that have expired. */
  readonly revokedTokens?: ReadonlyArray<string | Redacted.Redacted> | undefined
  /** Teams that have authorizations of their own. Teams that `seed` names need not be listed. */
  readonly teams?: ReadonlyArray<Seeds.TeamSeed> | undefined
  /** Whether all responses show tokens in clear. By default only those of `create` and `regenerate` do, as Heroku's. */
  readonly clearTokens?: boolean | undefined
  /**
   * Whether half of the generated authorizations have shapes of older editions of the API, and odd ones: without a
   * description or user, with other scopes, older tokens, or less of a client or grant. By default none.
   */
  readonly oldShapes?: boolean | undefined
}

export type Outcome<A = AuthorizationRecord> = Result.Result<A, HerokuErrors.HerokuError>

/**
 * Creates the account. `builtAt` is the time that its times count from; accounts with different names have different ids.
 *
 * @throws when an option is invalid: a mistake in the test, which no layer's error type should contain.
 */
export const make = (options: Options, builtAt: number, name = "account") => {
  const { clearTokens = false, clients: clientSeeds = [], oldShapes = false, seed: seeds = [], teams: teamSeeds = [] } =
    options
  const records = new Map<string, AuthorizationRecord>()
  const clients = new Map<string, ClientRecord>()
  /** Every token that the account has issued, also those that are no longer valid, with the id of its authorization. */
  const issued = new Map((options.revokedTokens ?? []).map((token) => [Seeds.toText(token), ""]))
  const teams: Array<TeamRecord> = []
  /** The ids of the user's own authorizations, in the order of the list. */
  const ownIds: Array<string> = []
  const idsOf = (team: TeamRecord | null): Array<string> => team === null ? ownIds : team.ids
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
  const user = Seeds.toUser(options.user ?? {}, random)

  const addClient = (client: ClientRecord) => clients.set(client.wire.id, client)

  const put = (record: AuthorizationRecord): AuthorizationRecord => {
    const { client, wire } = record
    records.set(wire.id, record)
    for (const token of [wire.access_token, wire.refresh_token]) if (token) issued.set(token.token, wire.id)
    if (client !== null && !clients.has(client.wire.id)) addClient(client)
    return record
  }

  const teamNamed = (nameOrId: string) => teams.find(({ id, name }) => nameOrId === name || nameOrId === id)

  const addTeam = (seed: Seeds.TeamSeed): TeamRecord => {
    const team = Seeds.toTeam(seed)
    teams.push(team)
    return team
  }

  const toRecord = (seed: Seeds.Seed, observedAt: number) => {
    const name = "team" in seed ? seed.team : undefined
    const team = name === undefined ? null : teamNamed(name) ?? addTeam({ name })
    return Seeds.toRecord(seed, user, random, observedAt, team)
  }

  let { defaultAuthorization } = options
  const generate = (count: number, team: TeamRecord | null, clients: ReadonlyArray<ClientRecord>) => {
    if (!Number.isInteger(count) || count < 0) throw new RangeError(`count: ${count} is not an integer of 0 or more`)
    const sample = { user, team, clients, oldShapes }
    for (let index = 0; index < count; index++) {
      if (team === null && index === 0 && defaultAuthorization === undefined) {
        defaultAuthorization = put(SampleData.makeDefault(sample, random, builtAt)).wire.id
      } else {
        put(SampleData.makeAuthorization(sample, random, builtAt))
      }
    }
  }

  for (const seed of clientSeeds) addClient(Seeds.toClient(seed, random))
  const sampleClients = options.count ? SampleData.makeClients(random) : []
  for (const client of sampleClients) addClient(client)
  generate(options.count ?? 0, null, sampleClients)
  for (const seed of teamSeeds) generate(seed.count ?? 0, addTeam(seed), [])
  const observedAt = options.observedAt === undefined ? builtAt : DateTime.toEpochMillis(options.observedAt)
  for (const seed of seeds) put(toRecord(seed, observedAt))
  // The order of the lists. Without a comparison `toSorted` compares code units, whatever the locale.
  for (const id of [...records.keys()].toSorted()) idsOf(records.get(id)!.team).push(id)

  const add = (record: AuthorizationRecord): AuthorizationRecord => {
    const { id } = record.wire
    remove(id)
    const ids = idsOf(record.team)
    ids.splice(indexOf(ids, id), 0, id)
    return put(record)
  }

  const get = (id: string) => records.get(id === "~" ? defaultAuthorization ?? "" : id)

  const remove = (id: string): void => {
    const record = get(id)
    if (record === undefined) return
    records.delete(record.wire.id)
    const ids = idsOf(record.team)
    ids.splice(indexOf(ids, record.wire.id), 1)
  }

  /** Returns a team whose authorizations the caller may manage, or `null` for the user's own. */
  const findTeam = (nameOrId: string | undefined): Outcome<TeamRecord | null> => {
    if (nameOrId === undefined) return Result.succeed(null)
    const team = teamNamed(nameOrId)
    if (team === undefined) return Result.fail(HerokuErrors.errors.teamNotFound)
    return team.manageTokens ? Result.succeed(team) : Result.fail(HerokuErrors.errors.team)
  }

  const find = (id: string): Outcome => {
    const record = get(id)
    if (record === undefined) return Result.fail(HerokuErrors.errors.notFound)
    return record.team?.manageTokens === false ? Result.fail(HerokuErrors.errors.team) : Result.succeed(record)
  }

  // That Heroku responds with 422 is inferred: the client is a parameter, not the resource that the path names.
  const findClient = (id: string, field: string): Outcome<ClientRecord> =>
    Result.fromNullishOr(
      clients.get(id),
      () => HerokuErrors.invalidParams(field, "Couldn't find that OAuth client.")
    )

  const create = (input: CreateAuthorization, now: number): Outcome =>
    Result.gen(function*() {
      const team = yield* findTeam(input.team)
      const client = input.client === undefined ? null : yield* findClient(input.client, "client")
      const seed = {
        description: input.description ?? client?.wire.name ?? Seeds.directDescription,
        scope: input.scope,
        expiresIn: input.expiresIn,
        // A client starts the web flow: it gets a grant, and no tokens until it has exchanged the grant.
        ...(client !== null && { accessToken: null, grant: {} })
      }
      const { wire } = Seeds.toRecord(seed, user, random, now, team)
      return add({ wire: { ...wire, client: client && client.wire }, observedAt: now, client, team })
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
      if (record.client !== null && !record.client.privileged) {
        return Result.fail(HerokuErrors.errors.regenerateForbidden)
      }
      const { access_token, refresh_token } = record.wire
      // The lifetime starts again. If it had ended before Heroku returned the token, 30 days is inferred.
      const token = ({ expires_in = null }: NonNullable<typeof access_token>) =>
        makeToken(random, expires_in === null || expires_in > 0 ? expires_in : 2_592_000, record.team)
      const wire = {
        ...wireAt(record, now),
        access_token: access_token ? token(access_token) : makeToken(random, null, record.team),
        refresh_token: refresh_token && token(refresh_token),
        updated_at: toWholeSecond(now)
      }
      return Result.succeed(put({ ...record, wire, observedAt: now }))
    })

  const recordsOf = (ids: ReadonlyArray<string>) => ids.flatMap((id) => records.get(id) ?? [])

  const shown = (record: AuthorizationRecord): AuthorizationRecord => clearTokens ? record : maskTokens(record)

  return {
    user,
    create,
    info: (id: string) => Result.map(find(id), shown),
    update: (id: string, input: UpdateAuthorization, now: number) => Result.map(update(id, input, now), shown),
    regenerate,
    delete: (id: string) =>
      Result.map(find(id), (record) => {
        remove(id)
        return shown(record)
      }),
    list: (rangeHeader: string | undefined, teamName?: string) =>
      Result.flatMap(findTeam(teamName), (team) =>
        Result.map(list(idsOf(team), rangeHeader), (listing) => ({
          ...listing,
          items: recordsOf(listing.items).map(shown)
        }))),
    /** Returns whether the account has issued a token, which may have been revoked, replaced or expired since. */
    hasIssued: (token: string) => issued.has(token),
    /** Returns the authorization that a token authenticates at `now`. */
    findByToken: (token: string, now: number): AuthorizationRecord | undefined => {
      const record = records.get(issued.get(token) ?? "")
      return record !== undefined && isCurrentToken(record, token, now) ? record : undefined
    },
    /** Returns the tokens that the account has issued and that no authorization has any more. */
    revokedTokens: (): ReadonlyArray<string> =>
      [...issued].filter(([token, id]) => {
        const wire = records.get(id)?.wire
        return wire?.access_token?.token !== token && wire?.refresh_token?.token !== token
      }).map(([token]) => token),
    size: () => records.size,
    /** Returns every authorization in the order of the list, then those of each team, with their tokens in clear. */
    records: () => recordsOf([ownIds, ...teams.map(({ ids }) => ids)].flat()),
    /** Returns one authorization, with its tokens in clear. */
    get,
    insert: (seed: Seeds.Seed, now: number) => add(toRecord(seed, now)),
    remove,
    setDefault: (id: string | undefined) => {
      defaultAuthorization = id
    }
  }
}

export type Store = ReturnType<typeof make>
