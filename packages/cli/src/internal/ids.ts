/** The ids that a user passes, as arguments or on standard input. */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import { invalidUsage, type Stop } from "./stop.ts"

/** The argument that stands for standard input. */
const standardInput = "-"

/** An id, and how `find` found it. After a masked match, another authorization may be meant. */
export interface NamedId {
  readonly id: AuthorizationId
  readonly match?: string | undefined
  /** The position of the token, as `find` printed it. */
  readonly source?: string | undefined
}

/** Reads ids. The argument `-` adds those of standard input. */
export const readIds = Effect.fnUntraced(function*(args: ReadonlyArray<string>) {
  const named = yield* Effect.forEach(
    args.filter((text) => text !== standardInput),
    (text, index): Effect.Effect<NamedId, Stop> => Effect.map(parseId(text, `argument ${index + 1}`), (id) => ({ id }))
  )
  return args.includes(standardInput) ? [...named, ...(yield* readStandardInput)] : named
})

/** One id on each line, or lines of JSON with a field `id`, as `list --json` and `find --json` print them. */
const readStandardInput = Effect.gen(function*() {
  const stdio = yield* Stdio.Stdio
  const lines = yield* stdio.stdin.pipe(Stream.decodeText, Stream.splitLines, Stream.runCollect)
  const entries = lines.map((line, index) => ({
    source: `line ${index + 1} of standard input`,
    named: parseLine(line.trim())
  }))
    .filter(({ named }) => named.id !== "")
  return yield* Effect.forEach(
    entries,
    ({ named, source }): Effect.Effect<NamedId, Stop> =>
      Effect.map(parseId(named.id, source), (id) => ({ ...named, id }))
  )
})

const Line = Schema.Struct({
  id: Schema.String,
  match: Schema.optionalKey(Schema.String),
  source: Schema.optionalKey(Schema.String)
})
const decodeLine = Schema.decodeUnknownOption(Schema.fromJsonString(Line))

/** The id in a line, and how `find` found it. A line of JSON without an id stays as it is, and is rejected. */
const parseLine = (line: string): typeof Line.Type => Option.getOrElse(decodeLine(line), () => ({ id: line }))

/** Heroku prints UUIDs in lower case. */
const uuid = /^[\dA-F]{8}-(?:[\dA-F]{4}-){3}[\dA-F]{12}$/i

/** Checks one id. The message never quotes it: it may be a token. */
export const parseId = (text: string, source: string): Effect.Effect<AuthorizationId, Stop> =>
  /HRKU-/i.test(text)
    ? Effect.fail(invalidUsage(
      `${source} is a token: pass the id of an authorization, which \`heroku-authorizations find\` finds for a token`
    ))
    : /\s/.test(text)
    ? Effect.fail(invalidUsage(`${source} is not an id: it contains spaces`))
    : Effect.mapError(
      Schema.decodeUnknownEffect(AuthorizationId)(uuid.test(text) ? text.toLowerCase() : text),
      () => invalidUsage(`${source} is not the id of an authorization`)
    )
