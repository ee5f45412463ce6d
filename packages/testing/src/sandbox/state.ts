/**
 * The file that `--state` stores the account of a sandbox in. Its tokens only open sandboxes.
 *
 * It is JSON with one authorization per line, and is read line by line: a large account does not fit into a string.
 */
import { Authorization, AuthorizationId } from "@effect-heroku/core/Authorization"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type * as HerokuAccount from "../HerokuAccount.ts"

/** The fields of the file besides the authorizations, whose lifetimes count from `savedAt`. */
const Head = Schema.Struct({
  savedAt: Schema.DateTimeUtcFromString,
  defaultAuthorization: Schema.OptionFromNullOr(AuthorizationId),
  revokedTokens: Schema.Array(Schema.RedactedFromValue(Schema.String))
})

/** The content of the file. */
export interface State extends Schema.Schema.Type<typeof Head> {
  readonly authorizations: ReadonlyArray<HerokuAccount.WireSeed>
}

/** The file does not contain the account of a sandbox. */
class InvalidState extends Schema.TaggedError<InvalidState>()("InvalidState", { message: Schema.String }) {}

const startOfList = `,"authorizations":[`
const endOfList = "]}"

const encodeHead = Schema.encodeEffect(Head)
const decodeHead = Schema.decodeUnknownEffect(Schema.fromJsonString(Head))
const decodeJson = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Unknown))
const decodeTeam = Schema.decodeUnknownEffect(Schema.Struct({ team: Schema.optional(Schema.String) }))
const decodeAuthorization = Schema.decodeUnknownEffect(Authorization.FromWire)
const encodeAuthorization = Schema.encodeSync(Authorization.FromWire)

const parseLine = Effect.fnUntraced(
  function*(line: string): Effect.fn.Return<HerokuAccount.WireSeed, Schema.SchemaError> {
    const json = yield* decodeJson(line.replace(/,$/, ""))
    const { team } = yield* decodeTeam(json)
    return { ...encodeAuthorization(yield* decodeAuthorization(json)), team }
  }
)

const inLine = (number: number) =>
  Effect.mapError(({ message }: Schema.SchemaError) => new InvalidState({ message: `line ${number}: ${message}` }))

/** Reads the file, if it exists. */
export const load = Effect.fnUntraced(function*(file: string) {
  const fileSystem = yield* FileSystem.FileSystem
  if (!(yield* fileSystem.exists(file))) return Option.none<State>()
  const lines = fileSystem.stream(file, { chunkSize: 1 << 20 }).pipe(Stream.decodeText, Stream.splitLines)
  const firstLine = Option.getOrElse(yield* Stream.runHead(lines), () => "")
  const head = yield* decodeHead(`${firstLine.replace(/,"authorizations":\[$/, "")}}`).pipe(inLine(1))
  const parsed = yield* lines.pipe(
    Stream.drop(1),
    Stream.mapEffect((line, index) => line === endOfList ? Effect.undefined : inLine(index + 2)(parseLine(line))),
    Stream.runCollect
  )
  if (parsed.length === 0 || parsed.at(-1) !== undefined) {
    return yield* new InvalidState({ message: "the end is missing" })
  }
  return Option.some<State>({ ...head, authorizations: parsed.filter((one) => one !== undefined) })
})

/**
 * Writes the file: all of it or nothing, readable only by this user. It is written in chunks, so that the sandbox can
 * respond in between.
 */
export const save = Effect.fnUntraced(function*(file: string, account: HerokuAccount.Service) {
  const fileSystem = yield* FileSystem.FileSystem
  const head = yield* encodeHead({
    savedAt: yield* DateTime.now,
    defaultAuthorization: Option.map(yield* account.get("~"), ({ id }) => id),
    revokedTokens: yield* account.revokedTokens
  })
  const text = Stream.make(`${JSON.stringify(head).slice(0, -1)}${startOfList}`).pipe(
    Stream.concat(Stream.mapArray(account.json, (some, index) => [`${index === 0 ? "" : ","}\n${some.join(",\n")}`])),
    Stream.concat(Stream.make(`\n${endOfList}\n`))
  )
  const unfinished = `${file}.unfinished`
  yield* Stream.run(Stream.encodeText(text), fileSystem.sink(unfinished, { mode: 0o600 }))
  yield* fileSystem.rename(unfinished, file)
})
