/** The ids and filters with which `list`, `audit`, `revoke`, `rotate` and `export` select authorizations. */
import * as Authorization from "@effect-heroku/core/Authorization"
import type { InfoError, ListError } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as Argument from "effect/cli/Argument"
import type * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { Connection } from "./connection.ts"
import { team } from "./flags.ts"
import { toMatcher } from "./glob.ts"
import { parseId, readIds } from "./ids.ts"
import { withoutMark } from "./marks.ts"
import { invalidUsage, type Stop } from "./stop.ts"
import { safe } from "./text.ts"
import { duration, time } from "./times.ts"

type Item = Authorization.Authorization
type Id = Authorization.AuthorizationId

const text = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(Flag.withMetavar(metavar), Flag.optional, Flag.withDescription(description))

const flag = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withoutNegation, Flag.withDefault(false), Flag.withDescription(description))

/** The ids and filters of a command. */
export const input = {
  ids: Argument.String("id").pipe(
    Argument.variadic(),
    Argument.withDescription(
      "Ids of authorizations; - reads them from standard input: one on each line, or what --json of list and find prints"
    )
  ),
  team,
  client: text("client", "NAME", "Only authorizations of the OAuth client with this name or id"),
  description: text("description", "GLOB", "Only descriptions that match; * stands for any text, ? for one character"),
  scope: text("scope", "SCOPE", "Only authorizations with this scope"),
  olderThan: duration("older-than").pipe(
    Flag.optional,
    Flag.withDescription("Only authorizations created longer ago, such as 90d")
  ),
  createdBefore: time("created-before").pipe(
    Flag.optional,
    Flag.withDescription("Only authorizations created before a day or time, such as 2026-01-31")
  ),
  neverExpires: flag("never-expires", "Only authorizations whose access token never expires"),
  expired: flag("expired", "Only authorizations whose access token has expired"),
  not: Flag.String("not").pipe(
    Flag.withMetavar("ID"),
    Flag.atLeast(0),
    Flag.withDescription("Leaves out the authorization with this id; can be repeated")
  )
}

/** The flags and arguments as parsed. */
export interface Input extends Command.Command.Config.Infer<typeof input> {
  /** Further ids to leave out. They need not exist. */
  readonly alsoNot?: ReadonlyArray<string>
}

/** The ids of masked matches, and the positions of the tokens that match. */
export type Masked = ReadonlyMap<Id, ReadonlyArray<string>>

/** The selection of a user. */
export interface Selection {
  readonly team: string | undefined
  /** The ids that were passed. `None`: all authorizations are searched. */
  readonly ids: Option.Option<ReadonlySet<Id>>
  /** The ids of masked matches of `find` that are no exact matches as well, with the positions of their tokens. */
  readonly masked: Masked
  /** The ids of `--not` that are not among `ids`. The selection must have them. */
  readonly excluded: ReadonlySet<Id>
  /** Whether ids or filters leave out anything. */
  readonly isNarrowed: boolean
  /** Whether the filters accept an authorization. */
  readonly accepts: (item: Item, observedAt: DateTime.Utc) => boolean
}

/** Reads the selection, with `~` replaced by the id that it stands for. */
export const make = Effect.fnUntraced(function*(input: Input) {
  const named = yield* Effect.forEach(
    yield* readIds(input.ids),
    (one) => Effect.map(resolve(one.id), (id) => ({ ...one, id }))
  )
  const exact = new Set(named.filter(({ match }) => match === "exact").map(({ id }) => id))
  const masked = named.filter(({ id, match }) => match === "masked" && !exact.has(id))
  const parseExcluded = (texts: ReadonlyArray<string>) =>
    Effect.map(
      Effect.forEach(texts, (text) => Effect.flatMap(parseId(text, "--not"), resolve)),
      (ids): ReadonlySet<Id> => new Set(ids)
    )
  const required = yield* parseExcluded(input.not)
  const excluded = new Set([...required, ...yield* parseExcluded(input.alsoNot ?? [])])
  const namedIds = new Set(named.map(({ id }) => id))
  const ids = input.ids.length === 0 ? Option.none() : Option.some(difference(namedIds, excluded))
  const conditions = toConditions(input)
  const selection: Selection = {
    team: Option.getOrUndefined(input.team),
    ids,
    masked: new Map(
      Array.from(
        Map.groupBy(masked, ({ id }) => id),
        ([id, matches]) => [id, matches.flatMap(({ source }) => source ?? [])]
      )
    ),
    excluded: difference(required, namedIds),
    isNarrowed: Option.isSome(ids) || conditions.length > 0,
    accepts: (item, observedAt) =>
      !excluded.has(item.id) && conditions.every((condition) => condition(item, observedAt))
  }
  return selection
})

const difference = (ids: ReadonlySet<Id>, others: ReadonlySet<Id>): ReadonlySet<Id> =>
  new Set([...ids].filter((id) => !others.has(id)))

/** `~` and the id of the default authorization are one. */
const resolve = (id: Id) =>
  id === "~"
    ? AuthorizationService.use((service) => Effect.map(service.info(id), (item) => item.id))
    : Effect.succeed(id)

type Condition = (item: Item, observedAt: DateTime.Utc) => boolean

const toConditions = (input: Input): ReadonlyArray<Condition> => [
  ...Option.toArray(
    Option.map(
      input.client,
      (wanted): Condition => ({ client }) =>
        Option.exists(client, ({ id, name }) => id === wanted || Option.contains(name, wanted))
    )
  ),
  ...Option.toArray(Option.map(input.description, (glob): Condition => {
    const matches = toMatcher(glob)
    return ({ description }) => {
      const text = Option.getOrElse(description, () => "")
      // An interrupted rotation continues with the same pattern, although it has marked what it selected.
      return matches(text) || matches(withoutMark(text))
    }
  })),
  ...Option.toArray(Option.map(input.scope, (wanted): Condition => ({ scope }) => scope.includes(wanted))),
  ...Option.toArray(
    Option.map(
      input.olderThan,
      (age): Condition => ({ createdAt }, observedAt) =>
        DateTime.isLessThan(createdAt, DateTime.subtractDuration(observedAt, age))
    )
  ),
  ...Option.toArray(
    Option.map(input.createdBefore, (limit): Condition => ({ createdAt }) => DateTime.isLessThan(createdAt, limit))
  ),
  ...(input.neverExpires ? [Authorization.neverExpires] : []),
  ...(input.expired ? [Authorization.isExpired] : [])
]

/** Up to this many ids are looked up one by one. More are searched for in the list, which has up to 1,000 a request. */
const lookUpLimit = 100

/**
 * Streams the selection: authorizations as successes, and the ids that no authorization has as failures. Fails at the end if
 * `--not` names an authorization that is not there: a mistyped id would protect nothing.
 */
export const stream = (
  selection: Selection
): Stream.Stream<Result.Result<Item, Id>, ListError | InfoError | Stop, AuthorizationService | Connection> =>
  Stream.suspend(() => {
    const unseen = new Set(selection.excluded)
    return unfiltered(selection).pipe(
      Stream.filterEffect((result) => {
        if (Result.isFailure(result)) return Effect.succeed(true)
        unseen.delete(result.success.id)
        return Effect.map(DateTime.now, (now) => selection.accepts(result.success, now))
      }),
      Stream.concat(Stream.suspend(() => unseen.size === 0 ? Stream.empty : Stream.fail(explainUnseen(unseen))))
    )
  })

const explainUnseen = (unseen: Iterable<Id>): Stop =>
  invalidUsage(
    `--not ${
      Array.from(unseen, safe).join(", ")
    } leaves out nothing: no authorization with this id is selected. Pass an id that \`heroku-authorizations list\` shows`
  )

type Results = Stream.Stream<Result.Result<Item, Id>, ListError | InfoError, AuthorizationService | Connection>

const unfiltered = ({ ids, team }: Selection): Results => {
  if (Option.isNone(ids)) return Stream.map(listed(team), (item) => Result.succeed(item))
  // A look-up finds authorizations of any owner, so that only the list shows which ones are the team's.
  return team === undefined && ids.value.size <= lookUpLimit ? lookedUp(ids.value) : foundInList(ids.value, team)
}

/** Streams all authorizations of the account or team, with up to four requests in flight. */
export const listed = (team: string | undefined) =>
  Stream.unwrap(Effect.gen(function*() {
    const service = yield* AuthorizationService
    const { reportInvalid } = yield* Connection
    return service.stream({ team, concurrency: 4, onInvalid: reportInvalid })
  }))

const lookedUp = (ids: Iterable<Id>): Results =>
  Stream.fromIterable(ids).pipe(
    Stream.mapEffect((id) =>
      AuthorizationService.use((service) => service.info(id)).pipe(
        Effect.map((item): Result.Result<Item, Id> => Result.succeed(item)),
        Effect.catchTag("NotFound", () => Effect.succeed(Result.fail(id)))
      ), { concurrency: 4 })
  )

/** Without a team, ids that the list does not have are looked up: they may be those of a team. */
const foundInList = (ids: ReadonlySet<Id>, team: string | undefined): Results =>
  Stream.suspend(() => {
    const missing = new Set(ids)
    const found = Stream.filter(listed(team), ({ id }) => missing.delete(id))
    const rest: Results = Stream.suspend(() =>
      team === undefined ? lookedUp(missing) : Stream.map(Stream.fromIterable(missing), (id) => Result.fail(id))
    )
    return Stream.concat(Stream.map(found, (item) => Result.succeed(item)), rest)
  })

/** The authorizations of a selection. */
export interface Selected {
  readonly items: ReadonlyArray<Item>
  /** The ids that no authorization has. */
  readonly missing: ReadonlyArray<Id>
}

/** Reads the selection into memory. */
export const collect = (selection: Selection, advance: (count: number) => Effect.Effect<void>) =>
  stream(selection).pipe(
    Stream.chunks,
    Stream.tap((chunk) => advance(chunk.length)),
    Stream.flattenArray,
    Stream.runFold(
      () => ({ items: new Array<Item>(), missing: new Array<Id>() }),
      (selected, result) => {
        if (Result.isSuccess(result)) selected.items.push(result.success)
        else selected.missing.push(result.failure)
        return selected
      }
    ),
    Effect.map((selected): Selected => selected)
  )
